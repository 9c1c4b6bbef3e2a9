/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Mappings that the manager does not hold: listed from the records, and removed. */

#include "lease-store-fixture.h"

static guint
count_recorded (PlumManager *manager, GSocketFamily family)
{
  g_autoptr (GListModel) entries = plum_manager_dup_recorded_entries (manager, family);

  g_assert_true (g_list_model_get_item_type (entries) == PLUM_TYPE_ENTRY);
  return g_list_model_get_n_items (entries);
}

static void
assert_none_is_recorded (PlumManager *manager)
{
  g_assert_cmpuint (count_recorded (manager, G_SOCKET_FAMILY_IPV4), ==, 0);
  g_assert_cmpuint (count_recorded (manager, G_SOCKET_FAMILY_IPV6), ==, 0);
}

static void
test_of_an_earlier_run (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (GListModel) entries =
    plum_manager_dup_recorded_entries (f->manager, G_SOCKET_FAMILY_IPV4);
  g_autoptr (PlumEntry) entry = g_list_model_get_item (entries, 0);
  g_autofree char *address = NULL;

  g_assert_cmpuint (g_list_model_get_n_items (entries), ==, 1);
  g_assert_cmpint (plum_entry_get_protocol (entry), ==, PLUM_PROTOCOL_TCP);
  g_assert_cmpuint (plum_entry_get_internal_port (entry), ==, 8080);
  g_assert_cmpuint (plum_entry_get_external_port (entry), ==, 40000);
  g_assert_cmpuint (plum_entry_get_lifetime (entry), >, 7000);
  g_assert_cmpuint (plum_entry_get_lifetime (entry), <=, 7200);
  address = g_inet_address_to_string (plum_entry_get_internal_address (entry));
  g_assert_cmpstr (address, ==, "127.0.0.1");

  /* Nothing is sent, and the record stays. */
  test_loop_advance (&f->loop, 3600 * 1000);
  store_assert_log ("");
  g_assert_cmpuint (count_recorded (f->manager, G_SOCKET_FAMILY_IPV4), ==, 1);
}

/* Reading the records first does not keep what a crash left. */
static void
test_swept_after_it_was_read (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (PlumMapping) mapping = NULL;

  g_assert_cmpuint (count_recorded (f->manager, G_SOCKET_FAMILY_IPV4), ==, 1);
  test_loop_advance (&f->loop, 1000);
  mapping = store_add_up (f, 9000);
  store_assert_log ("alpha:discover beta:discover alpha:map:tcp:9000:9000");
  test_loop_advance (&f->loop, STORE_GRACE_MS);
  store_assert_log ("alpha:unmap:tcp:8080");
}

static void
test_of_another_manager (StoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = store_add_up (f, 8080);
  g_autoptr (PlumManager) other = store_manager_new (f->directory.path, "127.9.9.9");

  test_loop_advance (&f->loop, STORE_WRITTEN_MS);
  g_assert_cmpuint (count_recorded (f->manager, G_SOCKET_FAMILY_IPV4), ==, 1);
  g_assert_cmpuint (count_recorded (other, G_SOCKET_FAMILY_IPV4), ==, 1);
  g_assert_true (store_close (f));
  assert_none_is_recorded (other);
}

static void
test_of_another_router (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (PlumManager) elsewhere = store_manager_new (f->directory.path, "127.9.9.8");

  assert_none_is_recorded (elsewhere);
  g_assert_cmpuint (count_recorded (f->manager, G_SOCKET_FAMILY_IPV4), ==, 1);
}

static void
test_of_another_family (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);

  g_assert_cmpuint (count_recorded (f->manager, G_SOCKET_FAMILY_IPV6), ==, 0);
}

static void
set_expiry (StoreFixture *f, gint64 expires)
{
  g_autoptr (GPtrArray) records = store_read_records (f);

  ((PlumLeaseRecord *) records->pdata[0])->expires = expires;
  store_write_records (f, records);
}

static void
test_expired (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);

  set_expiry (f, g_get_real_time () - 1);
  assert_none_is_recorded (f->manager);
}

static void
test_permanent (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (GListModel) entries = NULL;
  g_autoptr (PlumEntry) entry = NULL;

  set_expiry (f, PLUM_LEASE_RECORD_FOREVER);
  entries = plum_manager_dup_recorded_entries (f->manager, G_SOCKET_FAMILY_IPV4);
  entry = g_list_model_get_item (entries, 0);
  g_assert_cmpuint (plum_entry_get_lifetime (entry), ==, PLUM_LIFETIME_FOREVER);
}

static void
test_no_directory (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (PlumManager) manager = store_manager_new (NULL, "127.9.9.9");

  assert_none_is_recorded (manager);
}

/* --- Removal --- */

/* Returns the error of the removal of TCP 8080. (nullable) (transfer full) */
static GError *
unmap (StoreFixture *f, guint external_port)
{
  GError *error = NULL;

  plum_manager_unmap_async (f->manager, PLUM_PROTOCOL_TCP, G_SOCKET_FAMILY_IPV4, 8080,
                            external_port, NULL, test_store_result, &f->result);
  test_loop_advance_until (&f->loop, f->result != NULL, 20000);
  g_assert_cmpint (plum_manager_unmap_finish (f->manager, f->result, &error), ==, error == NULL);
  g_clear_object (&f->result);
  return error;
}

static void
test_unmap_recorded (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (GError) error = unmap (f, 0);
  PlumRequest *request = fake_backend_script (FAKE_ALPHA)->last_unmap;

  g_assert_no_error (error);
  store_assert_log ("alpha:discover beta:discover alpha:unmap:tcp:8080");
  g_assert_true (g_bytes_equal (plum_request_get_key (request), key));
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->unmapped_port, ==, 40000);
  test_loop_advance (&f->loop, STORE_WRITTEN_MS);
  assert_none_is_recorded (f->manager);
}

/* The record is of another external port: only the router can tell. */
static void
test_unmap_another_port (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (GError) error = unmap (f, 40001);

  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_unmap, ==, 0);
  g_assert_cmpuint (count_recorded (f->manager, G_SOCKET_FAMILY_IPV4), ==, 1);
}

static void
test_unmap_not_confirmed (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (GError) error = NULL;

  fake_backend_script (FAKE_ALPHA)->unmap =
    (FakeReply){ .fails = TRUE, .code = PLUM_ERROR_TIMED_OUT };
  error = unmap (f, 0);
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (error->message, "The router 127.9.9.9 may keep the mapping until "));
  g_assert_cmpuint (count_recorded (f->manager, G_SOCKET_FAMILY_IPV4), ==, 1);
}

/* The backend that made the mapping is not there, and another one confirms that it has none. */
static void
test_unmap_by_another_backend (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (GError) error = NULL;

  fake_backend_script (FAKE_ALPHA)->discover =
    (FakeReply){ .fails = TRUE, .code = PLUM_ERROR_TIMED_OUT };
  error = unmap (f, 0);
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (error->message, "does not answer by the same protocol"));
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_unmap, ==, 0);
  g_assert_cmpuint (count_recorded (f->manager, G_SOCKET_FAMILY_IPV4), ==, 1);
}

/* The router of the record is not there: another one cannot confirm the removal. */
static void
test_unmap_elsewhere (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (GInetAddress) other = g_inet_address_new_from_string ("127.9.9.8");
  g_autoptr (GError) error = NULL;

  plum_manager_set_gateway_address (f->manager, other);
  error = unmap (f, 0);
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (error->message, "The router 127.9.9.9 may keep the mapping until "));
}

/* --- Removal without a record, by backends that cannot delete entries --- */

static void
test_unmap_unrecorded (StoreFixture *f, gconstpointer data)
{
  FakeScript *alpha = fake_backend_script (FAKE_ALPHA);
  g_autoptr (GError) error = unmap (f, 40001);

  g_assert_no_error (error);
  store_assert_log ("alpha:discover beta:discover alpha:unmap:tcp:8080");
  g_assert_cmpuint (alpha->unmapped_port, ==, 0);
  g_assert_cmpuint (plum_request_get_external_port (alpha->last_unmap), ==, 40001);
  g_assert_nonnull (plum_request_get_key (alpha->last_unmap));
}

static void
test_unmap_unrecorded_refused (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fake_backend_script (FAKE_ALPHA)->unmap =
    (FakeReply){ .fails = TRUE, .code = PLUM_ERROR_REFUSED };
  error = unmap (f, 0);
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_REFUSED);
}

static void
test_unmap_unrecorded_silent (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fake_backend_script (FAKE_ALPHA)->unmap = (FakeReply){ .silent = TRUE };
  error = unmap (f, 0);
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
}

static void
test_unmap_held (StoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = store_add_up (f, 8080);
  g_autoptr (GError) error = unmap (f, 0);

  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_unmap, ==, 0);
  g_assert_cmpint (plum_mapping_get_state (mapping), ==, PLUM_STATE_SUCCESS);
}

/* The program adds a mapping of the port while the operation waits for the slower backend. */
static void
test_unmap_added_meanwhile (StoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GError) error = NULL;

  fake_backend_script (FAKE_BETA)->discover = (FakeReply){ .delay_ms = 2000 };
  plum_manager_unmap_async (f->manager, PLUM_PROTOCOL_TCP, G_SOCKET_FAMILY_IPV4, 8080, 0, NULL,
                            test_store_result, &f->result);
  mapping = store_add_up (f, 8080);
  test_loop_advance_until (&f->loop, f->result != NULL, 20000);
  g_assert_false (plum_manager_unmap_finish (f->manager, f->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_clear_object (&f->result);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_unmap, ==, 0);
  g_assert_cmpint (plum_mapping_get_state (mapping), ==, PLUM_STATE_SUCCESS);
}

/* It is added while the router deletes the entry: it is requested after that. */
static void
test_unmap_added_during_delete (StoreFixture *f, gconstpointer cancels)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GError) error = NULL;
  FakeScript *alpha = fake_backend_script (FAKE_ALPHA);

  alpha->unmap = (FakeReply){ .delay_ms = 500 };
  plum_manager_unmap_async (f->manager, PLUM_PROTOCOL_TCP, G_SOCKET_FAMILY_IPV4, 8080, 0,
                            cancellable, test_store_result, &f->result);
  test_loop_advance_until (&f->loop, alpha->n_unmap == 1, 1000);
  mapping = store_add (f->manager, 8080, 0);
  test_loop_advance (&f->loop, 400);
  g_assert_cmpuint (alpha->n_map, ==, 0);
  if (cancels != NULL)
    g_cancellable_cancel (cancellable);
  test_loop_advance_until (&f->loop, plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS, 1000);
  g_assert_nonnull (f->result);
  g_assert_cmpint (plum_manager_unmap_finish (f->manager, f->result, &error), ==, cancels == NULL);
  g_clear_object (&f->result);
  g_assert_cmpuint (alpha->n_map, ==, 1);
  g_assert_cmpuint (alpha->n_unmap, ==, 1);
}

/* The router refuses to renew what a crash has left, and deletes it when the program ends. */
static void
test_refused_after_crash (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (PlumMapping) mapping = NULL;
  FakeScript *alpha = fake_backend_script (FAKE_ALPHA);

  fake_backend_script (FAKE_BETA)->discover =
    (FakeReply){ .fails = TRUE, .code = PLUM_ERROR_NO_GATEWAY };
  alpha->map = (FakeReply){ .fails = TRUE, .code = PLUM_ERROR_REFUSED };
  mapping = store_add (f->manager, 8080, 0);
  test_loop_advance (&f->loop, 100000);
  g_assert_cmpint (plum_mapping_get_state (mapping), ==, PLUM_STATE_FAILURE);
  g_assert_cmpuint (count_recorded (f->manager, G_SOCKET_FAMILY_IPV4), ==, 1);
  g_assert_cmpuint (alpha->n_unmap, ==, 0);
  g_assert_true (store_close (f));
  g_assert_cmpuint (alpha->n_unmap, ==, 1);
  g_assert_cmpuint (alpha->unmapped_port, ==, 40000);
  g_assert_true (g_bytes_equal (plum_request_get_key (alpha->last_unmap), key));
}

static void
list_nothing (PlumBackend *backend, PlumCall *call)
{
  plum_call_fail (call, PLUM_ERROR_REFUSED, "no list");
}

/* The same with a table of external ports, where the old entry stays beside the new one: it is
 * deleted at the close. */
static void
test_another_port_in_table (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (PlumMapping) mapping = NULL;
  FakeScript *alpha = fake_backend_script (FAKE_ALPHA);
  PlumBackendClass *klass = g_type_class_peek_static (fake_backend_type (FAKE_ALPHA));
  void (*list) (PlumBackend * backend, PlumCall * call) = klass->list;

  klass->list = list_nothing;
  alpha->granted_port = 40001;
  mapping = store_add_up (f, 8080);
  g_assert_cmpuint (plum_mapping_get_external_port (mapping), ==, 40001);
  test_loop_advance (&f->loop, 3600 * 1000);
  g_assert_cmpuint (alpha->n_unmap, ==, 0);
  g_assert_true (store_close (f));
  g_assert_cmpuint (alpha->n_unmap, ==, 2);
  g_assert_cmpuint (alpha->unmapped_port, ==, 40000);
  klass->list = list;
}

/* The router grants another external port than the one that a crash has left. Some protocols delete
 * by the internal port: nothing is deleted while the port is mapped. */
static void
test_another_port_after_crash (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (PlumMapping) mapping = NULL;
  FakeScript *alpha = fake_backend_script (FAKE_ALPHA);

  alpha->granted_port = 40001;
  mapping = store_add_up (f, 8080);
  g_assert_cmpuint (plum_mapping_get_external_port (mapping), ==, 40001);
  test_loop_advance (&f->loop, 2 * 7200 * 1000);
  g_assert_cmpuint (alpha->n_map, >, 2);
  g_assert_cmpuint (alpha->n_unmap, ==, 0);
  g_assert_cmpuint (count_recorded (f->manager, G_SOCKET_FAMILY_IPV4), ==, 1);
  g_assert_true (store_close (f));
  g_assert_cmpuint (alpha->n_unmap, ==, 1);
  g_assert_cmpuint (alpha->unmapped_port, ==, 40001);
}

static void
test_unmap_closed (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (store_close (f));
  error = unmap (f, 0);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  assert_none_is_recorded (f->manager);
}

/* The record is listed, and neither adopted, renewed nor deleted; a mapping is not recorded. */
static void
test_read_only (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (PlumMapping) mapping = NULL;
  g_autofree char *file = test_state_directory_find (&f->directory, ".plum");
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  g_file_get_contents (file, &before, NULL, NULL);
  plum_manager_set_state_read_only (f->manager, TRUE);
  g_assert_cmpuint (count_recorded (f->manager, G_SOCKET_FAMILY_IPV4), ==, 1);

  mapping = store_add_up (f, 9000);
  test_loop_advance (&f->loop, STORE_GRACE_MS);
  g_assert_cmpuint (count_recorded (f->manager, G_SOCKET_FAMILY_IPV4), ==, 1);
  g_assert_true (store_close (f));
  store_assert_log ("alpha:discover beta:discover alpha:map:tcp:9000:9000 alpha:unmap:tcp:9000");

  g_assert_true (g_file_get_contents (file, &after, NULL, NULL));
  g_assert_cmpstr (after, ==, before);
}

#define ADD(path, func)                                                                            \
  g_test_add (path, StoreFixture, NULL, store_fixture_set_up, func, store_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("/recorded/of-an-earlier-run", test_of_an_earlier_run);
  ADD ("/recorded/swept-after-it-was-read", test_swept_after_it_was_read);
  ADD ("/recorded/of-another-manager", test_of_another_manager);
  ADD ("/recorded/of-another-router", test_of_another_router);
  ADD ("/recorded/of-another-family", test_of_another_family);
  ADD ("/recorded/expired", test_expired);
  ADD ("/recorded/permanent", test_permanent);
  ADD ("/recorded/no-directory", test_no_directory);
  ADD ("/recorded/read-only", test_read_only);
  ADD ("/recorded/unmap/recorded", test_unmap_recorded);
  ADD ("/recorded/unmap/another-port", test_unmap_another_port);
  ADD ("/recorded/unmap/not-confirmed", test_unmap_not_confirmed);
  ADD ("/recorded/unmap/another-backend", test_unmap_by_another_backend);
  ADD ("/recorded/unmap/elsewhere", test_unmap_elsewhere);
  ADD ("/recorded/unmap/unrecorded", test_unmap_unrecorded);
  ADD ("/recorded/unmap/unrecorded-refused", test_unmap_unrecorded_refused);
  ADD ("/recorded/unmap/unrecorded-silent", test_unmap_unrecorded_silent);
  ADD ("/recorded/unmap/held", test_unmap_held);
  ADD ("/recorded/unmap/added-meanwhile", test_unmap_added_meanwhile);
  ADD ("/recorded/unmap/added-during-delete", test_unmap_added_during_delete);
  g_test_add ("/recorded/unmap/added-during-delete-cancelled", StoreFixture, "cancels",
              store_fixture_set_up, test_unmap_added_during_delete, store_fixture_tear_down);
  ADD ("/recorded/unmap/closed", test_unmap_closed);
  ADD ("/recorded/refused-after-crash", test_refused_after_crash);
  ADD ("/recorded/another-port-after-crash", test_another_port_after_crash);
  ADD ("/recorded/another-port-in-table", test_another_port_in_table);

  return g_test_run ();
}
