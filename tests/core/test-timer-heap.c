/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-timer-heap-private.h"

#define N_MANY 2000

static void
never (gpointer user_data)
{
  g_assert_not_reached ();
}

static int
compare_deadlines (gconstpointer a, gconstpointer b)
{
  const PlumTimer *x = a;
  const PlumTimer *y = b;

  return (x->deadline > y->deadline) - (x->deadline < y->deadline);
}

/* Removes a third of the timers from anywhere. The others must come out in order. */
static void
test_order (void)
{
  g_autofree PlumTimer *timers = g_new (PlumTimer, N_MANY);
  g_autofree PlumTimer *expected = NULL;
  g_autoptr (GRand) rand = g_rand_new_with_seed (42);
  PlumTimerHeap heap;
  guint n_left = 0;
  guint n = 0;

  plum_timer_heap_init (&heap);
  for (guint i = 0; i < N_MANY; i++)
    {
      plum_timer_init (&timers[i], never, NULL);
      timers[i].deadline = g_rand_int_range (rand, 0, N_MANY / 2);
      plum_timer_heap_insert (&heap, &timers[i]);
    }
  for (guint i = 0; i < N_MANY; i += 3)
    plum_timer_heap_remove (&heap, &timers[i]);

  expected = g_new (PlumTimer, N_MANY);
  for (guint i = 0; i < N_MANY; i++)
    {
      if (i % 3 != 0)
        expected[n_left++] = timers[i];
    }
  qsort (expected, n_left, sizeof *expected, compare_deadlines);
  g_assert_cmpuint (plum_timer_heap_get_size (&heap), ==, n_left);

  for (PlumTimer *timer; (timer = plum_timer_heap_peek (&heap)) != NULL; n++)
    {
      g_assert_cmpint (timer->deadline, ==, expected[n].deadline);
      plum_timer_heap_remove (&heap, timer);
    }
  g_assert_cmpuint (n, ==, n_left);
  plum_timer_heap_clear (&heap);
}

static void
test_contains (void)
{
  PlumTimerHeap heap;
  PlumTimer inside, outside;

  plum_timer_heap_init (&heap);
  plum_timer_init (&inside, never, NULL);
  plum_timer_init (&outside, never, NULL);
  plum_timer_heap_insert (&heap, &inside);

  g_assert_true (plum_timer_heap_contains (&heap, &inside));
  g_assert_false (plum_timer_heap_contains (&heap, &outside));
  plum_timer_heap_remove (&heap, &inside);
  g_assert_false (plum_timer_heap_contains (&heap, &inside));
  plum_timer_heap_clear (&heap);
}

static void
test_empty (void)
{
  PlumTimerHeap heap;

  plum_timer_heap_init (&heap);
  g_assert_null (plum_timer_heap_peek (&heap));
  g_assert_null (plum_timer_heap_peek_any (&heap));
  plum_timer_heap_clear (&heap);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/timer-heap/order", test_order);
  g_test_add_func ("/timer-heap/contains", test_contains);
  g_test_add_func ("/timer-heap/empty", test_empty);

  return g_test_run ();
}
