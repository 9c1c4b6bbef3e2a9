/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "udp-fixture.h"

/* A lease that has ended: core does not delete the mapping, so nothing may request it again except
 * core. */

#define LIFETIME_MS (7200 * 1000)

static gboolean
has_mapping (BackendFixture *f, guint port)
{
  return fake_gateway_has_mapping (f->gateway, PLUM_PROTOCOL_TCP, port);
}

/* The gateway restarts, and core requests the port. It restarts once more, which the epoch does not
 * show, and announces that: all live mappings are refreshed. */
static void
restart_twice (BackendFixture *f, guint port)
{
  fake_gateway_reboot (f->gateway);
  backend_must_map (f, port);
  test_loop_advance (&f->loop, 1000);
  fake_gateway_reboot (f->gateway);
  fake_gateway_reset_counts (f->gateway);
  fake_gateway_hint (f->gateway);
  test_loop_settle (&f->loop);
}

/* The gateway starts, and announces that again after core has requested the port. */
static void
start_and_announce (BackendFixture *f, guint port)
{
  fake_gateway_reboot (f->gateway);
  fake_gateway_hint (f->gateway);
  test_loop_settle (&f->loop);
  backend_must_map (f, port);
  fake_gateway_reset_counts (f->gateway);
  test_loop_advance (&f->loop, 10000);
  f->gateway->switches.epoch_offset = -1;
  fake_gateway_hint (f->gateway);
  test_loop_settle (&f->loop);
}

static void
test_not_refreshed (BackendFixture *f, gconstpointer data)
{
  backend_must_map (f, 8080);
  backend_must_map (f, 8081);
  test_loop_advance (&f->loop, LIFETIME_MS);
  restart_twice (f, 8081);
  g_assert_true (has_mapping (f, 8081));
  g_assert_false (has_mapping (f, 8080));
  g_assert_cmpuint (udp_count (f, udp_protocol->maps), ==, 1);
}

static void
test_not_refreshed_after_start (BackendFixture *f, gconstpointer data)
{
  backend_must_map (f, 8080);
  backend_must_map (f, 8081);
  test_loop_advance (&f->loop, LIFETIME_MS);
  start_and_announce (f, 8081);
  g_assert_cmpuint (udp_count (f, udp_protocol->maps), ==, 1);
  g_assert_false (has_mapping (f, 8080));
}

static void
test_refreshed_before (BackendFixture *f, gconstpointer data)
{
  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, LIFETIME_MS - 20000);
  restart_twice (f, 8081);
  g_assert_true (has_mapping (f, 8081));
  g_assert_true (has_mapping (f, 8080));
}

/* A refresh extends the lease at the gateway, but core does not learn that. */
static void
test_refresh_does_not_extend (BackendFixture *f, gconstpointer data)
{
  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, LIFETIME_MS / 2);
  restart_twice (f, 8081);
  g_assert_true (has_mapping (f, 8080));

  test_loop_advance (&f->loop, LIFETIME_MS / 2);
  restart_twice (f, 8081);
  g_assert_true (has_mapping (f, 8081));
  g_assert_false (has_mapping (f, 8080));
}

/* Not one datagram, as for a renewal. */
static void
test_requested_as_new (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, LIFETIME_MS);
  udp_set_mode (f, FAKE_SILENT);
  fake_gateway_reset_counts (f->gateway);
  call = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_cmpuint (f->gateway->counts.datagrams, >=, 5);
}

/* No lease is valid that the deletion would end. */
static void
test_unusable_grant (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, LIFETIME_MS);
  f->gateway->switches.grant_port_0 = TRUE;
  call = backend_map (f, 8080);
  g_assert_nonnull (plum_call_get_error (call));
  g_assert_cmpuint (udp_count (f, udp_protocol->unmaps), ==, 1);
  g_assert_false (has_mapping (f, 8080));
}

/* --- PCP: the external address is known from MAP only --- */

static void
ask_address (BackendFixture *f)
{
  g_autoptr (PlumCall) call = backend_ask_port (f, PLUM_CALL_GET_EXTERNAL_ADDRESS, 8080);

  g_assert_no_error (plum_call_get_error (call));
}

static void
refuse (BackendFixture *f, guint port)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.map_result = udp_protocol->hold_result;
  f->gateway->switches.n_map_results = 1;
  call = backend_map (f, port);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, udp_protocol->hold_error);
}

#define N_OTHERS 20

/* The renewals of some mappings are refused until they expire, and core does not delete them. Any
 * live mapping may be chosen to ask for the address. data: the port of the only one. */
static void
test_address_of_others (BackendFixture *f, gconstpointer data)
{
  const guint port = GPOINTER_TO_UINT (data);

  for (guint i = 0; i < N_OTHERS; i++)
    backend_must_map (f, port + 2 + 2 * i);
  test_loop_advance (&f->loop, LIFETIME_MS / 2);
  backend_must_map (f, port);
  for (guint i = 0; i < N_OTHERS; i++)
    refuse (f, port + 2 + 2 * i);
  test_loop_advance (&f->loop, LIFETIME_MS / 2);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 1);

  ask_address (f);
  g_assert_true (has_mapping (f, port));
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 1);
  g_assert_cmpuint (fake_gateway_get_lifetime (f->gateway, PLUM_PROTOCOL_TCP, port), ==, 7200);
}

static void
test_address_of_none (BackendFixture *f, gconstpointer data)
{
  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, LIFETIME_MS);
  fake_gateway_reset_counts (f->gateway);
  ask_address (f);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 0);
}

/* RFC 6887 7.4: the gateway must not get the request again for so long. */
static void
test_address_on_hold (BackendFixture *f, gconstpointer data)
{
  backend_must_map (f, 8080);
  refuse (f, 8080);
  fake_gateway_reset_counts (f->gateway);
  ask_address (f);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 0);

  test_loop_advance (&f->loop, udp_protocol->hold_s * 1000);
  ask_address (f);
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 1);
}

/* An update by the gateway extends the lease, but core does not learn that (RFC 6887 14.2). */
static void
test_update_does_not_extend (BackendFixture *f, gconstpointer data)
{
  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, LIFETIME_MS / 2);
  fake_gateway_update (f->gateway, PLUM_PROTOCOL_TCP, 8080, 7200);
  test_loop_advance (&f->loop, LIFETIME_MS / 2);
  fake_gateway_reset_counts (f->gateway);
  ask_address (f);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  udp_add ("expired/not-refreshed", NULL, test_not_refreshed);
  udp_add ("expired/not-refreshed-after-start", NULL, test_not_refreshed_after_start);
  udp_add ("expired/refreshed-before", NULL, test_refreshed_before);
  udp_add ("expired/refresh-does-not-extend", NULL, test_refresh_does_not_extend);
  udp_add ("expired/requested-as-new", NULL, test_requested_as_new);
  udp_add ("expired/unusable-grant", NULL, test_unusable_grant);
  udp_add_for (&udp_pcp, "expired/address-of-others/1000", GUINT_TO_POINTER (1000),
               test_address_of_others);
  udp_add_for (&udp_pcp, "expired/address-of-others/4000", GUINT_TO_POINTER (4000),
               test_address_of_others);
  udp_add_for (&udp_pcp, "expired/address-of-none", NULL, test_address_of_none);
  udp_add_for (&udp_pcp, "expired/address-on-hold", NULL, test_address_on_hold);
  udp_add_for (&udp_pcp, "expired/update-does-not-extend", NULL, test_update_does_not_extend);

  return g_test_run ();
}
