/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-timer-private.h"

void
plum_timer_init (PlumTimer *timer, PlumTimerFunc func, gpointer user_data)
{
  *timer = (PlumTimer){ .func = func, .user_data = user_data };
}

gboolean
plum_timer_is_armed (PlumTimer *timer)
{
  return timer->index != 0;
}
