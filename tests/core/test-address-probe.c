/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* plum_gateway_query_external_address_async(): whom it asks, and the short mapping where nothing
 * else reports the address. Beta learns it from a mapping only. */

#include "core-fixture.h"

static void
set_up (CoreFixture *f, gconstpointer data)
{
  core_fixture_set_up (f, GUINT_TO_POINTER (2));
  ALPHA->discover = NO (TIMED_OUT);
  BETA->source = PLUM_ADDRESS_SOURCE_MAPPING;
  BETA->address = NO (NOT_SUPPORTED);
  BETA->external = "203.0.113.5";
  plum_manager_discover_async (f->manager, NULL, NULL, NULL);
  test_loop_settle (&f->loop);
  g_free (fake_backends_take_log ());
}

/* The internal port of the last request for a mapping: the one that the probe has bound. */
static guint
get_port (void)
{
  return plum_request_get_internal_port (plum_call_get_request (BETA->last_map));
}

/* unmapped: whether the mapping was deleted. */
static void
assert_probed (gboolean unmapped)
{
  g_autofree char *expected =
    g_strdup_printf (unmapped ? "beta:map:udp:%u:%u beta:unmap:udp:%u" : "beta:map:udp:%u:%u",
                     get_port (), get_port (), get_port ());

  core_assert_log (expected);
}

static void
query (CoreFixture *f, GCancellable *cancellable)
{
  plum_gateway_query_external_address_async (core_gateway (f), cancellable, test_store_result,
                                             &f->result);
}

/* expected: (nullable): NULL for an error with this code. */
static void
assert_result (CoreFixture *f, const char *expected, int code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GInetAddress) address = NULL;
  g_autofree char *text = NULL;

  test_loop_settle (&f->loop);
  g_assert_nonnull (f->result);
  address = plum_gateway_query_external_address_finish (core_gateway (f), f->result, &error);
  text = address != NULL ? g_inet_address_to_string (address) : NULL;
  g_assert_cmpstr (text, ==, expected);
  if (expected == NULL)
    g_assert_error (error, PLUM_ERROR, code);
  else
    g_assert_no_error (error);
  g_clear_object (&f->result);
}

static void
assert_known (CoreFixture *f, const char *expected)
{
  GInetAddress *address = plum_gateway_get_external_address (core_gateway (f));
  g_autofree char *text = address != NULL ? g_inet_address_to_string (address) : NULL;

  g_assert_cmpstr (text, ==, expected);
}

/* Discovery and a list of the gateways do not ask. */
static void
test_never_unasked (CoreFixture *f, gconstpointer data)
{
  plum_manager_discover_async (f->manager, NULL, NULL, NULL);
  test_loop_advance (&f->loop, 3600 * 1000);
  assert_known (f, NULL);
  g_assert_cmpuint (BETA->n_map, ==, 0);
}

static void
test_by_mapping (CoreFixture *f, gconstpointer data)
{
  query (f, NULL);
  assert_result (f, "203.0.113.5", 0);
  assert_known (f, "203.0.113.5");
  assert_probed (TRUE);
  g_assert_cmpuint (plum_request_get_lifetime (BETA->last_unmap), ==, 120);
  g_assert_cmpuint (BETA->unmapped_port, ==, get_port ());
}

/* Each probe has a new key: it cannot touch a mapping that another program made. */
static void
test_key (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) first = NULL;

  query (f, NULL);
  assert_result (f, "203.0.113.5", 0);
  first = g_bytes_ref (plum_request_get_key (BETA->last_unmap));
  query (f, NULL);
  assert_result (f, "203.0.113.5", 0);
  g_assert_cmpuint (BETA->n_map, ==, 2);
  g_assert_false (g_bytes_equal (first, plum_request_get_key (BETA->last_unmap)));
}

/* A backend that answers the query needs no mapping. */
static void
test_by_query (CoreFixture *f, gconstpointer data)
{
  BETA->address = AT_ONCE;
  query (f, NULL);
  assert_result (f, "203.0.113.5", 0);
  BETA->external = "203.0.113.6";
  query (f, NULL);
  assert_result (f, "203.0.113.6", 0);
  assert_known (f, "203.0.113.6");
  g_assert_cmpuint (BETA->n_map, ==, 0);
}

/* A router that says that it has no address is not asked again in another way. */
static void
test_no_address (CoreFixture *f, gconstpointer data)
{
  BETA->address = NO (NO_RESOURCES);
  query (f, NULL);
  assert_result (f, NULL, PLUM_ERROR_NO_RESOURCES);
  g_assert_cmpuint (BETA->n_map, ==, 0);
}

static void
test_mapping_without_address (CoreFixture *f, gconstpointer data)
{
  BETA->external = NULL;
  query (f, NULL);
  assert_result (f, NULL, PLUM_ERROR_NO_RESOURCES);
  assert_probed (TRUE);
}

/* A refused request has mapped nothing. */
static void
test_refused (CoreFixture *f, gconstpointer data)
{
  BETA->map = NO (REFUSED);
  query (f, NULL);
  assert_result (f, NULL, PLUM_ERROR_REFUSED);
  assert_probed (FALSE);
}

/* One that was not answered may have. */
static void
test_no_answer (CoreFixture *f, gconstpointer data)
{
  BETA->map = SILENCE;
  query (f, NULL);
  test_loop_advance (&f->loop, 10 * 1000);
  assert_result (f, NULL, PLUM_ERROR_TIMED_OUT);
  assert_probed (TRUE);
  g_assert_cmpuint (BETA->unmapped_port, ==, 0);
}

/* The delete is waited for, but not for ever; the address is valid without it. */
static void
test_delete_not_answered (CoreFixture *f, gconstpointer data)
{
  BETA->unmap = SILENCE;
  query (f, NULL);
  test_loop_advance (&f->loop, 1999);
  g_assert_null (f->result);
  test_loop_advance (&f->loop, 1);
  assert_result (f, "203.0.113.5", 0);
  g_assert_cmpuint (BETA->n_unmap, ==, 1);
}

/* Two queries at a time share one mapping. */
static void
test_shared (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) other = NULL;

  BETA->map = AFTER (100);
  query (f, NULL);
  plum_gateway_query_external_address_async (core_gateway (f), NULL, test_store_result, &other);
  test_loop_advance (&f->loop, 100);
  g_assert_nonnull (other);
  assert_result (f, "203.0.113.5", 0);
  assert_probed (TRUE);
}

/* The mapping is deleted although the result is not awaited. */
static void
test_cancelled (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  BETA->map = AFTER (100);
  query (f, cancellable);
  test_loop_advance (&f->loop, 50);
  g_cancellable_cancel (cancellable);
  test_loop_settle (&f->loop);
  g_assert_null (plum_gateway_query_external_address_finish (core_gateway (f), f->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  test_loop_advance (&f->loop, 50);
  assert_probed (TRUE);
}

static void
test_closed (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumGateway) gateway = g_object_ref (core_gateway (f));
  g_autoptr (GError) error = NULL;

  BETA->map = SILENCE;
  query (f, NULL);
  test_loop_settle (&f->loop);
  g_clear_object (&f->manager);
  test_loop_settle (&f->loop);
  g_assert_null (plum_gateway_query_external_address_finish (gateway, f->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

static void
test_closed_while_deleting (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumGateway) gateway = g_object_ref (core_gateway (f));
  g_autoptr (GError) error = NULL;

  ALPHA->source = PLUM_ADDRESS_SOURCE_MAPPING;
  BETA->external = NULL;
  BETA->unmap = SILENCE;
  query (f, NULL);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (BETA->n_unmap, ==, 1);
  g_clear_object (&f->manager);
  test_loop_settle (&f->loop);
  g_assert_null (plum_gateway_query_external_address_finish (gateway, f->result, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_NO_RESOURCES);
}

static PlumMapping *
add_udp (CoreFixture *f, guint port)
{
  PlumMapping *mapping = plum_mapping_new (PLUM_PROTOCOL_UDP, port);

  g_assert_true (plum_manager_add_mapping (f->manager, mapping, NULL));
  return mapping;
}

/* A mapping of the same port that comes meanwhile waits until the port is free. */
static void
test_mapping_waits (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) same = NULL;
  g_autoptr (PlumMapping) other = NULL;
  guint port;

  BETA->map = AFTER (100);
  BETA->unmap = AFTER (100);
  query (f, NULL);
  test_loop_settle (&f->loop);
  port = get_port ();
  same = add_udp (f, port);
  other = add_udp (f, 10);
  test_loop_advance (&f->loop, 150);
  g_assert_cmpuint (BETA->n_map, ==, 2);
  g_assert_cmpuint (BETA->n_unmap, ==, 1);
  core_assert_state (other, SUCCESS);
  core_assert_state (same, PENDING);
  test_loop_advance (&f->loop, 150);
  g_assert_cmpuint (BETA->n_map, ==, 3);
  g_assert_cmpuint (get_port (), ==, port);
  core_assert_state (same, SUCCESS);
  assert_result (f, "203.0.113.5", 0);
}

static gboolean
can_bind (guint port)
{
  g_autoptr (GInetAddress) any = g_inet_address_new_any (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (any, (guint16) port);
  g_autoptr (GSocket) socket =
    g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);

  return g_socket_bind (socket, address, FALSE, NULL);
}

/* No other program can have the port until the mapping is deleted. */
static void
test_port_is_bound (CoreFixture *f, gconstpointer data)
{
  BETA->unmap = AFTER (100);
  query (f, NULL);
  test_loop_settle (&f->loop);
  g_assert_cmpuint (BETA->n_unmap, ==, 1);
  g_assert_false (can_bind (get_port ()));
  test_loop_advance (&f->loop, 100);
  g_assert_true (can_bind (get_port ()));
  assert_result (f, "203.0.113.5", 0);
}

#define ADD(path, func)                                                                            \
  g_test_add ("/address-probe/" path, CoreFixture, NULL, set_up, func, core_fixture_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("never-unasked", test_never_unasked);
  ADD ("by-mapping", test_by_mapping);
  ADD ("key", test_key);
  ADD ("by-query", test_by_query);
  ADD ("no-address", test_no_address);
  ADD ("mapping-without-address", test_mapping_without_address);
  ADD ("refused", test_refused);
  ADD ("no-answer", test_no_answer);
  ADD ("delete-not-answered", test_delete_not_answered);
  ADD ("shared", test_shared);
  ADD ("cancelled", test_cancelled);
  ADD ("closed", test_closed);
  ADD ("closed-while-deleting", test_closed_while_deleting);
  ADD ("mapping-waits", test_mapping_waits);
  ADD ("port-is-bound", test_port_is_bound);

  return g_test_run ();
}
