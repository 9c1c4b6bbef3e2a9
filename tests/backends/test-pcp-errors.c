/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend-fixture.h"
#include "pcp-backend.h"

/* The errors of requests that fail. */

#define GATEWAY "127.51.1.1"

static void
set_up (BackendFixture *f, gconstpointer data)
{
  backend_fixture_set_up (f, PLUM_TYPE_PCP_BACKEND, GATEWAY);
}

static void
tear_down (BackendFixture *f, gconstpointer data)
{
  g_assert_cmpuint (f->gateway->counts.bad, ==, 0);
  backend_fixture_tear_down (f);
}

static void
assert_fails (PlumCall *call, PlumError code, const char *message)
{
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, (int) code);
  g_assert_cmpstr (plum_call_get_error (call)->message, ==, message);
}

/* --- The external address, which PCP gets by renewing a mapping --- */

static PlumCall *
ask_address (BackendFixture *f)
{
  return backend_ask_port (f, PLUM_CALL_GET_EXTERNAL_ADDRESS, 8080);
}

/* The error causes no hold: the next renewal is sent. */
static void
test_address_refused (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) renewed = NULL;

  backend_must_map (f, 8080);
  f->gateway->switches.map_result = 2;
  f->gateway->switches.n_map_results = 1;
  f->gateway->switches.error_lifetime = 1800;
  call = ask_address (f);
  assert_fails (call, PLUM_ERROR_REFUSED,
                "PCP: " GATEWAY " answered NOT_AUTHORIZED (2) to TCP port 8080: the router's "
                "policy forbids it, or another host has the port");

  renewed = backend_map (f, 8080);
  backend_assert_lease (renewed, 8080, "1.2.3.4", 7200);
  g_assert_cmpuint (f->lost->len, ==, 0);
}

static void
test_address_none (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  f->gateway->switches.no_address = TRUE;
  call = ask_address (f);
  assert_fails (call, PLUM_ERROR_NO_RESOURCES,
                "PCP: no external address: the router has no public address: it is "
                "behind another router, or it has no connection at present");
}

static void
test_address_unanswered (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  f->gateway->switches.pcp = FAKE_SILENT;
  call = ask_address (f);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_true (
    g_str_has_prefix (plum_call_get_error (call)->message, "PCP: no answer from " GATEWAY " in "));
}

/* A cancelled request does not delay the next one. */
static void
test_address_cancelled (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) renewed = NULL;

  backend_must_map (f, 8080);
  f->gateway->switches.pcp = FAKE_SILENT;
  call = backend_start (f, PLUM_CALL_GET_EXTERNAL_ADDRESS, 8080, NULL, NULL);
  test_loop_settle (&f->loop);
  plum_call_cancel (call);
  f->gateway->switches.pcp = FAKE_ON;

  renewed = backend_map (f, 8080);
  backend_assert_lease (renewed, 8080, "1.2.3.4", 7200);
}

/* --- Networks without a gateway that can be asked --- */

typedef struct
{
  const char *gateway;
  const char *local;
  const char *message;
} NetworkCase;

static const NetworkCase families = {
  "192.0.2.1", "2001:db8::10", "PCP: the gateway and the local address are of different families"
};

static const NetworkCase link_local = {
  "fe80::1", "fe80::10", "PCP: a link-local address cannot be reached from the internet"
};

/* Each method fails with the same error, at once. */
static void
test_network (gconstpointer data)
{
  static const PlumCallKind kinds[] = {
    PLUM_CALL_DISCOVER,
    PLUM_CALL_MAP,
    PLUM_CALL_UNMAP,
    PLUM_CALL_CHECK,
  };
  const NetworkCase *row = data;
  g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_TCP, 8080, 8080, 7200, 1);
  g_autoptr (PlumLease) lease = plum_lease_new (NULL, 8080, 7200, NULL);
  const PlumCallArgs args = { .request = request, .lease = lease };
  g_autoptr (PlumNetwork) network = test_network_new (row->gateway, row->local);
  PlumBackend *backend;
  TestLoop loop;

  test_loop_set_up (&loop, TRUE);
  backend = test_backend_new (PLUM_TYPE_PCP_BACKEND, network);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      gint64 before = plum_clock_get_time (loop.clock);
      g_autoptr (PlumCall) done = test_call (&loop, backend, kinds[i], &args, 5000);

      assert_fails (done, PLUM_ERROR_NOT_SUPPORTED, row->message);
      g_assert_cmpint (plum_clock_get_time (loop.clock), ==, before);
    }
  test_loop_settle (&loop);
  g_assert_finalize_object (backend);
  test_loop_tear_down (&loop);
}

#define ADD(path, func) g_test_add (path, BackendFixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("/pcp/errors/address-refused", test_address_refused);
  ADD ("/pcp/errors/address-none", test_address_none);
  ADD ("/pcp/errors/address-unanswered", test_address_unanswered);
  ADD ("/pcp/errors/address-cancelled", test_address_cancelled);
  g_test_add_data_func ("/pcp/errors/other-family", &families, test_network);
  g_test_add_data_func ("/pcp/errors/link-local", &link_local, test_network);

  return g_test_run ();
}
