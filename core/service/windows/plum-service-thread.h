/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Mutexes, conditions and a thread: those of GLib, which uses those of Windows. The functions do
 * not fail, except plum_service_thread_start(). */
typedef GMutex PlumServiceMutex;
typedef GCond PlumServiceCond;
typedef GThread *PlumServiceThread;

static inline void
plum_service_mutex_init (PlumServiceMutex *self)
{
  g_mutex_init (self);
}

static inline void
plum_service_mutex_clear (PlumServiceMutex *self)
{
  g_mutex_clear (self);
}

static inline void
plum_service_mutex_lock (PlumServiceMutex *self)
{
  g_mutex_lock (self);
}

static inline void
plum_service_mutex_unlock (PlumServiceMutex *self)
{
  g_mutex_unlock (self);
}

static inline void
plum_service_cond_init (PlumServiceCond *self)
{
  g_cond_init (self);
}

static inline void
plum_service_cond_clear (PlumServiceCond *self)
{
  g_cond_clear (self);
}

static inline void
plum_service_cond_broadcast (PlumServiceCond *self)
{
  g_cond_broadcast (self);
}

static inline void
plum_service_cond_wait (PlumServiceCond *self, PlumServiceMutex *mutex)
{
  g_cond_wait (self, mutex);
}

/* end: on g_get_monotonic_time(). Returns FALSE after it has passed. */
static inline gboolean
plum_service_cond_wait_until (PlumServiceCond *self, PlumServiceMutex *mutex, gint64 end)
{
  return g_cond_wait_until (self, mutex, end);
}

static inline gboolean
plum_service_thread_start (PlumServiceThread *self, void *(*func) (void *), gpointer data)
{
  *self = g_thread_try_new ("plum-service", func, data, NULL);
  return *self != NULL;
}

static inline void
plum_service_thread_join (PlumServiceThread *self)
{
  g_thread_join (*self);
}

/* The thread frees itself when it ends. */
static inline void
plum_service_thread_detach (PlumServiceThread *self)
{
  g_thread_unref (*self);
}

G_END_DECLS
