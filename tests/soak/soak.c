/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "soak.h"

#include "plum-module-private.h"
#include "test-loop.h"

#define ADDRESS "127.201.5.%u"

/* A recheck detects a lost mapping, a failed mapping is retried after that, and a lease is renewed
 * after 5/8 of two hours. After this time, all mappings must have recovered from any fault. */
#define SOAK_RECOVERY (2 * SOAK_HOUR)

/* The leases at a router that was replaced are recorded until they expire. */
#define FORGET (2 * SOAK_HOUR)

/* Relative to a day without faults. */
#define MOST_REQUESTS 1.5

struct _Soak
{
  const SoakRouter *kind;
  gpointer router;
  TestLoop loop;
  PlumManager *manager;
  GRand *rand;
  guint n_routers;       /* number of routers so far */
  guint former_requests; /* requests to replaced routers */
  guint n_faults;
  guint allowed;    /* requests that recover lost mappings */
  gint64 fault_end; /* end of the fault on the clock; 0: no fault */
};

/* The clock of the running soak; (nullable). */
static PlumClock *soak_clock;

/* Replaces the function of GLib: records of leases expire by the real-time clock, which must
 * advance with that of the soak. */
G_MODULE_EXPORT gint64
g_get_real_time (void)
{
  const gint64 start = G_GINT64_CONSTANT (1700000000) * G_USEC_PER_SEC;

  return start + (soak_clock != NULL ? plum_clock_get_time (soak_clock) : 0);
}

static gint64
soak_now_ms (Soak *soak)
{
  return plum_clock_get_time (soak->loop.clock) / 1000;
}

int
soak_random (Soak *soak, int begin, int end)
{
  return g_rand_int_range (soak->rand, begin, end);
}

PlumMapping *
soak_random_mapping (Soak *soak)
{
  guint i = (guint) soak_random (soak, 0, SOAK_N_MAPPINGS);
  g_autoptr (PlumMapping) mapping = g_list_model_get_item (G_LIST_MODEL (soak->manager), i);

  return mapping; /* the manager holds a reference */
}

void
soak_set_fault_length (Soak *soak, gint64 ms)
{
  soak->fault_end = soak_now_ms (soak) + ms;
}

void
soak_allow (Soak *soak, guint n_requests)
{
  soak->allowed += n_requests;
}

gpointer
soak_next_router (Soak *soak)
{
  g_autofree char *name = g_strdup_printf (ADDRESS, ++soak->n_routers);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (name);

  if (soak->router != NULL)
    {
      soak->former_requests += soak->kind->count_requests (soak->router);
      soak->kind->free (soak->router);
    }
  soak->router = soak->kind->make (name);
  plum_manager_set_gateway_address (soak->manager, address);
  return soak->router;
}

static guint
soak_count_requests (Soak *soak)
{
  return soak->former_requests + soak->kind->count_requests (soak->router);
}

static void
soak_set_up (Soak *soak, const SoakRouter *kind, guint32 seed)
{
  plum_module_set_directory (NULL);
  g_random_set_seed (seed);
  soak->kind = kind;
  soak->rand = g_rand_new_with_seed (seed);
  test_loop_set_up (&soak->loop, TRUE);
  soak_clock = soak->loop.clock;
  soak->manager = plum_manager_new ();
  plum_manager_add_backend_type (soak->manager, kind->get_type (), kind->name, 300, NULL);
  if (kind->recheck_period != 0)
    plum_manager_set_recheck_period (soak->manager, kind->recheck_period);
  soak_next_router (soak);

  for (guint i = 0; i < SOAK_N_MAPPINGS; i++)
    {
      g_autoptr (PlumMapping) mapping =
        plum_mapping_new (i % 2 == 0 ? PLUM_PROTOCOL_TCP : PLUM_PROTOCOL_UDP, 10000 + i);

      g_assert_true (plum_manager_add_mapping (soak->manager, mapping, NULL));
    }

  test_loop_advance (&soak->loop, 10000);
}

static void
soak_tear_down (Soak *soak)
{
  g_autoptr (GAsyncResult) result = NULL;

  plum_manager_close_async (soak->manager, NULL, test_store_result, &result);
  test_loop_advance_until (&soak->loop, result != NULL, 60000);
  g_assert_true (plum_manager_close_finish (soak->manager, result, NULL));
  g_clear_object (&result);
  g_assert_cmpuint (soak->kind->count_mappings (soak->router), ==, 0);

  test_loop_settle (&soak->loop);
  g_assert_finalize_object (g_steal_pointer (&soak->manager));
  soak->kind->free (soak->router);
  soak_clock = NULL;
  test_loop_tear_down (&soak->loop);
  g_clear_pointer (&soak->rand, g_rand_free);
}

/* Asserts that all mappings are up, and that the table of the router contains these mappings and no
 * others. */
static void
soak_assert_recovered (Soak *soak)
{
  for (guint i = 0; i < SOAK_N_MAPPINGS; i++)
    {
      g_autoptr (PlumMapping) mapping = g_list_model_get_item (G_LIST_MODEL (soak->manager), i);

      if (plum_mapping_get_error (mapping) != NULL)
        g_test_message ("port %u: %s", plum_mapping_get_internal_port (mapping),
                        plum_mapping_get_error (mapping)->message);
      g_assert_cmpint (plum_mapping_get_state (mapping), ==, PLUM_STATE_SUCCESS);
      g_assert_cmpuint (soak->kind->look_up (soak->router, mapping), ==,
                        plum_mapping_get_external_port (mapping));
    }

  g_assert_cmpuint (soak->kind->count_mappings (soak->router), ==, SOAK_N_MAPPINGS);
}

static void
soak_begin_fault (Soak *soak)
{
  gint64 last = soak_random (soak, 2, 20) * SOAK_MINUTE;
  const SoakFault *fault = &soak->kind->faults[soak_random (soak, 0, (int) soak->kind->n_faults)];

  g_debug ("%" G_GINT64_FORMAT " min: %s", soak_now_ms (soak) / SOAK_MINUTE, fault->name);
  soak->n_faults++;
  soak_set_fault_length (soak, last);
  fault->begin (soak, soak->router);
}

static void
soak_end_fault (Soak *soak)
{
  soak->kind->end_fault (soak->router);
  soak->fault_end = 0;
}

/* Advances the clock from deadline to deadline. */
static void
soak_run (Soak *soak, gint64 ms, gboolean faults)
{
  gint64 end = soak_now_ms (soak) + ms;
  gint64 next_fault = soak_now_ms (soak) + soak_random (soak, 5, 60) * SOAK_MINUTE;

  while (soak_now_ms (soak) < end)
    {
      gint64 until = end;

      if (soak->fault_end != 0)
        until = MIN (until, soak->fault_end);
      else if (faults)
        until = MIN (until, next_fault);

      test_loop_advance (&soak->loop, MAX (until - soak_now_ms (soak), 1));

      if (soak->fault_end != 0 && soak_now_ms (soak) >= soak->fault_end)
        {
          soak_end_fault (soak);
          next_fault = soak_now_ms (soak) + soak_random (soak, 5, 60) * SOAK_MINUTE;
        }
      else if (faults && soak->fault_end == 0 && soak_now_ms (soak) >= next_fault)
        soak_begin_fault (soak);
    }

  soak_end_fault (soak);
}

/* Measures the number of requests in a day without faults. */
static guint
measure_expected_requests (const SoakRouter *kind, guint32 seed)
{
  Soak soak = { 0 };
  guint requests;

  soak_set_up (&soak, kind, seed);
  soak_run (&soak, 24 * SOAK_HOUR, FALSE);
  soak_assert_recovered (&soak);
  requests = soak_count_requests (&soak);
  soak_tear_down (&soak);

  return requests;
}

/* After the first day, queues and tables have reached their size and must not grow further. */
static gssize
measure_growth (Soak *soak)
{
  gsize before;

  soak_run (soak, FORGET, FALSE);
  before = test_memory_in_use ();
  soak_run (soak, 24 * SOAK_HOUR, TRUE);
  soak_run (soak, SOAK_RECOVERY, FALSE);
  soak_run (soak, FORGET, FALSE);

  return (gssize) (test_memory_in_use () - before);
}

static void
soak_one_day (const SoakRouter *kind, guint32 seed)
{
  Soak soak = { 0 };
  guint expected = measure_expected_requests (kind, seed);
  guint sent, n_faults, allowed;
  gssize growth;

  soak_set_up (&soak, kind, seed);
  soak_run (&soak, 24 * SOAK_HOUR, TRUE);
  sent = soak_count_requests (&soak);
  n_faults = soak.n_faults;
  allowed = soak.allowed;
  soak_run (&soak, SOAK_RECOVERY, FALSE);
  soak_assert_recovered (&soak);

  growth = measure_growth (&soak);
  g_test_message ("%s, seed %u: %u faults; %u requests, expected %u and %u to recover, "
                  "ratio %.2f; memory growth on the second day %+" G_GSSIZE_FORMAT " bytes",
                  kind->name, seed, n_faults, sent, expected, allowed,
                  (double) sent / (expected + allowed), growth);
  soak_assert_recovered (&soak);
  g_assert_cmpfloat ((double) sent, <=, MOST_REQUESTS * (expected + allowed));
  g_assert_cmpint (growth, <, 64 * 1024);
  soak_tear_down (&soak);
}

static void
test_day (gconstpointer data)
{
  static const guint32 seeds[] = { 1, 20, 300 };
  const SoakRouter *kind = data;
  const char *from_environment = g_getenv ("PLUM_SOAK_SEED");

  if (from_environment != NULL)
    {
      soak_one_day (kind, (guint32) g_ascii_strtoull (from_environment, NULL, 10));
      return;
    }

  g_assert_cmpuint (kind->n_seeds, <=, G_N_ELEMENTS (seeds));
  for (guint i = 0; i < kind->n_seeds; i++)
    soak_one_day (kind, seeds[i]);
}

static void
on_soak_message (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
}

void
soak_add_test (const SoakRouter *router)
{
  g_autofree char *path = g_strdup_printf ("/soak/%s", router->name);

  /* It logs six messages for each of 50000 connections. */
  g_log_set_handler ("GLib-GIO", G_LOG_LEVEL_DEBUG, on_soak_message, NULL);
  g_test_add_data_func (path, router, test_day);
}
