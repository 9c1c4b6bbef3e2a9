/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

#include <string.h>

#include "plum-renewal-private.h"

/* The life of a lease: renewal times, failed renewals, expiry, and retries after a failure. */

#define SECOND ((gint64) G_USEC_PER_SEC)

static void
test_windows (void)
{
  static const struct
  {
    guint window;
    double from;
    double to;
  } rows[] = {
    { 0, 1.0 / 2, 5.0 / 8 },
    { 1, 3.0 / 4, 13.0 / 16 },
    { 2, 7.0 / 8, 29.0 / 32 },
    { 3, 15.0 / 16, 61.0 / 64 },
  };
  const gint64 granted = 5 * SECOND;
  const gint64 lifetime = 7200 * SECOND;

  for (unsigned int i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      guint low = rows[i].window;
      guint high = rows[i].window;

      g_assert_cmpint (plum_renewal_next (granted, lifetime, granted, &low, 0), ==,
                       granted + (gint64) (rows[i].from * (double) lifetime));
      g_assert_cmpint (plum_renewal_next (granted, lifetime, granted, &high, G_MAXUINT32), ==,
                       granted + (gint64) (rows[i].to * (double) lifetime) - 1);
      g_assert_cmpuint (low, ==, rows[i].window + 1);
    }
}

/* Lifetimes that no power of two divides, up to the longest one of PCP. The results are computed
 * with integers of any size: expiry - (lifetime >> k) + ((lifetime >> k + 2) * random >> 32). */
static void
test_same_on_all_processors (void)
{
  static const struct
  {
    gint64 lifetime;
    guint32 random;
    gint64 when;
  } rows[] = {
    { 7199999999, 0x80000000, 4049999999 },
    { 120000001, 0xffffffff, 75000000 },
    { 4294967295 * SECOND, 0x12345678, 2185661134491111 },
    { 4294967295 * SECOND, 0xffffffff, 2684354559250000 },
    { 99999999999999, 0xdeadbeef, 60872983137959 },
  };

  for (unsigned int i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      guint window = 0;

      g_assert_cmpint (plum_renewal_next (0, rows[i].lifetime, 0, &window, rows[i].random), ==,
                       rows[i].when);
    }
}

static void
test_late_call_skips_windows (void)
{
  guint window = 0;
  gint64 when = plum_renewal_next (0, 7200 * SECOND, 6000 * SECOND, &window, G_MAXUINT32 / 2);

  /* 6000 of 7200 s have passed: the window at 7/8 is next. */
  g_assert_cmpint (when, >=, 6300 * SECOND);
  g_assert_cmpint (when, <=, 6525 * SECOND);
}

/* For any lifetime, if each renewal fails at once, the next one is in the future, at least 4 s
 * later, and not after the expiry. */
static void
test_properties (void)
{
  for (unsigned int round = 0; round < 2000; round++)
    {
      const gint64 granted = g_test_rand_int_range (0, G_MAXINT32);
      const gint64 lifetime = g_test_rand_int_range (1, 700000) * SECOND;
      gint64 now = granted;
      gint64 last = -1;
      guint window = 0;
      guint n = 0;

      while (now < granted + lifetime)
        {
          gint64 when =
            plum_renewal_next (granted, lifetime, now, &window, (guint32) g_test_rand_int ());

          g_assert_cmpint (when, >=, now);
          g_assert_cmpint (when, <=, granted + lifetime);
          if (last >= 0 && when < granted + lifetime)
            g_assert_cmpint (when - last, >=, 4 * SECOND);
          g_assert_cmpuint (++n, <, 70);
          last = now = when;
        }
    }
}

/* Leaves the renewals as the only events. */
static void
without_rechecks (CoreFixture *f)
{
  plum_manager_set_recheck_period (f->manager, G_MAXINT);
}

static void
test_renewed_by_the_granted_lifetime (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->granted_lifetime = 120;
  mapping = core_add_up (f, 8080, 0);
  g_assert_cmpuint (plum_mapping_get_lifetime (mapping), ==, 120);
  test_loop_advance (&f->loop, 60 * 1000 - 1);
  g_assert_cmpuint (ALPHA->n_map, ==, 1);
  test_loop_advance (&f->loop, 15 * 1000 + 1);
  g_assert_cmpuint (ALPHA->n_map, ==, 2);
}

static void
test_renewal_notifies_expiry_only (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  without_rechecks (f);
  mapping = core_add_up (f, 8080, 0);
  core_listen (f, mapping);
  test_loop_advance_until (&f->loop, ALPHA->n_map == 2, 7200 * 1000);
  test_loop_settle (&f->loop);
  core_assert_events (f, "expires-at");
  core_assert_log ("alpha:discover alpha:map:tcp:8080:8080 alpha:map:tcp:8080:8080");
}

static void
test_renewal_notifies_changes (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  without_rechecks (f);
  mapping = core_add_up (f, 8080, 0);
  core_listen (f, mapping);
  ALPHA->granted_port = 6000;
  ALPHA->external = "10.1.2.3";
  test_loop_advance_until (&f->loop, ALPHA->n_map == 2, 7200 * 1000);
  test_loop_settle (&f->loop);
  core_assert_events (f, "expires-at external-address external-host external-port external-scope "
                         "hops");
  g_assert_cmpint (plum_mapping_get_external_scope (mapping), ==, PLUM_ADDRESS_SCOPE_PRIVATE);
}

static void
assert_hop_lifetime (GListModel *hops, guint lifetime)
{
  g_autoptr (PlumHop) hop = g_list_model_get_item (hops, 0);

  g_assert_cmpuint (g_list_model_get_n_items (hops), ==, 1);
  g_assert_cmpuint (plum_hop_get_lifetime (hop), ==, lifetime);
  g_assert_cmpuint (plum_hop_get_external_port (hop), ==, 8080);
  g_assert_cmpstr (plum_hop_get_backend_name (hop), ==, "alpha");
}

/* A list that the program keeps does not change. */
static void
test_renewal_makes_new_hops (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GListModel) before = NULL;

  without_rechecks (f);
  ALPHA->granted_lifetime = 120;
  mapping = core_add_up (f, 8080, 0);
  before = g_object_ref (plum_mapping_get_hops (mapping));
  assert_hop_lifetime (before, 120);
  g_assert_true (plum_mapping_get_hops (mapping) == before);

  core_listen (f, mapping);
  ALPHA->granted_lifetime = 240;
  test_loop_advance_until (&f->loop, ALPHA->n_map == 2, 120 * 1000);
  test_loop_settle (&f->loop);
  core_assert_events (f, "expires-at hops lifetime");
  assert_hop_lifetime (plum_mapping_get_hops (mapping), 240);
  assert_hop_lifetime (before, 120);

  plum_manager_destroy_mapping_async (f->manager, plum_mapping_get_id (mapping), NULL, NULL, NULL);
  assert_hop_lifetime (plum_mapping_get_hops (mapping), 240);
  test_loop_settle (&f->loop);
  core_assert_state (mapping, DESTROYED);
  g_assert_cmpuint (g_list_model_get_n_items (plum_mapping_get_hops (mapping)), ==, 0);
}

static void
test_failed_renewal_keeps_lease (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  without_rechecks (f);
  mapping = core_add_up (f, 8080, 0);
  core_listen (f, mapping);
  ALPHA->map = NO (REFUSED);
  test_loop_advance (&f->loop, 7199 * 1000);
  core_assert_events (f, "");
  core_assert_state (mapping, SUCCESS);
  g_assert_cmpuint (ALPHA->n_map, >=, 4);

  ALPHA->map = AT_ONCE;
  test_loop_advance (&f->loop, 1000);
  core_assert_state (mapping, SUCCESS);
}

/* What is requested from now on does not shorten the lease that the router has granted. */
static void
test_failed_shorter_renewal_keeps_lease (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  without_rechecks (f);
  mapping = core_add_up (f, 8080, 0);
  core_listen (f, mapping);
  plum_manager_set_lease_duration (f->manager, 600);
  ALPHA->map = NO (REFUSED);
  test_loop_advance (&f->loop, 7199 * 1000);
  core_assert_events (f, "");
  core_assert_state (mapping, SUCCESS);
  g_assert_cmpuint (ALPHA->n_map, >=, 4);

  ALPHA->map = AT_ONCE;
  test_loop_advance (&f->loop, 1000);
  core_assert_state (mapping, SUCCESS);
  g_assert_cmpuint (plum_mapping_get_lifetime (mapping), ==, 600);
}

static void
test_unanswered_renewal_keeps_lease (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  without_rechecks (f);
  ALPHA->granted_lifetime = 100;
  mapping = core_add_up (f, 8080, 0);
  ALPHA->map = SILENCE;
  test_loop_advance (&f->loop, 99 * 1000);
  core_assert_state (mapping, SUCCESS);
  g_assert_cmpuint (ALPHA->n_unmap, ==, 0);
}

static void
test_expiry_starts_attempt (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  without_rechecks (f);
  mapping = core_add_up (f, 8080, 0);
  ALPHA->map = SILENCE;
  test_loop_advance (&f->loop, 7200 * 1000 - 1);
  core_assert_state (mapping, SUCCESS);
  core_listen (f, mapping);
  test_loop_advance (&f->loop, 1);
  core_assert_state (mapping, PENDING);
  core_assert_events (f, "backend-name expires-at external-address external-host external-port "
                         "external-scope gateway hops lifetime state=1");
  ALPHA->map = AT_ONCE;
  test_loop_advance (&f->loop, 40 * 1000);
  core_assert_state (mapping, SUCCESS);
}

/* If the router lets all leases expire, one discovery for all of them finds out whether it is
 * still there. */
static void
test_unanswered_expiry_discovers_once (CoreFixture *f, gconstpointer data)
{
  PlumMapping *mappings[5];
  guint n;

  without_rechecks (f);
  for (guint i = 0; i < G_N_ELEMENTS (mappings); i++)
    mappings[i] = core_add_up (f, 8080 + i, 0);
  ALPHA->map = SILENCE;
  ALPHA->discover = NO (TIMED_OUT);
  test_loop_advance (&f->loop, 7200 * 1000 - 1); /* the last renewal may be this late */
  n = ALPHA->n_map;
  test_loop_advance (&f->loop, 4001);
  g_assert_cmpuint (ALPHA->n_discover, ==, 2);
  g_assert_cmpuint (ALPHA->n_map, ==, n);
  for (guint i = 0; i < G_N_ELEMENTS (mappings); i++)
    core_assert_state (mappings[i], FAILURE);

  ALPHA->map = ALPHA->discover = AT_ONCE;
  test_loop_advance (&f->loop, 20 * 1000);
  g_assert_cmpuint (ALPHA->n_discover, ==, 3);
  g_assert_cmpuint (ALPHA->n_map, ==, n + G_N_ELEMENTS (mappings));
  for (guint i = 0; i < G_N_ELEMENTS (mappings); i++)
    {
      core_assert_state (mappings[i], SUCCESS);
      g_object_unref (mappings[i]);
    }
}

static void
test_forever_is_only_checked (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->granted_lifetime = PLUM_LIFETIME_FOREVER;
  mapping = core_add_up (f, 8080, 0);
  g_assert_null (plum_mapping_get_expires_at (mapping));
  test_loop_advance (&f->loop, 24 * 3600 * 1000);
  g_assert_cmpuint (ALPHA->n_map, ==, 1);
  g_assert_cmpuint (ALPHA->n_check, ==, 24 * 12);
}

/* Returns the time until the nth map request, in ms. */
static gint64
wait_for_map (CoreFixture *f, guint n)
{
  gint64 start = plum_clock_get_time (f->loop.clock);

  test_loop_advance_until (&f->loop, ALPHA->n_map == n, 3600 * 1000);
  test_loop_settle (&f->loop);
  return (plum_clock_get_time (f->loop.clock) - start) / 1000;
}

static void
test_retry_times (CoreFixture *f, gconstpointer data)
{
  static const gint64 waits[] = { 15000, 60000, 300000, 300000, 300000 };
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->map = NO (REFUSED);
  mapping = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  core_assert_state (mapping, FAILURE);
  for (unsigned int i = 0; i < G_N_ELEMENTS (waits); i++)
    {
      gint64 waited = wait_for_map (f, i + 2);

      g_assert_cmpint (waited, >=, waits[i]);
      g_assert_cmpint (waited, <=, waits[i] + waits[i] / 10);
    }
}

/* A day, of which a tenth is random, does not fit 31 bits of microseconds. */
static void
test_long_recheck_period (CoreFixture *f, gconstpointer data)
{
  PlumMapping *mappings[8];

  plum_manager_set_recheck_period (f->manager, 24 * 3600 * 1000);
  ALPHA->map = NO (REFUSED);
  for (guint i = 0; i < G_N_ELEMENTS (mappings); i++)
    mappings[i] = core_add (f, 8080 + i, 0);
  test_loop_advance (&f->loop, 24 * 3600 * 1000);
  g_assert_cmpuint (ALPHA->n_map, ==, 3 * G_N_ELEMENTS (mappings));
  test_loop_advance (&f->loop, 3 * 3600 * 1000);
  g_assert_cmpuint (ALPHA->n_map, ==, 4 * G_N_ELEMENTS (mappings));
  for (guint i = 0; i < G_N_ELEMENTS (mappings); i++)
    g_object_unref (mappings[i]);
}

static void
test_success_resets_retries (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->map = NO (REFUSED);
  mapping = core_add (f, 8080, 0);
  wait_for_map (f, 3);
  ALPHA->map = AT_ONCE;
  wait_for_map (f, 4);
  core_assert_state (mapping, SUCCESS);
  ALPHA->map = NO (REFUSED);
  plum_backend_report_lost (ALPHA->backend, "restarted");
  wait_for_map (f, 5);
  g_assert_cmpint (wait_for_map (f, 6), <=, 16500);
}

static void
test_retries_notify_errors_only (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->map = NO (REFUSED);
  mapping = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  core_listen (f, mapping);
  wait_for_map (f, 2);
  core_assert_events (f, "");

  ALPHA->map = NO (CONFLICT);
  wait_for_map (f, 3);
  core_assert_events (f, "error error-summary verdicts");
  core_assert_state (mapping, FAILURE);
}

static void
test_retry_succeeds (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->map = NO (REFUSED);
  mapping = core_add (f, 8080, 0);
  test_loop_settle (&f->loop);
  ALPHA->map = AT_ONCE;
  test_loop_advance (&f->loop, 16500);
  core_assert_state (mapping, SUCCESS);
  g_assert_null (plum_mapping_get_error (mapping));
}

/* --- The time limit of a delete --- */

/* Destroys the mapping, or closes the manager. Returns when that has ended, in ms. */
static guint
measure_release (CoreFixture *f, PlumMapping *mapping, gboolean close)
{
  guint ms = 0;

  if (close)
    plum_manager_close_async (f->manager, NULL, test_store_result, &f->result);
  else
    plum_manager_destroy_mapping_async (f->manager, plum_mapping_get_id (mapping), NULL,
                                        test_store_result, &f->result);
  for (test_loop_settle (&f->loop); f->result == NULL; ms += 50)
    test_loop_advance (&f->loop, 50);
  core_assert_state (mapping, DESTROYED);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  return ms;
}

static void
test_destroy_is_limited (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  plum_manager_set_release_timeout (f->manager, 1500);
  ALPHA->unmap = SILENCE;
  g_assert_cmpuint (measure_release (f, mapping, FALSE), ==, 1500);
  g_assert_true (plum_manager_destroy_mapping_finish (f->manager, f->result, NULL));
}

static void
test_close_is_limited (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);
  g_autoptr (GError) error = NULL;

  plum_manager_set_release_timeout (f->manager, 1500);
  ALPHA->unmap = SILENCE;
  g_assert_cmpuint (measure_release (f, mapping, TRUE), ==, 1500);
  g_assert_false (plum_manager_close_finish (f->manager, f->result, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (error->message, "The router may still have TCP port 8080"));
}

/* Without a limit of its own, that of an attempt. */
static void
test_limit_of_mapping_timeout (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = core_add_up (f, 8080, 0);

  plum_manager_set_mapping_timeout (f->manager, 4000);
  ALPHA->unmap = SILENCE;
  g_assert_cmpuint (measure_release (f, mapping, FALSE), ==, 4000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/life/windows/table", test_windows);
  g_test_add_func ("/life/windows/same-on-all-processors", test_same_on_all_processors);
  g_test_add_func ("/life/windows/late-call", test_late_call_skips_windows);
  g_test_add_func ("/life/windows/properties", test_properties);
  CORE_ADD ("/life/renewal/by-granted-lifetime", test_renewed_by_the_granted_lifetime);
  CORE_ADD ("/life/renewal/notifies-expiry-only", test_renewal_notifies_expiry_only);
  CORE_ADD ("/life/renewal/notifies-changes", test_renewal_notifies_changes);
  CORE_ADD ("/life/renewal/new-hops", test_renewal_makes_new_hops);
  CORE_ADD ("/life/renewal/failed-keeps-lease", test_failed_renewal_keeps_lease);
  CORE_ADD ("/life/renewal/failed-shorter-keeps-lease", test_failed_shorter_renewal_keeps_lease);
  CORE_ADD ("/life/renewal/unanswered-keeps-lease", test_unanswered_renewal_keeps_lease);
  CORE_ADD ("/life/expiry", test_expiry_starts_attempt);
  CORE_ADD ("/life/expiry-unanswered", test_unanswered_expiry_discovers_once);
  CORE_ADD ("/life/forever-is-only-checked", test_forever_is_only_checked);
  CORE_ADD ("/life/retry/times", test_retry_times);
  CORE_ADD ("/life/retry/long-recheck-period", test_long_recheck_period);
  CORE_ADD ("/life/retry/reset-by-success", test_success_resets_retries);
  CORE_ADD ("/life/retry/notify-errors-only", test_retries_notify_errors_only);
  CORE_ADD ("/life/retry/succeeds", test_retry_succeeds);
  CORE_ADD ("/life/release/destroy-is-limited", test_destroy_is_limited);
  CORE_ADD ("/life/release/close-is-limited", test_close_is_limited);
  CORE_ADD ("/life/release/limit-of-mapping-timeout", test_limit_of_mapping_timeout);

  return g_test_run ();
}
