/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend-fixture.h"
#include "pcp-backend.h"
#include "pcp-codec.h"

#include <string.h>

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

typedef struct
{
  const char *name;
  size_t offset; /* of a gboolean in FakeSwitches */
} FaultRow;

static const FaultRow fault_rows[] = {
  { "wrong-nonce", G_STRUCT_OFFSET (FakeSwitches, wrong_nonce) },
  { "wrong-source", G_STRUCT_OFFSET (FakeSwitches, wrong_source) },
  { "malformed-as-natpmp", G_STRUCT_OFFSET (FakeSwitches, malformed_as_natpmp) },
};

/* A wrong answer is ignored. The right answer that comes afterwards is not. */
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

/* miniupnpd's error has the port that it tried for a request that suggests none. It looks like a
 * copy of the previous answer; if it is repeated, it is the answer. */
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
  /* The second request suggests the port, and no address. */
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
test_map_nonce_per_key (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumRequest) mine = test_request_new (PLUM_PROTOCOL_TCP, 8080, 8080, 7200, 1);
  g_autoptr (PlumRequest) other = test_request_new (PLUM_PROTOCOL_TCP, 8080, 8080, 7200, 2);
  g_autoptr (PlumCall) first = backend_ask (f, PLUM_CALL_MAP, mine);
  g_autoptr (PlumCall) second = backend_ask (f, PLUM_CALL_MAP, other);

  backend_assert_lease (first, 8080, "1.2.3.4", 7200);
  g_assert_error (plum_call_get_error (second), PLUM_ERROR, PLUM_ERROR_REFUSED);
}

/* A new backend, such as after a restart of the program, uses the same nonce. */
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

/* The kernel reports the closed port with the next send, which is of another request. Deletions are
 * sent at once. */
static void
test_refused_before (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) first = NULL;
  g_autoptr (PlumCall) second = NULL;

  f->gateway->switches.delay_ms = 100;
  fake_gateway_set_open (f->gateway, FALSE);
  first = backend_start (f, PLUM_CALL_UNMAP, 8080, NULL, NULL);
  fake_gateway_set_open (f->gateway, TRUE);
  second = backend_start (f, PLUM_CALL_UNMAP, 8081, NULL, NULL);
  test_loop_advance (&f->loop, 200);
  g_assert_error (plum_call_get_error (first), G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  g_assert_no_error (plum_call_get_error (second));
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
      g_test_skip ("[::1]:5351 is not available");
      return;
    }

  g_clear_object (&probe);
  fake_gateway_free (f->gateway);
  f->gateway = fake_gateway_new ("::1");
  g_assert_finalize_object (g_steal_pointer (&f->backend));
  backend_fixture_make (f, PLUM_TYPE_PCP_BACKEND, "::1", "::1");

  call = backend_map (f, 8080);
  /* A pinhole does not translate ports. */
  backend_assert_lease (call, 8080, "::1", 7200);
  unmapped = backend_unmap (f, 8080);
  g_assert_no_error (plum_call_get_error (unmapped));
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
}

static void
test_unmap_result (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  f->gateway->switches.unmap_result = GPOINTER_TO_UINT (data);
  call = backend_unmap (f, 8080);
  if (GPOINTER_TO_UINT (data) == 2)
    g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_REFUSED);
  else if (GPOINTER_TO_UINT (data) == 7)
    g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
  else
    g_assert_no_error (plum_call_get_error (call));
}

/* RFC 6887 11.3.1: another program of this host has mapped the port since, with a nonce of its own.
 * The port is still open. */
static void
test_unmap_another_key (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  fake_gateway_find (f->gateway, PLUM_PROTOCOL_TCP, 8080, NULL)->nonce[0] ^= 0xff;
  call = backend_unmap (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_cmpstr (plum_call_get_error (call)->message, ==,
                   "PCP: " GATEWAY " answered NOT_AUTHORIZED (2) to the deletion of TCP port 8080: "
                   "the mapping was made with a key that is not known here, or the router's policy "
                   "forbids it");
  g_assert_true (fake_gateway_has_mapping (f->gateway, PLUM_PROTOCOL_TCP, 8080));
}

/* The grant cannot be used, and its deletion is refused: the router has nothing under this key. */
static void
test_undo_not_authorized (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.drop_replies = 1;
  f->gateway->switches.map_result = 2;
  f->gateway->switches.n_map_results = G_MAXUINT;
  f->gateway->switches.unmap_result = 2;
  call = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_cmpuint (f->gateway->counts.pcp_unmap, ==, 1);
  g_assert_null (strstr (plum_call_get_error (call)->message, "may keep"));
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

static void
test_epoch_forged (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_TCP, 8081, 8081, 7200, 1);
  PlumCallArgs args = { .request = request };
  g_autoptr (PlumCall) second = NULL;

  backend_must_map (f, 8080);
  /* Another nonce, and the epoch of a restart: the nonce is checked first. */
  f->gateway->switches.wrong_nonce = TRUE;
  f->gateway->switches.epoch_offset = -3600;
  second = plum_backend_call (f->backend, PLUM_CALL_MAP, &args, BACKEND_PATIENCE_MS, NULL, NULL);
  test_loop_advance (&f->loop, 1000);
  g_assert_cmpuint (f->lost->len, ==, 0);
  plum_call_cancel (second);
}

/* An announcement without a restart: the router has another address, which only MAP returns. */
static void
test_hint_address (BackendFixture *f, gconstpointer data)
{
  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, 60000);
  fake_gateway_set_external_address (f->gateway, "1.2.3.9");
  if (!fake_gateway_announce (f->gateway))
    {
      g_test_skip ("the interface lo does no multicast here");
      return;
    }

  test_loop_advance (&f->loop, 20000);
  g_assert_cmpuint (f->n_moved, ==, 1);
  g_assert_cmpstr (f->moved_to, ==, "1.2.3.9");
  g_assert_cmpuint (f->lost->len, ==, 0);
}

/* The same while the gateway has asked to wait: it was without a connection. */
static void
test_hint_address_on_hold (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) renewal = NULL;

  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, 60000);
  f->gateway->switches.map_result = PCP_NETWORK_FAILURE;
  f->gateway->switches.n_map_results = 1;
  f->gateway->switches.error_lifetime = 1800;
  renewal = backend_map (f, 8080);
  g_assert_nonnull (plum_call_get_error (renewal));
  fake_gateway_set_external_address (f->gateway, "1.2.3.9");
  if (!fake_gateway_announce (f->gateway))
    {
      g_test_skip ("the interface lo does no multicast here");
      return;
    }

  test_loop_advance (&f->loop, 20000);
  g_assert_cmpstr (f->moved_to, ==, "1.2.3.9");
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
assert_refused (BackendFixture *f, PlumCallKind kind, guint result)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.map_result = result;
  f->gateway->switches.n_map_results = 1;
  call = backend_ask_port (f, kind, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
}

/* NETWORK_FAILURE: the router has lost its external address, and gets it again. kind: the request
 * that it refuses. */
static void
test_renewal_network_failure (BackendFixture *f, gconstpointer kind)
{
  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, 60000);
  assert_refused (f, GPOINTER_TO_INT (kind), 7);
  g_assert_cmpuint (f->n_moved, ==, 1);
  g_assert_null (f->moved_to);

  test_loop_advance (&f->loop, 60000);
  fake_gateway_update (f->gateway, PLUM_PROTOCOL_TCP, 8080, 7200);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (f->n_moved, ==, 2);
  g_assert_cmpstr (f->moved_to, ==, "1.2.3.4");
  g_assert_cmpuint (f->lost->len, ==, 0);
}

/* NO_RESOURCES and USER_EX_QUOTA say nothing about the address. */
static void
test_renewal_no_resources (BackendFixture *f, gconstpointer result)
{
  backend_must_map (f, 8080);
  test_loop_advance (&f->loop, 60000);
  assert_refused (f, PLUM_CALL_GET_EXTERNAL_ADDRESS, GPOINTER_TO_UINT (result));
  g_assert_cmpuint (f->n_moved, ==, 0);
}

/* The answer to a renewal contains 0.0.0.0, and later the address again. */
static void
test_renewal_without_address (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  f->gateway->switches.no_address = TRUE;
  call = backend_ask_port (f, PLUM_CALL_GET_EXTERNAL_ADDRESS, 8080);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
  g_assert_cmpuint (f->n_moved, ==, 1);
  g_assert_null (f->moved_to);

  f->gateway->switches.no_address = FALSE;
  g_clear_object (&call);
  call = backend_ask_port (f, PLUM_CALL_GET_EXTERNAL_ADDRESS, 8080);
  g_assert_no_error (plum_call_get_error (call));
  g_assert_cmpuint (f->n_moved, ==, 2);
  g_assert_cmpstr (f->moved_to, ==, "1.2.3.4");
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
}

static void
add_maps (void)
{
  add ("/pcp/map/other-port", NULL, test_map_other_port);
  add ("/pcp/map/retransmits", NULL, test_map_retransmits);
  add ("/pcp/map/answer-lost", NULL, test_map_answer_lost);
  add ("/pcp/map/error-names-port", NULL, test_map_error_names_port);
  add ("/pcp/map/suggested-address", NULL, test_map_suggested_address);
  add ("/pcp/map/port-refused", NULL, test_map_port_refused);
  add ("/pcp/map/nonce-per-key", NULL, test_map_nonce_per_key);
  add ("/pcp/map/nonce-survives", NULL, test_map_nonce_survives);
  add ("/pcp/map/refused-before", NULL, test_refused_before);
  add ("/pcp/map/five-version-0", NULL, test_map_five_version_0);
  add ("/pcp/map/ipv6", NULL, test_ipv6);
}

static void
add_life (void)
{
  add ("/pcp/unmap/not-authorized", GUINT_TO_POINTER (2), test_unmap_result);
  add ("/pcp/unmap/another-key", NULL, test_unmap_another_key);
  add ("/pcp/unmap/undo-not-authorized", NULL, test_undo_not_authorized);
  add ("/pcp/unmap/network-failure", GUINT_TO_POINTER (7), test_unmap_result);
  add ("/pcp/unmap/no-resources", GUINT_TO_POINTER (8), test_unmap_result);
  add ("/pcp/unmap/lingers", NULL, test_unmap_lingers);
  add ("/pcp/epoch/forged", NULL, test_epoch_forged);
  add ("/pcp/hint/new-address", NULL, test_hint_address);
  add ("/pcp/hint/new-address-on-hold", NULL, test_hint_address_on_hold);
  add ("/pcp/update/address", NULL, test_update_address);
  add ("/pcp/renewal/network-failure/map", GINT_TO_POINTER (PLUM_CALL_MAP),
       test_renewal_network_failure);
  add ("/pcp/renewal/network-failure/address", GINT_TO_POINTER (PLUM_CALL_GET_EXTERNAL_ADDRESS),
       test_renewal_network_failure);
  add ("/pcp/renewal/no-resources", GUINT_TO_POINTER (8), test_renewal_no_resources);
  add ("/pcp/renewal/quota", GUINT_TO_POINTER (10), test_renewal_no_resources);
  add ("/pcp/renewal/without-address", NULL, test_renewal_without_address);
  add ("/pcp/update/gone", NULL, test_update_gone);
  add ("/pcp/update/renewal", NULL, test_renewal_address);
  add ("/pcp/listen", NULL, test_listen);
  add ("/pcp/external-address", NULL, test_external_address);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add_maps ();
  add_life ();
  add_rows ();

  return g_test_run ();
}
