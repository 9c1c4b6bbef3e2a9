/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lease-store-fixture.h"
#include "plum-module-private.h"

/* A callback or a handler of the program drops the last reference to the manager, closes it, or
 * runs the main loop until something else is done. */

/* The real time that the main loop runs within a callback, at most. */
#define NESTED_MS 5000

static void
real_set_up (StoreFixture *f, gconstpointer data)
{
  test_loop_set_up (&f->loop, FALSE);
  plum_module_set_directory (NULL);
  fake_backends_reset ();
  f->manager = store_manager_new (NULL, "127.9.9.9");
}

static void
real_tear_down (StoreFixture *f, gconstpointer data)
{
  g_clear_object (&f->result);
  g_clear_object (&f->manager);
  test_loop_settle (&f->loop);
  fake_backends_reset ();
  test_loop_tear_down (&f->loop);
}

static PlumMapping *
add_up (StoreFixture *f)
{
  PlumMapping *mapping = store_add (f->manager, 8080, 0);

  test_loop_until (&f->loop, plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS);
  return mapping;
}

/* The result has a reference to the manager as well: it is not kept. */
static void
on_drop_manager (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_clear_object (&((StoreFixture *) user_data)->manager);
}

/* Adds another mapping, and runs the main loop until it is up. */
static void
on_await_another (GObject *object, GAsyncResult *result, gpointer user_data)
{
  StoreFixture *f = user_data;
  g_autoptr (PlumMapping) another = store_add (f->manager, 9000, 0);
  const gint64 limit = g_get_monotonic_time () + NESTED_MS * G_GINT64_CONSTANT (1000);

  while (plum_mapping_get_state (another) != PLUM_STATE_SUCCESS && g_get_monotonic_time () < limit)
    {
      g_main_context_iteration (f->loop.context, FALSE);
      g_usleep (1000);
    }

  g_assert_cmpint (plum_mapping_get_state (another), ==, PLUM_STATE_SUCCESS);
  g_set_object (&f->result, result);
}

static void
delay_discovery (void)
{
  fake_backend_script (FAKE_ALPHA)->discover = (FakeReply){ .delay_ms = 300 };
  fake_backend_script (FAKE_BETA)->discover = (FakeReply){ .delay_ms = 300 };
}

static void
start_unmap (StoreFixture *f, GCancellable *cancellable, GAsyncReadyCallback callback)
{
  plum_manager_unmap_async (f->manager, PLUM_PROTOCOL_TCP, G_SOCKET_FAMILY_IPV4, 8080, 0,
                            cancellable, callback, f);
}

/* The close times out, because the router does not answer. */
static void
test_close_drops (StoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  plum_manager_set_release_timeout (f->manager, 200);
  mapping = add_up (f);
  fake_backend_script (FAKE_ALPHA)->unmap = (FakeReply){ .silent = TRUE };
  plum_manager_close_async (f->manager, NULL, on_drop_manager, f);
  test_loop_until (&f->loop, f->manager == NULL);
}

static void
on_destroyed (PlumManager *manager, PlumMapping *mapping, PlumState old_state, StoreFixture *f)
{
  const gint64 limit = g_get_monotonic_time () + NESTED_MS * G_GINT64_CONSTANT (1000);

  if (plum_mapping_get_state (mapping) != PLUM_STATE_DESTROYED)
    return;

  plum_manager_close_async (manager, NULL, test_store_result, &f->result);
  while (f->result == NULL && g_get_monotonic_time () < limit)
    {
      g_main_context_iteration (f->loop.context, FALSE);
      g_usleep (1000);
    }
  g_assert_nonnull (f->result);
}

static void
test_handler_closes (StoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  g_signal_connect (f->manager, "mapping-state-changed", G_CALLBACK (on_destroyed), f);
  mapping = add_up (f);
  plum_manager_destroy_mapping_async (f->manager, plum_mapping_get_id (mapping), NULL, NULL, NULL);
  test_loop_until (&f->loop, f->result != NULL);
  g_assert_true (plum_manager_close_finish (f->manager, f->result, NULL));
}

/* The order of the notifications about a mapping that is destroyed. */
static void
on_order_state (PlumManager *manager, PlumMapping *mapping, PlumState old_state, GString *order)
{
  if (plum_mapping_get_state (mapping) == PLUM_STATE_DESTROYED)
    g_string_append (order, "state ");
}

static void
on_order_changed (PlumMapping *mapping, GString *order)
{
  if (plum_mapping_get_state (mapping) == PLUM_STATE_DESTROYED)
    g_string_append (order, "changed ");
}

static void
on_order_done (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_string_append (user_data, "done");
}

static void
test_destroy_order (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GString) order = g_string_new (NULL);
  g_autoptr (PlumMapping) mapping = add_up (f);

  g_signal_connect (f->manager, "mapping-state-changed", G_CALLBACK (on_order_state), order);
  g_signal_connect (mapping, "changed", G_CALLBACK (on_order_changed), order);
  plum_manager_destroy_mapping_async (f->manager, plum_mapping_get_id (mapping), NULL,
                                      on_order_done, order);
  test_loop_until (&f->loop, g_str_has_suffix (order->str, "done"));
  g_assert_cmpstr (order->str, ==, "state changed done");
  g_signal_handlers_disconnect_by_data (f->manager, order);
  g_signal_handlers_disconnect_by_data (mapping, order);
}

static void
test_unmap_drops (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);

  start_unmap (f, NULL, on_drop_manager);
  test_loop_advance_until (&f->loop, f->manager == NULL, 20000);
  f->manager = store_manager_new (NULL, "127.9.9.9");
}

static void
on_close_manager (GObject *object, GAsyncResult *result, gpointer user_data)
{
  StoreFixture *f = user_data;

  plum_manager_close_async (f->manager, NULL, test_store_result, &f->result);
  test_loop_advance_until (&f->loop, f->result != NULL, 20000);
}

static void
test_unmap_closes (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);

  start_unmap (f, NULL, on_close_manager);
  test_loop_advance_until (&f->loop, f->result != NULL, 60000);
  g_clear_object (&f->result);
}

/* Cancelled during the discovery. */
static void
test_unmap_cancelled_waits (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  delay_discovery ();
  start_unmap (f, cancellable, on_await_another);
  test_loop_settle (&f->loop);
  g_cancellable_cancel (cancellable);
  test_loop_until (&f->loop, f->result != NULL);
}

static void
test_upstream_waits (StoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumGateway) gateway = NULL;
  g_autoptr (PlumMapping) mapping = NULL;

  delay_discovery ();
  mapping = store_add (f->manager, 8080, 0);
  gateway = g_list_model_get_item (plum_manager_get_gateways (f->manager), 0);
  plum_gateway_query_upstream_async (gateway, NULL, on_await_another, f);
  test_loop_until (&f->loop, f->result != NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define REAL(path, func) g_test_add (path, StoreFixture, NULL, real_set_up, func, real_tear_down)
#define MANUAL(path, func)                                                                         \
  g_test_add (path, StoreFixture, NULL, store_fixture_set_up, func, store_fixture_tear_down)
  REAL ("/nested/close-drops-manager", test_close_drops);
  REAL ("/nested/handler-closes-manager", test_handler_closes);
  REAL ("/nested/order-of-a-destroy", test_destroy_order);
  REAL ("/nested/unmap-cancelled-awaits-another", test_unmap_cancelled_waits);
  REAL ("/nested/upstream-awaits-another", test_upstream_waits);
  MANUAL ("/nested/unmap-drops-manager", test_unmap_drops);
  MANUAL ("/nested/unmap-closes-manager", test_unmap_closes);
#undef REAL
#undef MANUAL

  return g_test_run ();
}
