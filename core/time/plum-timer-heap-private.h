/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-clock-private.h"

G_BEGIN_DECLS

/* Timers in the order of their deadlines: a binary heap that borrows them, and that knows each
 * one's place by PlumTimer.index, so that any can be taken out in O(log n). */
typedef struct
{
  GPtrArray *timers; /* from 1; [0] is NULL */
} PlumTimerHeap;

void plum_timer_heap_init (PlumTimerHeap *self);
void plum_timer_heap_clear (PlumTimerHeap *self);
guint plum_timer_heap_get_size (PlumTimerHeap *self);
gboolean plum_timer_heap_contains (PlumTimerHeap *self, PlumTimer *timer);
/* The one with the earliest deadline, or NULL. Of equal ones, any. */
PlumTimer *plum_timer_heap_peek (PlumTimerHeap *self);
/* Any of them, or NULL: the one that costs least to take out. */
PlumTimer *plum_timer_heap_peek_any (PlumTimerHeap *self);
void plum_timer_heap_insert (PlumTimerHeap *self, PlumTimer *timer);
void plum_timer_heap_remove (PlumTimerHeap *self, PlumTimer *timer);

G_END_DECLS
