/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-clock-private.h"

#include "plum-log-private.h"
#include "plum-timer-heap-private.h"
#include "plum-wakeup-private.h"

/* A smaller growth of the time in suspend is not treated as a resume. */
#define RESUME_THRESHOLD (2 * G_USEC_PER_SEC)

/* Not 0, so that no test depends on the start time. */
#define MANUAL_START (G_GINT64_CONSTANT (1036800) * G_USEC_PER_SEC + 345678)

typedef struct
{
  guint id;
  PlumTimerFunc func;
  gpointer user_data;
} ResumeFunc;

struct _PlumClock
{
  unsigned int ref_count; /* guarded by registry_lock, because of plum_clock_ref_for_context () */
  GMainContext *context;
  GSource *source;
  PlumTimerHeap heap;

  PlumWakeup *wakeup; /* (nullable): NULL for a manual clock */
  gint64 now;         /* for a manual clock */

  GArray *resume_funcs; /* of ResumeFunc */
  guint last_resume_id;
  gint64 suspended; /* the last known result of plum_wakeup_get_suspended () */
};

typedef struct
{
  GSource source;
  PlumClock *clock;
} ClockSource;

typedef struct
{
  GSource source;
  PlumClock *clock; /* borrowed; valid while the timer is armed */
  PlumTimer timer;
} TimerSource;

static GMutex registry_lock;
static GHashTable *registry; /* (element-type GMainContext PlumClock), both borrowed */

static void
on_source_due (gpointer user_data)
{
  TimerSource *source = user_data;

  g_source_set_ready_time (&source->source, 0);
}

static TimerSource *
timer_get_source (PlumTimer *timer)
{
  return timer->func == on_source_due ? timer->user_data : NULL;
}

/* GSource has no hook for its destruction, only for its finalization. Removes the timers of
 * destroyed sources that still have references, so that they cause no wake-up. */
static PlumTimer *
plum_clock_peek (PlumClock *self)
{
  PlumTimer *timer;

  while ((timer = plum_timer_heap_peek (&self->heap)) != NULL)
    {
      TimerSource *source = timer_get_source (timer);

      if (source == NULL || !g_source_is_destroyed (&source->source))
        break;
      plum_timer_heap_remove (&self->heap, timer);
    }
  return timer;
}

static void
plum_clock_fire (PlumClock *self, PlumTimer *timer)
{
  PlumTimerFunc func = timer->func;
  gpointer user_data = timer->user_data;

  /* Do not access the timer afterwards: the function may re-arm or free it. */
  plum_timer_heap_remove (&self->heap, timer);
  func (user_data);
}

/* Runs each timer once at most, so that a timer that re-arms itself does not block the loop. */
static void
plum_clock_fire_due (PlumClock *self)
{
  gint64 now = plum_clock_get_time (self);
  guint budget = plum_timer_heap_get_size (&self->heap);
  PlumTimer *timer;

  for (; budget > 0; budget--)
    {
      timer = plum_clock_peek (self);
      if (timer == NULL || timer->deadline > now)
        break;
      plum_clock_fire (self, timer);
    }
}

/* Returns the index, or -1. */
static int
plum_clock_find_resume_func (PlumClock *self, guint id)
{
  for (guint i = 0; i < self->resume_funcs->len; i++)
    {
      if (g_array_index (self->resume_funcs, ResumeFunc, i).id == id)
        return (int) i;
    }
  return -1;
}

/* Iterates over a copy, because a function may remove itself and others. */
static void
plum_clock_run_resume_funcs (PlumClock *self)
{
  g_autoptr (GArray) funcs = g_array_copy (self->resume_funcs);

  for (guint i = 0; i < funcs->len; i++)
    {
      ResumeFunc *resume = &g_array_index (funcs, ResumeFunc, i);

      if (plum_clock_find_resume_func (self, resume->id) >= 0)
        resume->func (resume->user_data);
    }
}

static void
plum_clock_check_resume (PlumClock *self)
{
  gint64 suspended = plum_wakeup_get_suspended ();
  gint64 jump = suspended - self->suspended;

  self->suspended = MAX (self->suspended, suspended);
  if (jump > RESUME_THRESHOLD)
    {
      plum_debug ("The system resumed after %" G_GINT64_FORMAT " s of suspend",
                  jump / G_USEC_PER_SEC);
      plum_clock_run_resume_funcs (self);
    }
}

static PlumClock *
plum_clock_ref (PlumClock *self)
{
  g_mutex_lock (&registry_lock);
  self->ref_count++;
  g_mutex_unlock (&registry_lock);
  return self;
}

static gboolean
plum_clock_is_due (PlumClock *self, gint64 deadline)
{
  return deadline >= 0 && deadline <= plum_clock_get_time (self);
}

static gboolean
clock_source_prepare (GSource *source, int *timeout)
{
  PlumClock *self = ((ClockSource *) source)->clock;
  gint64 deadline = plum_clock_get_next_deadline (self);

  if (self->wakeup != NULL)
    return plum_wakeup_prepare (self->wakeup, deadline, timeout);

  *timeout = -1;
  return plum_clock_is_due (self, deadline);
}

static gboolean
clock_source_check (GSource *source)
{
  PlumClock *self = ((ClockSource *) source)->clock;
  gint64 deadline = plum_clock_get_next_deadline (self);

  return self->wakeup != NULL ? plum_wakeup_check (self->wakeup, deadline)
                              : plum_clock_is_due (self, deadline);
}

static gboolean
clock_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  PlumClock *self = plum_clock_ref (((ClockSource *) source)->clock);

  if (self->wakeup != NULL)
    {
      plum_wakeup_dispatch (self->wakeup);
      plum_clock_check_resume (self);
    }
  plum_clock_fire_due (self);

  plum_clock_unref (self);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs clock_source_funcs = {
  .prepare = clock_source_prepare,
  .check = clock_source_check,
  .dispatch = clock_source_dispatch,
};

/* The caller holds registry_lock. */
static PlumClock *
plum_clock_new (GMainContext *context, gboolean manual)
{
  PlumClock *self = g_new0 (PlumClock, 1);

  self->ref_count = 1;
  self->context = g_main_context_ref (context);
  plum_timer_heap_init (&self->heap);
  self->resume_funcs = g_array_new (FALSE, FALSE, sizeof (ResumeFunc));
  self->now = MANUAL_START;
  self->suspended = plum_wakeup_get_suspended ();

  self->source = g_source_new (&clock_source_funcs, sizeof (ClockSource));
  ((ClockSource *) self->source)->clock = self;
  /* A handler may run the main loop until another timer. */
  g_source_set_can_recurse (self->source, TRUE);
  g_source_set_static_name (self->source, "[plum] clock");

  if (!manual)
    self->wakeup = plum_wakeup_new (self->source);

  g_source_attach (self->source, context);

  if (registry == NULL)
    registry = g_hash_table_new (NULL, NULL);
  g_hash_table_insert (registry, context, self);
  return self;
}

/* Removes all timers before a source is destroyed, because that may run code of its owner. */
static GPtrArray *
plum_clock_remove_sources (PlumClock *self)
{
  GPtrArray *sources = g_ptr_array_new_with_free_func ((GDestroyNotify) g_source_unref);
  PlumTimer *timer;

  while ((timer = plum_timer_heap_peek_any (&self->heap)) != NULL)
    {
      TimerSource *source = timer_get_source (timer);

      plum_timer_heap_remove (&self->heap, timer);
      if (source != NULL)
        g_ptr_array_add (sources, g_source_ref (&source->source));
    }
  return sources;
}

static void
plum_clock_free (PlumClock *self)
{
  g_autoptr (GPtrArray) sources = plum_clock_remove_sources (self);

  for (guint i = 0; i < sources->len; i++)
    g_source_destroy (sources->pdata[i]);

  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_clear_pointer (&self->wakeup, plum_wakeup_free);
  g_array_unref (self->resume_funcs);
  plum_timer_heap_clear (&self->heap);
  g_main_context_unref (self->context);
  g_free (self);
}

PlumClock *
plum_clock_ref_for_context (GMainContext *context)
{
  PlumClock *self;

  if (context == NULL)
    context = g_main_context_default ();

  g_mutex_lock (&registry_lock);
  self = registry != NULL ? g_hash_table_lookup (registry, context) : NULL;
  if (self != NULL)
    self->ref_count++;
  else
    self = plum_clock_new (context, FALSE);
  g_mutex_unlock (&registry_lock);

  return self;
}

void
plum_clock_unref (PlumClock *self)
{
  gboolean last;

  g_mutex_lock (&registry_lock);
  last = --self->ref_count == 0;
  if (last)
    {
      g_hash_table_remove (registry, self->context);
      if (g_hash_table_size (registry) == 0)
        g_clear_pointer (&registry, g_hash_table_unref);
    }
  g_mutex_unlock (&registry_lock);

  if (last)
    plum_clock_free (self);
}

gint64
plum_clock_get_time (PlumClock *self)
{
  return self->wakeup != NULL ? plum_wakeup_get_time () : self->now;
}

void
plum_clock_arm (PlumClock *self, PlumTimer *timer, gint64 deadline)
{
  g_assert (timer->func != NULL);

  plum_clock_disarm (self, timer);
  timer->deadline = MAX (deadline, 0);
  plum_timer_heap_insert (&self->heap, timer);
}

void
plum_clock_arm_in_ms (PlumClock *self, PlumTimer *timer, gint64 ms)
{
  gint64 now = plum_clock_get_time (self);

  plum_clock_arm (self, timer, now + CLAMP (ms, 0, (G_MAXINT64 - now) / 1000) * 1000);
}

void
plum_clock_disarm (PlumClock *self, PlumTimer *timer)
{
  if (plum_timer_is_armed (timer))
    plum_timer_heap_remove (&self->heap, timer);
}

static gboolean
timer_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  if (callback != NULL)
    callback (user_data);
  return G_SOURCE_REMOVE;
}

static void
timer_source_finalize (GSource *source)
{
  TimerSource *self = (gpointer) source;

  plum_clock_disarm (self->clock, &self->timer);
}

static GSourceFuncs timer_source_funcs = {
  .dispatch = timer_source_dispatch,
  .finalize = timer_source_finalize,
};

/* The source has no reference to the clock, which would keep the context of an abandoned source
 * alive. When the clock is freed, it destroys its sources. */
GSource *
plum_clock_create_source (PlumClock *self, guint ms)
{
  GSource *source = g_source_new (&timer_source_funcs, sizeof (TimerSource));
  TimerSource *timer_source = (gpointer) source;

  timer_source->clock = self;
  plum_timer_init (&timer_source->timer, on_source_due, source);
  plum_clock_arm_in_ms (self, &timer_source->timer, ms);
  g_source_set_static_name (source, "[plum] timer");
  g_source_attach (source, self->context);
  return source;
}

guint
plum_clock_add_resume_func (PlumClock *self, PlumTimerFunc func, gpointer user_data)
{
  ResumeFunc resume = { ++self->last_resume_id, func, user_data };

  if (self->resume_funcs->len == 0 && self->wakeup != NULL)
    plum_wakeup_watch_resume (self->wakeup, TRUE);
  g_array_append_val (self->resume_funcs, resume);
  return resume.id;
}

void
plum_clock_remove_resume_func (PlumClock *self, guint id)
{
  int index = plum_clock_find_resume_func (self, id);

  if (index < 0)
    return;

  g_array_remove_index (self->resume_funcs, (guint) index);
  if (self->resume_funcs->len == 0 && self->wakeup != NULL)
    plum_wakeup_watch_resume (self->wakeup, FALSE);
}

PlumClock *
plum_clock_new_manual (GMainContext *context)
{
  PlumClock *self;

  if (context == NULL)
    context = g_main_context_default ();

  g_mutex_lock (&registry_lock);
  g_assert (registry == NULL || !g_hash_table_contains (registry, context));
  self = plum_clock_new (context, TRUE);
  g_mutex_unlock (&registry_lock);

  return self;
}

gint64
plum_clock_get_next_deadline (PlumClock *self)
{
  PlumTimer *timer = plum_clock_peek (self);

  return timer != NULL ? timer->deadline : -1;
}

void
plum_clock_advance (PlumClock *self, gint64 us)
{
  gint64 end = self->now + us;
  PlumTimer *timer;

  g_assert (self->wakeup == NULL && us >= 0);

  plum_clock_ref (self);
  while ((timer = plum_clock_peek (self)) != NULL && timer->deadline <= end)
    {
      self->now = MAX (self->now, timer->deadline);
      plum_clock_fire (self, timer);
    }
  self->now = MAX (self->now, end);
  plum_clock_unref (self);
}

void
plum_clock_suspend (PlumClock *self, gint64 us)
{
  g_assert (self->wakeup == NULL && us >= 0);

  plum_clock_ref (self);
  self->now += us;
  plum_clock_run_resume_funcs (self);
  plum_clock_advance (self, 0);
  plum_clock_unref (self);
}
