/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-wakeup-private.h"

#include <time.h>

/* How late a resume from suspend is noticed, in ms of uptime. */
#define RESUME_CHECK_MS 30000

/* A smaller growth of the time in suspend is not a reason to wake up. */
#define RESUME_NOTICED (G_USEC_PER_SEC)

/* A clock that includes the time in suspend, and one that does not, as far as the manuals of the
 * systems name them. FreeBSD has CLOCK_BOOTTIME as another name of CLOCK_UPTIME. */
#if defined(CLOCK_UPTIME_RAW) /* macOS */
#  define CLOCK_WITH_SUSPEND CLOCK_MONOTONIC
#  define CLOCK_WITHOUT_SUSPEND CLOCK_UPTIME_RAW
#elif defined(CLOCK_BOOTTIME) && defined(CLOCK_UPTIME) && CLOCK_BOOTTIME != CLOCK_UPTIME
#  define CLOCK_WITH_SUSPEND CLOCK_BOOTTIME /* OpenBSD */
#  define CLOCK_WITHOUT_SUSPEND CLOCK_UPTIME
#elif defined(CLOCK_BOOTTIME) && !defined(CLOCK_UPTIME)
#  define CLOCK_WITH_SUSPEND CLOCK_BOOTTIME /* Linux */
#  define CLOCK_WITHOUT_SUSPEND CLOCK_MONOTONIC
#else
#  define CLOCK_WITH_SUSPEND CLOCK_MONOTONIC
#  define CLOCK_WITHOUT_SUSPEND CLOCK_MONOTONIC
#endif

struct _PlumWakeup
{
  gint64 suspended; /* at the last dispatch */
  gboolean watches_resume;
};

static gboolean
counts_suspend (void)
{
  return CLOCK_WITH_SUSPEND != CLOCK_WITHOUT_SUSPEND;
}

static gint64
read_clock (clockid_t id)
{
  struct timespec now;

  clock_gettime (id, &now);
  return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

gint64
plum_wakeup_get_time (void)
{
  return read_clock (CLOCK_WITH_SUSPEND);
}

/* Reads the second clock last: a delay between the two reads can hide a suspend until the next
 * call, but cannot simulate one. */
gint64
plum_wakeup_get_suspended (void)
{
  gint64 with_suspend = plum_wakeup_get_time ();

  return counts_suspend () ? with_suspend - read_clock (CLOCK_WITHOUT_SUSPEND) : 0;
}

PlumWakeup *
plum_wakeup_new (GSource *source)
{
  PlumWakeup *self = g_new0 (PlumWakeup, 1);

  self->suspended = plum_wakeup_get_suspended ();
  return self;
}

void
plum_wakeup_free (PlumWakeup *self)
{
  g_free (self);
}

/* A poll timeout does not include the time in suspend. Wakes up from time to time, so that a
 * deadline or a resume is noticed late by RESUME_CHECK_MS at most. */
gboolean
plum_wakeup_prepare (PlumWakeup *self, gint64 deadline, int *timeout)
{
  if (plum_wakeup_prepare_poll (deadline, plum_wakeup_get_time (), timeout))
    return TRUE;

  if (counts_suspend () && (deadline >= 0 || self->watches_resume) &&
      (*timeout < 0 || *timeout > RESUME_CHECK_MS))
    *timeout = RESUME_CHECK_MS;
  return FALSE;
}

gboolean
plum_wakeup_check (PlumWakeup *self, gint64 deadline)
{
  return (deadline >= 0 && deadline <= plum_wakeup_get_time ()) ||
         (self->watches_resume && plum_wakeup_get_suspended () - self->suspended > RESUME_NOTICED);
}

void
plum_wakeup_dispatch (PlumWakeup *self)
{
  self->suspended = plum_wakeup_get_suspended ();
}

void
plum_wakeup_watch_resume (PlumWakeup *self, gboolean watch)
{
  self->watches_resume = watch;
}
