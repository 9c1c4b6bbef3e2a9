/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _PlumTimer PlumTimer;

typedef void (*PlumTimerFunc) (gpointer user_data);

/* Embedded in its owner. Only core/time accesses the members. */
struct _PlumTimer
{
  PlumTimerFunc func;
  gpointer user_data;
  gint64 deadline; /* µs on the clock */
  guint index;     /* position in the heap, from 1; 0: not armed */
};

void plum_timer_init (PlumTimer *timer, PlumTimerFunc func, gpointer user_data);
gboolean plum_timer_is_armed (PlumTimer *timer);

G_END_DECLS
