/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lease-store-fixture.h"

/* The records of mappings for other hosts: a later run deletes them, and nothing else. */

#define PRINTER "127.60.0.50"
#define CAMERA "127.60.0.51"

#define ALPHA (fake_backend_script (FAKE_ALPHA))

static PlumMapping *
add_for (StoreFixture *f, const char *internal, const char *remote)
{
  g_autoptr (GInetAddress) address =
    internal != NULL ? g_inet_address_new_from_string (internal) : NULL;
  g_autoptr (GInetAddressMask) mask =
    remote != NULL ? g_inet_address_mask_new_from_string (remote, NULL) : NULL;
  g_autoptr (PlumMapping) mapping =
    g_object_new (PLUM_TYPE_MAPPING, "internal-port", 9100, "internal-address", address,
                  "remote-address", mask, "description", "a printer", NULL);
  g_autoptr (GError) error = NULL;

  ALPHA->supports_hosts = TRUE;
  plum_manager_add_mapping (f->manager, mapping, &error);
  g_assert_no_error (error);
  test_loop_advance_until (&f->loop, plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS, 5000);
  return g_steal_pointer (&mapping);
}

static void
assert_last_unmap (const char *internal, const char *remote)
{
  g_autofree char *host =
    g_inet_address_to_string (plum_request_get_internal_address (ALPHA->last_unmap));
  g_autofree char *from = test_request_dup_remote (ALPHA->last_unmap);

  g_assert_cmpstr (host, ==, internal);
  g_assert_cmpstr (from, ==, remote);
  g_assert_cmpstr (plum_request_get_description (ALPHA->last_unmap), ==, "a printer");
}

static GAsyncResult *
unmap_host (StoreFixture *f, const char *host)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  g_clear_object (&f->result);
  plum_manager_unmap_host_async (f->manager, PLUM_PROTOCOL_TCP, address, 9100, 0, NULL,
                                 test_store_result, &f->result);
  test_loop_advance_until (&f->loop, f->result != NULL, 20000);
  return f->result;
}

static void
test_record (StoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add_for (f, PRINTER, "203.0.113.0/24");
  g_autoptr (GPtrArray) records = NULL;
  const PlumLeaseRecord *record;
  g_autofree char *host = NULL;

  test_loop_advance (&f->loop, STORE_WRITTEN_MS);
  records = store_read_records (f);
  g_assert_cmpuint (records->len, ==, 1);
  record = records->pdata[0];
  host = g_inet_address_to_string (record->hosts.internal);
  g_assert_cmpstr (host, ==, PRINTER);
  g_assert_cmpuint (g_inet_address_mask_get_length (plum_hosts_peek_remote (&record->hosts)), ==,
                    24);
  g_assert_cmpstr (record->description, ==, "a printer");
  g_clear_object (&f->result);
  g_assert_true (store_close (f));
}

static void
test_left_behind_is_deleted (StoreFixture *f, gconstpointer data)
{
  g_object_unref (add_for (f, PRINTER, "203.0.113.0/24"));
  store_crash_and_restart (f);
  g_object_unref (store_add_up (f, 7777));
  test_loop_advance (&f->loop, STORE_GRACE_MS);
  g_assert_cmpuint (ALPHA->n_unmap, ==, 1);
  assert_last_unmap (PRINTER, "203.0.113.0/24");
  g_clear_object (&f->result);
  g_assert_true (store_close (f));
}

/* The key is that of the earlier run only if all hosts are equal. */
static void
test_recalled (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = NULL;
  g_autoptr (GBytes) again = NULL;
  g_autoptr (PlumMapping) mapping = NULL;

  g_object_unref (add_for (f, PRINTER, NULL));
  key = store_last_key ();
  store_crash_and_restart (f);
  mapping = add_for (f, PRINTER, NULL);
  again = store_last_key ();
  g_assert_true (g_bytes_equal (key, again));
  g_assert_cmpuint (ALPHA->n_unmap, ==, 0);
  g_clear_object (&f->result);
  g_assert_true (store_close (f));
}

static void
test_other_remote_is_not_recalled (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = NULL;
  g_autoptr (GBytes) again = NULL;
  g_autoptr (PlumMapping) mapping = NULL;

  g_object_unref (add_for (f, PRINTER, "203.0.113.7"));
  key = store_last_key ();
  store_crash_and_restart (f);
  mapping = add_for (f, PRINTER, NULL);
  again = store_last_key ();
  g_assert_false (g_bytes_equal (key, again));
  g_clear_object (&f->result);
  g_assert_true (store_close (f));
  g_assert_cmpuint (ALPHA->n_unmap, ==, 2);
}

/* The same port of this host. */
static void
test_own_port_stays (StoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GError) error = NULL;

  g_object_unref (add_for (f, PRINTER, NULL));
  store_crash_and_restart (f);
  mapping = add_for (f, NULL, NULL);
  g_assert_true (plum_manager_unmap_host_finish (f->manager, unmap_host (f, PRINTER), &error));
  g_assert_no_error (error);
  assert_last_unmap (PRINTER, NULL);
  g_assert_cmpuint (ALPHA->n_unmap, ==, 1);
  g_assert_cmpint (plum_mapping_get_state (mapping), ==, PLUM_STATE_SUCCESS);
  g_clear_object (&f->result);
  g_assert_true (store_close (f));
}

/* What this host has not made is not touched. */
static void
test_unmap_without_record (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_object_unref (add_for (f, PRINTER, NULL));
  store_crash_and_restart (f);
  g_assert_false (plum_manager_unmap_host_finish (f->manager, unmap_host (f, CAMERA), &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_DESTROYED);
  g_assert_cmpuint (ALPHA->n_unmap, ==, 0);
  g_clear_object (&f->result);
  g_assert_true (store_close (f));
}

static void
test_unmap_of_held_mapping (StoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add_for (f, PRINTER, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (plum_manager_unmap_host_finish (f->manager, unmap_host (f, PRINTER), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_clear_object (&f->result);
  g_assert_true (store_close (f));
}

static void
test_recorded_entries (StoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add_for (f, PRINTER, "203.0.113.7");
  g_autoptr (GListModel) entries = NULL;
  g_autoptr (PlumEntry) entry = NULL;
  g_autofree char *host = NULL;

  test_loop_advance (&f->loop, STORE_WRITTEN_MS);
  entries = plum_manager_dup_recorded_entries (f->manager, G_SOCKET_FAMILY_IPV4);
  g_assert_cmpuint (g_list_model_get_n_items (entries), ==, 0);
  g_clear_object (&entries);
  entries = plum_manager_dup_recorded_host_entries (f->manager, G_SOCKET_FAMILY_IPV4);
  g_assert_cmpuint (g_list_model_get_n_items (entries), ==, 1);
  entry = g_list_model_get_item (entries, 0);
  host = g_inet_address_to_string (plum_entry_get_internal_address (entry));
  g_assert_cmpstr (host, ==, PRINTER);
  g_assert_cmpstr (plum_entry_get_remote_host (entry), ==, "203.0.113.7");
  g_clear_object (&f->result);
  g_assert_true (store_close (f));
}

#define ADD(path, func)                                                                            \
  g_test_add (path, StoreFixture, NULL, store_fixture_set_up, func, store_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("/third-party/record", test_record);
  ADD ("/third-party/left-behind-is-deleted", test_left_behind_is_deleted);
  ADD ("/third-party/recalled", test_recalled);
  ADD ("/third-party/other-remote-is-not-recalled", test_other_remote_is_not_recalled);
  ADD ("/third-party/own-port-stays", test_own_port_stays);
  ADD ("/third-party/unmap-without-record", test_unmap_without_record);
  ADD ("/third-party/unmap-of-held-mapping", test_unmap_of_held_mapping);
  ADD ("/third-party/recorded-entries", test_recorded_entries);

  return g_test_run ();
}
