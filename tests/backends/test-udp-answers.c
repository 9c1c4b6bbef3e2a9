/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "udp-fixture.h"

/* Answers that cannot be used, that come late or twice: what PCP and NAT-PMP leave on the router,
 * and what they report. */

static gboolean
has_mapping (BackendFixture *f, guint port)
{
  return fake_gateway_has_mapping (f->gateway, PLUM_PROTOCOL_TCP, port);
}

static void
assert_mentions (PlumCall *call, const char *text)
{
  g_assert_nonnull (plum_call_get_error (call));
  g_test_message ("%s", plum_call_get_error (call)->message);
  g_assert_nonnull (strstr (plum_call_get_error (call)->message, text));
}

/* --- Grants that cannot be used --- */

static void
test_port_0 (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.grant_port_0 = TRUE;
  call = backend_map (f, 8080);
  g_assert_nonnull (plum_call_get_error (call));
  g_assert_cmpuint (udp_count (f, udp_protocol->unmaps), ==, 1);
  g_assert_false (has_mapping (f, 8080));
}

static void
test_port_0_kept (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.grant_port_0 = TRUE;
  f->gateway->switches.silent_unmap = TRUE;
  call = backend_map (f, 8080);
  assert_mentions (call, "the router may keep the mapping for up to 7200 s");
  g_assert_cmpuint (udp_count (f, udp_protocol->unmaps), ==, 3);
}

/* The renewal of a live mapping: the old lease is still valid, so nothing is deleted. */
static void
test_port_0_renewal (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, 60000);
  f->gateway->switches.grant_port_0 = TRUE;
  call = backend_map (f, 8080);
  g_assert_nonnull (plum_call_get_error (call));
  g_assert_cmpuint (udp_count (f, udp_protocol->unmaps), ==, 0);
  g_assert_true (has_mapping (f, 8080));
}

static void
test_lifetime_0 (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.grant_nothing = TRUE;
  call = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
  g_assert_cmpuint (udp_count (f, udp_protocol->unmaps), ==, 1);
}

/* data: whether the router cuts the ports of requests, too. */
static void
test_cut_ports (BackendFixture *f, gconstpointer data)
{
  gint64 start = plum_clock_get_time (f->loop.clock);
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.cut_ports = TRUE;
  f->gateway->switches.cut_requests = data != NULL;
  call = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_MALFORMED);
  assert_mentions (call, "port 8080 cut to its low byte");
  g_assert_cmpint (plum_clock_get_time (f->loop.clock), ==, start);
  g_assert_cmpuint (udp_count (f, udp_protocol->unmaps), ==, 1);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
}

/* A refusal is cut, too: nothing was mapped. */
static void
test_cut_refusal (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.cut_ports = TRUE;
  f->gateway->switches.map_result = 2;
  f->gateway->switches.n_map_results = 1;
  call = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_MALFORMED);
  g_assert_cmpuint (udp_count (f, udp_protocol->maps), ==, 1);
  g_assert_cmpuint (udp_count (f, udp_protocol->unmaps), ==, 0);
}

/* The ports are low: nothing is cut. And a copy of that answer is none for another port. */
static void
test_cut_ports_low (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) other = NULL;

  f->gateway->switches.cut_ports = TRUE;
  call = backend_map (f, 144);
  backend_assert_lease (call, 144, "1.2.3.4", 7200);
  f->gateway->switches.cut_ports = FALSE;
  f->gateway->switches.duplicate = 2;
  f->gateway->switches.delay_ms = 10;
  g_clear_object (&call);
  call = backend_start (f, PLUM_CALL_MAP, 144, NULL, NULL);
  other = backend_map (f, 0x1f90); /* its low byte is 144 */
  backend_assert_lease (other, 0x1f90, "1.2.3.4", 7200);
}

/* The answers are cut: the reason is reported, not silence, and what was mapped is deleted. */
static void
test_unreadable (BackendFixture *f, gconstpointer data)
{
  gint64 start = plum_clock_get_time (f->loop.clock);
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) discovered = NULL;

  f->gateway->switches.truncate = 7;
  call = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  assert_mentions (call, "no answer from");
  assert_mentions (call, "that can be read");
  /* The deletion fails for the same reason, which is not repeated. */
  g_assert_true (g_str_has_suffix (plum_call_get_error (call)->message,
                                   "; the router may keep the mapping for up to 7200 s"));
  g_assert_cmpint (plum_clock_get_time (f->loop.clock) - start, ==, 3500 * 1000);
  g_assert_false (has_mapping (f, 8080));

  discovered = backend_discover (f);
  g_assert_error (plum_call_get_error (discovered), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  assert_mentions (discovered, "that can be read");
}

/* The result is in the first 4 bytes: a cut refusal is one, and decides at once. */
static void
test_short_refusal (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) discovered = backend_discover (f);
  gint64 start = plum_clock_get_time (f->loop.clock);
  g_autoptr (PlumCall) call = NULL;

  g_assert_no_error (plum_call_get_error (discovered));
  f->gateway->switches.map_result = 2;
  f->gateway->switches.n_map_results = G_MAXUINT;
  f->gateway->switches.truncate = GPOINTER_TO_UINT (data);
  call = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_cmpint (plum_clock_get_time (f->loop.clock), ==, start);
  g_assert_null (strstr (plum_call_get_error (call)->message, "may keep"));
}

/* The answer to the third send can be read. */
static void
test_unreadable_twice (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = backend_start (f, PLUM_CALL_MAP, 8080, NULL, NULL);

  f->gateway->switches.truncate = 7;
  test_loop_advance (&f->loop, 300);
  f->gateway->switches.truncate = 0;
  test_loop_advance (&f->loop, 1000);
  backend_assert_lease (call, 8080, "1.2.3.4", 7200);
}

/* The first send is granted and its answer lost; the second one is refused. */
static void
test_refused_after_lost_grant (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = backend_start (f, PLUM_CALL_MAP, 8080, NULL, NULL);

  f->gateway->switches.drop_replies = 1 + udp_protocol->n_for_address;
  test_loop_settle (&f->loop);
  g_assert_true (has_mapping (f, 8080));
  f->gateway->switches.map_result = udp_protocol->hold_result;
  f->gateway->switches.n_map_results = G_MAXUINT;
  test_loop_advance (&f->loop, 1000);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, udp_protocol->hold_error);
  g_assert_false (has_mapping (f, 8080));
}

/* --- External addresses --- */

static void
test_impossible_address (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  fake_gateway_set_external_address (f->gateway, data);
  call = backend_map (f, 8080);
  backend_assert_lease (call, 8080, NULL, 7200);
}

static void
test_possible_address (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  fake_gateway_set_external_address (f->gateway, data);
  call = backend_map (f, 8080);
  backend_assert_lease (call, 8080, data, 7200);
}

static void
test_pcp_address (BackendFixture *f, gconstpointer data)
{
  gint64 start = plum_clock_get_time (f->loop.clock);
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.pcp_address = data;
  call = backend_map (f, 8080);
  backend_assert_lease (call, 8080, NULL, 7200);
  g_assert_cmpint (plum_clock_get_time (f->loop.clock), ==, start);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 1);
}

/* It is unknown, which is not the same as that there is none. */
static void
test_pcp_get_address (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) unknown = NULL;
  g_autoptr (PlumCall) none = NULL;

  f->gateway->switches.pcp_address = "::";
  backend_must_map (f, 8080);
  unknown = test_call (&f->loop, f->backend, PLUM_CALL_GET_EXTERNAL_ADDRESS, NULL, 10000);
  g_assert_error (plum_call_get_error (unknown), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  f->gateway->switches.pcp_address = "0.0.0.0";
  none = test_call (&f->loop, f->backend, PLUM_CALL_GET_EXTERNAL_ADDRESS, NULL, 10000);
  g_assert_error (plum_call_get_error (none), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
}

/* data: the address that a pinhole reports. */
static void
test_pinhole_address (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GSocket) probe =
    g_socket_new (G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV6);
  g_autoptr (GSocketAddress) at = g_inet_socket_address_new (loopback, 5351);
  g_autoptr (PlumCall) call = NULL;

  if (probe == NULL || !g_socket_bind (probe, at, FALSE, NULL))
    {
      g_test_skip ("[::1]:5351 is not available");
      return;
    }
  g_socket_close (probe, NULL);

  g_assert_finalize_object (g_steal_pointer (&f->backend));
  fake_gateway_free (f->gateway);
  f->gateway = fake_gateway_new ("::1");
  backend_fixture_make (f, udp_protocol->get_type (), "::1", "::1");
  f->gateway->switches.pcp_address = data;
  call = backend_map (f, 8080);
  backend_assert_lease (call, 8080, g_str_has_prefix (data, "2001") ? data : NULL, 7200);
}

/* --- Two answers --- */

/* The forged answer comes first. The question that the true one causes decides. */
static void
test_forged_first (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) again = NULL;

  f->gateway->switches.forged_port = 6666;
  f->gateway->switches.forged_lifetime = 86400;
  f->gateway->switches.n_forged = 1;
  call = backend_map (f, 8080);
  g_assert_no_error (plum_call_get_error (call));
  test_loop_settle (&f->loop);
  g_assert_cmpuint (udp_count (f, udp_protocol->maps), ==, 2);
  g_assert_cmpuint (f->lost->len, ==, 1);
  g_assert_nonnull (strstr (f->lost->pdata[0], "8080"));

  again = backend_map (f, 8080);
  backend_assert_lease (again, 8080, "1.2.3.4", 7200);
  test_loop_advance (&f->loop, 60000);
  g_assert_cmpuint (f->lost->len, ==, 1);
}

/* Always forged: the number of questions is bounded. */
static void
test_forged_always (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.forged_port = 6666;
  f->gateway->switches.forged_lifetime = 86400;
  f->gateway->switches.n_forged = G_MAXUINT;
  call = backend_map (f, 8080);
  test_loop_advance (&f->loop, 60000);
  g_assert_cmpuint (udp_count (f, udp_protocol->maps), <=, 4);
}

/* A copy, and an answer long after, cause nothing. */
static void
test_second_answer_later (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.duplicate = 3;
  call = backend_map (f, 8080);
  test_loop_advance (&f->loop, 60000);
  g_assert_cmpuint (udp_count (f, udp_protocol->maps), ==, 1);
  g_assert_cmpuint (f->lost->len, ==, 0);
}

/* --- Slow gateways --- */

static void
test_slow_discover (BackendFixture *f, gconstpointer data)
{
  gint64 start = plum_clock_get_time (f->loop.clock);
  guint delay = GPOINTER_TO_UINT (data);
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.delay_ms = delay;
  call = backend_discover (f);
  g_assert_no_error (plum_call_get_error (call));
  g_assert_cmpint (plum_clock_get_time (f->loop.clock) - start, ==, delay * 1000);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 3);
}

static void
test_slow_map (BackendFixture *f, gconstpointer data)
{
  gint64 start = plum_clock_get_time (f->loop.clock);
  guint delay = GPOINTER_TO_UINT (data);
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) renewal = NULL;

  f->gateway->switches.delay_ms = delay;
  call = backend_map (f, 8080);
  backend_assert_lease (call, 8080, "1.2.3.4", 7200);
  g_assert_cmpint (plum_clock_get_time (f->loop.clock) - start, ==, delay * 1000);

  test_loop_advance (&f->loop, 3600 * 1000);
  fake_gateway_reset_counts (f->gateway);
  renewal = backend_map (f, 8080);
  backend_assert_lease (renewal, 8080, "1.2.3.4", 7200);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 1);
  g_assert_cmpuint (f->lost->len, ==, 0);
}

/* The first answers are lost: one to a retransmission counts. */
static void
test_slow_and_lossy (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) discovered = NULL;
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.delay_ms = 3000;
  f->gateway->switches.drop_replies = 2;
  discovered = backend_discover (f);
  g_assert_no_error (plum_call_get_error (discovered));
  f->gateway->switches.drop_replies = 2;
  call = backend_map (f, 8080);
  g_assert_no_error (plum_call_get_error (call));
  g_assert_nonnull (plum_call_get_lease (call));
}

/* A gateway that was silent is asked again by the next discovery, at once. */
static void
test_discover_again (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) first = NULL;
  g_autoptr (PlumCall) second = NULL;

  udp_set_mode (f, FAKE_SILENT);
  first = backend_start (f, PLUM_CALL_DISCOVER, 8080, NULL, NULL);
  test_loop_advance (&f->loop, 5000);
  udp_set_mode (f, FAKE_ON);
  second = backend_discover (f);
  g_assert_no_error (plum_call_get_error (second));
  g_assert_no_error (plum_call_get_error (first));
}

/* --- Denied ports (quirk 89) --- */

static void
test_denied_port (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.map_result = 2;
  f->gateway->switches.n_map_results = G_MAXUINT;
  call = backend_map (f, 80);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_cmpuint (udp_count (f, udp_protocol->maps), ==, udp_protocol == &udp_pcp ? 1 : 2);
  g_assert_cmpuint (udp_count (f, udp_protocol->unmaps), ==, 0);
}

/* A server that is deaf: how many requests one mapping costs it in 10 s. */
static void
test_deaf_server (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  udp_set_mode (f, FAKE_SILENT);
  call = backend_map (f, 80);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  if (udp_protocol == &udp_natpmp)
    g_assert_cmpuint (f->gateway->counts.datagrams, ==, 3 + 6); /* the address, and the mapping */
  else
    g_assert_cmpuint (f->gateway->counts.datagrams, <=, 6); /* 5, or 6 by the random part */
}

/* --- Restarts that the epoch does not show (quirk 88) --- */

static void
restart_young (BackendFixture *f)
{
  fake_gateway_reboot (f->gateway);
  backend_must_map (f, 8080);
  backend_must_map (f, 8081);
  test_loop_advance (&f->loop, 1000);
  fake_gateway_reboot (f->gateway);
  fake_gateway_reset_counts (f->gateway);
}

static void
test_young_restart (BackendFixture *f, gconstpointer data)
{
  restart_young (f);
  fake_gateway_hint (f->gateway);
  test_loop_settle (&f->loop);
  g_assert_true (has_mapping (f, 8080));
  g_assert_true (has_mapping (f, 8081));
  g_assert_cmpuint (udp_count (f, udp_protocol->maps), ==, 2);

  /* It is served once, however often it is announced. */
  for (guint i = 0; i < 20; i++)
    fake_gateway_hint (f->gateway);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (udp_count (f, udp_protocol->maps), ==, 2);
}

static void
test_young_announcement (BackendFixture *f, gconstpointer data)
{
  restart_young (f);
  if (!fake_gateway_announce (f->gateway))
    {
      g_test_skip ("the interface lo does no multicast here");
      return;
    }

  test_loop_settle (&f->loop);
  g_assert_true (has_mapping (f, 8080));
  g_assert_true (has_mapping (f, 8081));
}

/* Meanwhile, another host has the port: the mapping has moved. */
static void
test_young_moved (BackendFixture *f, gconstpointer data)
{
  restart_young (f);
  fake_gateway_take_port (f->gateway, PLUM_PROTOCOL_TCP, 8080);
  fake_gateway_hint (f->gateway);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (f->lost->len, ==, 1);
}

/* A gateway that starts late announces itself: core hears of it. */
static void
test_late_start (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  udp_set_mode (f, FAKE_SILENT);
  call = backend_discover (f);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  test_loop_advance (&f->loop, 60000);
  udp_set_mode (f, FAKE_ON);
  if (!fake_gateway_announce (f->gateway))
    {
      g_test_skip ("the interface lo does no multicast here");
      return;
    }

  test_loop_settle (&f->loop);
  g_assert_cmpuint (f->lost->len, ==, 1);
}

static void
add_addresses (void)
{
  static const char *const impossible[] = { "127.0.0.1",       "224.0.0.1", "169.254.1.1",
                                            "255.255.255.255", "240.0.0.1", "0.1.2.3" };
  static const char *const possible[] = { "10.0.0.1", "100.64.0.1", "192.0.0.2", "203.0.113.7" };
  static const char *const foreign[] = { "::", "2001:db8::7", "0.0.0.0", "fe80::1" };
  static const char *const pinholes[] = { "1.2.3.4", "fe80::1", "ff02::1",
                                          "::",      "::5",     "2001:db8::10" };

  for (size_t i = 0; i < G_N_ELEMENTS (impossible); i++)
    {
      g_autofree char *path = g_strconcat ("address/impossible/", impossible[i], NULL);

      udp_add (path, impossible[i], test_impossible_address);
    }
  for (size_t i = 0; i < G_N_ELEMENTS (possible); i++)
    {
      g_autofree char *path = g_strconcat ("address/possible/", possible[i], NULL);

      udp_add (path, possible[i], test_possible_address);
    }
  for (size_t i = 0; i < G_N_ELEMENTS (foreign); i++)
    {
      g_autofree char *path = g_strconcat ("address/not-ipv4/", foreign[i], NULL);

      udp_add_for (&udp_pcp, path, foreign[i], test_pcp_address);
    }
  for (size_t i = 0; i < G_N_ELEMENTS (pinholes); i++)
    {
      g_autofree char *path = g_strconcat ("address/pinhole/", pinholes[i], NULL);

      udp_add_for (&udp_pcp, path, pinholes[i], test_pinhole_address);
    }
}

static void
add_slow (void)
{
  static const guint delays[] = { 3000, 4000, 9000 };

  for (size_t i = 0; i < G_N_ELEMENTS (delays); i++)
    {
      g_autofree char *discover = g_strdup_printf ("slow/discover/%u", delays[i]);
      g_autofree char *map = g_strdup_printf ("slow/map/%u", delays[i]);

      udp_add (discover, GUINT_TO_POINTER (delays[i]), test_slow_discover);
      udp_add (map, GUINT_TO_POINTER (delays[i]), test_slow_map);
    }
  udp_add ("slow/lossy", NULL, test_slow_and_lossy);
  udp_add ("slow/discover-again", NULL, test_discover_again);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  udp_add ("unusable/port-0", NULL, test_port_0);
  udp_add ("unusable/port-0-kept", NULL, test_port_0_kept);
  udp_add ("unusable/port-0-renewal", NULL, test_port_0_renewal);
  udp_add ("unusable/lifetime-0", NULL, test_lifetime_0);
  udp_add_for (&udp_natpmp, "unusable/cut-ports", NULL, test_cut_ports);
  udp_add_for (&udp_natpmp, "unusable/cut-requests", GUINT_TO_POINTER (1), test_cut_ports);
  udp_add_for (&udp_natpmp, "unusable/cut-refusal", NULL, test_cut_refusal);
  udp_add_for (&udp_natpmp, "unusable/low-ports", NULL, test_cut_ports_low);
  udp_add ("unusable/refused-after-lost-grant", NULL, test_refused_after_lost_grant);
  udp_add ("unusable/unreadable", NULL, test_unreadable);
  udp_add_for (&udp_natpmp, "short/refusal-4", GUINT_TO_POINTER (4), test_short_refusal);
  udp_add_for (&udp_natpmp, "short/refusal-8", GUINT_TO_POINTER (8), test_short_refusal);
  udp_add_for (&udp_natpmp, "short/refusal-12", GUINT_TO_POINTER (12), test_short_refusal);
  udp_add ("unusable/unreadable-twice", NULL, test_unreadable_twice);
  add_addresses ();
  udp_add_for (&udp_pcp, "address/get-unknown", NULL, test_pcp_get_address);
  udp_add ("twice/forged-first", NULL, test_forged_first);
  udp_add ("twice/forged-always", NULL, test_forged_always);
  udp_add ("twice/copies", NULL, test_second_answer_later);
  add_slow ();
  udp_add ("denied/port", NULL, test_denied_port);
  udp_add ("denied/deaf-server", NULL, test_deaf_server);
  udp_add ("young/hint", NULL, test_young_restart);
  udp_add ("young/announcement", NULL, test_young_announcement);
  udp_add ("young/moved", NULL, test_young_moved);
  udp_add ("young/late-start", NULL, test_late_start);

  return g_test_run ();
}
