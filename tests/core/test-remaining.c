/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The remaining time that a router reports in a check: what the program sees, and when the mapping
 * is renewed. A recheck comes every 300 s, the lease is 7200 s. */

#include "core-fixture.h"

/* Lets test_loop_advance() stop short of the next recheck. */
#define RECHECK_MS (300 * 1000)

/* How long the mapping remains, in seconds. The clock of this property does not advance in tests.
 */
static gint64
get_remaining (PlumMapping *mapping)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  GTimeSpan span = g_date_time_difference (plum_mapping_get_expires_at (mapping), now);

  return (span + G_TIME_SPAN_SECOND / 2) / G_TIME_SPAN_SECOND;
}

static void
assert_remaining (PlumMapping *mapping, gint64 seconds)
{
  g_assert_cmpint (get_remaining (mapping), >=, seconds - 2);
  g_assert_cmpint (get_remaining (mapping), <=, seconds);
}

static guint n_changed;

static void
on_changed (PlumMapping *mapping, gpointer user_data)
{
  n_changed++;
}

static void
test_shorter (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  n_changed = 0;
  g_signal_connect (mapping, "changed", G_CALLBACK (on_changed), NULL);
  core_listen (f, mapping);
  ALPHA->remaining = 600;
  test_loop_advance (&f->loop, RECHECK_MS);
  g_assert_cmpuint (ALPHA->n_check, ==, 1);
  core_assert_events (f, "expires-at");
  assert_remaining (mapping, 600);
  g_assert_cmpuint (plum_mapping_get_lifetime (mapping), ==, 7200);
  g_assert_cmpuint (n_changed, ==, 0);

  /* In the first half, which is from 1/2 to 5/8 of the 600 s. */
  ALPHA->remaining = 300;
  test_loop_advance (&f->loop, 300 * 1000 - 1);
  g_assert_cmpuint (ALPHA->n_map, ==, 1);
  test_loop_advance (&f->loop, 75 * 1000 + 1);
  g_assert_cmpuint (ALPHA->n_map, ==, 2);
  assert_remaining (mapping, 7200);
}

/* The renewal fails: the mapping is lost when the router removes it, not when the granted lease
 * ends. */
static void
test_expires_as_reported (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  ALPHA->remaining = 100;
  test_loop_advance (&f->loop, RECHECK_MS);
  ALPHA->map = NO (REFUSED);
  test_loop_advance (&f->loop, 99 * 1000);
  core_assert_state (mapping, SUCCESS);
  test_loop_advance (&f->loop, 1000);
  core_assert_state (mapping, FAILURE);
}

/* A router that counts down as expected changes nothing: neither the renewal nor a property. */
static void
test_as_known (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  core_listen (f, mapping);
  for (guint i = 1; i <= 11; i++)
    {
      ALPHA->remaining = 7200 - i * 300 - i % 5;
      test_loop_advance (&f->loop, RECHECK_MS);
    }
  g_assert_cmpuint (ALPHA->n_check, ==, 11);
  g_assert_cmpuint (ALPHA->n_map, ==, 1);
  core_assert_events (f, "");
  test_loop_advance_until (&f->loop, ALPHA->n_map == 2, 1200 * 1000);
}

/* A router that repeats the requested lifetime. */
static void
test_constant (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  core_listen (f, mapping);
  ALPHA->remaining = 7200;
  ALPHA->map = NO (REFUSED);
  test_loop_advance (&f->loop, 7199 * 1000);
  core_assert_state (mapping, SUCCESS);
  core_assert_events (f, "");
  test_loop_advance (&f->loop, 1000);
  core_assert_state (mapping, FAILURE);
}

/* The same with a value that is shorter than the lease: the first check counts from then on, the
 * later ones do not extend it. */
static void
test_shorter_constant (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  core_listen (f, mapping);
  ALPHA->remaining = 1000;
  ALPHA->map = NO (REFUSED);
  test_loop_advance (&f->loop, RECHECK_MS + 999 * 1000);
  core_assert_state (mapping, SUCCESS);
  core_assert_events (f, "expires-at");
  test_loop_advance (&f->loop, 1000);
  core_assert_state (mapping, FAILURE);
}

/* A permanent mapping that the router limits after all is renewed from then on. */
static void
test_permanent (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->granted_lifetime = PLUM_LIFETIME_FOREVER;
  mapping = core_add_up (f, 8080, 0);
  g_assert_null (plum_mapping_get_expires_at (mapping));
  ALPHA->remaining = PLUM_LIFETIME_FOREVER;
  test_loop_advance (&f->loop, 48 * RECHECK_MS);
  g_assert_cmpuint (ALPHA->n_map, ==, 1);
  g_assert_null (plum_mapping_get_expires_at (mapping));

  /* It ends after all. */
  ALPHA->remaining = 1000;
  test_loop_advance (&f->loop, RECHECK_MS);
  assert_remaining (mapping, 1000);
  test_loop_advance_until (&f->loop, ALPHA->n_map == 2, 625 * 1000);
  g_assert_null (plum_mapping_get_expires_at (mapping));
}

/* Too little time for a later renewal: it is sent at once, and the mapping stays up if the router
 * grants it, also if that takes longer than the time that it reported. */
static void
test_almost_nothing (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  ALPHA->remaining = 1;
  ALPHA->map = AFTER (3000);
  test_loop_advance (&f->loop, RECHECK_MS);
  g_assert_cmpuint (ALPHA->n_map, ==, 2);
  assert_remaining (mapping, 1);
  core_assert_state (mapping, SUCCESS);
  ALPHA->remaining = 0;
  test_loop_advance (&f->loop, 3000);
  core_assert_state (mapping, SUCCESS);
  assert_remaining (mapping, 7200);
}

/* A router that always reports 1 s causes one renewal at each recheck, not more. */
static void
test_always_almost_nothing (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  ALPHA->remaining = 1;
  test_loop_advance (&f->loop, 10 * RECHECK_MS);
  g_assert_cmpuint (ALPHA->n_check, ==, 10);
  g_assert_cmpuint (ALPHA->n_map, ==, 11);
  core_assert_state (mapping, SUCCESS);
}

/* An answer to a check that arrives after a renewal describes the lease before it. */
static void
test_older_than_renewal (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->granted_lifetime = 620;
  mapping = core_add_up (f, 8080, 0);
  plum_manager_set_mapping_timeout (f->manager, 200 * 1000);
  ALPHA->remaining = 20;
  ALPHA->check = AFTER (150 * 1000);
  test_loop_advance_until (&f->loop, ALPHA->n_map == 2, 400 * 1000);
  g_assert_cmpuint (ALPHA->n_check, ==, 1);
  test_loop_advance (&f->loop, 160 * 1000);
  assert_remaining (mapping, 620);
  g_assert_cmpuint (ALPHA->n_map, ==, 2);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  CORE_ADD ("/remaining/shorter", test_shorter);
  CORE_ADD ("/remaining/expires-as-reported", test_expires_as_reported);
  CORE_ADD ("/remaining/as-known", test_as_known);
  CORE_ADD ("/remaining/constant", test_constant);
  CORE_ADD ("/remaining/shorter-constant", test_shorter_constant);
  CORE_ADD ("/remaining/permanent", test_permanent);
  CORE_ADD ("/remaining/almost-nothing", test_almost_nothing);
  CORE_ADD ("/remaining/always-almost-nothing", test_always_almost_nothing);
  CORE_ADD ("/remaining/older-than-renewal", test_older_than_renewal);

  return g_test_run ();
}
