/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "backend-fixture.h"
#include "natpmp-backend.h"

#define GATEWAY "127.52.1.1"

static void
set_up (BackendFixture *f, gconstpointer data)
{
  backend_fixture_set_up (f, PLUM_TYPE_NATPMP_BACKEND, GATEWAY);
}

static void
tear_down (BackendFixture *f, gconstpointer data)
{
  backend_fixture_tear_down (f);
}

static PlumCall *
ask (BackendFixture *f,
     PlumCallKind kind,
     PlumProtocol protocol,
     guint internal_port,
     guint external_port)
{
  g_autoptr (PlumRequest) request =
    test_request_new (protocol, internal_port, external_port, 7200, 1);

  return backend_ask (f, kind, request);
}

static void
test_discover_found (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = backend_discover (f);

  g_assert_no_error (plum_call_get_error (call));
  g_assert_cmpuint (f->gateway->counts.natpmp_address, ==, 1);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 1);
}

static void
test_discover_silent (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.natpmp = FAKE_SILENT;
  call = backend_discover (f);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_cmpstr (plum_call_get_error (call)->message, ==,
                   "NAT-PMP: no answer from " GATEWAY " in 1.8 s");
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 3);
}

static void
test_discover_refused (BackendFixture *f, gconstpointer data)
{
  gint64 start = plum_clock_get_time (f->loop.clock);
  g_autoptr (PlumCall) call = NULL;

  fake_gateway_set_open (f->gateway, FALSE);
  call = backend_discover (f);
  g_assert_error (plum_call_get_error (call), G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  g_assert_cmpstr (plum_call_get_error (call)->message, ==,
                   "NAT-PMP: " GATEWAY " refused port 5351");
  g_assert_cmpint (plum_clock_get_time (f->loop.clock), ==, start);
}

/* A PCP server's answer, whole, or cut to twelve or four bytes (quirk 3). */
static void
test_discover_pcp (BackendFixture *f, gconstpointer data)
{
  gint64 start = plum_clock_get_time (f->loop.clock);
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.natpmp = FAKE_OFF;
  f->gateway->switches.version_reply_len = GPOINTER_TO_UINT (data);
  call = backend_discover (f);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_cmpint (plum_clock_get_time (f->loop.clock), ==, start);
}

static void
test_discover_double_nat (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.address_result = 3;
  call = backend_discover (f);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
  g_assert_nonnull (
    strstr (plum_call_get_error (call)->message, "another router stands before it"));
}

static void
test_discover_no_address (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.no_address = TRUE;
  call = backend_discover (f);
  g_assert_no_error (plum_call_get_error (call));
}

static void
test_discover_ipv6 (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumNetwork) network = test_network_new ("::1", "::1");
  g_autoptr (PlumBackend) backend = test_backend_new (PLUM_TYPE_NATPMP_BACKEND, network);
  g_autoptr (PlumCall) call =
    test_call (&f->loop, backend, PLUM_CALL_DISCOVER, NULL, BACKEND_PATIENCE_MS);

  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
}

static void
test_map_granted (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = backend_map (f, 8080);

  backend_assert_lease (call, 8080, "1.2.3.4", 7200);
  g_assert_cmpuint (fake_gateway_get_external_port (f->gateway, PLUM_PROTOCOL_TCP, 8080,
                                                    BACKEND_LOCAL),
                    ==, 8080);
  g_assert_cmpuint (f->gateway->counts.natpmp_address, ==, 1);
  g_assert_cmpuint (f->gateway->counts.natpmp_map, ==, 1);
  g_assert_cmpuint (f->gateway->counts.bad, ==, 0);
}

static void
test_map_udp (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = ask (f, PLUM_CALL_MAP, PLUM_PROTOCOL_UDP, 5000, 6000);

  backend_assert_lease (call, 6000, "1.2.3.4", 7200);
  g_assert_true (fake_gateway_has_mapping (f->gateway, PLUM_PROTOCOL_UDP, 5000));
}

static void
test_map_short_lease (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.granted_lifetime = 60;
  call = backend_map (f, 8080);
  backend_assert_lease (call, 8080, "1.2.3.4", 60);
}

/* Either of the two questions, or their answers, may be lost. */
static void
test_map_one_lost (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  if (data != NULL)
    f->gateway->switches.drop_requests = GPOINTER_TO_UINT (data);
  else
    f->gateway->switches.drop_replies = 1;
  call = backend_map (f, 8080);
  backend_assert_lease (call, 8080, "1.2.3.4", 7200);
}

static void
test_map_duplicate (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.duplicate = 2;
  call = backend_map (f, 8080);
  backend_assert_lease (call, 8080, "1.2.3.4", 7200);
  test_loop_advance (&f->loop, 60000);
  g_assert_cmpuint (f->lost->len, ==, 0);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 2);
}

static void
test_map_delayed (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.delay_ms = 900;
  call = backend_map (f, 8080);
  backend_assert_lease (call, 8080, "1.2.3.4", 7200);
  test_loop_advance (&f->loop, 3000);
  g_assert_cmpuint (f->lost->len, ==, 0);
}

static void
test_map_foreign_first (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.foreign_first = TRUE;
  call = backend_map (f, 8080);
  backend_assert_lease (call, 8080, "1.2.3.4", 7200);
}

static void
test_map_wrong_source (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.wrong_source = TRUE;
  call = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
}

static void
test_map_truncated (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.truncate = 10;
  call = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
}

/* The map is granted, and the address does not come: a lease without one. */
static void
test_map_address_unknown (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.no_address = data == NULL;
  f->gateway->switches.address_result = GPOINTER_TO_UINT (data);
  call = backend_map (f, 8080);
  backend_assert_lease (call, 8080, NULL, 7200);
}

static void
test_map_port_refused (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;
  guint port;

  /* Quirk 7: nor may the next try be 0. */
  f->gateway->switches.refuse_port = 8080;
  f->gateway->switches.refuse_port_0 = TRUE;
  call = backend_map (f, 8080);
  g_assert_no_error (plum_call_get_error (call));
  port = plum_lease_get_external_port (plum_call_get_lease (call));
  g_assert_cmpuint (port, >=, 1024);
  g_assert_cmpuint (port, ==,
                    fake_gateway_get_external_port (f->gateway, PLUM_PROTOCOL_TCP, 8080, NULL));
}

typedef struct
{
  const char *name;
  guint result;
  int error;
  guint n_sent;
} ResultRow;

static const ResultRow result_rows[] = {
  { "not-authorized", 2, PLUM_ERROR_REFUSED, 4 },
  { "network-failure", 3, PLUM_ERROR_NO_RESOURCES, 1 },
  { "out-of-resources", 4, PLUM_ERROR_NO_RESOURCES, 4 },
  { "unsupported-opcode", 5, PLUM_ERROR_NOT_SUPPORTED, 1 },
  { "unknown", 66, PLUM_ERROR_REFUSED, 1 },
};

static void
test_map_result (BackendFixture *f, gconstpointer data)
{
  const ResultRow *row = data;
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.map_result = row->result;
  f->gateway->switches.n_map_results = G_MAXUINT;
  call = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, row->error);
  g_assert_true (
    g_str_has_prefix (plum_call_get_error (call)->message, "NAT-PMP: " GATEWAY " answered "));
  g_assert_cmpuint (f->gateway->counts.natpmp_map, ==, row->n_sent);
}

static void
test_map_granted_nothing (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.grant_nothing = TRUE;
  call = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
}

static void
test_map_refused_once (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) first = NULL;
  g_autoptr (PlumCall) again = NULL;

  fake_gateway_set_open (f->gateway, FALSE);
  first = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (first), G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  fake_gateway_set_open (f->gateway, TRUE);
  again = backend_map (f, 8080);
  backend_assert_lease (again, 8080, "1.2.3.4", 7200);
}

/* One map is out at a time; one question for the address serves all. */
static void
test_map_hundred (BackendFixture *f, gconstpointer data)
{
  guint n = 0;
  G_GNUC_UNUSED g_autoptr (GPtrArray) calls =
    backend_start_many (f, PLUM_CALL_MAP, 100, backend_count_done, &n);

  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 0);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (n, ==, 100);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 100);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 101);
}

static void
test_map_one_outstanding (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  f->gateway->switches.natpmp = FAKE_SILENT;
  calls = backend_start_many (f, PLUM_CALL_MAP, 5, NULL, NULL);
  test_loop_settle (&f->loop);
  /* One map, and the question for the address. */
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 2);
  for (guint i = 0; i < calls->len; i++)
    plum_call_cancel (calls->pdata[i]);
}

static void
test_map_five_pcp (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  f->gateway->switches.natpmp = FAKE_OFF;
  calls = backend_start_many (f, PLUM_CALL_MAP, 5, NULL, NULL);
  test_loop_advance (&f->loop, 5000);
  g_assert_cmpuint (f->gateway->counts.datagrams, <=, 6);
  for (guint i = 0; i < calls->len; i++)
    g_assert_error (plum_call_get_error (calls->pdata[i]), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
}

static void
add (const char *path, gconstpointer data, BackendTest test)
{
  g_test_add (path, BackendFixture, data, set_up, test, tear_down);
}

static void
add_maps (void)
{
  add ("/natpmp/map/granted", NULL, test_map_granted);
  add ("/natpmp/map/udp", NULL, test_map_udp);
  add ("/natpmp/map/short-lease", NULL, test_map_short_lease);
  add ("/natpmp/map/one-request-lost", GUINT_TO_POINTER (1), test_map_one_lost);
  add ("/natpmp/map/both-requests-lost", GUINT_TO_POINTER (2), test_map_one_lost);
  add ("/natpmp/map/answer-lost", NULL, test_map_one_lost);
  add ("/natpmp/map/duplicate", NULL, test_map_duplicate);
  add ("/natpmp/map/delayed", NULL, test_map_delayed);
  add ("/natpmp/map/foreign-first", NULL, test_map_foreign_first);
  add ("/natpmp/map/wrong-source", NULL, test_map_wrong_source);
  add ("/natpmp/map/truncated", NULL, test_map_truncated);
  add ("/natpmp/map/no-address", NULL, test_map_address_unknown);
  add ("/natpmp/map/address-failure", GUINT_TO_POINTER (3), test_map_address_unknown);
  add ("/natpmp/map/port-refused", NULL, test_map_port_refused);
  add ("/natpmp/map/granted-nothing", NULL, test_map_granted_nothing);
  add ("/natpmp/map/refused-once", NULL, test_map_refused_once);
  add ("/natpmp/map/hundred", NULL, test_map_hundred);
  add ("/natpmp/map/one-outstanding", NULL, test_map_one_outstanding);
  add ("/natpmp/map/five-pcp", NULL, test_map_five_pcp);
  for (size_t i = 0; i < G_N_ELEMENTS (result_rows); i++)
    {
      g_autofree char *path = g_strconcat ("/natpmp/result/", result_rows[i].name, NULL);

      add (path, &result_rows[i], test_map_result);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add ("/natpmp/discover/found", NULL, test_discover_found);
  add ("/natpmp/discover/silent", NULL, test_discover_silent);
  add ("/natpmp/discover/refused", NULL, test_discover_refused);
  add ("/natpmp/discover/pcp", NULL, test_discover_pcp);
  add ("/natpmp/discover/pcp-in-12-bytes", GUINT_TO_POINTER (12), test_discover_pcp);
  add ("/natpmp/discover/pcp-in-4-bytes", GUINT_TO_POINTER (4), test_discover_pcp);
  add ("/natpmp/discover/double-nat", NULL, test_discover_double_nat);
  add ("/natpmp/discover/no-address", NULL, test_discover_no_address);
  add ("/natpmp/discover/ipv6", NULL, test_discover_ipv6);
  add_maps ();

  return g_test_run ();
}
