/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lease-store-fixture.h"

#include "plum-module-private.h"
#include "test-warnings.h"

PlumManager *
store_manager_new (const char *directory, const char *gateway)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (gateway);
  PlumManager *manager = plum_manager_new ();

  plum_manager_set_gateway_address (manager, address);
  for (unsigned int i = 0; i < 2; i++)
    plum_manager_add_backend_type (manager, fake_backend_type (i), fake_backend_name (i),
                                   300 - (int) i, NULL);
  plum_manager_set_state_directory (manager, directory);
  return manager;
}

void
store_fixture_set_up (StoreFixture *f, gconstpointer data)
{
  test_loop_set_up (&f->loop, TRUE);
  plum_module_set_directory (NULL);
  fake_backends_reset ();
  test_state_directory_set_up (&f->directory);
  f->manager = store_manager_new (f->directory.path, "127.9.9.9");
  test_warnings_take ();
}

void
store_fixture_tear_down (StoreFixture *f, gconstpointer data)
{
  g_clear_object (&f->result);
  test_loop_settle (&f->loop);
  fake_backends_reset ();
  g_assert_finalize_object (g_steal_pointer (&f->manager));
  test_state_directory_tear_down (&f->directory);
  test_loop_tear_down (&f->loop);
}

PlumMapping *
store_add (PlumManager *manager, guint port, guint external_port)
{
  g_autoptr (GError) error = NULL;
  PlumMapping *mapping = g_object_new (PLUM_TYPE_MAPPING, "internal-port", port,
                                       "requested-external-port", external_port, NULL);

  plum_manager_add_mapping (manager, mapping, &error);
  g_assert_no_error (error);
  return mapping;
}

PlumMapping *
store_add_up (StoreFixture *f, guint port)
{
  PlumMapping *mapping = store_add (f->manager, port, 0);

  test_loop_advance_until (&f->loop, plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS, 1000);
  return mapping;
}

GBytes *
store_last_key (void)
{
  PlumCall *call = fake_backend_script (FAKE_ALPHA)->last_map;

  return g_bytes_ref (plum_request_get_key (plum_call_get_request (call)));
}

void
store_crash (StoreFixture *f)
{
  g_object_run_dispose (G_OBJECT (f->manager));
  g_assert_finalize_object (g_steal_pointer (&f->manager));
  g_free (fake_backends_take_log ());
}

void
store_crash_and_restart (StoreFixture *f)
{
  test_loop_advance (&f->loop, STORE_WRITTEN_MS);
  store_crash (f);
  f->manager = store_manager_new (f->directory.path, "127.9.9.9");
}

GBytes *
store_crash_with_one (StoreFixture *f)
{
  fake_backend_script (FAKE_ALPHA)->granted_port = 40000;
  g_object_unref (store_add_up (f, 8080));
  fake_backend_script (FAKE_ALPHA)->granted_port = 0;
  store_crash_and_restart (f);
  return store_last_key ();
}

gboolean
store_close (StoreFixture *f)
{
  g_autoptr (GError) error = NULL;
  gboolean clean;

  plum_manager_close_async (f->manager, NULL, test_store_result, &f->result);
  test_loop_advance_until (&f->loop, f->result != NULL, 20000);
  clean = plum_manager_close_finish (f->manager, f->result, &error);
  g_clear_object (&f->result);
  return clean;
}

GPtrArray *
store_read_records (StoreFixture *f)
{
  g_autofree char *path = test_state_directory_find (&f->directory, ".plum");
  g_autofree char *data = NULL;
  g_autoptr (GError) error = NULL;
  GPtrArray *records;
  gsize size;

  g_assert_nonnull (path);
  g_assert_true (g_file_get_contents (path, &data, &size, NULL));
  records = plum_lease_codec_decode (data, size, &error);
  g_assert_no_error (error);
  return records;
}

void
store_write_records (StoreFixture *f, GPtrArray *records)
{
  g_autofree char *path = test_state_directory_find (&f->directory, ".plum");
  g_autoptr (GString) text = plum_lease_codec_encode (records);

  g_assert_true (g_file_set_contents_full (path, text->str, (gssize) text->len,
                                           G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
}

void
store_assert_log (const char *expected)
{
  g_autofree char *log = fake_backends_take_log ();

  g_assert_cmpstr (log, ==, expected);
}
