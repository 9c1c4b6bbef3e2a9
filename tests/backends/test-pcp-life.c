/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

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
test_hold_refuses (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) first = NULL;
  g_autoptr (PlumCall) held = NULL;
  g_autoptr (PlumCall) after = NULL;

  f->gateway->switches.map_result = 2;
  f->gateway->switches.n_map_results = 1;
  first = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (first), PLUM_ERROR, PLUM_ERROR_REFUSED);

  /* The server said 0 s: the floor is 300. */
  test_loop_advance (&f->loop, 299 * 1000);
  held = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (held), PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 1);

  test_loop_advance (&f->loop, 1000);
  after = backend_map (f, 8080);
  backend_assert_lease (after, 8080, "1.2.3.4", 7200);
}

static void
test_hold_of_one (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) first = NULL;
  g_autoptr (PlumCall) other = NULL;

  f->gateway->switches.map_result = 2;
  f->gateway->switches.n_map_results = 1;
  first = backend_map (f, 8080);
  other = backend_map (f, 8081);
  g_assert_error (plum_call_get_error (first), PLUM_ERROR, PLUM_ERROR_REFUSED);
  backend_assert_lease (other, 8081, "1.2.3.4", 7200);
}

static void
test_hold_forgotten (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) first = NULL;
  g_autoptr (PlumCall) unmapped = NULL;
  g_autoptr (PlumCall) after = NULL;

  f->gateway->switches.map_result = 2;
  f->gateway->switches.n_map_results = 1;
  first = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (first), PLUM_ERROR, PLUM_ERROR_REFUSED);
  unmapped = backend_unmap (f, 8080);
  after = backend_map (f, 8080);
  backend_assert_lease (after, 8080, "1.2.3.4", 7200);
}

static void
test_unmap_done (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  call = backend_unmap (f, 8080);
  g_assert_no_error (plum_call_get_error (call));
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
  g_assert_cmpuint (f->gateway->counts.pcp_unmap, ==, 1);
  g_assert_cmpuint (f->gateway->counts.bad, ==, 0);
}

static void
test_unmap_silent (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  f->gateway->switches.pcp = FAKE_SILENT;
  fake_gateway_reset_counts (f->gateway);
  call = backend_unmap (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 3);
}

static void
test_unmap_result (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  f->gateway->switches.unmap_result = GPOINTER_TO_UINT (data);
  call = backend_unmap (f, 8080);
  if (GPOINTER_TO_UINT (data) == 7)
    g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
  else
    g_assert_no_error (plum_call_get_error (call));
}

static void
test_unmap_lingers (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  f->gateway->switches.linger = TRUE;
  call = backend_unmap (f, 8080);
  g_assert_no_error (plum_call_get_error (call));
}

/* A MAP that core gave up is answered late, when its deletion is already on its way, and lost: the
 * deletion is not done before it is answered itself. */
static void
test_unmap_after_late_map (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) mapping = NULL;
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.delay_ms = 100;
  mapping = backend_start (f, PLUM_CALL_MAP, 8080, NULL, NULL);
  test_loop_settle (&f->loop);
  plum_call_cancel (mapping);
  f->gateway->switches.drop_requests = 1;
  call = backend_unmap (f, 8080);
  g_assert_no_error (plum_call_get_error (call));
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
}

/* And the other way round: 0 s granted is the late answer to a deletion. */
static void
test_map_after_late_unmap (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) unmapping = NULL;
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  f->gateway->switches.delay_ms = 100;
  unmapping = backend_start (f, PLUM_CALL_UNMAP, 8080, NULL, NULL);
  test_loop_settle (&f->loop);
  plum_call_cancel (unmapping);
  call = backend_map (f, 8080);
  backend_assert_lease (call, 8080, "1.2.3.4", 7200);
}

static void
test_check_coalesced (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) mapped = backend_map (f, 8080);
  g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_TCP, 8080, 8080, 7200, 1);
  PlumCallArgs args = { .request = request, .lease = plum_call_get_lease (mapped) };
  g_autoptr (GPtrArray) calls = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (PlumCall) later = NULL;
  guint n = 0;

  for (guint i = 0; i < 1000; i++)
    g_ptr_array_add (calls, plum_backend_call (f->backend, PLUM_CALL_CHECK, &args,
                                               BACKEND_PATIENCE_MS, backend_count_done, &n));
  test_loop_settle (&f->loop);
  later = backend_check (f);
  g_assert_cmpuint (n, ==, 1000);
  g_assert_cmpuint (f->gateway->counts.pcp_announce, ==, 1);

  test_loop_advance (&f->loop, 1001);
  g_clear_object (&later);
  later = backend_check (f);
  g_assert_cmpuint (f->gateway->counts.pcp_announce, ==, 2);
}

static void
test_check_lost (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, 60000);
  fake_gateway_reboot (f->gateway);
  call = backend_check (f);
  g_assert_no_error (plum_call_get_error (call));
  g_assert_cmpuint (f->lost->len, ==, 1);
  g_assert_nonnull (strstr (f->lost->pdata[0], GATEWAY));

  /* Told once. */
  test_loop_advance (&f->loop, 60000);
  g_clear_object (&call);
  call = backend_check (f);
  g_assert_cmpuint (f->lost->len, ==, 1);
}

static void
test_check_refused (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  fake_gateway_set_open (f->gateway, FALSE);
  call = backend_check (f);
  g_assert_error (plum_call_get_error (call), G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  g_assert_cmpuint (f->lost->len, ==, 0);
}

static void
test_epoch_by_map (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) second = NULL;

  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, 60000);
  fake_gateway_reboot (f->gateway);
  second = backend_map (f, 8081);
  backend_assert_lease (second, 8081, "1.2.3.4", 7200);
  g_assert_cmpuint (f->lost->len, ==, 1);
}

static void
test_epoch_back_by_one (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) second = NULL;

  backend_must_map (f, 8080);
  f->gateway->switches.epoch_offset = -1;
  second = backend_map (f, 8081);
  g_assert_cmpuint (f->lost->len, ==, 0);
}

static void
test_epoch_stuck (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) first = NULL;
  g_autoptr (PlumCall) second = NULL;

  f->gateway->switches.epoch_stuck = TRUE;
  first = backend_map (f, 8080);
  test_loop_advance (&f->loop, 60000);
  second = backend_map (f, 8081);
  g_assert_cmpuint (f->lost->len, ==, 1);
}

static void
test_epoch_forged (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_TCP, 8081, 8081, 7200, 1);
  PlumCallArgs args = { .request = request };
  g_autoptr (PlumCall) second = NULL;

  backend_must_map (f, 8080);
  /* Another nonce, and an epoch of a restart: the nonce is looked at first. */
  f->gateway->switches.wrong_nonce = TRUE;
  f->gateway->switches.epoch_offset = -3600;
  second = plum_backend_call (f->backend, PLUM_CALL_MAP, &args, BACKEND_PATIENCE_MS, NULL, NULL);
  test_loop_advance (&f->loop, 1000);
  g_assert_cmpuint (f->lost->len, ==, 0);
  plum_call_cancel (second);
}

static void
test_suspend (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) second = NULL;

  backend_must_map (f, 8080);
  plum_clock_suspend (f->loop.clock, G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC);
  second = backend_map (f, 8080);
  backend_assert_lease (second, 8080, "1.2.3.4", 7200);
  g_assert_cmpuint (f->lost->len, ==, 0);
}

static void
test_hint (BackendFixture *f, gconstpointer data)
{
  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, 60000);
  fake_gateway_reboot (f->gateway);
  fake_gateway_hint (f->gateway);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (f->gateway->counts.pcp_announce, ==, 1);
  g_assert_cmpuint (f->lost->len, ==, 1);
}

/* An announcement without a restart: the router has another address, which only MAP tells. */
static void
test_hint_address (BackendFixture *f, gconstpointer data)
{
  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, 60000);
  fake_gateway_set_external_address (f->gateway, "1.2.3.9");
  if (!fake_gateway_announce (f->gateway))
    {
      g_test_skip ("no multicast on lo");
      return;
    }

  test_loop_advance (&f->loop, 20000);
  g_assert_cmpuint (f->n_moved, ==, 1);
  g_assert_cmpstr (f->moved_to, ==, "1.2.3.9");
  g_assert_cmpuint (f->lost->len, ==, 0);
}

/* RFC 6887 11.2.1: one packet in each window, whoever is silent. */
static void
test_renewal_alone (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, 3600000);
  fake_gateway_reset_counts (f->gateway);
  f->gateway->switches.pcp = FAKE_SILENT;
  call = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 1);
}

/* A hint that somebody forged: asked, and nothing is lost. */
static void
test_hint_false (BackendFixture *f, gconstpointer data)
{
  backend_must_map (f, 8080);
  for (guint i = 0; i < 20; i++)
    {
      f->gateway->switches.epoch_offset = -3600;
      fake_gateway_hint (f->gateway);
      f->gateway->switches.epoch_offset = 0;
      test_loop_settle (&f->loop);
    }
  g_assert_cmpuint (f->gateway->counts.pcp_announce, ==, 1);
  g_assert_cmpuint (f->lost->len, ==, 0);

  /* The last one of them is not lost: it is served when the ten seconds are over. */
  test_loop_advance (&f->loop, 9999);
  g_assert_cmpuint (f->gateway->counts.pcp_announce, ==, 1);
  test_loop_advance (&f->loop, 1);
  g_assert_cmpuint (f->gateway->counts.pcp_announce, ==, 2);
  test_loop_advance (&f->loop, 60000);
  g_assert_cmpuint (f->gateway->counts.pcp_announce, ==, 2);
}

/* Every answer comes thrice: the copies are no hints. */
static void
test_hint_copies (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  f->gateway->switches.duplicate = 2;
  call = backend_check (f);
  test_loop_advance (&f->loop, 60000);
  g_assert_cmpuint (f->gateway->counts.pcp_announce, ==, 1);
}

static void
test_announcement (BackendFixture *f, gconstpointer data)
{
  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, 60000);
  fake_gateway_reboot (f->gateway);
  if (!fake_gateway_announce (f->gateway))
    {
      g_test_skip ("the interface lo does no multicast here");
      return;
    }

  test_loop_settle (&f->loop);
  g_assert_cmpuint (f->gateway->counts.pcp_announce, ==, 1);
  g_assert_cmpuint (f->lost->len, ==, 1);
}

/* Another host says the same: it is not asked about, and neither is the gateway. */
static void
test_announcement_foreign (BackendFixture *f, gconstpointer data)
{
  FakeGateway *other = fake_gateway_new ("127.51.1.2");
  gboolean announced;

  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, 60000);
  announced = fake_gateway_announce (other);
  test_loop_settle (&f->loop);
  fake_gateway_free (other);
  if (announced)
    g_assert_cmpuint (f->gateway->counts.pcp_announce, ==, 0);
  else
    g_test_skip ("the interface lo does no multicast here");
}

static void
test_update_address (BackendFixture *f, gconstpointer data)
{
  backend_must_map (f, 8080);
  fake_gateway_set_external_address (f->gateway, "1.2.3.5");
  fake_gateway_update (f->gateway, PLUM_PROTOCOL_TCP, 8080, 7200);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (f->n_moved, ==, 1);
  g_assert_cmpstr (f->moved_to, ==, "1.2.3.5");
  g_assert_cmpuint (f->lost->len, ==, 0);
}

static void
test_update_gone (BackendFixture *f, gconstpointer data)
{
  backend_must_map (f, 8080);
  fake_gateway_update (f->gateway, PLUM_PROTOCOL_TCP, 8080, 0);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (f->lost->len, ==, 1);
}

static void
test_renewal_address (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) second = NULL;

  backend_must_map (f, 8080);
  fake_gateway_set_external_address (f->gateway, "1.2.3.5");
  second = backend_map (f, 8080);
  g_assert_cmpuint (f->n_moved, ==, 1);
  g_assert_cmpstr (f->moved_to, ==, "1.2.3.5");
}

static void
test_external_address (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) before = backend_ask_port (f, PLUM_CALL_GET_EXTERNAL_ADDRESS, 8080);
  g_autoptr (PlumCall) after = NULL;
  g_autofree char *host = NULL;

  backend_must_map (f, 8080);
  after = backend_ask_port (f, PLUM_CALL_GET_EXTERNAL_ADDRESS, 8080);
  g_assert_error (plum_call_get_error (before), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_nonnull (plum_call_get_address (after));
  host = g_inet_address_to_string (plum_call_get_address (after));
  g_assert_cmpstr (host, ==, "1.2.3.4");
}

/* A server that was restarted is a new one: nothing is held against it. */
static void
test_hold_ends_with_loss (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) refused = NULL;
  g_autoptr (PlumCall) checked = NULL;
  g_autoptr (PlumCall) after = NULL;

  f->gateway->switches.map_result = 2;
  f->gateway->switches.n_map_results = 1;
  refused = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (refused), PLUM_ERROR, PLUM_ERROR_REFUSED);
  test_loop_advance (&f->loop, 60000);
  fake_gateway_reboot (f->gateway);
  checked = backend_check (f);
  g_assert_no_error (plum_call_get_error (checked));
  after = backend_map (f, 8080);
  backend_assert_lease (after, 8080, "1.2.3.4", 7200);
}

/* Cancellation at each wait leaves nothing behind: the tear-down looks. */
static void
test_cancel (BackendFixture *f, gconstpointer data)
{
  PlumCallKind kind = GPOINTER_TO_INT (data);
  g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_TCP, 8080, 8080, 7200, 1);
  g_autoptr (PlumLease) lease = plum_lease_new (NULL, 8080, 7200, NULL);
  PlumCallArgs args = { .request = request, .lease = lease };
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.pcp = FAKE_SILENT;
  call = plum_backend_call (f->backend, kind, &args, BACKEND_PATIENCE_MS, NULL, NULL);
  test_loop_advance (&f->loop, 300);
  plum_call_cancel (call);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 2);
  test_loop_advance (&f->loop, 60000);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 2);
}

/* Of two that share one question, the other still gets its answer. */
static void
test_cancel_one_of_two (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) first = NULL;
  g_autoptr (PlumCall) second = NULL;
  guint n = 0;

  first = backend_start (f, PLUM_CALL_DISCOVER, 8080, backend_count_done, &n);
  second = backend_start (f, PLUM_CALL_DISCOVER, 8080, backend_count_done, &n);
  plum_call_cancel (first);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (n, ==, 1);
}

/* The owner goes while things are on their way. */
static void
test_dispose_in_flight (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  f->gateway->switches.pcp = FAKE_SILENT;
  calls = backend_start_many (f, PLUM_CALL_MAP, 50, NULL, NULL);
  test_loop_advance (&f->loop, 300);
  for (guint i = 0; i < calls->len; i++)
    plum_call_cancel (calls->pdata[i]);
}

static void
add (const char *path, gconstpointer data, BackendTest test)
{
  g_test_add (path, BackendFixture, data, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add ("/pcp/hold/refuses", NULL, test_hold_refuses);
  add ("/pcp/hold/of-one", NULL, test_hold_of_one);
  add ("/pcp/hold/forgotten", NULL, test_hold_forgotten);
  add ("/pcp/unmap/done", NULL, test_unmap_done);
  add ("/pcp/unmap/silent", NULL, test_unmap_silent);
  add ("/pcp/unmap/not-authorized", GUINT_TO_POINTER (2), test_unmap_result);
  add ("/pcp/unmap/network-failure", GUINT_TO_POINTER (7), test_unmap_result);
  add ("/pcp/unmap/no-resources", GUINT_TO_POINTER (8), test_unmap_result);
  add ("/pcp/unmap/lingers", NULL, test_unmap_lingers);
  add ("/pcp/hold/ends-with-loss", NULL, test_hold_ends_with_loss);
  add ("/pcp/unmap/before-map", NULL, test_map_after_late_unmap);
  add ("/pcp/unmap/after-late-map", NULL, test_unmap_after_late_map);
  add ("/pcp/check/coalesced", NULL, test_check_coalesced);
  add ("/pcp/check/lost", NULL, test_check_lost);
  add ("/pcp/check/refused", NULL, test_check_refused);
  add ("/pcp/epoch/by-map", NULL, test_epoch_by_map);
  add ("/pcp/epoch/back-by-one", NULL, test_epoch_back_by_one);
  add ("/pcp/epoch/stuck", NULL, test_epoch_stuck);
  add ("/pcp/epoch/forged", NULL, test_epoch_forged);
  add ("/pcp/epoch/suspend", NULL, test_suspend);
  add ("/pcp/hint/restart", NULL, test_hint);
  add ("/pcp/hint/new-address", NULL, test_hint_address);
  add ("/pcp/renew/one-packet", NULL, test_renewal_alone);
  add ("/pcp/hint/nothing", NULL, test_hint_false);
  add ("/pcp/hint/copies", NULL, test_hint_copies);
  add ("/pcp/hint/announcement", NULL, test_announcement);
  add ("/pcp/hint/foreign-announcement", NULL, test_announcement_foreign);
  add ("/pcp/update/address", NULL, test_update_address);
  add ("/pcp/update/gone", NULL, test_update_gone);
  add ("/pcp/update/renewal", NULL, test_renewal_address);
  add ("/pcp/external-address", NULL, test_external_address);
  add ("/pcp/cancel/discover", GINT_TO_POINTER (PLUM_CALL_DISCOVER), test_cancel);
  add ("/pcp/cancel/map", GINT_TO_POINTER (PLUM_CALL_MAP), test_cancel);
  add ("/pcp/cancel/unmap", GINT_TO_POINTER (PLUM_CALL_UNMAP), test_cancel);
  add ("/pcp/cancel/check", GINT_TO_POINTER (PLUM_CALL_CHECK), test_cancel);
  add ("/pcp/cancel/one-of-two", NULL, test_cancel_one_of_two);
  add ("/pcp/cancel/fifty", NULL, test_dispose_in_flight);

  return g_test_run ();
}
