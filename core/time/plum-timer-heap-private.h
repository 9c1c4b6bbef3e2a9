/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-timer-private.h"

G_BEGIN_DECLS

/* A binary heap of borrowed timers, ordered by deadline. PlumTimer.index is the position of a
 * timer, so that removing any of them takes O(log n). */
typedef struct
{
  GPtrArray *timers; /* from 1; [0] is NULL */
} PlumTimerHeap;

void plum_timer_heap_init (PlumTimerHeap *self);
void plum_timer_heap_clear (PlumTimerHeap *self);
guint plum_timer_heap_get_size (PlumTimerHeap *self);
gboolean plum_timer_heap_contains (PlumTimerHeap *self, PlumTimer *timer);
/* Returns the timer with the earliest deadline, or NULL. Equal deadlines have no defined order. */
PlumTimer *plum_timer_heap_peek (PlumTimerHeap *self);
/* Returns the timer that is cheapest to remove, or NULL. */
PlumTimer *plum_timer_heap_peek_any (PlumTimerHeap *self);
void plum_timer_heap_insert (PlumTimerHeap *self, PlumTimer *timer);
void plum_timer_heap_remove (PlumTimerHeap *self, PlumTimer *timer);

G_END_DECLS
