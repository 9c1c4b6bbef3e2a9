/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The clock of the operating system, and what wakes the GSource of PlumClock. Each operating system
 * has its own implementation. The functions prepare(), check() and dispatch() are called from those
 * of the source. */
typedef struct _PlumWakeup PlumWakeup;

/* Returns the time in µs on a monotonic clock, which includes the time in suspend if the system has
 * such a clock. */
gint64 plum_wakeup_get_time (void);
/* Returns for how many µs this host was suspended. Only differences are meaningful: they can be
 * some µs too small. Constant if the system does not count this time. */
gint64 plum_wakeup_get_suspended (void);

/* source: borrowed; it is not attached yet. */
PlumWakeup *plum_wakeup_new (GSource *source);
void plum_wakeup_free (PlumWakeup *self);

/* Wakes the source at the deadline, in µs, or never if it is -1. timeout: for g_source prepare().
 * Returns whether the source is due now. */
gboolean plum_wakeup_prepare (PlumWakeup *self, gint64 deadline, int *timeout);
/* Returns whether the source is due, or must examine plum_wakeup_get_suspended(). */
gboolean plum_wakeup_check (PlumWakeup *self, gint64 deadline);
void plum_wakeup_dispatch (PlumWakeup *self);

/* Also wakes the source after a resume from suspend: at once, or as soon as the implementation
 * notices it. */
void plum_wakeup_watch_resume (PlumWakeup *self, gboolean watch);

/* For a source that a poll timeout wakes: sets *timeout, or returns TRUE if the deadline has
 * passed. */
static inline gboolean
plum_wakeup_prepare_poll (gint64 deadline, gint64 now, int *timeout)
{
  const gint64 wait = deadline - now;

  *timeout = -1;
  if (deadline < 0)
    return FALSE;
  if (wait <= 0)
    return TRUE;

  *timeout = (int) MIN ((wait + 999) / 1000, G_MAXINT);
  return FALSE;
}

G_END_DECLS
