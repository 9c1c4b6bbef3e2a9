/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-wakeup-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "plum-log-private.h"

/* A time on CLOCK_REALTIME that is never reached, and that the kernel can represent in ns. */
#define NEVER ((time_t) (sizeof (time_t) > 4 ? G_GINT64_CONSTANT (9000000000) : G_MAXINT32))

struct _PlumWakeup
{
  GSource *source; /* borrowed */
  int timer_fd;    /* -1 if no timerfd is available */
  gpointer timer_tag;
  gint64 timer_deadline; /* the deadline of timer_fd, or -1 */
  int step_fd;           /* readable after CLOCK_REALTIME is set, such as by a resume; or -1 */
  gpointer step_tag;
};

static void
close_fd (int *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
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
  return read_clock (CLOCK_BOOTTIME);
}

/* Reads MONOTONIC last: a delay between the two reads can hide a suspend until the next call, but
 * cannot simulate one. */
gint64
plum_wakeup_get_suspended (void)
{
  gint64 boottime = read_clock (CLOCK_BOOTTIME);

  return boottime - read_clock (CLOCK_MONOTONIC);
}

PlumWakeup *
plum_wakeup_new (GSource *source)
{
  PlumWakeup *self = g_new0 (PlumWakeup, 1);

  self->source = source;
  self->step_fd = -1;
  self->timer_deadline = -1;
  self->timer_fd = timerfd_create (CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (self->timer_fd >= 0)
    self->timer_tag = g_source_add_unix_fd (source, self->timer_fd, G_IO_IN);
  else
    plum_debug ("Cannot create a timerfd; using poll timeouts instead: %s", g_strerror (errno));
  return self;
}

void
plum_wakeup_free (PlumWakeup *self)
{
  close_fd (&self->timer_fd);
  close_fd (&self->step_fd);
  g_free (self);
}

static void
plum_wakeup_set_timer_fd (PlumWakeup *self, gint64 deadline)
{
  struct itimerspec when = { 0 };

  if (deadline >= 0)
    {
      when.it_value.tv_sec = deadline / G_USEC_PER_SEC;
      /* All zeros would disarm the timerfd. */
      when.it_value.tv_nsec = deadline % G_USEC_PER_SEC * 1000 + 1;
    }
  timerfd_settime (self->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
  self->timer_deadline = deadline;
}

/* Sets the timerfd once per iteration, and not for each timer that is armed or disarmed. */
gboolean
plum_wakeup_prepare (PlumWakeup *self, gint64 deadline, int *timeout)
{
  /* A poll timeout does not include the time in suspend: it may expire late after a resume. */
  if (self->timer_fd < 0)
    return plum_wakeup_prepare_poll (deadline, plum_wakeup_get_time (), timeout);

  *timeout = -1;
  if (deadline != self->timer_deadline)
    plum_wakeup_set_timer_fd (self, deadline);
  return FALSE;
}

gboolean
plum_wakeup_check (PlumWakeup *self, gint64 deadline)
{
  if (self->timer_tag != NULL && g_source_query_unix_fd (self->source, self->timer_tag) != 0)
    return TRUE;
  if (self->step_tag != NULL && g_source_query_unix_fd (self->source, self->step_tag) != 0)
    return TRUE;
  return self->timer_fd < 0 && deadline >= 0 && deadline <= plum_wakeup_get_time ();
}

/* Returns whether the timer expired. ECANCELED, from the step timer, counts as an expiry. */
static gboolean
drain_timer_fd (int fd)
{
  guint64 expirations;

  return fd >= 0 && (read (fd, &expirations, sizeof expirations) >= 0 || errno != EAGAIN);
}

void
plum_wakeup_dispatch (PlumWakeup *self)
{
  if (drain_timer_fd (self->timer_fd))
    self->timer_deadline = -1;
  drain_timer_fd (self->step_fd);
}

/* The kernel cancels this timer whenever CLOCK_REALTIME is set, which a resume does. It wakes an
 * idle main loop, which then compares BOOTTIME and MONOTONIC; a change of the date does not affect
 * these. */
static void
plum_wakeup_add_step_watch (PlumWakeup *self)
{
  const struct itimerspec never = { .it_value.tv_sec = NEVER };
  const int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;

  self->step_fd = timerfd_create (CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (self->step_fd >= 0 && timerfd_settime (self->step_fd, flags, &never, NULL) == 0)
    {
      self->step_tag = g_source_add_unix_fd (self->source, self->step_fd, G_IO_IN);
      return;
    }

  plum_debug ("Cannot watch for a resume; it will be detected at the next wake-up: %s",
              g_strerror (errno));
  close_fd (&self->step_fd);
}

void
plum_wakeup_watch_resume (PlumWakeup *self, gboolean watch)
{
  if (watch && self->step_fd < 0)
    plum_wakeup_add_step_watch (self);
  else if (!watch && self->step_fd >= 0)
    {
      g_source_remove_unix_fd (self->source, g_steal_pointer (&self->step_tag));
      close_fd (&self->step_fd);
    }
}
