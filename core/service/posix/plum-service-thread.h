/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

G_BEGIN_DECLS

/* Mutexes, conditions and a thread. These are POSIX ones: ThreadSanitizer knows them, but not those
 * of GLib. The functions do not fail, except plum_service_thread_start(). */
typedef pthread_mutex_t PlumServiceMutex;
typedef pthread_cond_t PlumServiceCond;
typedef pthread_t PlumServiceThread;

static inline void
plum_service_mutex_init (PlumServiceMutex *self)
{
  pthread_mutex_init (self, NULL);
}

static inline void
plum_service_mutex_clear (PlumServiceMutex *self)
{
  pthread_mutex_destroy (self);
}

static inline void
plum_service_mutex_lock (PlumServiceMutex *self)
{
  pthread_mutex_lock (self);
}

static inline void
plum_service_mutex_unlock (PlumServiceMutex *self)
{
  pthread_mutex_unlock (self);
}

static inline void
plum_service_cond_init (PlumServiceCond *self)
{
  pthread_condattr_t attributes;

  pthread_condattr_init (&attributes);
  pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC);
  pthread_cond_init (self, &attributes);
  pthread_condattr_destroy (&attributes);
}

static inline void
plum_service_cond_clear (PlumServiceCond *self)
{
  pthread_cond_destroy (self);
}

static inline void
plum_service_cond_broadcast (PlumServiceCond *self)
{
  pthread_cond_broadcast (self);
}

static inline void
plum_service_cond_wait (PlumServiceCond *self, PlumServiceMutex *mutex)
{
  pthread_cond_wait (self, mutex);
}

/* end: on g_get_monotonic_time(). Returns FALSE after it has passed. */
static inline gboolean
plum_service_cond_wait_until (PlumServiceCond *self, PlumServiceMutex *mutex, gint64 end)
{
  const struct timespec deadline = {
    .tv_sec = end / G_USEC_PER_SEC,
    .tv_nsec = end % G_USEC_PER_SEC * 1000,
  };

  return pthread_cond_timedwait (self, mutex, &deadline) != ETIMEDOUT;
}

/* Signals of the program belong to its own threads. */
static inline gboolean
plum_service_thread_start (PlumServiceThread *self, void *(*func) (void *), gpointer data)
{
  sigset_t all, old;
  int status;

  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &old);
  status = pthread_create (self, NULL, func, data);
  pthread_sigmask (SIG_SETMASK, &old, NULL);
#ifdef HAVE_PTHREAD_SETNAME_NP
  if (status == 0)
    pthread_setname_np (*self, "plum-service");
#endif

  return status == 0;
}

static inline void
plum_service_thread_join (PlumServiceThread *self)
{
  pthread_join (*self, NULL);
}

/* The thread frees itself when it ends. */
static inline void
plum_service_thread_detach (PlumServiceThread *self)
{
  pthread_detach (*self);
}

G_END_DECLS
