/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "udp-fixture.h"

/* What PCP and NAT-PMP do alike: discovery, and requests for mappings. */

static void
test_discover_found (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = backend_discover (f);

  g_assert_no_error (plum_call_get_error (call));
  g_assert_cmpuint (udp_count (f, udp_protocol->probes), ==, 1);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 1);
}

static void
test_discover_two_lost (BackendFixture *f, gconstpointer data)
{
  gint64 start = plum_clock_get_time (f->loop.clock);
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.drop_requests = 2;
  call = backend_discover (f);
  g_assert_no_error (plum_call_get_error (call));
  g_assert_cmpint (plum_clock_get_time (f->loop.clock) - start, ==, 750 * 1000);
}

static void
test_discover_silent (BackendFixture *f, gconstpointer data)
{
  gint64 start = plum_clock_get_time (f->loop.clock);
  g_autoptr (PlumCall) call = NULL;

  udp_set_mode (f, FAKE_SILENT);
  call = backend_discover (f);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  udp_assert_message (call, "%s: no answer from %s in 9.8 s", udp_protocol->label,
                      udp_protocol->gateway);
  g_assert_cmpint (plum_clock_get_time (f->loop.clock) - start, ==, 9750 * 1000);
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
  udp_assert_message (call, "%s: %s refused port 5351", udp_protocol->label, udp_protocol->gateway);
  g_assert_cmpint (plum_clock_get_time (f->loop.clock), ==, start);
}

static void
test_discover_no_gateway (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GInetAddress) local = g_inet_address_new_from_string (BACKEND_LOCAL);
  g_autoptr (PlumNetwork) network = plum_network_new ("lo", 1, NULL, local, FALSE);
  g_autoptr (PlumBackend) backend = test_backend_new (udp_protocol->get_type (), network);
  g_autoptr (PlumCall) call =
    test_call (&f->loop, backend, PLUM_CALL_DISCOVER, NULL, BACKEND_PATIENCE_MS);

  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  udp_assert_message (call, "%s: a point-to-point link has no gateway", udp_protocol->label);
}

static void
test_map_granted (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = backend_map (f, 8080);

  backend_assert_lease (call, 8080, "1.2.3.4", 7200);
  g_assert_cmpuint (fake_gateway_get_external_port (f->gateway, PLUM_PROTOCOL_TCP, 8080,
                                                    BACKEND_LOCAL),
                    ==, 8080);
  g_assert_cmpuint (udp_count (f, udp_protocol->maps), ==, 1);
  g_assert_cmpuint (udp_count (f, udp_protocol->probes), ==, udp_protocol->n_for_address);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 1 + udp_protocol->n_for_address);
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
test_map_short_lease (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.granted_lifetime = 60;
  call = backend_map (f, 8080);
  backend_assert_lease (call, 8080, "1.2.3.4", 60);
}

static void
test_map_endless_lease (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.granted_lifetime = G_MAXUINT32;
  call = backend_map (f, 8080);
  backend_assert_lease (call, 8080, "1.2.3.4", 86400);
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
  g_assert_cmpuint (f->n_moved, ==, 0);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 1 + udp_protocol->n_for_address);
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
test_map_wrong_first (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.wrong_first = TRUE;
  call = backend_map (f, 8080);
  backend_assert_lease (call, 8080, "1.2.3.4", 7200);
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

/* A closed port fails the calls in flight only (quirk 12). */
static void
test_map_refused (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) again = NULL;

  fake_gateway_set_open (f->gateway, FALSE);
  call = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (call), G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);

  fake_gateway_set_open (f->gateway, TRUE);
  again = backend_map (f, 8080);
  backend_assert_lease (again, 8080, "1.2.3.4", 7200);
  g_assert_cmpuint (f->lost->len, ==, 0);
}

/* Each gets its own answer, whether the kernel reports it by a read or by the next send. */
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

/* The network's local address is no longer an address of this host. */
static void
test_map_no_socket (BackendFixture *f, gconstpointer data)
{
  g_autofree char *start = g_strdup_printf ("%s: cannot open a socket to %s: ", udp_protocol->label,
                                            udp_protocol->gateway);
  g_autoptr (PlumCall) call = NULL;

  g_assert_finalize_object (g_steal_pointer (&f->backend));
  backend_fixture_make (f, udp_protocol->get_type (), udp_protocol->gateway, "192.0.2.77");
  call = backend_map (f, 8080);
  g_assert_nonnull (plum_call_get_error (call));
  g_assert_true (g_str_has_prefix (plum_call_get_error (call)->message, start));
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

/* RFC 6887 11.2.1: one packet in each window, even if the server is silent. */
static void
test_renewal_is_one_packet (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, 3600000);
  fake_gateway_reset_counts (f->gateway);
  udp_set_mode (f, FAKE_SILENT);
  call = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 1);
}

static void
test_map_hundred (BackendFixture *f, gconstpointer data)
{
  gint64 start = plum_clock_get_time (f->loop.clock);
  guint n = 0;
  G_GNUC_UNUSED g_autoptr (GPtrArray) calls =
    backend_start_many (f, PLUM_CALL_MAP, 100, backend_count_done, &n);

  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 0);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (n, ==, 100);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 100);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 100 + udp_protocol->n_for_address);
  g_assert_cmpint (plum_clock_get_time (f->loop.clock), ==, start);
}

static void
test_map_window (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  udp_set_mode (f, FAKE_SILENT);
  calls = backend_start_many (f, PLUM_CALL_MAP, 100, NULL, NULL);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==,
                    udp_protocol->window + udp_protocol->n_for_address);

  /* Once they are cancelled, nothing more is sent. */
  for (guint i = 0; i < calls->len; i++)
    plum_call_cancel (calls->pdata[i]);
  test_loop_advance (&f->loop, 5000);
  g_assert_cmpuint (f->gateway->counts.datagrams, <=, 100 + 3 * udp_protocol->n_for_address);
  fake_gateway_reset_counts (f->gateway);
  test_loop_advance (&f->loop, 60000);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 0);
}

/* The same mapping is requested three times: one request follows the other, and the first is
 * cancelled. */
static void
test_map_same_key (BackendFixture *f, gconstpointer data)
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
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 1 + udp_protocol->n_for_address);
  plum_call_cancel (first);
  test_loop_advance (&f->loop, 1000);
  g_assert_cmpuint (n, ==, 2);
}

typedef struct
{
  const char *name;
  guint result;
  int error;    /* what the call fails with if the gateway answers so every time */
  guint n_sent; /* after so many requests */
} ResultRow;

static const ResultRow pcp_results[] = {
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

static const ResultRow natpmp_results[] = {
  { "not-authorized", 2, PLUM_ERROR_REFUSED, 2 },
  { "network-failure", 3, PLUM_ERROR_NO_RESOURCES, 1 },
  { "out-of-resources", 4, PLUM_ERROR_NO_RESOURCES, 4 },
  { "unsupported-opcode", 5, PLUM_ERROR_NOT_SUPPORTED, 1 },
  { "unknown", 66, PLUM_ERROR_REFUSED, 1 },
};

static void
test_map_result (BackendFixture *f, gconstpointer data)
{
  const ResultRow *row = data;
  g_autofree char *start =
    g_strdup_printf ("%s: %s answered ", udp_protocol->label, udp_protocol->gateway);
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.map_result = row->result;
  f->gateway->switches.n_map_results = G_MAXUINT;
  call = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, row->error);
  g_assert_true (g_str_has_prefix (plum_call_get_error (call)->message, start));
  g_assert_cmpuint (udp_count (f, udp_protocol->maps), ==, row->n_sent);
}

/* The second request, with fewer suggestions, is granted. */
static void
test_map_result_once (BackendFixture *f, gconstpointer data)
{
  const ResultRow *row = data;
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.map_result = row->result;
  f->gateway->switches.n_map_results = 1;
  f->gateway->switches.duplicate = 2;
  call = backend_map (f, 8080);
  backend_assert_lease (call, 8080, "1.2.3.4", 7200);
}

static void
add_results (const UdpProtocol *protocol, const ResultRow *rows, size_t n_rows)
{
  for (size_t i = 0; i < n_rows; i++)
    {
      g_autofree char *path = g_strconcat ("result/", rows[i].name, NULL);
      g_autofree char *once = g_strconcat ("result-once/", rows[i].name, NULL);

      udp_add_for (protocol, path, &rows[i], test_map_result);
      if (protocol == &udp_pcp && rows[i].n_sent > 1)
        udp_add_for (protocol, once, &rows[i], test_map_result_once);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  udp_add ("discover/found", NULL, test_discover_found);
  udp_add ("discover/two-lost", NULL, test_discover_two_lost);
  udp_add ("discover/silent", NULL, test_discover_silent);
  udp_add ("discover/refused", NULL, test_discover_refused);
  udp_add ("discover/no-gateway", NULL, test_discover_no_gateway);
  udp_add ("map/granted", NULL, test_map_granted);
  udp_add ("map/udp", NULL, test_map_udp);
  udp_add ("map/short-lease", NULL, test_map_short_lease);
  udp_add ("map/endless-lease", NULL, test_map_endless_lease);
  udp_add ("map/duplicate", NULL, test_map_duplicate);
  udp_add ("map/delayed", NULL, test_map_delayed);
  udp_add ("map/wrong-answers-first", NULL, test_map_wrong_first);
  udp_add ("map/granted-nothing", NULL, test_map_granted_nothing);
  udp_add ("map/no-address", NULL, test_map_no_address);
  udp_add ("map/refused", NULL, test_map_refused);
  udp_add ("map/hundred-refused", NULL, test_map_hundred_refused);
  udp_add ("map/no-socket", NULL, test_map_no_socket);
  udp_add ("map/renewal", NULL, test_map_renewal);
  udp_add ("map/renewal-is-one-packet", NULL, test_renewal_is_one_packet);
  udp_add ("map/hundred", NULL, test_map_hundred);
  udp_add ("map/window", NULL, test_map_window);
  udp_add ("map/same-key", NULL, test_map_same_key);
  add_results (&udp_pcp, pcp_results, G_N_ELEMENTS (pcp_results));
  add_results (&udp_natpmp, natpmp_results, G_N_ELEMENTS (natpmp_results));

  return g_test_run ();
}
