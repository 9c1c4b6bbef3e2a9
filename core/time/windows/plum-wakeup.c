/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-wakeup-private.h"

#include <windows.h>

#include "plum-log-private.h"

/* From powrprof.h and winuser.h, for headers that lack them. */
#ifndef DEVICE_NOTIFY_CALLBACK
#  define DEVICE_NOTIFY_CALLBACK 2

typedef ULONG CALLBACK (*PDEVICE_NOTIFY_CALLBACK_ROUTINE) (gpointer context,
                                                           ULONG type,
                                                           gpointer setting);

typedef struct
{
  PDEVICE_NOTIFY_CALLBACK_ROUTINE Callback;
  gpointer Context;
} DEVICE_NOTIFY_SUBSCRIBE_PARAMETERS;
#endif

DWORD WINAPI PowerRegisterSuspendResumeNotification (DWORD flags,
                                                     HANDLE recipient,
                                                     gpointer *handle);

struct _PlumWakeup
{
  GSource *source;       /* borrowed */
  GMainContext *context; /* (nullable): while it watches for a resume */
  gboolean resumed;      /* guarded by watchers_lock */
};

/* Windows reports a resume in another thread. There is one subscription for the process, which is
 * never cancelled: cancelling it does not wait for that thread. */
static GMutex watchers_lock;
static GPtrArray *watchers; /* (element-type PlumWakeup): borrowed */

/* QueryPerformanceCounter(), which counts the time in suspend. */
gint64
plum_wakeup_get_time (void)
{
  return g_get_monotonic_time ();
}

/* Both count interrupts of the same timer, so that their difference changes in suspend only. Reads
 * the one that stops in suspend last: a delay between the two can hide a suspend until the next
 * call, but cannot simulate one. The resolution is about 16 ms. */
gint64
plum_wakeup_get_suspended (void)
{
  const gint64 all = (gint64) GetTickCount64 () * 1000;
  ULONGLONG awake = 0;

  QueryUnbiasedInterruptTime (&awake);
  return all - (gint64) (awake / 10);
}

PlumWakeup *
plum_wakeup_new (GSource *source)
{
  PlumWakeup *self = g_new0 (PlumWakeup, 1);

  self->source = source;
  return self;
}

void
plum_wakeup_free (PlumWakeup *self)
{
  plum_wakeup_watch_resume (self, FALSE);
  g_free (self);
}

/* A poll timeout does not include the time in suspend: it may expire late after a resume, unless
 * the resume is watched. */
gboolean
plum_wakeup_prepare (PlumWakeup *self, gint64 deadline, int *timeout)
{
  return plum_wakeup_prepare_poll (deadline, plum_wakeup_get_time (), timeout);
}

gboolean
plum_wakeup_check (PlumWakeup *self, gint64 deadline)
{
  gboolean resumed;

  g_mutex_lock (&watchers_lock);
  resumed = self->resumed;
  g_mutex_unlock (&watchers_lock);
  return resumed || (deadline >= 0 && deadline <= plum_wakeup_get_time ());
}

void
plum_wakeup_dispatch (PlumWakeup *self)
{
  g_mutex_lock (&watchers_lock);
  self->resumed = FALSE;
  g_mutex_unlock (&watchers_lock);
}

static ULONG CALLBACK
on_power_event (gpointer context, ULONG type, gpointer setting)
{
  if (type != PBT_APMRESUMEAUTOMATIC && type != PBT_APMRESUMESUSPEND)
    return ERROR_SUCCESS;

  g_mutex_lock (&watchers_lock);
  for (guint i = 0; i < watchers->len; i++)
    {
      PlumWakeup *self = watchers->pdata[i];

      self->resumed = TRUE;
      g_main_context_wakeup (self->context);
    }
  g_mutex_unlock (&watchers_lock);
  return ERROR_SUCCESS;
}

static void
subscribe (void)
{
  DEVICE_NOTIFY_SUBSCRIBE_PARAMETERS parameters = { on_power_event, NULL };
  gpointer handle = NULL;
  DWORD code =
    PowerRegisterSuspendResumeNotification (DEVICE_NOTIFY_CALLBACK, &parameters, &handle);

  if (code != ERROR_SUCCESS)
    plum_debug ("Cannot watch for a resume; it will be detected at the next wake-up: error %lu",
                (gulong) code);
}

void
plum_wakeup_watch_resume (PlumWakeup *self, gboolean watch)
{
  static gsize subscribed;

  if (watch == (self->context != NULL))
    return;

  g_mutex_lock (&watchers_lock);
  if (watch)
    {
      if (watchers == NULL)
        watchers = g_ptr_array_new ();
      self->context = g_main_context_ref (g_source_get_context (self->source));
      g_ptr_array_add (watchers, self);
    }
  else
    {
      g_ptr_array_remove_fast (watchers, self);
      g_clear_pointer (&self->context, g_main_context_unref);
    }
  g_mutex_unlock (&watchers_lock);

  if (watch && g_once_init_enter (&subscribed))
    {
      subscribe ();
      g_once_init_leave (&subscribed, 1);
    }
}
