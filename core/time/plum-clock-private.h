/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "plum-timer-private.h"

G_BEGIN_DECLS

/* Provides the current time and deadlines, in microseconds on a monotonic clock that includes the
 * time in suspend, if the system has one. Each GMainContext has one clock, with one GSource, what
 * wakes it (plum-wakeup-private.h) and a heap of timers that their owners embed. */
typedef struct _PlumClock PlumClock;

PlumClock *plum_clock_ref_for_context (GMainContext *context);
void plum_clock_unref (PlumClock *self);
gint64 plum_clock_get_time (PlumClock *self);

/* Arms or re-arms the timer. func is called once, from the main loop, at the deadline or later. */
void plum_clock_arm (PlumClock *self, PlumTimer *timer, gint64 deadline);
void plum_clock_arm_in_ms (PlumClock *self, PlumTimer *timer, gint64 ms);
void plum_clock_disarm (PlumClock *self, PlumTimer *timer);

/* Creates a one-shot GSource, attached to the context of the clock. (transfer full) */
GSource *plum_clock_create_source (PlumClock *self, guint ms);

/* Adds a function to call from the main loop after the system resumes from suspend. */
guint plum_clock_add_resume_func (PlumClock *self, PlumTimerFunc func, gpointer user_data);
void plum_clock_remove_resume_func (PlumClock *self, guint id);

/* For tests. Creates a clock that only advances on request, and registers it for context, which
 * must not have a clock yet. The start time is large and not a multiple of a second. */
PlumClock *plum_clock_new_manual (GMainContext *context);
/* Returns the earliest deadline, or -1. */
gint64 plum_clock_get_next_deadline (PlumClock *self);
/* Advances the clock and runs the timers in the order of their deadlines, each at its own time. The
 * main context does not run in between: if a test needs I/O between two timers, it advances to each
 * plum_clock_get_next_deadline () and iterates the context. */
void plum_clock_advance (PlumClock *self, gint64 us);
/* Advances the clock like plum_clock_advance (), but simulates a suspend and a resume. */
void plum_clock_suspend (PlumClock *self, gint64 us);

G_END_DECLS
