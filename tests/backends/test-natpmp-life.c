/* SPDX-License-Identifier: LGPL-2.1-or-later */

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
test_hold (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) first = NULL;
  g_autoptr (PlumCall) held = NULL;
  g_autoptr (PlumCall) after = NULL;

  f->gateway->switches.map_result = 3;
  f->gateway->switches.n_map_results = 1;
  first = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (first), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
  fake_gateway_reset_counts (f->gateway);
  test_loop_advance (&f->loop, 29000);
  held = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (held), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 0);
  test_loop_advance (&f->loop, 1000);
  after = backend_map (f, 8080);
  backend_assert_lease (after, 8080, "1.2.3.4", 7200);
}

/* Of a port that is required, no others are tried. */
static void
test_exact_refused (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) refused = NULL;
  g_autoptr (PlumCall) held = NULL;
  g_autoptr (PlumCall) wished = NULL;

  f->gateway->switches.refuse_port = 8080;
  refused = backend_map_exact (f, 8080, 8080);
  g_assert_error (plum_call_get_error (refused), PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_cmpuint (f->gateway->counts.natpmp_map, ==, 1);
  held = backend_map_exact (f, 8080, 8080);
  g_assert_error (plum_call_get_error (held), PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_cmpuint (f->gateway->counts.natpmp_map, ==, 1);

  /* That is no word about a port that is only wished. */
  wished = backend_map (f, 8080);
  g_assert_no_error (plum_call_get_error (wished));
  g_assert_cmpuint (plum_lease_get_external_port (plum_call_get_lease (wished)), !=, 8080);
}

/* What the router grants is told as it is: core gives it back. */
static void
test_exact_granted (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) exact = backend_map_exact (f, 8080, 9000);
  g_autoptr (PlumCall) other = NULL;

  backend_assert_lease (exact, 9000, "1.2.3.4", 7200);
  fake_gateway_take_port (f->gateway, PLUM_PROTOCOL_TCP, 9001);
  other = backend_map_exact (f, 8081, 9001);
  backend_assert_lease (other, 49152, "1.2.3.4", 7200);
}

static void
test_unmap_done (BackendFixture *f, gconstpointer data)
{
  PlumProtocol protocol = GPOINTER_TO_INT (data);
  G_GNUC_UNUSED g_autoptr (PlumCall) mapped = ask (f, PLUM_CALL_MAP, protocol, 8080, 8080);
  g_autoptr (PlumCall) call = ask (f, PLUM_CALL_UNMAP, protocol, 8080, 8080);

  g_assert_no_error (plum_call_get_error (call));
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
  g_assert_cmpuint (f->gateway->counts.bad, ==, 0);
}

static void
test_unmap_refused (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  f->gateway->switches.unmap_result = 2;
  call = backend_unmap (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_REFUSED);
}

static void
test_unmap_silent (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  f->gateway->switches.natpmp = FAKE_SILENT;
  fake_gateway_reset_counts (f->gateway);
  call = backend_unmap (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 3);
}

/* The late answer to a map that core gave up is not the answer to its deletion, which was lost. */
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
  guint n = 0;

  test_loop_advance (&f->loop, 5000);
  fake_gateway_reset_counts (f->gateway);
  for (guint i = 0; i < 1000; i++)
    g_ptr_array_add (calls, plum_backend_call (f->backend, PLUM_CALL_CHECK, &args,
                                               BACKEND_PATIENCE_MS, backend_count_done, &n));
  test_loop_settle (&f->loop);
  g_assert_cmpuint (n, ==, 1000);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 1);
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
}

static void
test_check_address (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, 60000);
  fake_gateway_set_external_address (f->gateway, "1.2.3.5");
  call = backend_check (f);
  g_assert_cmpuint (f->n_moved, ==, 1);
  g_assert_cmpstr (f->moved_to, ==, "1.2.3.5");
  g_assert_cmpuint (f->lost->len, ==, 0);
}

static void
test_epoch_forward (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, 60000);
  f->gateway->switches.epoch_offset = 5000;
  call = backend_check (f);
  g_assert_cmpuint (f->lost->len, ==, 0);
}

static void
test_epoch_suspend (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  plum_clock_suspend (f->loop.clock, G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC);
  call = backend_check (f);
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
  g_assert_cmpuint (f->lost->len, ==, 1);
}

static void
test_hint_address (BackendFixture *f, gconstpointer data)
{
  backend_must_map (f, 8080);
  fake_gateway_set_external_address (f->gateway, "1.2.3.5");
  fake_gateway_hint (f->gateway);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (f->n_moved, ==, 1);
  g_assert_cmpuint (f->lost->len, ==, 0);
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
  g_assert_cmpuint (f->lost->len, ==, 1);
}

static void
test_external_address (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = backend_ask_port (f, PLUM_CALL_GET_EXTERNAL_ADDRESS, 8080);
  g_autofree char *host = NULL;

  g_assert_nonnull (plum_call_get_address (call));
  host = g_inet_address_to_string (plum_call_get_address (call));
  g_assert_cmpstr (host, ==, "1.2.3.4");
}

static void
test_external_address_none (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.no_address = TRUE;
  call = backend_ask_port (f, PLUM_CALL_GET_EXTERNAL_ADDRESS, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
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
  guint sent;

  f->gateway->switches.natpmp = FAKE_SILENT;
  call = plum_backend_call (f->backend, kind, &args, BACKEND_PATIENCE_MS, NULL, NULL);
  test_loop_advance (&f->loop, 300);
  plum_call_cancel (call);
  /* The question for the address, which nobody waits for, may come to its end. */
  test_loop_advance (&f->loop, 2000);
  sent = f->gateway->counts.datagrams;
  g_assert_cmpuint (sent, <=, 5);
  test_loop_advance (&f->loop, 60000);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, sent);
}

/* The map is granted and waits for the address when it is given up. */
static void
test_cancel_granted (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_TCP, 8080, 8080, 7200, 1);
  PlumCallArgs args = { .request = request };
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.drop_requests = 1;
  call = plum_backend_call (f->backend, PLUM_CALL_MAP, &args, BACKEND_PATIENCE_MS, NULL, NULL);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 1);
  g_assert_false (plum_call_is_settled (call));
  plum_call_cancel (call);
  test_loop_advance (&f->loop, 5000);
}

/* Who started the question goes; the map that waits for its answer stays. */
static void
test_cancel_check_not_map (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) checking = NULL;
  g_autoptr (PlumCall) mapping = NULL;
  guint n = 0;

  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, 2000);
  f->gateway->switches.drop_requests = 1;
  checking = backend_start (f, PLUM_CALL_CHECK, 8080, NULL, NULL);
  mapping = backend_start (f, PLUM_CALL_MAP, 8081, backend_count_done, &n);
  test_loop_settle (&f->loop);
  plum_call_cancel (checking);
  test_loop_advance (&f->loop, 3000);
  g_assert_cmpuint (n, ==, 1);
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

  add ("/natpmp/hold", NULL, test_hold);
  add ("/natpmp/exact/refused", NULL, test_exact_refused);
  add ("/natpmp/exact/granted", NULL, test_exact_granted);
  add ("/natpmp/unmap/tcp", GINT_TO_POINTER (PLUM_PROTOCOL_TCP), test_unmap_done);
  add ("/natpmp/unmap/udp", GINT_TO_POINTER (PLUM_PROTOCOL_UDP), test_unmap_done);
  add ("/natpmp/unmap/refused", NULL, test_unmap_refused);
  add ("/natpmp/unmap/silent", NULL, test_unmap_silent);
  add ("/natpmp/unmap/before-map", NULL, test_map_after_late_unmap);
  add ("/natpmp/unmap/after-late-map", NULL, test_unmap_after_late_map);
  add ("/natpmp/check/coalesced", NULL, test_check_coalesced);
  add ("/natpmp/check/lost", NULL, test_check_lost);
  add ("/natpmp/check/address", NULL, test_check_address);
  add ("/natpmp/epoch/forward", NULL, test_epoch_forward);
  add ("/natpmp/epoch/suspend", NULL, test_epoch_suspend);
  add ("/natpmp/hint/restart", NULL, test_hint);
  add ("/natpmp/hint/address", NULL, test_hint_address);
  add ("/natpmp/hint/announcement", NULL, test_announcement);
  add ("/natpmp/external-address/known", NULL, test_external_address);
  add ("/natpmp/external-address/none", NULL, test_external_address_none);
  add ("/natpmp/cancel/discover", GINT_TO_POINTER (PLUM_CALL_DISCOVER), test_cancel);
  add ("/natpmp/cancel/map", GINT_TO_POINTER (PLUM_CALL_MAP), test_cancel);
  add ("/natpmp/cancel/unmap", GINT_TO_POINTER (PLUM_CALL_UNMAP), test_cancel);
  add ("/natpmp/cancel/check", GINT_TO_POINTER (PLUM_CALL_CHECK), test_cancel);
  add ("/natpmp/cancel/external-address", GINT_TO_POINTER (PLUM_CALL_GET_EXTERNAL_ADDRESS),
       test_cancel);
  add ("/natpmp/cancel/granted", NULL, test_cancel_granted);
  add ("/natpmp/cancel/check-not-map", NULL, test_cancel_check_not_map);

  return g_test_run ();
}
