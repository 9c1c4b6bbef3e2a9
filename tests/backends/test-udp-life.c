/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "udp-fixture.h"

/* What PCP and NAT-PMP do alike once a port is mapped: holds, deletions, checks, restarts of the
 * gateway and its announcements, and cancellation. */

#define NO_MULTICAST "the interface lo does no multicast here"

static void
refuse_once (BackendFixture *f, guint port)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.map_result = udp_protocol->hold_result;
  f->gateway->switches.n_map_results = 1;
  call = backend_map (f, port);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, udp_protocol->hold_error);
}

/* The server's error lifetime is 0 s: the client's own minimum holds. */
static void
test_hold_refuses (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) held = NULL;
  g_autoptr (PlumCall) after = NULL;

  refuse_once (f, 8080);
  g_assert_cmpuint (udp_count (f, udp_protocol->maps), ==, 1);
  fake_gateway_reset_counts (f->gateway);
  test_loop_advance (&f->loop, (udp_protocol->hold_s - 1) * 1000);
  held = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (held), PLUM_ERROR, udp_protocol->hold_error);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 0);

  test_loop_advance (&f->loop, 1000);
  after = backend_map (f, 8080);
  backend_assert_lease (after, 8080, "1.2.3.4", 7200);
}

static void
test_hold_of_one_port (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) other = NULL;

  refuse_once (f, 8080);
  other = backend_map (f, 8081);
  backend_assert_lease (other, 8081, "1.2.3.4", 7200);
}

static void
test_hold_removed_by_unmap (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) unmapped = NULL;
  g_autoptr (PlumCall) after = NULL;

  refuse_once (f, 8080);
  unmapped = backend_unmap (f, 8080);
  after = backend_map (f, 8080);
  backend_assert_lease (after, 8080, "1.2.3.4", 7200);
}

/* A server that was restarted has no holds. */
static void
test_hold_removed_by_restart (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) checked = NULL;
  g_autoptr (PlumCall) after = NULL;

  /* Less than any hold; enough for the epoch of the restart to be seen. */
  refuse_once (f, 8080);
  test_loop_advance (&f->loop, 20000);
  fake_gateway_reboot (f->gateway);
  checked = backend_check (f);
  g_assert_no_error (plum_call_get_error (checked));
  after = backend_map (f, 8080);
  backend_assert_lease (after, 8080, "1.2.3.4", 7200);
}

static void
test_unmap_done (BackendFixture *f, gconstpointer data)
{
  PlumProtocol protocol = GPOINTER_TO_INT (data);
  g_autoptr (PlumRequest) request = test_request_new (protocol, 8080, 8080, 7200, 1);
  g_autoptr (PlumCall) mapped = backend_ask (f, PLUM_CALL_MAP, request);
  g_autoptr (PlumCall) call = NULL;

  backend_assert_lease (mapped, 8080, "1.2.3.4", 7200);
  call = backend_ask (f, PLUM_CALL_UNMAP, request);
  g_assert_no_error (plum_call_get_error (call));
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
  g_assert_cmpuint (udp_count (f, udp_protocol->unmaps), ==, 1);
  g_assert_cmpuint (f->gateway->counts.bad, ==, 0);
}

static void
test_unmap_silent (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  udp_set_mode (f, FAKE_SILENT);
  fake_gateway_reset_counts (f->gateway);
  call = backend_unmap (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 3);
}

/* The late answer to a cancelled map does not finish its deletion, whose first send is lost. */
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

/* The other way round: a grant of 0 s is the late answer to a deletion. */
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
  g_autoptr (PlumCall) fresh = NULL;
  g_autoptr (PlumCall) later = NULL;
  guint n = 0;

  test_loop_advance (&f->loop, 5000);
  fake_gateway_reset_counts (f->gateway);
  for (guint i = 0; i < 1000; i++)
    g_ptr_array_add (calls, plum_backend_call (f->backend, PLUM_CALL_CHECK, &args,
                                               BACKEND_PATIENCE_MS, backend_count_done, &n));
  test_loop_settle (&f->loop);
  fresh = backend_check (f);
  g_assert_cmpuint (n, ==, 1000);
  g_assert_cmpuint (udp_count (f, udp_protocol->probes), ==, 1);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 1);

  test_loop_advance (&f->loop, 1001);
  later = backend_check (f);
  g_assert_cmpuint (udp_count (f, udp_protocol->probes), ==, 2);
}

static void
test_check_lost (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) again = NULL;

  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, 60000);
  fake_gateway_reboot (f->gateway);
  call = backend_check (f);
  g_assert_no_error (plum_call_get_error (call));
  g_assert_cmpuint (f->lost->len, ==, 1);
  g_assert_nonnull (strstr (f->lost->pdata[0], udp_protocol->gateway));

  /* It is reported once. */
  test_loop_advance (&f->loop, 60000);
  again = backend_check (f);
  g_assert_cmpuint (f->lost->len, ==, 1);
}

static void
test_check_refused (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  fake_gateway_set_open (f->gateway, FALSE);
  test_loop_advance (&f->loop, 2000);
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
test_epoch_suspend (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) checked = NULL;
  g_autoptr (PlumCall) renewed = NULL;

  backend_must_map (f, 8080);
  plum_clock_suspend (f->loop.clock, G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC);
  if (data == NULL)
    {
      renewed = backend_map (f, 8080);
      backend_assert_lease (renewed, 8080, "1.2.3.4", 7200);
    }
  else
    {
      checked = backend_check (f);
      g_assert_no_error (plum_call_get_error (checked));
    }
  g_assert_cmpuint (f->lost->len, ==, 0);
}

static void
map_and_wait (BackendFixture *f)
{
  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, 60000);
  fake_gateway_reset_counts (f->gateway);
}

static void
test_hint_restart (BackendFixture *f, gconstpointer data)
{
  map_and_wait (f);
  fake_gateway_reboot (f->gateway);
  fake_gateway_hint (f->gateway);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (udp_count (f, udp_protocol->probes), ==, 1);
  g_assert_cmpuint (f->lost->len, ==, 1);
}

/* A forged hint causes a probe, and no loss. */
static void
test_hint_forged (BackendFixture *f, gconstpointer data)
{
  map_and_wait (f);
  for (guint i = 0; i < 20; i++)
    {
      f->gateway->switches.epoch_offset = -3600;
      fake_gateway_hint (f->gateway);
      f->gateway->switches.epoch_offset = 0;
      test_loop_settle (&f->loop);
    }
  g_assert_cmpuint (udp_count (f, udp_protocol->probes), ==, 1);
  g_assert_cmpuint (f->lost->len, ==, 0);

  /* The last one is not lost: it is served after ten seconds. */
  test_loop_advance (&f->loop, 9999);
  g_assert_cmpuint (udp_count (f, udp_protocol->probes), ==, 1);
  test_loop_advance (&f->loop, 1);
  g_assert_cmpuint (udp_count (f, udp_protocol->probes), ==, 2);
  test_loop_advance (&f->loop, 60000);
  g_assert_cmpuint (udp_count (f, udp_protocol->probes), ==, 2);
}

/* Each answer comes three times: the copies are no hints. */
static void
test_hint_copies (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  map_and_wait (f);
  f->gateway->switches.duplicate = 2;
  call = backend_check (f);
  test_loop_advance (&f->loop, 60000);
  g_assert_cmpuint (udp_count (f, udp_protocol->probes), ==, 1);
}

static void
test_announcement (BackendFixture *f, gconstpointer data)
{
  map_and_wait (f);
  fake_gateway_reboot (f->gateway);
  if (!fake_gateway_announce (f->gateway))
    {
      g_test_skip (NO_MULTICAST);
      return;
    }

  test_loop_settle (&f->loop);
  g_assert_cmpuint (udp_count (f, udp_protocol->probes), ==, 1);
  g_assert_cmpuint (f->lost->len, ==, 1);
}

/* An announcement of another host causes no probe. */
static void
test_announcement_of_other (BackendFixture *f, gconstpointer data)
{
  FakeGateway *other = fake_gateway_new (udp_protocol->other_gateway);
  gboolean announced;

  map_and_wait (f);
  announced = fake_gateway_announce (other);
  test_loop_settle (&f->loop);
  fake_gateway_free (other);
  if (announced)
    g_assert_cmpuint (udp_count (f, udp_protocol->probes), ==, 0);
  else
    g_test_skip (NO_MULTICAST);
}

/* Cancellation at each wait leaves nothing behind, which the tear-down asserts. A request for the
 * external address that no call waits for may still be sent once more. */
static void
test_cancel (BackendFixture *f, gconstpointer data)
{
  PlumCallKind kind = GPOINTER_TO_INT (data);
  guint n_for_address = kind == PLUM_CALL_MAP ? udp_protocol->n_for_address : 0;
  guint n_requested =
    kind == PLUM_CALL_GET_EXTERNAL_ADDRESS && udp_protocol->n_for_address > 0 ? 1 : n_for_address;
  g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_TCP, 8080, 8080, 7200, 1);
  g_autoptr (PlumLease) lease = plum_lease_new (NULL, 8080, 7200, NULL);
  PlumCallArgs args = { .request = request, .lease = lease };
  g_autoptr (PlumCall) call = NULL;

  udp_set_mode (f, FAKE_SILENT);
  call = plum_backend_call (f->backend, kind, &args, BACKEND_PATIENCE_MS, NULL, NULL);
  test_loop_advance (&f->loop, 300);
  plum_call_cancel (call);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 2 * (1 + n_for_address));
  test_loop_advance (&f->loop, 60000);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 2 * (1 + n_for_address) + n_requested);
}

/* Two calls share one probe: if one is cancelled, the other still gets its answer. */
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

static void
test_cancel_fifty (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) calls = NULL;

  udp_set_mode (f, FAKE_SILENT);
  calls = backend_start_many (f, PLUM_CALL_MAP, 50, NULL, NULL);
  test_loop_advance (&f->loop, 300);
  for (guint i = 0; i < calls->len; i++)
    plum_call_cancel (calls->pdata[i]);
}

static void
add_cancels (void)
{
  udp_add ("cancel/discover", GINT_TO_POINTER (PLUM_CALL_DISCOVER), test_cancel);
  udp_add ("cancel/map", GINT_TO_POINTER (PLUM_CALL_MAP), test_cancel);
  udp_add ("cancel/unmap", GINT_TO_POINTER (PLUM_CALL_UNMAP), test_cancel);
  udp_add ("cancel/check", GINT_TO_POINTER (PLUM_CALL_CHECK), test_cancel);
  /* PCP has no request for it unless a mapping is live. */
  udp_add_for (&udp_natpmp, "cancel/external-address",
               GINT_TO_POINTER (PLUM_CALL_GET_EXTERNAL_ADDRESS), test_cancel);
  udp_add ("cancel/one-of-two", NULL, test_cancel_one_of_two);
  udp_add ("cancel/fifty", NULL, test_cancel_fifty);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  udp_add ("hold/refuses", NULL, test_hold_refuses);
  udp_add ("hold/of-one-port", NULL, test_hold_of_one_port);
  udp_add ("hold/removed-by-unmap", NULL, test_hold_removed_by_unmap);
  udp_add ("hold/removed-by-restart", NULL, test_hold_removed_by_restart);
  udp_add ("unmap/tcp", GINT_TO_POINTER (PLUM_PROTOCOL_TCP), test_unmap_done);
  udp_add ("unmap/udp", GINT_TO_POINTER (PLUM_PROTOCOL_UDP), test_unmap_done);
  udp_add ("unmap/silent", NULL, test_unmap_silent);
  udp_add ("unmap/before-map", NULL, test_map_after_late_unmap);
  udp_add ("unmap/after-late-map", NULL, test_unmap_after_late_map);
  udp_add ("check/coalesced", NULL, test_check_coalesced);
  udp_add ("check/lost", NULL, test_check_lost);
  udp_add ("check/refused", NULL, test_check_refused);
  udp_add ("epoch/by-map", NULL, test_epoch_by_map);
  udp_add ("epoch/back-by-one", NULL, test_epoch_back_by_one);
  udp_add ("epoch/stuck", NULL, test_epoch_stuck);
  udp_add ("epoch/suspend", NULL, test_epoch_suspend);
  udp_add ("epoch/suspend-check", GUINT_TO_POINTER (1), test_epoch_suspend);
  udp_add ("hint/restart", NULL, test_hint_restart);
  udp_add ("hint/forged", NULL, test_hint_forged);
  udp_add ("hint/copies", NULL, test_hint_copies);
  udp_add ("hint/announcement", NULL, test_announcement);
  udp_add ("hint/announcement-of-other", NULL, test_announcement_of_other);
  add_cancels ();

  return g_test_run ();
}
