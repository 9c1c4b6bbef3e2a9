/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gio/gio.h>

#include "plum-clock-private.h"

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
  GArray *log;  /* (element-type gint64): the times of the calls */
  int rearm_ms; /* re-arm after this time; 0: do not re-arm */
} Note;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->context = g_main_context_new ();
  f->clock = plum_clock_new_manual (f->context);
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
  if (note->rearm_ms > 0)
    plum_clock_arm_in_ms (note->clock, &note->timer, note->rearm_ms);
}

static void
note_init (Note *note, PlumClock *clock, GArray *log)
{
  note->clock = clock;
  note->log = log;
  note->rearm_ms = 0;
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
test_manual_found_by_context (Fixture *f, gconstpointer data)
{
  PlumClock *same = plum_clock_ref_for_context (f->context);

  g_assert_true (same == f->clock);
  plum_clock_unref (same);
}

static void
test_start (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (plum_clock_get_time (f->clock), >, G_GINT64_CONSTANT (1000000) * G_USEC_PER_SEC);
  g_assert_cmpint (plum_clock_get_time (f->clock) % G_USEC_PER_SEC, !=, 0);
}

static void
test_order (Fixture *f, gconstpointer data)
{
  g_autoptr (GArray) log = log_new ();
  gint64 start = plum_clock_get_time (f->clock);
  Note notes[3];

  for (guint i = 0; i < 3; i++)
    {
      note_init (&notes[i], f->clock, log);
      plum_clock_arm_in_ms (f->clock, &notes[i].timer, 30 - 10 * i);
    }
  plum_clock_advance (f->clock, 25 * MS);

  g_assert_cmpuint (log->len, ==, 2);
  g_assert_cmpint (log_get (log, 0) - start, ==, 10 * MS);
  g_assert_cmpint (log_get (log, 1) - start, ==, 20 * MS);
  g_assert_cmpint (plum_clock_get_time (f->clock) - start, ==, 25 * MS);
  g_assert_true (plum_timer_is_armed (&notes[0].timer));
  g_assert_false (plum_timer_is_armed (&notes[1].timer));
  plum_clock_disarm (f->clock, &notes[0].timer);
}

static void
test_next_deadline (Fixture *f, gconstpointer data)
{
  gint64 start = plum_clock_get_time (f->clock);
  int n_calls = 0;
  PlumTimer a, b;

  plum_timer_init (&a, count, &n_calls);
  plum_timer_init (&b, count, &n_calls);
  g_assert_cmpint (plum_clock_get_next_deadline (f->clock), ==, -1);
  plum_clock_arm (f->clock, &a, start + 2000 * MS);
  plum_clock_arm (f->clock, &b, start + 1000 * MS);
  g_assert_cmpint (plum_clock_get_next_deadline (f->clock), ==, start + 1000 * MS);
  plum_clock_disarm (f->clock, &b);
  g_assert_cmpint (plum_clock_get_next_deadline (f->clock), ==, start + 2000 * MS);
  plum_clock_disarm (f->clock, &a);
  g_assert_cmpint (plum_clock_get_next_deadline (f->clock), ==, -1);
}

static void
test_rearm_moves (Fixture *f, gconstpointer data)
{
  int n_calls = 0;
  PlumTimer timer;

  plum_timer_init (&timer, count, &n_calls);
  plum_clock_arm_in_ms (f->clock, &timer, 10);
  plum_clock_arm_in_ms (f->clock, &timer, 30);
  plum_clock_advance (f->clock, 20 * MS);
  g_assert_cmpint (n_calls, ==, 0);
  plum_clock_advance (f->clock, 20 * MS);
  g_assert_cmpint (n_calls, ==, 1);
}

static void
test_rearm_in_callback (Fixture *f, gconstpointer data)
{
  g_autoptr (GArray) log = log_new ();
  gint64 start = plum_clock_get_time (f->clock);
  Note note;

  note_init (&note, f->clock, log);
  note.rearm_ms = 10;
  plum_clock_arm_in_ms (f->clock, &note.timer, 10);
  plum_clock_advance (f->clock, 35 * MS);

  g_assert_cmpuint (log->len, ==, 3);
  g_assert_cmpint (log_get (log, 2) - start, ==, 30 * MS);
  plum_clock_disarm (f->clock, &note.timer);
}

typedef struct
{
  PlumClock *clock;
  PlumTimer timer;
  Note *victim; /* heap-allocated */
} Killer;

static void
on_free_victim (gpointer user_data)
{
  Killer *killer = user_data;

  plum_clock_disarm (killer->clock, &killer->victim->timer);
  g_clear_pointer (&killer->victim, g_free);
}

/* Both are due at the same time. The timer that the function of the other one frees must not run.
 */
static void
test_free_other_in_callback (Fixture *f, gconstpointer data)
{
  g_autoptr (GArray) log = log_new ();
  Killer killer = { .clock = f->clock, .victim = g_new0 (Note, 1) };

  note_init (killer.victim, f->clock, log);
  plum_timer_init (&killer.timer, on_free_victim, &killer);
  plum_clock_arm_in_ms (f->clock, &killer.timer, 9);
  plum_clock_arm_in_ms (f->clock, &killer.victim->timer, 10);
  plum_clock_suspend (f->clock, 1000 * MS);

  g_assert_null (killer.victim);
  g_assert_cmpuint (log->len, ==, 0);
}

static void
on_free_self (gpointer user_data)
{
  g_free (user_data);
}

static void
test_free_self_in_callback (Fixture *f, gconstpointer data)
{
  PlumTimer *timer = g_new (PlumTimer, 1);

  plum_timer_init (timer, on_free_self, timer);
  plum_clock_arm_in_ms (f->clock, timer, 10);
  plum_clock_advance (f->clock, 10 * MS);
  g_assert_cmpint (plum_clock_get_next_deadline (f->clock), ==, -1);
}

static void
test_due_from_loop (Fixture *f, gconstpointer data)
{
  int n_calls = 0;
  PlumTimer timer;

  plum_timer_init (&timer, count, &n_calls);
  plum_clock_arm_in_ms (f->clock, &timer, 0);
  g_assert_cmpint (n_calls, ==, 0);
  settle (f);
  g_assert_cmpint (n_calls, ==, 1);
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
test_source_fires_once (Fixture *f, gconstpointer data)
{
  g_autoptr (GSource) source = plum_clock_create_source (f->clock, 10);
  int n_calls = 0;

  g_source_set_callback (source, count_source, &n_calls, NULL);
  plum_clock_advance (f->clock, 9 * MS);
  settle (f);
  g_assert_cmpint (n_calls, ==, 0);
  plum_clock_advance (f->clock, 1 * MS);
  settle (f);
  g_assert_cmpint (n_calls, ==, 1);
  g_assert_true (g_source_is_destroyed (source));
}

static void
test_source_destroyed (Fixture *f, gconstpointer data)
{
  g_autoptr (GSource) source = plum_clock_create_source (f->clock, 10);
  int n_calls = 0;

  g_source_set_callback (source, count_source, &n_calls, NULL);
  g_source_destroy (source);
  g_assert_cmpint (plum_clock_get_next_deadline (f->clock), ==, -1);
  plum_clock_advance (f->clock, 20 * MS);
  settle (f);
  g_assert_cmpint (n_calls, ==, 0);
}

static void
test_source_finalized (Fixture *f, gconstpointer data)
{
  GSource *source = plum_clock_create_source (f->clock, 10);

  g_source_destroy (source);
  g_source_unref (source);
  g_assert_cmpint (plum_clock_get_next_deadline (f->clock), ==, -1);
}

static void
test_source_unreferenced (Fixture *f, gconstpointer data)
{
  GSource *source = plum_clock_create_source (f->clock, 10);
  int n_calls = 0;

  g_source_set_callback (source, count_source, &n_calls, NULL);
  g_source_unref (source);
  plum_clock_advance (f->clock, 10 * MS);
  settle (f);
  g_assert_cmpint (n_calls, ==, 1);
}

static void
test_source_without_callback (Fixture *f, gconstpointer data)
{
  g_autoptr (GSource) source = plum_clock_create_source (f->clock, 10);

  plum_clock_advance (f->clock, 10 * MS);
  settle (f);
  g_assert_true (g_source_is_destroyed (source));
}

static void
test_source_destroyed_with_clock (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  PlumClock *clock = plum_clock_new_manual (context);
  g_autoptr (GSource) source = plum_clock_create_source (clock, 10);
  int n_destroyed = 0;

  g_source_set_callback (source, count_source, &n_destroyed, count);
  plum_clock_unref (clock);
  g_assert_true (g_source_is_destroyed (source));
  g_assert_cmpint (n_destroyed, ==, 1);
}

typedef struct
{
  Fixture *f;
  PlumTimer timer;
  GString *order;
  guint id;
} Resume;

static void
on_resume (gpointer user_data)
{
  g_string_append_c (((Resume *) user_data)->order, 'r');
}

static void
on_resume_remove_self (gpointer user_data)
{
  Resume *resume = user_data;

  g_string_append_c (resume->order, 's');
  plum_clock_remove_resume_func (resume->f->clock, resume->id);
}

static void
on_resume_timer (gpointer user_data)
{
  g_string_append_c (((Resume *) user_data)->order, 't');
}

static void
test_resume_before_timers (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) order = g_string_new (NULL);
  Resume resume = { .f = f, .order = order };
  gint64 start = plum_clock_get_time (f->clock);

  resume.id = plum_clock_add_resume_func (f->clock, on_resume, &resume);
  g_assert_cmpuint (resume.id, >, 0);
  plum_timer_init (&resume.timer, on_resume_timer, &resume);
  plum_clock_arm_in_ms (f->clock, &resume.timer, 500);
  plum_clock_suspend (f->clock, 1000 * MS);

  g_assert_cmpstr (order->str, ==, "rt");
  g_assert_cmpint (plum_clock_get_time (f->clock) - start, ==, 1000 * MS);
  plum_clock_remove_resume_func (f->clock, resume.id);
}

static void
test_resume_func_removes_itself (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) order = g_string_new (NULL);
  Resume first = { .f = f, .order = order };
  Resume second = { .f = f, .order = order };

  first.id = plum_clock_add_resume_func (f->clock, on_resume_remove_self, &first);
  second.id = plum_clock_add_resume_func (f->clock, on_resume, &second);
  plum_clock_suspend (f->clock, 1000 * MS);
  plum_clock_suspend (f->clock, 1000 * MS);

  g_assert_cmpstr (order->str, ==, "srr");
  plum_clock_remove_resume_func (f->clock, second.id);
}

static void
test_no_resume_after_advance (Fixture *f, gconstpointer data)
{
  int n_calls = 0;
  guint id = plum_clock_add_resume_func (f->clock, count, &n_calls);

  plum_clock_advance (f->clock, 100000 * MS);
  g_assert_cmpint (n_calls, ==, 0);
  plum_clock_remove_resume_func (f->clock, id);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  ADD ("/clock/manual/found-by-context", test_manual_found_by_context);
  ADD ("/clock/manual/start", test_start);
  ADD ("/clock/manual/order", test_order);
  ADD ("/clock/manual/next-deadline", test_next_deadline);
  ADD ("/clock/manual/rearm-moves", test_rearm_moves);
  ADD ("/clock/manual/rearm-in-callback", test_rearm_in_callback);
  ADD ("/clock/manual/free-other-in-callback", test_free_other_in_callback);
  ADD ("/clock/manual/free-self-in-callback", test_free_self_in_callback);
  ADD ("/clock/manual/due-from-loop", test_due_from_loop);
  ADD ("/clock/manual/far-deadline", test_far_deadline);
  ADD ("/clock/source/fires-once", test_source_fires_once);
  ADD ("/clock/source/destroyed", test_source_destroyed);
  ADD ("/clock/source/finalized", test_source_finalized);
  ADD ("/clock/source/unreferenced", test_source_unreferenced);
  ADD ("/clock/source/without-callback", test_source_without_callback);
  g_test_add_func ("/clock/source/destroyed-with-clock", test_source_destroyed_with_clock);
  ADD ("/clock/resume/before-timers", test_resume_before_timers);
  ADD ("/clock/resume/func-removes-itself", test_resume_func_removes_itself);
  ADD ("/clock/resume/not-after-advance", test_no_resume_after_advance);
#undef ADD

  return g_test_run ();
}
