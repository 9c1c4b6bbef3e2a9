/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

/* The cost of many mappings, and leaks. */

#define N_CYCLES 10000
#define N_WARM_UP 500
#define N_IDLE 1000
#define MEMORY_PER_MAPPING 4096

static guint
count_sources (CoreFixture *f)
{
  g_autoptr (GSource) last = g_idle_source_new ();
  guint last_id = g_source_attach (last, f->loop.context);
  guint n = 0;

  for (guint id = 1; id < last_id; id++)
    if (g_main_context_find_source_by_id (f->loop.context, id) != NULL)
      n++;

  g_source_destroy (last);
  return n;
}

static void
cycle (CoreFixture *f, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (PlumMapping) mapping = core_add_up (f, 1024 + i % 60000, 0);

      core_destroy (f, mapping);
      test_loop_settle (&f->loop);
      core_assert_state (mapping, DESTROYED);
      g_free (fake_backends_take_log ());
    }
}

static void
test_cycles (CoreFixture *f, gconstpointer data)
{
  gsize memory;
  guint n_sources;
  guint n_descriptors;

  cycle (f, N_WARM_UP);
  core_begin_watch (f);
  memory = test_memory_in_use ();
  n_sources = count_sources (f);
  n_descriptors = test_count_descriptors ();
  cycle (f, N_CYCLES);

  g_assert_cmpuint (test_count_descriptors (), ==, n_descriptors);
  g_assert_cmpuint (count_sources (f), ==, n_sources);
  g_assert_cmpint (plum_clock_get_next_deadline (f->loop.clock), ==, -1);
  g_test_message ("%u cycles: %" G_GSIZE_FORMAT " bytes before, %" G_GSIZE_FORMAT " after",
                  N_CYCLES, memory, test_memory_in_use ());
  /* Less than one byte for each cycle, because of the allocator. With a sanitizer the memory is
   * unknown, and the sanitizer finds leaks. */
  if (memory != 0)
    g_assert_cmpuint (test_memory_in_use (), <, memory + N_CYCLES);
  core_assert_empty (f);
}

static void
test_memory_of_idle_mappings (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) mappings = g_ptr_array_new_with_free_func (g_object_unref);
  gsize before;
  gsize each;

  if (test_memory_in_use () == 0)
    {
      g_test_skip ("the memory in use is unknown, as with a sanitizer");
      return;
    }

  cycle (f, N_WARM_UP);
  before = test_memory_in_use ();
  for (guint i = 0; i < N_IDLE; i++)
    g_ptr_array_add (mappings, core_add_up (f, 10000 + i, 0));
  g_free (fake_backends_take_log ());

  each = (test_memory_in_use () - before) / N_IDLE;
  g_test_message ("%" G_GSIZE_FORMAT " bytes for each of %u idle mappings", each, N_IDLE);
  g_assert_cmpuint (each, <, MEMORY_PER_MAPPING);
}

static gboolean
was_dispatched (CoreFixture *f)
{
  gboolean dispatched = FALSE;

  while (g_main_context_iteration (f->loop.context, FALSE))
    dispatched = TRUE;
  return dispatched;
}

/* Idle mappings cause no wakeups before the first recheck. */
static void
test_idle_is_idle (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) mappings = g_ptr_array_new_with_free_func (g_object_unref);

  gint64 recheck = plum_clock_get_time (f->loop.clock) + 300 * G_USEC_PER_SEC;

  for (guint i = 0; i < N_IDLE; i++)
    g_ptr_array_add (mappings, core_add_up (f, 10000 + i, 0));

  core_begin_watch (f);
  g_assert_cmpint (plum_clock_get_next_deadline (f->loop.clock), ==, recheck);
  plum_clock_advance (f->loop.clock, 299 * G_USEC_PER_SEC);
  g_assert_false (was_dispatched (f));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  CORE_ADD ("/churn/cycles", test_cycles);
  CORE_ADD ("/churn/memory", test_memory_of_idle_mappings);
  CORE_ADD ("/churn/idle", test_idle_is_idle);

  return g_test_run ();
}
