/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Now and deadlines, in microseconds on CLOCK_BOOTTIME, so that time in suspend counts. One clock
 * serves a GMainContext: one timerfd, one GSource, and a heap of timers that live in their owners.
 * */
typedef struct _PlumClock PlumClock;
typedef struct _PlumTimer PlumTimer;

typedef void (*PlumTimerFunc) (gpointer user_data);

/* Embedded in its owner. Private to plum-clock.c but for its size. */
struct _PlumTimer
{
  PlumTimerFunc func;
  gpointer user_data;
  gint64 deadline;
  guint index; /* place in the heap, from 1; 0: not armed */
};

PlumClock *plum_clock_ref_for_context (GMainContext *context);
void plum_clock_unref (PlumClock *self);
gint64 plum_clock_get_time (PlumClock *self);

void plum_timer_init (PlumTimer *timer, PlumTimerFunc func, gpointer user_data);
gboolean plum_timer_is_armed (PlumTimer *timer);
/* (Re-)arms: func is called once, from the loop, at or after deadline. */
void plum_clock_arm (PlumClock *self, PlumTimer *timer, gint64 deadline);
void plum_clock_arm_in_ms (PlumClock *self, PlumTimer *timer, gint64 ms);
void plum_clock_disarm (PlumClock *self, PlumTimer *timer);

/* A one-shot GSource on this clock, already attached to the clock's context. (transfer full) */
GSource *plum_clock_create_source (PlumClock *self, guint ms);

/* func is called, from the loop, after the machine woke from suspend. */
guint plum_clock_add_resume_func (PlumClock *self, PlumTimerFunc func, gpointer user_data);
void plum_clock_remove_resume_func (PlumClock *self, guint id);

/* For tests: a clock that stands still until moved, installed for context in place of the real one
 * (which must not exist yet for it). Starts at a large value that is no multiple of a second. */
PlumClock *plum_clock_new_manual (GMainContext *context);
/* The earliest deadline, or -1. */
gint64 plum_clock_get_next_deadline (PlumClock *self);
/* Moves the clock on, and fires what is due in the order of its deadlines, each at its own time.
 * Between two timers nothing else runs: a test that wants I/O between them moves in small steps,
 * from one plum_clock_get_next_deadline () to the next, and iterates the context in between. */
void plum_clock_advance (PlumClock *self, gint64 us);
/* As plum_clock_advance (), but as a suspend and a resume. */
void plum_clock_suspend (PlumClock *self, gint64 us);

G_END_DECLS
