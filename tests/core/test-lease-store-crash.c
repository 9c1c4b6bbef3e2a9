/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lease-store-fixture.h"

static void
test_same_key_and_port (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) before = store_crash_with_one (f);
  g_autoptr (GBytes) after = NULL;
  g_autoptr (PlumMapping) mapping = store_add_up (f, 8080);

  after = store_last_key ();
  g_assert_true (g_bytes_equal (before, after));
  store_assert_log ("alpha:discover beta:discover alpha:map:tcp:8080:40000");
}

static void
test_not_deleted_if_wanted (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (PlumMapping) mapping = store_add_up (f, 8080);

  test_loop_advance (&f->loop, 3600 * 1000);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_unmap, ==, 0);
  g_assert_true (store_close (f));
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_unmap, ==, 1);
  g_assert_cmpuint (test_state_directory_count (&f->directory), ==, 0);
}

/* The old mapping would be in conflict: in PCP and NAT-PMP an internal port has one mapping. */
static void
test_another_port_is_required (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (PlumMapping) mapping =
    g_object_new (PLUM_TYPE_MAPPING, "internal-port", 8080, "require-external-port", TRUE, NULL);

  g_assert_true (plum_manager_add_mapping (f->manager, mapping, NULL));
  test_loop_advance (&f->loop, STORE_WRITTEN_MS);
  store_assert_log ("alpha:discover beta:discover alpha:unmap:tcp:8080 alpha:map:tcp:8080:8080!");
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->unmapped_port, ==, 40000);
  g_assert_cmpuint (plum_mapping_get_external_port (mapping), ==, 8080);
}

static void
test_wanted_late (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) before = store_crash_with_one (f);
  g_autoptr (GBytes) after = NULL;
  g_autoptr (PlumMapping) other = store_add_up (f, 9090);
  g_autoptr (PlumMapping) mapping = NULL;

  test_loop_advance (&f->loop, 25000);
  mapping = store_add_up (f, 8080);
  after = store_last_key ();
  g_assert_true (g_bytes_equal (before, after));
  test_loop_advance (&f->loop, 3600 * 1000);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_unmap, ==, 0);
}

static void
test_unwanted_is_deleted (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (PlumMapping) mapping = store_add_up (f, 9090);
  g_autoptr (GPtrArray) records = NULL;
  PlumRequest *request;

  test_loop_advance (&f->loop, 29000);
  store_assert_log ("alpha:discover beta:discover alpha:map:tcp:9090:9090");
  test_loop_advance (&f->loop, 2000);
  store_assert_log ("alpha:unmap:tcp:8080");

  request = fake_backend_script (FAKE_ALPHA)->last_unmap;
  g_assert_true (g_bytes_equal (plum_request_get_key (request), key));
  g_assert_cmpuint (plum_request_get_external_port (request), ==, 40000);

  records = store_read_records (f);
  g_assert_cmpuint (records->len, ==, 1);
  g_assert_cmpuint (((PlumLeaseRecord *) records->pdata[0])->internal_port, ==, 9090);
}

static void
test_discover_is_enough_to_delete (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);

  plum_manager_discover_async (f->manager, NULL, NULL, NULL);
  test_loop_advance (&f->loop, STORE_GRACE_MS);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_unmap, ==, 1);
  g_assert_cmpuint (test_state_directory_count (&f->directory), ==, 1);
}

static void
test_close_deletes_the_unwanted (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (PlumMapping) mapping = store_add_up (f, 9090);

  fake_backend_script (FAKE_ALPHA)->unmap.delay_ms = 500;
  g_assert_true (store_close (f));
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_unmap, ==, 2);
  g_assert_cmpuint (test_state_directory_count (&f->directory), ==, 0);
}

static void
test_expired_is_removed (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) before = store_crash_with_one (f);
  g_autoptr (GPtrArray) records = store_read_records (f);
  g_autoptr (PlumMapping) mapping = NULL;

  ((PlumLeaseRecord *) records->pdata[0])->expires = g_get_real_time () - 1;
  store_write_records (f, records);
  mapping = store_add_up (f, 9090);
  test_loop_advance (&f->loop, STORE_GRACE_MS);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_unmap, ==, 0);
}

/* The leftover is deleted only on its own router. */
static void
test_other_router (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (GInetAddress) first = g_inet_address_new_from_string ("127.9.9.9");
  g_autoptr (GInetAddress) second = g_inet_address_new_from_string ("127.9.9.8");
  g_autoptr (PlumMapping) mapping = NULL;

  plum_manager_set_gateway_address (f->manager, second);
  mapping = store_add_up (f, 9090);
  test_loop_advance (&f->loop, 1800 * 1000);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_unmap, ==, 0);

  plum_manager_set_gateway_address (f->manager, first);
  test_loop_advance (&f->loop, STORE_GRACE_MS);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_unmap, ==, 1);
}

/* Loopback has no hardware address; an unknown one matches any. */
static void
test_hardware_unknown_now (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (GPtrArray) records = store_read_records (f);
  PlumLeaseRecord *record = records->pdata[0];

  record->hardware_address = g_ref_string_new ("02:00:5e:10:00:01");
  store_write_records (f, records);
  g_object_unref (store_add_up (f, 9090));
  test_loop_advance (&f->loop, STORE_GRACE_MS);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_unmap, ==, 1);
}

/* The program requests another external port: the old mapping is deleted first. */
static void
test_other_port (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (PlumMapping) mapping = NULL;

  fake_backend_script (FAKE_ALPHA)->unmap.delay_ms = 300;
  mapping = store_add (f->manager, 8080, 50000);
  test_loop_advance_until (&f->loop, plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS, 1000);
  store_assert_log ("alpha:discover beta:discover alpha:unmap:tcp:8080 alpha:map:tcp:8080:50000");
}

static void
test_other_port_is_bounded (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (PlumMapping) mapping = NULL;

  fake_backend_script (FAKE_ALPHA)->unmap.silent = TRUE;
  mapping = store_add (f->manager, 8080, 50000);
  test_loop_advance_until (&f->loop, plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS, 3000);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_unmap, ==, 1);
}

static void
test_crash_upon_crash (StoreFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) key = store_crash_with_one (f);
  g_autoptr (GPtrArray) records = NULL;

  g_object_unref (store_add_up (f, 9090));
  store_crash_and_restart (f);
  records = store_read_records (f);
  g_assert_cmpuint (records->len, ==, 2);
  g_assert_cmpuint (test_state_directory_count (&f->directory), ==, 2);
}

#define ADD(path, func)                                                                            \
  g_test_add (path, StoreFixture, NULL, store_fixture_set_up, func, store_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("/lease-store/crash/same-key-and-port", test_same_key_and_port);
  ADD ("/lease-store/crash/not-deleted-if-wanted", test_not_deleted_if_wanted);
  ADD ("/lease-store/crash/another-port-is-required", test_another_port_is_required);
  ADD ("/lease-store/crash/wanted-late", test_wanted_late);
  ADD ("/lease-store/crash/unwanted-is-deleted", test_unwanted_is_deleted);
  ADD ("/lease-store/crash/discover-is-enough", test_discover_is_enough_to_delete);
  ADD ("/lease-store/crash/close-deletes-the-unwanted", test_close_deletes_the_unwanted);
  ADD ("/lease-store/crash/expired", test_expired_is_removed);
  ADD ("/lease-store/crash/other-router", test_other_router);
  ADD ("/lease-store/crash/hardware-unknown-now", test_hardware_unknown_now);
  ADD ("/lease-store/crash/other-port", test_other_port);
  ADD ("/lease-store/crash/other-port-is-bounded", test_other_port_is_bounded);
  ADD ("/lease-store/crash/upon-crash", test_crash_upon_crash);

  return g_test_run ();
}
