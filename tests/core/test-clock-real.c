/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gio/gio.h>

#include "plum-clock-private.h"
#include "test-network.h"

#define MS G_GINT64_CONSTANT (1000)

typedef struct
{
  GMainContext *context;
  PlumClock *clock;
} Fixture;

/* Records the calls of a timer function. */
typedef struct
{
  PlumClock *clock;
  PlumTimer timer;
  GArray *log; /* (element-type gint64): the times of the calls */
} Note;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->context = g_main_context_new ();
  f->clock = plum_clock_ref_for_context (f->context);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  plum_clock_unref (f->clock);
  g_main_context_unref (f->context);
}

static void
settle (Fixture *f)
{
  while (g_main_context_iteration (f->context, FALSE))
    ;
}

static void
on_note (gpointer user_data)
{
  Note *note = user_data;
  gint64 now = plum_clock_get_time (note->clock);

  g_array_append_val (note->log, now);
}

static void
note_init (Note *note, PlumClock *clock, GArray *log)
{
  note->clock = clock;
  note->log = log;
  plum_timer_init (&note->timer, on_note, note);
}

static GArray *
log_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (gint64));
}

static gint64
log_get (GArray *log, guint index)
{
  g_assert_cmpuint (index, <, log->len);
  return g_array_index (log, gint64, index);
}

static void
count (gpointer user_data)
{
  (*(int *) user_data)++;
}

static gboolean
count_source (gpointer user_data)
{
  count (user_data);
  return G_SOURCE_CONTINUE;
}

static void
test_one_per_context (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GMainContext) other_context = g_main_context_new ();
  PlumClock *a = plum_clock_ref_for_context (context);
  PlumClock *b = plum_clock_ref_for_context (context);
  PlumClock *c = plum_clock_ref_for_context (other_context);

  g_assert_true (a == b);
  g_assert_true (a != c);
  plum_clock_unref (c);
  plum_clock_unref (b);
  plum_clock_unref (a);
}

static void
test_default_context (void)
{
  PlumClock *a = plum_clock_ref_for_context (NULL);
  PlumClock *b = plum_clock_ref_for_context (g_main_context_default ());

  g_assert_true (a == b);
  plum_clock_unref (b);
  plum_clock_unref (a);
}

static void
test_far_deadline (Fixture *f, gconstpointer data)
{
  int n_calls = 0;
  PlumTimer timer;

  plum_timer_init (&timer, count, &n_calls);
  plum_clock_arm_in_ms (f->clock, &timer, G_MAXINT64);
  g_assert_cmpint (plum_clock_get_next_deadline (f->clock), >, G_MAXINT64 - G_USEC_PER_SEC);
  settle (f);
  g_assert_cmpint (n_calls, ==, 0);
  plum_clock_disarm (f->clock, &timer);
}

static void
test_real_time (Fixture *f, gconstpointer data)
{
  gint64 before = plum_clock_get_time (f->clock);
  gint64 after = plum_clock_get_time (f->clock);

  g_assert_cmpint (before, >, 0);
  g_assert_cmpint (after, >=, before);
}

/* Arms two timers in reverse order. Neither may run early. */
static void
assert_real_timers_fire (Fixture *f)
{
  g_autoptr (GArray) log = log_new ();
  gint64 start = plum_clock_get_time (f->clock);
  Note late, early;

  note_init (&late, f->clock, log);
  note_init (&early, f->clock, log);
  plum_clock_arm_in_ms (f->clock, &late.timer, 12);
  plum_clock_arm_in_ms (f->clock, &early.timer, 4);
  while (log->len < 2)
    g_main_context_iteration (f->context, TRUE);

  g_assert_cmpint (log_get (log, 0) - start, >=, 4 * MS);
  g_assert_cmpint (log_get (log, 1) - start, >=, 12 * MS);
  g_assert_false (plum_timer_is_armed (&late.timer));
}

static void
test_real_timers (Fixture *f, gconstpointer data)
{
  assert_real_timers_fire (f);
}

static void
test_real_source (Fixture *f, gconstpointer data)
{
  g_autoptr (GSource) source = plum_clock_create_source (f->clock, 4);
  gint64 start = plum_clock_get_time (f->clock);
  int n_calls = 0;

  g_source_set_callback (source, count_source, &n_calls, NULL);
  while (n_calls == 0)
    g_main_context_iteration (f->context, TRUE);
  g_assert_cmpint (plum_clock_get_time (f->clock) - start, >=, 4 * MS);
}

typedef struct
{
  PlumClock *clock;
  PlumTimer timer;
  int n_calls;
} Repeater;

static void
on_repeat (gpointer user_data)
{
  Repeater *repeater = user_data;

  repeater->n_calls++;
  plum_clock_arm (repeater->clock, &repeater->timer, 0);
}

static void
test_real_overdue_rearm (Fixture *f, gconstpointer data)
{
  Repeater repeater = { .clock = f->clock };

  plum_timer_init (&repeater.timer, on_repeat, &repeater);
  plum_clock_arm (f->clock, &repeater.timer, 0);
  while (repeater.n_calls < 1)
    g_main_context_iteration (f->context, TRUE);
  g_assert_cmpint (repeater.n_calls, ==, 1);
  g_main_context_iteration (f->context, TRUE);
  g_assert_cmpint (repeater.n_calls, ==, 2);
  plum_clock_disarm (f->clock, &repeater.timer);
}

/* The timer is disarmed before the main loop runs: it must not cause a wake-up. */
static void
test_real_idle_has_no_timeout (Fixture *f, gconstpointer data)
{
  int priority, timeout;
  int n_calls = 0;
  GPollFD fds[8];
  PlumTimer timer;
  guint id = plum_clock_add_resume_func (f->clock, count, &n_calls);

  plum_timer_init (&timer, count, &n_calls);
  plum_clock_arm_in_ms (f->clock, &timer, 1);
  settle (f);
  plum_clock_disarm (f->clock, &timer);

  g_assert_true (g_main_context_acquire (f->context));
  g_assert_false (g_main_context_prepare (f->context, &priority));
  g_assert_cmpint (g_main_context_query (f->context, priority, &timeout, fds, G_N_ELEMENTS (fds)),
                   <=, (int) G_N_ELEMENTS (fds));
#ifdef PLUM_PLATFORM_PORTABLE
  /* Wakes up from time to time to notice a suspend; never if the system does not count that time.
   */
  g_assert_true (timeout == -1 || timeout >= 1000);
#else
  g_assert_cmpint (timeout, ==, -1);
#endif
  g_main_context_release (f->context);
  plum_clock_remove_resume_func (f->clock, id);
}

/* No descriptor is available for a timerfd: the clock uses the poll timeout. */
static void
test_real_without_timerfd (void)
{
  Fixture f = { .context = g_main_context_new () };

  if (test_permit_descriptors (FALSE))
    {
      f.clock = plum_clock_ref_for_context (f.context);
      g_assert_true (test_permit_descriptors (TRUE));
    }
  else
    {
      g_test_skip ("The system has no limit of descriptors");
      g_main_context_unref (f.context);
      return;
    }

  assert_real_timers_fire (&f);
  plum_clock_unref (f.clock);
  g_main_context_unref (f.context);
}

typedef struct
{
  Fixture *f;
  PlumTimer outer;
  PlumTimer inner;
  int n_calls;
} Nested;

/* A handler of a signal, which a timer has caused. */
static void
on_outer (gpointer user_data)
{
  Nested *nested = user_data;
  gint64 limit = g_get_monotonic_time () + 5000 * MS;

  plum_clock_arm_in_ms (nested->f->clock, &nested->inner, 4);
  while (nested->n_calls == 0 && g_get_monotonic_time () < limit)
    {
      g_main_context_iteration (nested->f->context, FALSE);
      g_usleep (1000);
    }
  g_assert_cmpint (nested->n_calls, ==, 1);
  nested->n_calls++;
}

static void
on_inner (gpointer user_data)
{
  ((Nested *) user_data)->n_calls++;
}

static void
test_real_nested_loop (Fixture *f, gconstpointer data)
{
  Nested nested = { .f = f };

  plum_timer_init (&nested.outer, on_outer, &nested);
  plum_timer_init (&nested.inner, on_inner, &nested);
  plum_clock_arm_in_ms (f->clock, &nested.outer, 0);
  while (nested.n_calls < 2)
    g_main_context_iteration (f->context, TRUE);
}

static void
on_unref_clock (gpointer user_data)
{
  plum_clock_unref (user_data);
}

static void
test_last_unref_in_callback (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  PlumClock *clock = plum_clock_ref_for_context (context);
  PlumTimer timer;

  plum_timer_init (&timer, on_unref_clock, clock);
  plum_clock_arm_in_ms (clock, &timer, 0);
  while (plum_timer_is_armed (&timer))
    g_main_context_iteration (context, TRUE);
  g_assert_false (g_main_context_iteration (context, FALSE));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  g_test_add_func ("/clock/one-per-context", test_one_per_context);
  g_test_add_func ("/clock/default-context", test_default_context);
  ADD ("/clock/real/time", test_real_time);
  ADD ("/clock/real/timers", test_real_timers);
  ADD ("/clock/real/source", test_real_source);
  ADD ("/clock/real/overdue-rearm-runs-in-next-iteration", test_real_overdue_rearm);
  ADD ("/clock/real/nested-loop", test_real_nested_loop);
  ADD ("/clock/real/far-deadline", test_far_deadline);
  ADD ("/clock/real/idle-has-no-timeout", test_real_idle_has_no_timeout);
  g_test_add_func ("/clock/real/without-timerfd", test_real_without_timerfd);
  g_test_add_func ("/clock/real/last-unref-in-callback", test_last_unref_in_callback);
#undef ADD

  return g_test_run ();
}
