/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Ranges of ports with a running manager: mappings that are added in one turn of the main loop are
 * requested, renewed and deleted with one exchange. */

#include "../core/test-state-directory.h"
#include "adversary-fixture.h"
#include "fake-gateway.h"
#include "natpmp-backend.h"
#include "pcp-backend.h"

#define ROUTER ADVERSARY_NET ".19"
#define FIRST 8000
#define N 11
#define MINUTE_MS (60 * 1000)
#define HOUR_MS (60 * MINUTE_MS)

typedef struct
{
  Adversary a;
  FakeGateway *gateway;
  TestStateDirectory directory;
  GPtrArray *mappings;
  guint n_unmaps; /* that the test expects in the end; 0: not checked */
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  adversary_set_up (&f->a, ROUTER);
  f->gateway = fake_gateway_new (ROUTER);
  f->gateway->switches.port_set = FAKE_SET_WORKS;
  f->mappings = g_ptr_array_new_with_free_func (g_object_unref);
  test_state_directory_set_up (&f->directory);
  plum_manager_add_backend_type (f->a.manager, PLUM_TYPE_PCP_BACKEND, "pcp", 300, NULL);
  plum_manager_add_backend_type (f->a.manager, PLUM_TYPE_NATPMP_BACKEND, "natpmp", 200, NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_clear_pointer (&f->mappings, g_ptr_array_unref);
  adversary_tear_down (&f->a);
  for (guint port = 7000; port < 10000; port++)
    if (fake_gateway_has_mapping (f->gateway, PLUM_PROTOCOL_TCP, port))
      g_test_message ("port %u is left", port);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
  g_assert_cmpuint (f->gateway->counts.bad, ==, 0);
  if (f->n_unmaps != 0)
    g_assert_cmpuint (f->gateway->counts.pcp_unmap, ==, f->n_unmaps);
  g_clear_pointer (&f->gateway, fake_gateway_free);
  test_state_directory_tear_down (&f->directory);
}

/* The end of the process: nothing is sent. */
static void
crash_and_restart (Fixture *f)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (ROUTER);

  g_ptr_array_set_size (f->mappings, 0);
  g_object_run_dispose (G_OBJECT (f->a.manager));
  test_loop_settle (&f->a.loop);
  g_assert_finalize_object (g_steal_pointer (&f->a.manager));
  f->a.manager = plum_manager_new ();
  plum_manager_set_gateway_address (f->a.manager, address);
  plum_manager_add_backend_type (f->a.manager, PLUM_TYPE_PCP_BACKEND, "pcp", 300, NULL);
  plum_manager_set_state_directory (f->a.manager, f->directory.path);
}

static void
add (Fixture *f, guint first, guint n, guint external_port, gboolean exact)
{
  for (guint i = 0; i < n; i++)
    {
      PlumMapping *mapping =
        g_object_new (PLUM_TYPE_MAPPING, "internal-port", first + i, "requested-external-port",
                      external_port != 0 ? external_port + i : 0, "require-external-port", exact,
                      NULL);
      g_autoptr (GError) error = NULL;

      plum_manager_add_mapping (f->a.manager, mapping, &error);
      g_assert_no_error (error);
      g_ptr_array_add (f->mappings, mapping);
    }
}

static gboolean
are_up (Fixture *f)
{
  for (guint i = 0; i < f->mappings->len; i++)
    if (plum_mapping_get_state (f->mappings->pdata[i]) != PLUM_STATE_SUCCESS)
      return FALSE;

  return TRUE;
}

static void
add_up (Fixture *f, guint first, guint n, guint external_port)
{
  add (f, first, n, external_port, FALSE);
  test_loop_advance_until (&f->a.loop, are_up (f), 20000);
  test_loop_settle (&f->a.loop);
}

static void
assert_ports (Fixture *f, guint external_port)
{
  for (guint i = 0; i < f->mappings->len; i++)
    g_assert_cmpuint (plum_mapping_get_external_port (f->mappings->pdata[i]), ==,
                      external_port + i);
}

static FakeCounts *
counts (Fixture *f)
{
  return &f->gateway->counts;
}

/* --- One exchange --- */

static void
test_range (Fixture *f, gconstpointer data)
{
  add_up (f, FIRST, N, 0);
  assert_ports (f, FIRST);
  g_assert_cmpuint (counts (f)->pcp_map, ==, 1);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, N);
}

/* The router is known: the requests are not held back by a discovery. */
static void
test_second_range (Fixture *f, gconstpointer data)
{
  add_up (f, FIRST, N, 0);
  fake_gateway_reset_counts (f->gateway);
  add_up (f, 9000, N, 19000);
  g_assert_cmpuint (counts (f)->pcp_map, ==, 1);
  g_assert_cmpuint (plum_mapping_get_external_port (f->mappings->pdata[N + 3]), ==, 19003);
}

static void
test_state_directory (Fixture *f, gconstpointer data)
{
  plum_manager_set_state_directory (f->a.manager, f->directory.path);
  add_up (f, FIRST, N, 0);
  g_assert_cmpuint (counts (f)->pcp_map, ==, 1);
}

static void
test_required (Fixture *f, gconstpointer data)
{
  add (f, FIRST, N, 9000, TRUE);
  test_loop_advance_until (&f->a.loop, are_up (f), 20000);
  assert_ports (f, 9000);
  g_assert_cmpuint (counts (f)->pcp_map, ==, 1);
}

static void
test_required_is_taken (Fixture *f, gconstpointer data)
{
  fake_gateway_take_port (f->gateway, PLUM_PROTOCOL_TCP, 9004);
  add (f, FIRST, N, 9000, TRUE);
  test_loop_advance (&f->a.loop, 5000);
  for (guint i = 0; i < N; i++)
    {
      PlumMapping *mapping = f->mappings->pdata[i];

      g_assert_cmpint (plum_mapping_get_state (mapping), ==,
                       i == 4 ? PLUM_STATE_FAILURE : PLUM_STATE_SUCCESS);
      if (i != 4)
        g_assert_cmpuint (plum_mapping_get_external_port (mapping), ==, 9000 + i);
    }
}

static void
test_smaller (Fixture *f, gconstpointer data)
{
  f->gateway->switches.max_set = 8;
  add_up (f, FIRST, N, 0);
  assert_ports (f, FIRST);
  g_assert_cmpuint (counts (f)->pcp_map, ==, 4);
}

static void
test_ignored (Fixture *f, gconstpointer data)
{
  f->gateway->switches.port_set = FAKE_SET_IGNORED;
  add_up (f, FIRST, N, 0);
  assert_ports (f, FIRST);
  g_assert_cmpuint (counts (f)->pcp_map, ==, N);
}

/* With and without a set, at a router that answers after 20 ms. */
static void
test_hundred (Fixture *f, gconstpointer data)
{
  const FakeSet port_set = GPOINTER_TO_UINT (data);
  gint64 started, real;

  add_up (f, 7000, 1, 0);
  fake_gateway_reset_counts (f->gateway);
  f->gateway->switches.delay_ms = 20;
  f->gateway->switches.port_set = port_set;
  started = plum_clock_get_time (f->a.loop.clock);
  real = g_get_monotonic_time ();
  add_up (f, FIRST, 100, 0);
  g_test_message ("100 ports: %u exchanges, %" G_GINT64_FORMAT " ms on the clock, and %.1f ms of "
                  "this computer",
                  counts (f)->pcp_map, (plum_clock_get_time (f->a.loop.clock) - started) / 1000,
                  (double) (g_get_monotonic_time () - real) / 1000);
  g_assert_cmpuint (counts (f)->pcp_map, ==, port_set == FAKE_SET_WORKS ? 1 : 100);
  g_assert_cmpuint (counts (f)->datagrams, ==, counts (f)->pcp_map);
}

/* --- Time --- */

/* The renewals fall into one turn of the main loop, and are one exchange, for days. Besides them,
 * the external address is asked for every 5 min, with one request of the same form, except just
 * after a renewal. */
static void
test_renewals (Fixture *f, gconstpointer data)
{
  guint n_renewals;

  add_up (f, FIRST, N, 0);
  fake_gateway_reset_counts (f->gateway);
  test_loop_advance (&f->a.loop, 48 * HOUR_MS);
  n_renewals = counts (f)->pcp_map - 48 * 60 / 5;
  g_test_message ("%u renewals of %u ports in 48 h", n_renewals, N);
  g_assert_cmpuint (n_renewals, >=, 48 / 2);
  g_assert_cmpuint (n_renewals, <=, 48);
  g_assert_cmpuint (counts (f)->pcp_set, ==, counts (f)->pcp_map);
  g_assert_true (are_up (f));
  assert_ports (f, FIRST);
}

static void
test_renewal_is_lost (Fixture *f, gconstpointer data)
{
  add_up (f, FIRST, N, 0);
  test_loop_advance (&f->a.loop, 55 * MINUTE_MS);
  fake_gateway_reset_counts (f->gateway);
  test_loop_advance_until (&f->a.loop, counts (f)->pcp_map > 0, 20 * MINUTE_MS);
  f->gateway->switches.drop_replies = 1;
  test_loop_advance (&f->a.loop, 60 * MINUTE_MS);
  g_assert_cmpuint (counts (f)->pcp_set, ==, counts (f)->pcp_map);
  g_assert_true (are_up (f));
}

/* RFC 6887 8.5: the mappings are requested again within 5 s. */
static void
test_reboot (Fixture *f, gconstpointer data)
{
  add_up (f, FIRST, N, 0);
  test_loop_advance (&f->a.loop, MINUTE_MS);
  fake_gateway_reset_counts (f->gateway);
  fake_gateway_reboot (f->gateway);
  fake_gateway_hint (f->gateway);
  test_loop_advance (&f->a.loop, 6000);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, N);
  g_assert_cmpuint (counts (f)->pcp_map, ==, 1);
  g_assert_true (are_up (f));
}

/* The external address, and the renewals, which are overdue. */
static void
test_resume (Fixture *f, gconstpointer data)
{
  add_up (f, FIRST, N, 0);
  fake_gateway_reset_counts (f->gateway);
  plum_clock_suspend (f->a.loop.clock, (gint64) 100 * 60 * G_USEC_PER_SEC);
  test_loop_advance (&f->a.loop, 10000);
  g_assert_true (are_up (f));
  g_assert_cmpuint (counts (f)->pcp_map, ==, 2);
  g_assert_cmpuint (counts (f)->pcp_set, ==, 2);
}

/* The router answers again after it had no resources: the retries fall into one turn, too. */
static void
test_retry (Fixture *f, gconstpointer data)
{
  f->gateway->switches.map_result = 7;
  f->gateway->switches.n_map_results = G_MAXUINT;
  f->gateway->switches.natpmp = FAKE_OFF;
  add (f, FIRST, N, 0, FALSE);
  test_loop_advance (&f->a.loop, 5000);
  g_assert_cmpint (plum_mapping_get_state (f->mappings->pdata[0]), ==, PLUM_STATE_FAILURE);

  f->gateway->switches.map_result = 0;
  fake_gateway_reset_counts (f->gateway);
  test_loop_advance_until (&f->a.loop, are_up (f), 2 * MINUTE_MS);
  g_assert_cmpuint (counts (f)->pcp_map, ==, 1);
}

/* --- Release --- */

static void
test_close (Fixture *f, gconstpointer data)
{
  add_up (f, FIRST, N, 0);
  f->n_unmaps = 1; /* by the close, which the router confirms */
}

static void
test_remove_all (Fixture *f, gconstpointer data)
{
  add_up (f, FIRST, N, 0);
  for (guint i = 0; i < N; i++)
    plum_manager_destroy_mapping_async (f->a.manager, plum_mapping_get_id (f->mappings->pdata[i]),
                                        NULL, NULL, NULL);
  test_loop_advance (&f->a.loop, 1000);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
  g_assert_cmpuint (counts (f)->pcp_unmap, ==, 1);
}

/* The mapping reports that the router still has it; the others stay. */
static void
test_remove_one (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) removed = NULL;

  add_up (f, FIRST, N, 0);
  plum_manager_destroy_mapping_async (f->a.manager, plum_mapping_get_id (f->mappings->pdata[3]),
                                      NULL, test_store_result, &removed);
  test_loop_advance_until (&f->a.loop, removed != NULL, 20000);
  g_assert_true (plum_manager_destroy_mapping_finish (f->a.manager, removed, NULL));
  g_assert_error (plum_mapping_get_error (f->mappings->pdata[3]), G_IO_ERROR, G_IO_ERROR_BUSY);
  g_ptr_array_remove_index (f->mappings, 3);
  g_assert_true (are_up (f));
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, N);

  test_loop_advance (&f->a.loop, 10 * HOUR_MS);
  g_assert_true (are_up (f));
  g_assert_cmpuint (counts (f)->pcp_unmap, ==, 0);
}

static void
test_remove_one_and_add (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) removed = NULL;

  add_up (f, FIRST, N, 0);
  plum_manager_destroy_mapping_async (f->a.manager, plum_mapping_get_id (f->mappings->pdata[3]),
                                      NULL, test_store_result, &removed);
  test_loop_advance_until (&f->a.loop, removed != NULL, 20000);
  g_ptr_array_remove_index (f->mappings, 3);
  test_loop_advance (&f->a.loop, MINUTE_MS);
  add_up (f, FIRST + 3, 1, 0);
  g_assert_cmpuint (plum_mapping_get_external_port (f->mappings->pdata[N - 1]), ==, FIRST + 3);
}

/* The mappings are removed one after the other; the router answers the deletion of the set, after
 * the last one, with an error. It is sent again at the next recheck. */
static void
test_remove_all_fails (Fixture *f, gconstpointer data)
{
  add_up (f, FIRST, N, 0);
  f->gateway->switches.unmap_result = 7;
  for (guint i = 0; i < N; i++)
    {
      plum_manager_destroy_mapping_async (f->a.manager, plum_mapping_get_id (f->mappings->pdata[i]),
                                          NULL, NULL, NULL);
      test_loop_advance (&f->a.loop, 1000);
    }
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, N);
  g_assert_cmpuint (counts (f)->pcp_unmap, ==, 1);

  f->gateway->switches.unmap_result = 0;
  test_loop_advance (&f->a.loop, 6 * MINUTE_MS);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
  f->n_unmaps = 2;
}

/* --- A crash --- */

static void
test_crash_takes_over (Fixture *f, gconstpointer data)
{
  plum_manager_set_state_directory (f->a.manager, f->directory.path);
  add_up (f, FIRST, N, 19000);
  test_loop_advance (&f->a.loop, 2000);
  crash_and_restart (f);
  fake_gateway_reset_counts (f->gateway);
  add_up (f, FIRST, N, 0);
  assert_ports (f, 19000);
  test_loop_advance (&f->a.loop, 2 * MINUTE_MS);
  g_assert_cmpuint (counts (f)->pcp_map, ==, 1);
  g_assert_cmpuint (counts (f)->pcp_unmap, ==, 0);
}

/* The program no longer wants the range: the set is deleted with one request. */
static void
test_crash_cleans_up (Fixture *f, gconstpointer data)
{
  plum_manager_set_state_directory (f->a.manager, f->directory.path);
  add_up (f, FIRST, N, 0);
  test_loop_advance (&f->a.loop, 2000);
  crash_and_restart (f);
  fake_gateway_reset_counts (f->gateway);
  add_up (f, 9000, 1, 0);
  test_loop_advance (&f->a.loop, 2 * MINUTE_MS);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 1);
  g_assert_cmpuint (counts (f)->pcp_unmap, ==, 1);
}

/* The router answers the deletion with an error: it is sent again. */
static void
test_crash_clean_up_fails (Fixture *f, gconstpointer data)
{
  plum_manager_set_state_directory (f->a.manager, f->directory.path);
  add_up (f, FIRST, N, 0);
  test_loop_advance (&f->a.loop, 2000);
  crash_and_restart (f);
  fake_gateway_reset_counts (f->gateway);
  f->gateway->switches.unmap_result = 7;
  add_up (f, 9000, 1, 0);
  test_loop_advance (&f->a.loop, 2 * MINUTE_MS);
  g_assert_cmpuint (counts (f)->pcp_unmap, ==, 1);

  f->gateway->switches.unmap_result = 0;
  test_loop_advance (&f->a.loop, 6 * MINUTE_MS);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 1);
  g_assert_cmpuint (counts (f)->pcp_unmap, ==, 2);
}

/* It wants one port of the range, under the nonce of that port: the server has it in the set of the
 * last run, which goes first. */
static void
test_crash_wants_one (Fixture *f, gconstpointer data)
{
  const guint port = GPOINTER_TO_UINT (data);

  plum_manager_set_state_directory (f->a.manager, f->directory.path);
  add_up (f, FIRST, N, 0);
  test_loop_advance (&f->a.loop, 2000);
  crash_and_restart (f);
  add (f, port, 1, 0, FALSE);
  test_loop_advance_until (&f->a.loop, are_up (f), 3 * MINUTE_MS);
  g_assert_cmpuint (plum_mapping_get_external_port (f->mappings->pdata[0]), ==, port);
  test_loop_advance (&f->a.loop, 3 * HOUR_MS);
  g_assert_true (are_up (f));
  g_assert_true (fake_gateway_has_mapping (f->gateway, PLUM_PROTOCOL_TCP, port));
}

/* --- Random ranges --- */

/* Whatever is added and removed, each mapping that is up is on the router with the port that it
 * reports, and nothing is left in the end. */
static void
check_router (Fixture *f)
{
  for (guint i = 0; i < f->mappings->len; i++)
    {
      PlumMapping *mapping = f->mappings->pdata[i];

      if (plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS)
        g_assert_cmpuint (plum_mapping_get_external_port (mapping), ==,
                          fake_gateway_get_external_port (f->gateway, PLUM_PROTOCOL_TCP,
                                                          plum_mapping_get_internal_port (mapping),
                                                          NULL));
    }
}

static gboolean
is_added (Fixture *f, guint port)
{
  for (guint i = 0; i < f->mappings->len; i++)
    if (plum_mapping_get_internal_port (f->mappings->pdata[i]) == port)
      return TRUE;

  return FALSE;
}

static void
remove_some (Fixture *f)
{
  guint n = (guint) g_test_rand_int_range (1, 6);

  for (guint i = 0; i < n && f->mappings->len > 0; i++)
    {
      guint index = (guint) g_test_rand_int_range (0, (gint32) f->mappings->len);

      plum_manager_destroy_mapping_async (f->a.manager,
                                          plum_mapping_get_id (f->mappings->pdata[index]), NULL,
                                          NULL, NULL);
      g_ptr_array_remove_index (f->mappings, index);
    }
}

static void
add_some (Fixture *f)
{
  guint first = FIRST + (guint) g_test_rand_int_range (0, 30);
  guint n = (guint) g_test_rand_int_range (1, 12);

  for (guint port = first; port < first + n; port++)
    if (!is_added (f, port))
      add (f, port, 1, 0, FALSE);
}

static void
change_router (Fixture *f)
{
  f->gateway->switches.max_set = (guint) g_test_rand_int_range (0, 8);
  f->gateway->switches.drop_replies = (guint) g_test_rand_int_range (0, 3);
  f->gateway->switches.port_set =
    g_test_rand_int_range (0, 4) == 0 ? FAKE_SET_IGNORED : FAKE_SET_WORKS;
  if (g_test_rand_int_range (0, 6) == 0)
    {
      f->gateway->switches.drop_replies = 0; /* the announcement, too */
      fake_gateway_reboot (f->gateway);
      fake_gateway_hint (f->gateway);
    }

  /* Until the mappings are requested again, they stay as they were (RFC 6887 8.5). */
  test_loop_advance (&f->a.loop, 30000);
}

static void
test_random (Fixture *f, gconstpointer data)
{
  f->gateway->switches.natpmp = FAKE_OFF;
  add_up (f, 7000, 1, 0);
  for (guint i = 0; i < 60; i++)
    {
      switch (g_test_rand_int_range (0, 5))
        {
        case 0:
          remove_some (f);
          break;
        case 1:
          change_router (f);
          break;
        case 2:
          test_loop_advance (&f->a.loop, g_test_rand_int_range (1, 90) * MINUTE_MS);
          break;
        default:
          add_some (f);
          break;
        }
      test_loop_advance (&f->a.loop, g_test_rand_int_range (0, 20000));
      check_router (f);
    }

  /* With a correct router, everything is up in the end. */
  f->gateway->switches.drop_replies = 0;
  test_loop_advance_until (&f->a.loop, are_up (f), 3 * HOUR_MS);
  check_router (f);
}

#define ADD(path, func) ADD_WITH (path, NULL, func)
#define ADD_WITH(path, data, func)                                                                 \
  g_test_add ("/port-set/" path, Fixture, data, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("range", test_range);
  ADD ("second-range", test_second_range);
  ADD ("state-directory", test_state_directory);
  ADD ("required", test_required);
  ADD ("required-taken", test_required_is_taken);
  ADD ("smaller", test_smaller);
  ADD ("ignored", test_ignored);
  ADD_WITH ("hundred/with-set", GUINT_TO_POINTER (FAKE_SET_WORKS), test_hundred);
  ADD_WITH ("hundred/without-set", GUINT_TO_POINTER (FAKE_SET_IGNORED), test_hundred);
  ADD ("renewals", test_renewals);
  ADD ("renewal-lost", test_renewal_is_lost);
  ADD ("reboot", test_reboot);
  ADD ("resume", test_resume);
  ADD ("retry", test_retry);
  ADD ("close", test_close);
  ADD ("remove-all", test_remove_all);
  ADD ("remove-all-fails", test_remove_all_fails);
  ADD ("remove-one", test_remove_one);
  ADD ("remove-one-and-add", test_remove_one_and_add);
  ADD ("crash/takes-over", test_crash_takes_over);
  ADD ("crash/cleans-up", test_crash_cleans_up);
  ADD ("crash/clean-up-fails", test_crash_clean_up_fails);
  ADD_WITH ("crash/wants-first", GUINT_TO_POINTER (FIRST), test_crash_wants_one);
  ADD_WITH ("crash/wants-another", GUINT_TO_POINTER (FIRST + 3), test_crash_wants_one);
  ADD ("random", test_random);

  return g_test_run ();
}
