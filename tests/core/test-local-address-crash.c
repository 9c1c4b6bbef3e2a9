/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The same port of two addresses of this host, after a crash. Both mappings are requested again
 * with their own key, whatever the order in which the program adds them. */

#include "lease-store-fixture.h"

#define FIRST "127.0.0.1"
#define SECOND "127.0.0.2"

typedef struct
{
  GBytes *first;
  GBytes *second;
} Keys;

static void
keys_clear (Keys *keys)
{
  g_clear_pointer (&keys->first, g_bytes_unref);
  g_clear_pointer (&keys->second, g_bytes_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Keys, keys_clear)

/* (transfer full) */
static PlumMapping *
add_up (StoreFixture *f, const char *text, guint external_port)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);
  g_autoptr (GError) error = NULL;
  PlumMapping *mapping = g_object_new (PLUM_TYPE_MAPPING, "internal-port", 8080, "local-address",
                                       address, "requested-external-port", external_port, NULL);

  plum_manager_add_mapping (f->manager, mapping, &error);
  g_assert_no_error (error);
  test_loop_advance_until (&f->loop, plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS, 1000);
  test_loop_settle (&f->loop);
  return mapping;
}

/* Crashes with the two mappings. */
static void
crash_with_two (StoreFixture *f, guint second_port, Keys *keys)
{
  g_object_unref (add_up (f, FIRST, 40000));
  keys->first = store_last_key ();
  g_object_unref (add_up (f, SECOND, second_port));
  keys->second = store_last_key ();
  g_assert_false (g_bytes_equal (keys->first, keys->second));
  store_crash_and_restart (f);
}

static void
assert_taken_over (StoreFixture *f, const char *text, guint external_port, GBytes *key)
{
  g_autoptr (PlumMapping) mapping = add_up (f, text, 0);
  g_autoptr (GBytes) used = store_last_key ();

  g_assert_cmpuint (plum_mapping_get_external_port (mapping), ==, external_port);
  g_assert_true (g_bytes_equal (used, key));
}

static void
test_first_then_second (StoreFixture *f, gconstpointer data)
{
  g_auto (Keys) keys = { NULL };

  crash_with_two (f, 40001, &keys);
  assert_taken_over (f, FIRST, 40000, keys.first);
  assert_taken_over (f, SECOND, 40001, keys.second);
  store_assert_log ("alpha:discover beta:discover alpha:map:tcp:8080:40000 "
                    "alpha:discover beta:discover alpha:map:tcp:8080:40001");
  test_loop_advance (&f->loop, STORE_GRACE_MS);
  store_assert_log ("");
}

static void
test_second_then_first (StoreFixture *f, gconstpointer data)
{
  g_auto (Keys) keys = { NULL };

  crash_with_two (f, 40001, &keys);
  assert_taken_over (f, SECOND, 40001, keys.second);
  assert_taken_over (f, FIRST, 40000, keys.first);
  test_loop_advance (&f->loop, STORE_GRACE_MS);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_unmap, ==, 0);
}

/* A mapping without an address takes over the one of the preferred address. */
static void
test_follower (StoreFixture *f, gconstpointer data)
{
  g_auto (Keys) keys = { NULL };
  g_autoptr (PlumMapping) follower = NULL;
  g_autoptr (GBytes) used = NULL;

  crash_with_two (f, 40001, &keys);
  follower = store_add_up (f, 8080);
  used = store_last_key ();
  g_assert_true (g_bytes_equal (used, keys.first));
  assert_taken_over (f, SECOND, 40001, keys.second);
}

/* The gateways of both addresses are ready before the first mapping is added. */
static void
test_discovered (StoreFixture *f, gconstpointer data)
{
  g_auto (Keys) keys = { NULL };

  crash_with_two (f, 40001, &keys);
  plum_manager_discover_async (f->manager, NULL, NULL, NULL);
  test_loop_advance (&f->loop, 1000);
  assert_taken_over (f, FIRST, 40000, keys.first);
  assert_taken_over (f, SECOND, 40001, keys.second);
  test_loop_advance (&f->loop, STORE_GRACE_MS);
  g_assert_cmpuint (fake_backend_script (FAKE_ALPHA)->n_unmap, ==, 0);
}

/* The one that is not added again is deleted after the grace, from its own address. */
static void
test_one_is_not_added (StoreFixture *f, gconstpointer data)
{
  g_auto (Keys) keys = { NULL };

  crash_with_two (f, 40001, &keys);
  assert_taken_over (f, FIRST, 40000, keys.first);
  g_free (fake_backends_take_log ());
  test_loop_advance (&f->loop, STORE_GRACE_MS - 3000);
  store_assert_log ("");
  test_loop_advance (&f->loop, 5000);
  store_assert_log ("alpha:discover beta:discover alpha:unmap:tcp:8080");
  g_assert_true (g_bytes_equal (plum_request_get_key (fake_backend_script (FAKE_ALPHA)->last_unmap),
                                keys.second));
}

#define ADD(path, func)                                                                            \
  g_test_add (path, StoreFixture, NULL, store_fixture_set_up, func, store_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("/local-address-crash/first-then-second", test_first_then_second);
  ADD ("/local-address-crash/second-then-first", test_second_then_first);
  ADD ("/local-address-crash/follower", test_follower);
  ADD ("/local-address-crash/discovered", test_discovered);
  ADD ("/local-address-crash/one-is-not-added", test_one_is_not_added);

  return g_test_run ();
}
