/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-timer-heap-private.h"

void
plum_timer_heap_init (PlumTimerHeap *self)
{
  self->timers = g_ptr_array_new ();
  g_ptr_array_add (self->timers, NULL);
}

void
plum_timer_heap_clear (PlumTimerHeap *self)
{
  g_assert (plum_timer_heap_get_size (self) == 0);
  g_clear_pointer (&self->timers, g_ptr_array_unref);
}

guint
plum_timer_heap_get_size (PlumTimerHeap *self)
{
  return self->timers->len - 1;
}

gboolean
plum_timer_heap_contains (PlumTimerHeap *self, PlumTimer *timer)
{
  return timer->index != 0 && timer->index < self->timers->len &&
         self->timers->pdata[timer->index] == timer;
}

PlumTimer *
plum_timer_heap_peek (PlumTimerHeap *self)
{
  return self->timers->len > 1 ? self->timers->pdata[1] : NULL;
}

PlumTimer *
plum_timer_heap_peek_any (PlumTimerHeap *self)
{
  return self->timers->pdata[self->timers->len - 1];
}

static void
place (PlumTimerHeap *self, guint index, PlumTimer *timer)
{
  self->timers->pdata[index] = timer;
  timer->index = index;
}

static void
move_up (PlumTimerHeap *self, PlumTimer *timer)
{
  guint index = timer->index;

  while (index > 1)
    {
      PlumTimer *parent = self->timers->pdata[index / 2];

      if (parent->deadline <= timer->deadline)
        break;
      place (self, index, parent);
      index /= 2;
    }
  place (self, index, timer);
}

static void
move_down (PlumTimerHeap *self, PlumTimer *timer)
{
  guint index = timer->index;
  guint end = self->timers->len;

  while (index * 2 < end)
    {
      PlumTimer *child = self->timers->pdata[index * 2];
      guint below;

      if (index * 2 + 1 < end)
        {
          PlumTimer *other = self->timers->pdata[index * 2 + 1];

          if (other->deadline < child->deadline)
            child = other;
        }
      if (timer->deadline <= child->deadline)
        break;

      below = child->index;
      place (self, index, child);
      index = below;
    }
  place (self, index, timer);
}

void
plum_timer_heap_insert (PlumTimerHeap *self, PlumTimer *timer)
{
  g_assert (timer->index == 0);

  g_ptr_array_add (self->timers, timer);
  timer->index = plum_timer_heap_get_size (self);
  move_up (self, timer);
}

void
plum_timer_heap_remove (PlumTimerHeap *self, PlumTimer *timer)
{
  guint index = timer->index;
  PlumTimer *last = plum_timer_heap_peek_any (self);

  g_assert (plum_timer_heap_contains (self, timer));

  g_ptr_array_set_size (self->timers, (int) self->timers->len - 1);
  timer->index = 0;
  if (last == timer)
    return;

  place (self, index, last);
  move_up (self, last);
  move_down (self, last);
}
