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
  g_assert_nonnull (strstr (plum_call_get_error (call)->message, "it is behind another router"));
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

/* Either of the two requests, or their answers, may be lost. */
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

/* The map is granted, and the request for the address refused: a lease without one. */
static void
test_map_address_refused (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.address_result = 3;
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

/* For a required port, no other is tried. */
static void
test_exact_refused (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) refused = NULL;
  g_autoptr (PlumCall) held = NULL;
  g_autoptr (PlumCall) suggested = NULL;

  f->gateway->switches.refuse_port = 8080;
  refused = backend_map_exact (f, 8080, 8080);
  g_assert_error (plum_call_get_error (refused), PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_cmpuint (f->gateway->counts.natpmp_map, ==, 1);
  held = backend_map_exact (f, 8080, 8080);
  g_assert_error (plum_call_get_error (held), PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_cmpuint (f->gateway->counts.natpmp_map, ==, 1);

  /* The hold does not apply to a suggested port. */
  suggested = backend_map (f, 8080);
  g_assert_no_error (plum_call_get_error (suggested));
  g_assert_cmpuint (plum_lease_get_external_port (plum_call_get_lease (suggested)), !=, 8080);
}

/* The granted port is reported unchanged: core releases it. */
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
test_unmap_refused (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  f->gateway->switches.unmap_result = 2;
  call = backend_unmap (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_REFUSED);
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

/* The router has lost its external address, and gets it again. result: with which it reports it. */
static void
test_check_address_lost (BackendFixture *f, gconstpointer result)
{
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) renewal = NULL;

  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, 61000);
  f->gateway->switches.address_result = GPOINTER_TO_UINT (result);
  f->gateway->switches.no_address = TRUE;
  call = backend_ask_port (f, PLUM_CALL_GET_EXTERNAL_ADDRESS, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
  g_assert_cmpuint (f->n_moved, ==, 1);
  g_assert_null (f->moved_to);
  renewal = backend_map (f, 8080);
  backend_assert_lease (renewal, 8080, NULL, 7200);

  f->gateway->switches.address_result = 0;
  f->gateway->switches.no_address = FALSE;
  test_loop_advance (&f->loop, 60000);
  g_clear_object (&call);
  call = backend_check (f);
  g_assert_cmpuint (f->n_moved, ==, 2);
  g_assert_cmpstr (f->moved_to, ==, "1.2.3.4");
  g_assert_cmpuint (f->lost->len, ==, 0);
}

/* A refusal for another reason says nothing about the address. */
static void
test_check_address_refused (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, 61000);
  f->gateway->switches.address_result = 4;
  call = backend_ask_port (f, PLUM_CALL_GET_EXTERNAL_ADDRESS, 8080);
  g_assert_nonnull (plum_call_get_error (call));
  g_assert_cmpuint (f->n_moved, ==, 0);
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
test_hint_address_lost (BackendFixture *f, gconstpointer result)
{
  backend_must_map (f, 8080);
  f->gateway->switches.address_result = GPOINTER_TO_UINT (result);
  f->gateway->switches.no_address = TRUE;
  fake_gateway_hint (f->gateway);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (f->n_moved, ==, 1);
  g_assert_null (f->moved_to);
}

/* Nothing is mapped, but a mapping waits: announcements are reported, and nothing is sent. */
static gboolean
is_observed (gpointer user_data)
{
  return FALSE;
}

static void
on_event (PlumBackend *backend, const PlumBackendEvent *event, gpointer user_data)
{
  guint *n_announced = user_data;

  if (event->kind == PLUM_BACKEND_ANNOUNCED)
    (*n_announced)++;
}

static void
test_listen (BackendFixture *f, gconstpointer data)
{
  static const PlumBackendObserver observer = {
    .is_observed = is_observed,
    .handle_event = on_event,
  };
  guint n_announced = 0;

  plum_backend_set_observer (f->backend, &observer, &n_announced);
  plum_backend_listen (f->backend, TRUE);
  test_loop_settle (&f->loop);
  if (!fake_gateway_announce (f->gateway))
    {
      g_test_skip ("the interface lo does no multicast here");
      return;
    }

  test_loop_settle (&f->loop);
  g_assert_cmpuint (n_announced, >, 0);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 0); /* core discovers it */
  plum_backend_listen (f->backend, FALSE);
  n_announced = 0;
  fake_gateway_announce (f->gateway);
  test_loop_advance (&f->loop, 20000);
  g_assert_cmpuint (n_announced, ==, 0);
  g_assert_cmpuint (f->lost->len, ==, 0);
  plum_backend_set_observer (f->backend, NULL, NULL);
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

/* The call is cancelled when the map is granted and the address is pending. */
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

/* The check that started the probe is cancelled; the map still waits for its answer. */
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

static void
add_maps (void)
{
  add ("/natpmp/map/one-request-lost", GUINT_TO_POINTER (1), test_map_one_lost);
  add ("/natpmp/map/both-requests-lost", GUINT_TO_POINTER (2), test_map_one_lost);
  add ("/natpmp/map/answer-lost", NULL, test_map_one_lost);
  add ("/natpmp/map/wrong-source", NULL, test_map_wrong_source);
  add ("/natpmp/map/truncated", NULL, test_map_truncated);
  add ("/natpmp/map/address-refused", NULL, test_map_address_refused);
  add ("/natpmp/map/port-refused", NULL, test_map_port_refused);
  add ("/natpmp/map/five-pcp", NULL, test_map_five_pcp);
}

static void
add_life (void)
{
  add ("/natpmp/exact/refused", NULL, test_exact_refused);
  add ("/natpmp/exact/granted", NULL, test_exact_granted);
  add ("/natpmp/unmap/refused", NULL, test_unmap_refused);
  add ("/natpmp/check/address", NULL, test_check_address);
  add ("/natpmp/check/address-lost/0.0.0.0", NULL, test_check_address_lost);
  add ("/natpmp/check/address-lost/network-failure", GUINT_TO_POINTER (3), test_check_address_lost);
  add ("/natpmp/check/address-refused", NULL, test_check_address_refused);
  add ("/natpmp/epoch/forward", NULL, test_epoch_forward);
  add ("/natpmp/hint/address", NULL, test_hint_address);
  add ("/natpmp/hint/address-lost/0.0.0.0", NULL, test_hint_address_lost);
  add ("/natpmp/hint/address-lost/network-failure", GUINT_TO_POINTER (3), test_hint_address_lost);
  add ("/natpmp/listen", NULL, test_listen);
  add ("/natpmp/external-address/known", NULL, test_external_address);
  add ("/natpmp/external-address/none", NULL, test_external_address_none);
  add ("/natpmp/cancel/granted", NULL, test_cancel_granted);
  add ("/natpmp/cancel/check-not-map", NULL, test_cancel_check_not_map);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add ("/natpmp/discover/pcp", NULL, test_discover_pcp);
  add ("/natpmp/discover/pcp-in-12-bytes", GUINT_TO_POINTER (12), test_discover_pcp);
  add ("/natpmp/discover/pcp-in-4-bytes", GUINT_TO_POINTER (4), test_discover_pcp);
  add ("/natpmp/discover/double-nat", NULL, test_discover_double_nat);
  add ("/natpmp/discover/no-address", NULL, test_discover_no_address);
  add ("/natpmp/discover/ipv6", NULL, test_discover_ipv6);
  add_maps ();
  add_life ();

  return g_test_run ();
}
