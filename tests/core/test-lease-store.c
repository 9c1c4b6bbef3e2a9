/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lease-store-fixture.h"

#include <glib/gstdio.h>

#include "test-warnings.h"

/* --- Writing --- */

/* Like alpha, but reads the file before it maps. */
static StoreFixture *spied;
static GPtrArray *spied_records;

static void
spy_map (PlumBackend *backend, PlumRequest *request, PlumCall *call)
{
  PlumBackendClass *alpha = g_type_class_peek (fake_backend_type (FAKE_ALPHA));

  g_assert_null (spied_records);
  spied_records = store_read_records (spied);
  alpha->map (backend, request, call);
}

static void
spy_class_init (gpointer klass, gpointer data)
{
  PLUM_BACKEND_CLASS (klass)->map = spy_map;
}

static void
add_spy (StoreFixture *f)
{
  GTypeQuery alpha;
  GTypeInfo info = { .class_init = spy_class_init };

  g_type_query (fake_backend_type (FAKE_ALPHA), &alpha);
  info.class_size = (guint16) alpha.class_size;
  info.instance_size = (guint16) alpha.instance_size;
  spied = f;
  plum_manager_add_backend_type (f->manager,
                                 g_type_register_static (alpha.type, "SpyBackend", &info, 0), "spy",
                                 400, NULL);
}

static void
test_written_before_sent (StoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (GBytes) key = NULL;
  const PlumLeaseRecord *record;

  add_spy (f);
  mapping = store_add_up (f, 8080);

  records = g_steal_pointer (&spied_records);
  g_assert_cmpuint (records->len, ==, 1);
  record = records->pdata[0];
  key = store_last_key ();
  g_assert_cmpuint (record->internal_port, ==, 8080);
  g_assert_cmpstr (record->backend_name, ==, "spy");
  g_assert_true (g_bytes_equal (record->key, key));
}

static void
test_lease_is_written (StoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GPtrArray) records = NULL;
  g_autofree char *address = NULL;
  g_autofree char *gateway = NULL;
  const PlumLeaseRecord *record;
  gint64 left;

  fake_backend_script (FAKE_ALPHA)->granted_port = 40000;
  mapping = store_add_up (f, 8080);
  test_loop_advance (&f->loop, STORE_WRITTEN_MS);

  records = store_read_records (f);
  record = records->pdata[0];
  left = record->expires - g_get_real_time ();
  address = g_inet_address_to_string (record->external_address);
  gateway = g_inet_address_to_string (record->gateway);
  g_assert_cmpuint (record->external_port, ==, 40000);
  g_assert_cmpstr (address, ==, "1.2.3.4");
  g_assert_cmpstr (gateway, ==, "127.9.9.9");
  g_assert_cmpstr (record->interface_name, ==, "lo");
  g_assert_cmpstr (g_variant_get_string (record->token, NULL), ==, "token");
  g_assert_cmpint (left, >, 7000 * (gint64) G_USEC_PER_SEC);
  g_assert_cmpint (left, <=, 7200 * (gint64) G_USEC_PER_SEC);
}

static void
test_fall_through_is_written (StoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GPtrArray) records = NULL;

  fake_backend_script (FAKE_ALPHA)->map = (FakeReply){ .fails = TRUE, .code = PLUM_ERROR_REFUSED };
  fake_backend_script (FAKE_BETA)->map.silent = TRUE;
  mapping = store_add (f->manager, 8080, 0);
  test_loop_advance_until (&f->loop, fake_backend_script (FAKE_BETA)->n_map == 1, 1000);

  /* The record of alpha's refused request may be there until the next write. */
  records = store_read_records (f);
  g_assert_cmpuint (records->len, >=, 1);
  g_assert_cmpstr (((PlumLeaseRecord *) records->pdata[records->len - 1])->backend_name, ==,
                   "beta");
  g_clear_pointer (&records, g_ptr_array_unref);

  test_loop_advance (&f->loop, STORE_WRITTEN_MS);
  records = store_read_records (f);
  g_assert_cmpuint (records->len, ==, 1);
  g_assert_cmpstr (((PlumLeaseRecord *) records->pdata[0])->backend_name, ==, "beta");
}

static void
test_modes (StoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = store_add_up (f, 8080);
  g_autofree char *file = test_state_directory_find (&f->directory, ".plum");
  g_autofree char *lock = test_state_directory_find (&f->directory, ".lock");

  g_assert_cmpuint (test_state_get_mode (f->directory.path), ==, 0700);
  g_assert_cmpuint (test_state_get_mode (file), ==, 0600);
  g_assert_cmpuint (test_state_get_mode (lock), ==, 0600);
}

static void
test_destroyed_is_removed (StoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = store_add_up (f, 8080);
  g_autoptr (PlumMapping) second = store_add_up (f, 8081);
  g_autoptr (GPtrArray) records = NULL;

  plum_manager_destroy_mapping_async (f->manager, plum_mapping_get_id (first), NULL, NULL, NULL);
  test_loop_advance (&f->loop, STORE_WRITTEN_MS);
  records = store_read_records (f);
  g_assert_cmpuint (records->len, ==, 1);
  g_assert_cmpuint (((PlumLeaseRecord *) records->pdata[0])->internal_port, ==, 8081);
}

static void
test_thousand_are_one_write (StoreFixture *f, gconstpointer data)
{
  FakeScript *alpha = fake_backend_script (FAKE_ALPHA);

  g_object_unref (store_add_up (f, 8080));
  test_loop_advance (&f->loop, STORE_WRITTEN_MS);
  test_state_directory_watch (&f->directory);

  alpha->map.silent = TRUE;
  for (unsigned int i = 0; i < 1000; i++)
    g_object_unref (store_add (f->manager, 10000 + i, 0));
  g_assert_cmpuint (alpha->n_map, ==, 1);
  test_loop_advance_until (&f->loop, alpha->n_map == 1001, 1000);
  g_assert_cmpuint (test_state_directory_n_writes (&f->directory), ==, 1);
}

/* The last write was just now, so the next one is later: the request of another mapping must not
 * wait for it. */
static void
test_one_more_is_appended (StoreFixture *f, gconstpointer data)
{
  FakeScript *alpha = fake_backend_script (FAKE_ALPHA);
  g_autoptr (GPtrArray) records = NULL;

  g_object_unref (store_add_up (f, 8080));
  test_state_directory_watch (&f->directory);
  for (unsigned int i = 0; i < 10; i++)
    {
      g_object_unref (store_add (f->manager, 10000 + i, 0));
      test_loop_advance (&f->loop, 1);
      g_assert_cmpuint (alpha->n_map, ==, i + 2);
    }

  g_assert_cmpuint (test_state_directory_n_writes (&f->directory), ==, 0);
  records = store_read_records (f);
  g_assert_cmpuint (records->len, ==, 11);
}

/* What is appended does not accumulate, and what is removed does not return. */
static void
test_additions_are_written_over (StoreFixture *f, gconstpointer data)
{
  FakeScript *alpha = fake_backend_script (FAKE_ALPHA);
  g_autoptr (GPtrArray) records = NULL;

  g_object_unref (store_add_up (f, 8080));
  for (unsigned int i = 0; i < 500; i++)
    {
      g_autoptr (PlumMapping) mapping = store_add (f->manager, 10000 + i, 0);

      test_loop_advance_until (&f->loop, plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS,
                               1000);
      plum_manager_destroy_mapping_async (f->manager, plum_mapping_get_id (mapping), NULL, NULL,
                                          NULL);
      test_loop_advance (&f->loop, 1);
    }
  test_loop_advance (&f->loop, STORE_WRITTEN_MS);

  g_assert_cmpuint (alpha->n_map, ==, 501);
  records = store_read_records (f);
  g_assert_cmpuint (records->len, ==, 1);
}

/* One request and one answer every ten milliseconds; without pacing this would be 200 writes. */
static void
test_trickle_shares_writes (StoreFixture *f, gconstpointer data)
{
  guint n_writes;

  g_object_unref (store_add_up (f, 8080));
  test_loop_advance (&f->loop, STORE_WRITTEN_MS);
  test_state_directory_watch (&f->directory);

  for (unsigned int i = 0; i < 100; i++)
    {
      g_object_unref (store_add (f->manager, 10000 + i, 0));
      test_loop_advance (&f->loop, 10);
    }
  test_loop_advance (&f->loop, STORE_WRITTEN_MS);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_map, ==, 101);
  n_writes = test_state_directory_n_writes (&f->directory);
  g_assert_cmpuint (n_writes, >=, 2);
  g_assert_cmpuint (n_writes, <=, 15);
}

/* If only the end of a lease changes, there is at most one write in a minute. */
static void
test_renewals_are_paced (StoreFixture *f, gconstpointer data)
{
  FakeScript *alpha = fake_backend_script (FAKE_ALPHA);
  guint n_writes;

  alpha->granted_lifetime = 20;
  g_object_unref (store_add_up (f, 8080));
  test_loop_advance (&f->loop, STORE_WRITTEN_MS);
  test_state_directory_watch (&f->directory);

  test_loop_advance (&f->loop, 600 * 1000);
  g_assert_cmpuint (alpha->n_map, >=, 40);
  n_writes = test_state_directory_n_writes (&f->directory);
  g_assert_cmpuint (n_writes, >=, 8);
  g_assert_cmpuint (n_writes, <=, 11);
}

/* --- Closing --- */

static void
test_close_removes_all (StoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = store_add_up (f, 8080);

  g_assert_cmpuint (test_state_directory_count (&f->directory), ==, 2);
  g_assert_true (store_close (f));
  g_assert_cmpuint (test_state_directory_count (&f->directory), ==, 0);
  g_assert_cmpint (plum_clock_get_next_deadline (f->loop.clock), ==, -1);
}

static void
test_failed_leaves_no_file (StoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  fake_backend_script (FAKE_ALPHA)->map = (FakeReply){ .fails = TRUE, .code = PLUM_ERROR_REFUSED };
  fake_backend_script (FAKE_BETA)->map = (FakeReply){ .fails = TRUE, .code = PLUM_ERROR_REFUSED };
  mapping = store_add (f->manager, 8080, 0);
  test_loop_advance_until (&f->loop, plum_mapping_get_state (mapping) == PLUM_STATE_FAILURE, 1000);
  g_assert_true (store_close (f));
  g_assert_cmpuint (test_state_directory_count (&f->directory), ==, 0);
}

/* If the router does not answer the delete, the next start deletes the mapping. */
static void
test_unanswered_delete_is_kept (StoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = store_add_up (f, 8080);

  fake_backend_script (FAKE_ALPHA)->unmap.silent = TRUE;
  g_assert_false (store_close (f));
  fake_backend_script (FAKE_ALPHA)->unmap.silent = FALSE;
  store_crash (f);

  f->manager = store_manager_new (f->directory.path, "127.9.9.9");
  g_object_unref (store_add_up (f, 9090));
  test_loop_advance (&f->loop, STORE_GRACE_MS);
  store_assert_log ("alpha:discover beta:discover alpha:map:tcp:9090:9090 alpha:unmap:tcp:8080");
}

static void
test_refused_delete_is_final (StoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = store_add_up (f, 8080);

  fake_backend_script (FAKE_ALPHA)->unmap =
    (FakeReply){ .fails = TRUE, .code = PLUM_ERROR_REFUSED };
  g_assert_false (store_close (f));
  g_assert_cmpuint (test_state_directory_count (&f->directory), ==, 0);
}

/* --- Other managers and failures --- */

static void
test_two_managers (StoreFixture *f, gconstpointer data)
{
  PlumManager *second = store_manager_new (f->directory.path, "127.9.9.9");
  g_autoptr (PlumMapping) mapping = store_add_up (f, 8080);
  g_autoptr (PlumMapping) other = store_add (second, 9090, 0);

  test_loop_advance (&f->loop, STORE_GRACE_MS);
  g_assert_cmpint (plum_mapping_get_state (other), ==, PLUM_STATE_SUCCESS);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_unmap, ==, 0);
  g_assert_cmpuint (test_state_directory_count (&f->directory), ==, 4);

  g_assert_true (store_close (f));
  g_assert_cmpuint (test_state_directory_count (&f->directory), ==, 2);
  g_object_run_dispose (G_OBJECT (second));
  g_assert_finalize_object (second);
}

static void
test_damaged_does_not_stop (StoreFixture *f, gconstpointer data)
{
  g_autofree char *renamed = NULL;

  test_state_directory_write (&f->directory, "old.plum", "plum-state 1\nmap pro", 0600);
  g_object_unref (store_add_up (f, 8080));
  g_assert_cmpuint (test_warnings_take (), ==, 1);
  renamed = test_state_directory_find (&f->directory, "old.plum.damaged");
  g_assert_nonnull (renamed);
}

static void
test_read_only (StoreFixture *f, gconstpointer data)
{
  /* Even root cannot create files there. */
  plum_manager_set_state_directory (f->manager, "/proc/self");
  g_object_unref (store_add_up (f, 8080));
  g_object_unref (store_add_up (f, 8081));
  g_assert_cmpuint (test_warnings_take (), ==, 1);
  g_assert_true (store_close (f));
}

static void
test_directory_vanishes (StoreFixture *f, gconstpointer data)
{
  g_autofree char *file = NULL;
  g_autofree char *lock = NULL;

  g_object_unref (store_add_up (f, 8080));
  test_loop_advance (&f->loop, STORE_WRITTEN_MS);
  file = test_state_directory_find (&f->directory, ".plum");
  lock = test_state_directory_find (&f->directory, ".lock");
  g_assert_cmpint (g_remove (file), ==, 0);
  g_assert_cmpint (g_remove (lock), ==, 0);
  g_assert_cmpint (g_rmdir (f->directory.path), ==, 0);

  g_object_unref (store_add_up (f, 8081));
  g_object_unref (store_add_up (f, 8082));
  g_assert_cmpuint (test_warnings_take (), ==, 1);
}

#define ADD(path, func)                                                                            \
  g_test_add (path, StoreFixture, NULL, store_fixture_set_up, func, store_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  test_warnings_catch ();

  ADD ("/lease-store/written/before-sent", test_written_before_sent);
  ADD ("/lease-store/written/lease", test_lease_is_written);
  ADD ("/lease-store/written/fall-through", test_fall_through_is_written);
  ADD ("/lease-store/written/modes", test_modes);
  ADD ("/lease-store/written/destroyed-is-removed", test_destroyed_is_removed);
  ADD ("/lease-store/written/thousand-are-one-write", test_thousand_are_one_write);
  ADD ("/lease-store/written/one-more-is-appended", test_one_more_is_appended);
  ADD ("/lease-store/written/additions-are-written-over", test_additions_are_written_over);
  ADD ("/lease-store/written/trickle-shares-writes", test_trickle_shares_writes);
  ADD ("/lease-store/written/renewals-are-paced", test_renewals_are_paced);
  ADD ("/lease-store/close/removes-all", test_close_removes_all);
  ADD ("/lease-store/close/failed-leaves-no-file", test_failed_leaves_no_file);
  ADD ("/lease-store/close/unanswered-delete-is-kept", test_unanswered_delete_is_kept);
  ADD ("/lease-store/close/refused-delete-is-final", test_refused_delete_is_final);
  ADD ("/lease-store/two-managers", test_two_managers);
  ADD ("/lease-store/failure/damaged", test_damaged_does_not_stop);
  ADD ("/lease-store/failure/read-only", test_read_only);
  ADD ("/lease-store/failure/directory-vanishes", test_directory_vanishes);

  return g_test_run ();
}
