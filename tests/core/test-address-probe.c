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
  core_assert_log ("beta:map:udp:9:9 beta:unmap:udp:9");
  g_assert_cmpuint (plum_request_get_lifetime (BETA->last_unmap), ==, 120);
  g_assert_cmpuint (BETA->unmapped_port, ==, 9);
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
  core_assert_log ("beta:map:udp:9:9 beta:unmap:udp:9");
}

/* A refused request has mapped nothing. */
static void
test_refused (CoreFixture *f, gconstpointer data)
{
  BETA->map = NO (REFUSED);
  query (f, NULL);
  assert_result (f, NULL, PLUM_ERROR_REFUSED);
  core_assert_log ("beta:map:udp:9:9");
}

/* One that was not answered may have. */
static void
test_no_answer (CoreFixture *f, gconstpointer data)
{
  BETA->map = SILENCE;
  query (f, NULL);
  test_loop_advance (&f->loop, 10 * 1000);
  assert_result (f, NULL, PLUM_ERROR_TIMED_OUT);
  core_assert_log ("beta:map:udp:9:9 beta:unmap:udp:9");
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
  core_assert_log ("beta:map:udp:9:9 beta:unmap:udp:9");
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
  core_assert_log ("beta:map:udp:9:9 beta:unmap:udp:9");
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

  BETA->map = AFTER (100);
  BETA->unmap = AFTER (100);
  query (f, NULL);
  test_loop_settle (&f->loop);
  same = add_udp (f, 9);
  other = add_udp (f, 10);
  test_loop_advance (&f->loop, 150);
  core_assert_log ("beta:map:udp:9:9 beta:map:udp:10:10 beta:unmap:udp:9");
  core_assert_state (other, SUCCESS);
  core_assert_state (same, PENDING);
  test_loop_advance (&f->loop, 150);
  core_assert_log ("beta:map:udp:9:9");
  core_assert_state (same, SUCCESS);
  assert_result (f, "203.0.113.5", 0);
}

/* A program that maps the port is not disturbed, whether its mapping is up or not. */
static void
test_port_in_use (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  BETA->external = NULL;
  mapping = add_udp (f, 9);
  test_loop_settle (&f->loop);
  core_assert_state (mapping, SUCCESS);
  g_free (fake_backends_take_log ());
  query (f, NULL);
  assert_result (f, NULL, PLUM_ERROR_NOT_SUPPORTED);
  core_assert_log ("");
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
  ADD ("mapping-waits", test_mapping_waits);
  ADD ("port-in-use", test_port_in_use);

  return g_test_run ();
}
