/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend-fixture.h"
#include "pcp-backend.h"

#define GATEWAY "127.51.1.1"

static void
set_up (BackendFixture *f, gconstpointer data)
{
  backend_fixture_set_up (f, PLUM_TYPE_PCP_BACKEND, GATEWAY);
}

static void
tear_down (BackendFixture *f, gconstpointer data)
{
  backend_fixture_tear_down (f);
}

static void
test_map_granted (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = backend_map (f, 8080);

  backend_assert_lease (call, 8080, "1.2.3.4", 7200);
  g_assert_cmpuint (fake_gateway_get_external_port (f->gateway, PLUM_PROTOCOL_TCP, 8080,
                                                    BACKEND_LOCAL),
                    ==, 8080);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 1);
  g_assert_cmpuint (f->gateway->counts.bad, ==, 0);
}

static void
test_map_udp (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_UDP, 5000, 6000, 7200, 1);
  g_autoptr (PlumCall) call = backend_ask (f, PLUM_CALL_MAP, request);

  backend_assert_lease (call, 6000, "1.2.3.4", 7200);
  g_assert_cmpuint (fake_gateway_get_external_port (f->gateway, PLUM_PROTOCOL_UDP, 5000, NULL), ==,
                    6000);
}

static void
test_map_lifetime (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) shorter = NULL;
  g_autoptr (PlumCall) forever = NULL;

  f->gateway->switches.granted_lifetime = 60;
  shorter = backend_map (f, 8080);
  backend_assert_lease (shorter, 8080, "1.2.3.4", 60);

  f->gateway->switches.granted_lifetime = G_MAXUINT32;
  forever = backend_map (f, 8081);
  backend_assert_lease (forever, 8081, "1.2.3.4", 86400);
}

static void
test_map_other_port (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  fake_gateway_take_port (f->gateway, PLUM_PROTOCOL_TCP, 8080);
  call = backend_map (f, 8080);
  backend_assert_lease (call, 49152, "1.2.3.4", 7200);
}

/* Sends at 0, 250, 750, 1750 ms, and then about every 3, 6, ... s. */
static void
test_map_retransmits (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_TCP, 8080, 8080, 7200, 1);
  PlumCallArgs args = { .request = request };
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.pcp = FAKE_SILENT;
  call = plum_backend_call (f->backend, PLUM_CALL_MAP, &args, 600000, NULL, NULL);
  test_loop_advance (&f->loop, 249);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 1);
  test_loop_advance (&f->loop, 1);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 2);
  test_loop_advance (&f->loop, 500);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 3);
  test_loop_advance (&f->loop, 1000);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 4);
  test_loop_advance (&f->loop, 2690);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 4);
  test_loop_advance (&f->loop, 620);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 5);
  test_loop_advance (&f->loop, 7300);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 6);
  plum_call_cancel (call);
}

static void
test_map_answer_lost (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.drop_replies = 2;
  call = backend_map (f, 8080);
  backend_assert_lease (call, 8080, "1.2.3.4", 7200);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 1);
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 3);
}

static void
test_map_duplicate (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.duplicate = 2;
  call = backend_map (f, 8080);
  backend_assert_lease (call, 8080, "1.2.3.4", 7200);
  test_loop_advance (&f->loop, 1000);
  g_assert_cmpuint (f->lost->len, ==, 0);
  g_assert_cmpuint (f->n_moved, ==, 0);
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

typedef struct
{
  const char *name;
  size_t offset; /* of a gboolean in FakeSwitches */
} FaultRow;

static const FaultRow fault_rows[] = {
  { "wrong-nonce", G_STRUCT_OFFSET (FakeSwitches, wrong_nonce) },
  { "wrong-source", G_STRUCT_OFFSET (FakeSwitches, wrong_source) },
  { "not-ipv4", G_STRUCT_OFFSET (FakeSwitches, not_ipv4) },
  { "malformed-as-natpmp", G_STRUCT_OFFSET (FakeSwitches, malformed_as_natpmp) },
};

/* What is not the answer is not heard: the answer that comes when the fault is over is. */
static void
test_map_fault (BackendFixture *f, gconstpointer data)
{
  const FaultRow *row = data;
  gboolean *fault = (gboolean *) G_STRUCT_MEMBER_P (&f->gateway->switches, row->offset);
  g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_TCP, 8080, 8080, 7200, 1);
  PlumCallArgs args = { .request = request };
  g_autoptr (PlumCall) call = NULL;

  *fault = TRUE;
  call = plum_backend_call (f->backend, PLUM_CALL_MAP, &args, BACKEND_PATIENCE_MS, NULL, NULL);
  test_loop_advance (&f->loop, 800);
  g_assert_false (plum_call_is_settled (call));
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 3);

  *fault = FALSE;
  test_loop_advance (&f->loop, 1000);
  backend_assert_lease (call, 8080, "1.2.3.4", 7200);
  g_assert_cmpuint (f->lost->len, ==, 0);
}

typedef struct
{
  const char *name;
  guint result;
  int error;    /* what it ends with when the router says so every time */
  guint n_sent; /* and after so many requests */
} ResultRow;

static const ResultRow result_rows[] = {
  { "not-authorized", 2, PLUM_ERROR_REFUSED, 1 },
  { "malformed-request", 3, PLUM_ERROR_MALFORMED, 2 },
  { "unsupp-opcode", 4, PLUM_ERROR_NOT_SUPPORTED, 1 },
  { "unsupp-option", 5, PLUM_ERROR_NOT_SUPPORTED, 2 },
  { "malformed-option", 6, PLUM_ERROR_MALFORMED, 2 },
  { "network-failure", 7, PLUM_ERROR_NO_RESOURCES, 1 },
  { "no-resources", 8, PLUM_ERROR_NO_RESOURCES, 2 },
  { "unsupp-protocol", 9, PLUM_ERROR_NOT_SUPPORTED, 1 },
  { "user-ex-quota", 10, PLUM_ERROR_NO_RESOURCES, 1 },
  { "cannot-provide-external", 11, PLUM_ERROR_CONFLICT, 2 },
  { "address-mismatch", 12, PLUM_ERROR_NOT_SUPPORTED, 1 },
  { "excessive-remote-peers", 13, PLUM_ERROR_NO_RESOURCES, 1 },
  { "authentication", 15, PLUM_ERROR_REFUSED, 1 },
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
    g_str_has_prefix (plum_call_get_error (call)->message, "PCP: " GATEWAY " answered "));
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, row->n_sent);
}

/* The second, humbler request is granted. */
static void
test_map_result_once (BackendFixture *f, gconstpointer data)
{
  const ResultRow *row = data;
  g_autoptr (PlumCall) call = NULL;

  if (row->n_sent < 2)
    {
      g_test_skip ("nothing is tried after this result");
      return;
    }

  f->gateway->switches.map_result = row->result;
  f->gateway->switches.n_map_results = 1;
  f->gateway->switches.duplicate = 2;
  call = backend_map (f, 8080);
  backend_assert_lease (call, 8080, "1.2.3.4", 7200);
}

/* miniupnpd's error has the port that it tried for a request that suggests none: it looks like a
 * copy of the answer before, but who is asked again and says it again means it. */
static void
test_map_error_names_port (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.map_result = 8;
  f->gateway->switches.n_map_results = G_MAXUINT;
  f->gateway->switches.error_names_port = TRUE;
  call = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 3);
}

static void
test_map_suggested_address (BackendFixture *f, gconstpointer data)
{
  guint8 bytes[32] = { 7 };
  g_autoptr (GBytes) key = g_bytes_new (bytes, sizeof bytes);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string ("9.9.9.9");
  g_autoptr (PlumRequest) request =
    plum_request_new (PLUM_PROTOCOL_TCP, 8080, 8081, FALSE, address, 7200, "test", key);
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.map_result = 11;
  f->gateway->switches.n_map_results = 1;
  call = backend_ask (f, PLUM_CALL_MAP, request);
  /* The address was given up, the port was not. */
  backend_assert_lease (call, 8081, "1.2.3.4", 7200);
}

static void
test_map_port_refused (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.refuse_port = 8080;
  call = backend_map (f, 8080);
  backend_assert_lease (call, 8080, "1.2.3.4", 7200);
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 2);
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
test_map_no_address (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.no_address = TRUE;
  call = backend_map (f, 8080);
  backend_assert_lease (call, 8080, NULL, 7200);
}

static void
test_map_refused (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) again = NULL;

  fake_gateway_set_open (f->gateway, FALSE);
  call = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (call), G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);

  /* And of this call alone: quirk 12. */
  fake_gateway_set_open (f->gateway, TRUE);
  again = backend_map (f, 8080);
  backend_assert_lease (again, 8080, "1.2.3.4", 7200);
  g_assert_cmpuint (f->lost->len, ==, 0);
}

static void
test_map_renewal (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) renewal = NULL;

  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, 3600 * 1000);
  g_assert_cmpuint (fake_gateway_get_lifetime (f->gateway, PLUM_PROTOCOL_TCP, 8080), ==, 3600);
  renewal = backend_map (f, 8080);
  backend_assert_lease (renewal, 8080, "1.2.3.4", 7200);
  g_assert_cmpuint (fake_gateway_get_lifetime (f->gateway, PLUM_PROTOCOL_TCP, 8080), ==, 7200);
  g_assert_cmpuint (f->lost->len, ==, 0);
}

static void
test_map_nonce_per_key (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumRequest) mine = test_request_new (PLUM_PROTOCOL_TCP, 8080, 8080, 7200, 1);
  g_autoptr (PlumRequest) other = test_request_new (PLUM_PROTOCOL_TCP, 8080, 8080, 7200, 2);
  g_autoptr (PlumCall) first = backend_ask (f, PLUM_CALL_MAP, mine);
  g_autoptr (PlumCall) second = backend_ask (f, PLUM_CALL_MAP, other);

  backend_assert_lease (first, 8080, "1.2.3.4", 7200);
  g_assert_error (plum_call_get_error (second), PLUM_ERROR, PLUM_ERROR_REFUSED);
}

/* A backend made anew, as after a restart of the program, is known by the same nonce. */
static void
test_map_nonce_survives (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) first = backend_map (f, 8080);
  g_autoptr (PlumCall) second = NULL;

  g_clear_object (&first);
  test_loop_settle (&f->loop);
  g_assert_finalize_object (g_steal_pointer (&f->backend));
  backend_fixture_make (f, PLUM_TYPE_PCP_BACKEND, GATEWAY, BACKEND_LOCAL);
  second = backend_map (f, 8080);
  backend_assert_lease (second, 8080, "1.2.3.4", 7200);
}

static void
test_map_hundred (BackendFixture *f, gconstpointer data)
{
  gint64 start = plum_clock_get_time (f->loop.clock);
  guint n = 0;
  G_GNUC_UNUSED g_autoptr (GPtrArray) calls =
    backend_start_many (f, PLUM_CALL_MAP, 100, backend_count_done, &n);

  test_loop_settle (&f->loop);
  g_assert_cmpuint (n, ==, 100);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 100);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 100);
  g_assert_cmpint (plum_clock_get_time (f->loop.clock), ==, start);
}

/* Each gets its own answer, whether the kernel tells by a read or by the next send. */
static void
test_map_hundred_refused (BackendFixture *f, gconstpointer data)
{
  gint64 start = plum_clock_get_time (f->loop.clock);
  g_autoptr (GPtrArray) calls = NULL;

  fake_gateway_set_open (f->gateway, FALSE);
  calls = backend_start_many (f, PLUM_CALL_MAP, 100, NULL, NULL);
  test_loop_advance (&f->loop, 1);
  for (guint i = 0; i < calls->len; i++)
    g_assert_error (plum_call_get_error (calls->pdata[i]), G_IO_ERROR,
                    G_IO_ERROR_CONNECTION_REFUSED);
  g_assert_cmpint (plum_clock_get_time (f->loop.clock) - start, ==, 1000);
}

/* The kernel tells of the closed port with the next send, which is another request's. */
static void
test_map_refused_before (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) first = NULL;
  g_autoptr (PlumCall) second = NULL;

  f->gateway->switches.delay_ms = 100;
  fake_gateway_set_open (f->gateway, FALSE);
  first = backend_start (f, PLUM_CALL_MAP, 8080, NULL, NULL);
  fake_gateway_set_open (f->gateway, TRUE);
  second = backend_start (f, PLUM_CALL_MAP, 8081, NULL, NULL);
  test_loop_advance (&f->loop, 200);
  g_assert_error (plum_call_get_error (first), G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  backend_assert_lease (second, 8081, "1.2.3.4", 7200);
}

/* The same mapping asked for thrice: one after the other, and the first is given up. */
static void
test_map_twins (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) first = NULL;
  g_autoptr (PlumCall) second = NULL;
  g_autoptr (PlumCall) third = NULL;
  guint n = 0;

  f->gateway->switches.delay_ms = 100;
  first = backend_start (f, PLUM_CALL_MAP, 8080, NULL, NULL);
  second = backend_start (f, PLUM_CALL_MAP, 8080, backend_count_done, &n);
  third = backend_start (f, PLUM_CALL_MAP, 8080, backend_count_done, &n);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 1);
  plum_call_cancel (first);
  test_loop_advance (&f->loop, 1000);
  g_assert_cmpuint (n, ==, 2);
}

/* The address of the network is not this host's any more. */
static void
test_map_no_socket (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  g_assert_finalize_object (g_steal_pointer (&f->backend));
  backend_fixture_make (f, PLUM_TYPE_PCP_BACKEND, GATEWAY, "192.0.2.77");
  call = backend_map (f, 8080);
  g_assert_nonnull (plum_call_get_error (call));
  g_assert_true (
    g_str_has_prefix (plum_call_get_error (call)->message, "PCP: no socket to ask " GATEWAY ": "));
}

static void
test_map_window (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  f->gateway->switches.pcp = FAKE_SILENT;
  calls = backend_start_many (f, PLUM_CALL_MAP, 100, NULL, NULL);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 32);
  for (guint i = 0; i < 100; i++)
    plum_call_cancel (calls->pdata[i]);
  /* Given up, they are gone: nothing more is sent. */
  test_loop_advance (&f->loop, 5000);
  g_assert_cmpuint (f->gateway->counts.datagrams, <=, 100);
  fake_gateway_reset_counts (f->gateway);
  test_loop_advance (&f->loop, 60000);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 0);
}

static void
test_map_five_version_0 (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  f->gateway->switches.pcp = FAKE_OFF;
  calls = backend_start_many (f, PLUM_CALL_MAP, 5, NULL, NULL);
  test_loop_advance (&f->loop, 5000);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 5);
  for (guint i = 0; i < calls->len; i++)
    g_assert_error (plum_call_get_error (calls->pdata[i]), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
}

static void
test_ipv6 (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GSocket) probe =
    g_socket_new (G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV6);
  g_autoptr (GSocketAddress) at = g_inet_socket_address_new (loopback, 5351);
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) unmapped = NULL;

  if (probe == NULL || !g_socket_bind (probe, at, FALSE, NULL))
    {
      g_test_skip ("[::1]:5351 is not to be had");
      return;
    }

  g_clear_object (&probe);
  fake_gateway_free (f->gateway);
  f->gateway = fake_gateway_new ("::1");
  g_assert_finalize_object (g_steal_pointer (&f->backend));
  backend_fixture_make (f, PLUM_TYPE_PCP_BACKEND, "::1", "::1");

  call = backend_map (f, 8080);
  /* A pinhole: nothing is translated. */
  backend_assert_lease (call, 8080, "::1", 7200);
  unmapped = backend_unmap (f, 8080);
  g_assert_no_error (plum_call_get_error (unmapped));
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
}

static void
add (const char *path, gconstpointer data, BackendTest test)
{
  g_test_add (path, BackendFixture, data, set_up, test, tear_down);
}

static void
add_rows (void)
{
  for (size_t i = 0; i < G_N_ELEMENTS (fault_rows); i++)
    {
      g_autofree char *path = g_strconcat ("/pcp/map/", fault_rows[i].name, NULL);

      add (path, &fault_rows[i], test_map_fault);
    }
  for (size_t i = 0; i < G_N_ELEMENTS (result_rows); i++)
    {
      g_autofree char *path = g_strconcat ("/pcp/result/", result_rows[i].name, NULL);
      g_autofree char *once = g_strconcat ("/pcp/result-once/", result_rows[i].name, NULL);

      add (path, &result_rows[i], test_map_result);
      if (result_rows[i].n_sent > 1)
        add (once, &result_rows[i], test_map_result_once);
    }
}

static void
add_maps (void)
{
  add ("/pcp/map/granted", NULL, test_map_granted);
  add ("/pcp/map/udp", NULL, test_map_udp);
  add ("/pcp/map/lifetime", NULL, test_map_lifetime);
  add ("/pcp/map/other-port", NULL, test_map_other_port);
  add ("/pcp/map/retransmits", NULL, test_map_retransmits);
  add ("/pcp/map/answer-lost", NULL, test_map_answer_lost);
  add ("/pcp/map/duplicate", NULL, test_map_duplicate);
  add ("/pcp/map/delayed", NULL, test_map_delayed);
  add ("/pcp/map/foreign-first", NULL, test_map_foreign_first);
  add ("/pcp/map/error-names-port", NULL, test_map_error_names_port);
  add ("/pcp/map/suggested-address", NULL, test_map_suggested_address);
  add ("/pcp/map/port-refused", NULL, test_map_port_refused);
  add ("/pcp/map/granted-nothing", NULL, test_map_granted_nothing);
  add ("/pcp/map/no-address", NULL, test_map_no_address);
  add ("/pcp/map/refused", NULL, test_map_refused);
  add ("/pcp/map/renewal", NULL, test_map_renewal);
  add ("/pcp/map/nonce-per-key", NULL, test_map_nonce_per_key);
  add ("/pcp/map/nonce-survives", NULL, test_map_nonce_survives);
  add ("/pcp/map/hundred", NULL, test_map_hundred);
  add ("/pcp/map/hundred-refused", NULL, test_map_hundred_refused);
  add ("/pcp/map/refused-before", NULL, test_map_refused_before);
  add ("/pcp/map/twins", NULL, test_map_twins);
  add ("/pcp/map/no-socket", NULL, test_map_no_socket);
  add ("/pcp/map/window", NULL, test_map_window);
  add ("/pcp/map/five-version-0", NULL, test_map_five_version_0);
  add ("/pcp/map/ipv6", NULL, test_ipv6);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add_maps ();
  add_rows ();

  return g_test_run ();
}
