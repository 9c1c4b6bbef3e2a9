/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"
#include "lease-store-fixture.h"

#include <string.h>

/* What the result of an asynchronous operation promises also holds if a handler of the program
 * interferes, and if something is still being deleted from a router. */

#define RELEASE_MS 2000

static void
create (StoreFixture *f, GCancellable *cancellable)
{
  plum_manager_create_mapping_async (f->manager, PLUM_PROTOCOL_TCP, 8080, 0, 0, cancellable,
                                     test_store_result, &f->result);
}

static guint
count_mappings (StoreFixture *f)
{
  return g_list_model_get_n_items (G_LIST_MODEL (f->manager));
}

static void
assert_create_fails (StoreFixture *f, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;

  test_loop_settle (&f->loop);
  g_assert_nonnull (f->result);
  g_assert_null (plum_manager_create_mapping_finish (f->manager, f->result, &error));
  g_assert_error (error, domain, code);
  g_clear_object (&f->result);
  g_assert_cmpuint (count_mappings (f), ==, 0);
  g_assert_cmpuint (ALPHA->n_unmap, ==, 1);
}

/* --- A create --- */

static void
on_up_cancel (PlumManager *manager, PlumMapping *mapping, PlumState old_state, gpointer user_data)
{
  if (plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS)
    g_cancellable_cancel (user_data);
}

static void
test_cancelled_by_a_handler (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_signal_connect (f->manager, "mapping-state-changed", G_CALLBACK (on_up_cancel), cancellable);
  create (f, cancellable);
  assert_create_fails (f, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* The mapping is up, and its owner must know of it. */
static void
test_cancelled_too_late (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (PlumMapping) same = store_add_up (f, 8080);
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GError) error = NULL;

  create (f, cancellable);
  g_cancellable_cancel (cancellable);
  test_loop_settle (&f->loop);
  mapping = plum_manager_create_mapping_finish (f->manager, f->result, &error);
  g_assert_no_error (error);
  core_assert_state (mapping, SUCCESS);
}

static void
on_up_destroy (PlumManager *manager, PlumMapping *mapping, PlumState old_state, gpointer user_data)
{
  if (plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS)
    plum_manager_destroy_mapping_async (manager, plum_mapping_get_id (mapping), NULL, NULL, NULL);
}

static void
test_destroyed_by_a_handler (StoreFixture *f, gconstpointer data)
{
  g_signal_connect (f->manager, "mapping-state-changed", G_CALLBACK (on_up_destroy), NULL);
  create (f, NULL);
  assert_create_fails (f, PLUM_ERROR, PLUM_ERROR_DESTROYED);
}

static void
on_up_close (PlumManager *manager, PlumMapping *mapping, PlumState old_state, gpointer user_data)
{
  if (plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS)
    plum_manager_close_async (manager, NULL, NULL, NULL);
}

static void
test_closed_by_a_handler (StoreFixture *f, gconstpointer data)
{
  g_signal_connect (f->manager, "mapping-state-changed", G_CALLBACK (on_up_close), NULL);
  create (f, NULL);
  assert_create_fails (f, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

/* --- Cancelled while it returns --- */

typedef struct
{
  StoreFixture *f;
  GCancellable *cancellable;
  guint n_called;
} Cancellation;

static void
on_returned_cancel (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Cancellation *cancellation = user_data;

  cancellation->n_called++;
  g_cancellable_cancel (cancellation->cancellable);
  test_loop_settle (&cancellation->f->loop);
}

/* The callback of a destroy cancels it, and runs the main loop. */
static void
test_destroy_cancelled_by_its_callback (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (PlumMapping) mapping = store_add_up (f, 8080);
  Cancellation cancellation = { f, cancellable, 0 };

  ALPHA->unmap = AFTER (100);
  plum_manager_destroy_mapping_async (f->manager, plum_mapping_get_id (mapping), cancellable,
                                      on_returned_cancel, &cancellation);
  test_loop_advance (&f->loop, 1000);
  g_assert_cmpuint (cancellation.n_called, ==, 1);
  core_assert_state (mapping, DESTROYED);
}

/* The callback of a wait cancels another one, and runs the main loop. */
static void
test_wait_cancelled_by_another (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GError) error = NULL;
  Cancellation cancellation = { f, cancellable, 0 };

  ALPHA->map = AFTER (100);
  mapping = store_add (f->manager, 8080, 0);
  plum_mapping_wait_async (mapping, NULL, on_returned_cancel, &cancellation);
  plum_mapping_wait_async (mapping, cancellable, test_store_result, &f->result);
  test_loop_advance (&f->loop, 1000);
  g_assert_cmpuint (cancellation.n_called, ==, 1);
  g_assert_nonnull (f->result);
  g_assert_false (plum_mapping_wait_finish (mapping, f->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
on_up_lose (GObject *object, GAsyncResult *result, gpointer user_data)
{
  StoreFixture *f = user_data;

  g_autoptr (GInetAddress) gateway = g_inet_address_new_from_string ("127.9.9.8");

  ALPHA->map = AFTER (100);
  plum_manager_set_gateway_address (f->manager, gateway);
}

/* The mapping is pending again before the second wait ends, which therefore goes on. */
static void
test_wait_goes_on (StoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->map = AFTER (100);
  mapping = store_add (f->manager, 8080, 0);
  plum_mapping_wait_async (mapping, NULL, on_up_lose, f);
  plum_mapping_wait_async (mapping, NULL, test_store_result, &f->result);
  test_loop_advance_until (&f->loop, ALPHA->n_made == 2, 1000);
  g_assert_null (f->result);
  core_assert_state (mapping, PENDING);
  test_loop_advance (&f->loop, 1000);
  g_assert_nonnull (f->result);
  g_assert_true (plum_mapping_wait_finish (mapping, f->result, NULL));
}

/* --- An add that fails --- */

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, guint *n_changes)
{
  ++*n_changes;
}

static void
test_failed_add_changes_nothing (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GInetAddress) local = g_inet_address_new_from_string ("203.0.113.77");
  g_autoptr (PlumMapping) mapping =
    g_object_new (PLUM_TYPE_MAPPING, "internal-port", 8080, "local-address", local, NULL);
  guint n_changes = 0;

  g_signal_connect (f->manager, "items-changed", G_CALLBACK (on_items_changed), &n_changes);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (plum_manager_add_mapping (f->manager, mapping, &error));
      g_assert_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
      test_loop_settle (&f->loop);
      g_assert_cmpuint (plum_mapping_get_id (mapping), ==, 0);
      core_assert_state (mapping, DESTROYED);
    }
  g_assert_cmpuint (n_changes, ==, 0);
  g_assert_cmpuint (count_mappings (f), ==, 0);
}

/* --- A close --- */

/* Closes, and returns the error. (transfer full) (nullable) */
static GError *
close_manager (StoreFixture *f)
{
  GError *error = NULL;

  plum_manager_close_async (f->manager, NULL, test_store_result, &f->result);
  test_loop_advance_until (&f->loop, f->result != NULL, RELEASE_MS + 100);
  g_assert_nonnull (f->result);
  g_assert_cmpint (plum_manager_close_finish (f->manager, f->result, &error), ==, error == NULL);
  g_clear_object (&f->result);
  return error;
}

static void
destroy_in_vain (StoreFixture *f)
{
  g_autoptr (PlumMapping) mapping = NULL;

  plum_manager_set_release_timeout (f->manager, RELEASE_MS);
  mapping = store_add_up (f, 8080);
  ALPHA->unmap = SILENCE;
  plum_manager_destroy_mapping_async (f->manager, plum_mapping_get_id (mapping), NULL, NULL, NULL);
  test_loop_advance (&f->loop, RELEASE_MS);
  core_assert_state (mapping, DESTROYED);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_cmpuint (ALPHA->n_unmap, ==, 1);
}

static void
test_close_deletes_what_a_destroy_left (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  destroy_in_vain (f);
  ALPHA->unmap = AT_ONCE;
  error = close_manager (f);
  g_assert_no_error (error);
  g_assert_cmpuint (ALPHA->n_unmap, ==, 2);
}

static void
test_close_reports_what_a_destroy_left (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  destroy_in_vain (f);
  error = close_manager (f);
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (error->message, "TCP port 8080"));
  g_assert_cmpuint (ALPHA->n_unmap, ==, 2);
}

/* One port, one report. */
static void
test_close_reports_a_port_once (StoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GError) error = NULL;

  destroy_in_vain (f);
  mapping = store_add (f->manager, 8080, 0);
  test_loop_settle (&f->loop);
  error = close_manager (f);
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_null (strstr (strstr (error->message, "TCP port 8080") + 1, "TCP port 8080"));
}

/* What an earlier run left is no failure of the close. */
static void
test_close_of_others (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GError) error = NULL;

  plum_manager_set_release_timeout (f->manager, RELEASE_MS);
  ALPHA->unmap = NO (TIMED_OUT);
  mapping = store_add (f->manager, 9000, 0);
  test_loop_advance (&f->loop, STORE_WRITTEN_MS);
  ALPHA->unmap = AT_ONCE;
  error = close_manager (f);
  g_assert_no_error (error);
}

static void
destroy_before_the_answer (StoreFixture *f)
{
  g_autoptr (PlumMapping) mapping = NULL;

  plum_manager_set_release_timeout (f->manager, RELEASE_MS);
  ALPHA->map = SILENCE;
  mapping = store_add (f->manager, 8080, 0);
  test_loop_settle (&f->loop);
  plum_manager_destroy_mapping_async (f->manager, plum_mapping_get_id (mapping), NULL, NULL, NULL);
  test_loop_settle (&f->loop);
  core_assert_state (mapping, DESTROYED);
}

/* unmap: how the router answers the deletion of the lease. */
static void
grant_late (StoreFixture *f, FakeReply unmap)
{
  g_autoptr (PlumLease) lease = plum_lease_new (NULL, 8080, 7200, NULL);

  ALPHA->unmap = unmap;
  plum_call_return_lease (ALPHA->last_map, lease);
  test_loop_settle (&f->loop);
}

/* A backend may grant a lease after the call was cancelled: the lease is deleted. */
static void
test_close_awaits_a_late_lease (StoreFixture *f, gconstpointer data)
{

  destroy_before_the_answer (f);
  ALPHA->n_unmap = 0;
  grant_late (f, AFTER (1000));
  g_assert_cmpuint (ALPHA->n_unmap, ==, 1);

  plum_manager_close_async (f->manager, NULL, test_store_result, &f->result);
  test_loop_advance (&f->loop, 999);
  g_assert_null (f->result);
  test_loop_advance (&f->loop, 1);
  g_assert_nonnull (f->result);
  g_assert_true (plum_manager_close_finish (f->manager, f->result, NULL));
}

/* The delete of a late lease has failed before the close. */
static void
test_close_reports_a_late_lease (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  destroy_before_the_answer (f);
  grant_late (f, NO (MALFORMED));
  error = close_manager (f);
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (error->message, "TCP port 8080"));
}

static void
test_close_is_limited_by_a_late_lease (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  destroy_before_the_answer (f);
  grant_late (f, SILENCE);
  error = close_manager (f);
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
}

/* --- A removal --- */

static void
assert_unmap_fails (StoreFixture *f, guint port, GCancellable *cancellable, int code)
{
  g_autoptr (GError) error = NULL;

  plum_manager_unmap_async (f->manager, PLUM_PROTOCOL_TCP, G_SOCKET_FAMILY_IPV4, port, 0,
                            cancellable, test_store_result, &f->result);
  if (cancellable != NULL)
    g_cancellable_cancel (cancellable);
  test_loop_settle (&f->loop);
  g_assert_nonnull (f->result);
  g_assert_false (plum_manager_unmap_finish (f->manager, f->result, &error));
  g_assert_error (error, G_IO_ERROR, code);
  g_clear_object (&f->result);
}

static void
test_unmap_while_closing (StoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = store_add_up (f, 8080);

  ALPHA->unmap = AFTER (100);
  plum_manager_close_async (f->manager, NULL, NULL, NULL);
  assert_unmap_fails (f, 8080, NULL, G_IO_ERROR_CLOSED);
  assert_unmap_fails (f, 0, NULL, G_IO_ERROR_CLOSED);
  test_loop_advance (&f->loop, 200);
  assert_unmap_fails (f, 8080, NULL, G_IO_ERROR_CLOSED);
  assert_unmap_fails (f, 0, NULL, G_IO_ERROR_CLOSED);
}

/* The result does not wait for the discovery. */
static void
test_unmap_cancelled_in_discovery (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  ALPHA->discover = AFTER (6000);
  BETA->discover = AFTER (6000);
  assert_unmap_fails (f, 8080, cancellable, G_IO_ERROR_CANCELLED);
  test_loop_advance (&f->loop, 7000);
  g_assert_null (f->result);
  g_assert_cmpuint (ALPHA->n_unmap + BETA->n_unmap, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func)                                                                            \
  g_test_add ("/finish/" path, StoreFixture, NULL, store_fixture_set_up, func,                     \
              store_fixture_tear_down)

  ADD ("create/cancelled-by-handler", test_cancelled_by_a_handler);
  ADD ("create/cancelled-too-late", test_cancelled_too_late);
  ADD ("create/destroyed-by-handler", test_destroyed_by_a_handler);
  ADD ("create/closed-by-handler", test_closed_by_a_handler);
  ADD ("destroy/cancelled-by-callback", test_destroy_cancelled_by_its_callback);
  ADD ("wait/cancelled-by-another", test_wait_cancelled_by_another);
  ADD ("wait/goes-on", test_wait_goes_on);
  ADD ("add/changes-nothing", test_failed_add_changes_nothing);
  ADD ("close/deletes-again", test_close_deletes_what_a_destroy_left);
  ADD ("close/reports-destroyed", test_close_reports_what_a_destroy_left);
  ADD ("close/reports-once", test_close_reports_a_port_once);
  ADD ("close/others", test_close_of_others);
  ADD ("close/late-lease", test_close_awaits_a_late_lease);
  ADD ("close/late-lease-left", test_close_reports_a_late_lease);
  ADD ("close/late-lease-limit", test_close_is_limited_by_a_late_lease);
  ADD ("unmap/closed", test_unmap_while_closing);
  ADD ("unmap/cancelled-in-discovery", test_unmap_cancelled_in_discovery);

  return g_test_run ();
}
