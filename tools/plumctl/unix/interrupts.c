/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "interrupts.h"

#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

G_STATIC_ASSERT ((int) INTERRUPT_HANGUP == SIGHUP && (int) INTERRUPT_KEY == SIGINT &&
                 (int) INTERRUPT_STOP == SIGTERM);

enum {
  WATCH_KEY,
  WATCH_STOP,
  WATCH_HANGUP,
  N_WATCHES
};

static struct
{
  guint ids[N_WATCHES];
  InterruptFunc func;
  gpointer user_data;
} interrupt_watch;

static gboolean
on_signal (gpointer interrupt)
{
  interrupt_watch.func ((Interrupt) GPOINTER_TO_INT (interrupt), interrupt_watch.user_data);
  return G_SOURCE_CONTINUE;
}

static guint
watch_signal (Interrupt interrupt)
{
  return g_unix_signal_add ((int) interrupt, on_signal, GINT_TO_POINTER (interrupt));
}

static gboolean
ignores_hangup (void)
{
  struct sigaction action;

  return sigaction (SIGHUP, NULL, &action) == 0 && (action.sa_flags & SA_SIGINFO) == 0 &&
         action.sa_handler == SIG_IGN;
}

void
interrupts_watch (InterruptFunc func, gpointer user_data)
{
  interrupt_watch.func = func;
  interrupt_watch.user_data = user_data;
  interrupt_watch.ids[WATCH_KEY] = watch_signal (INTERRUPT_KEY);
  interrupt_watch.ids[WATCH_STOP] = watch_signal (INTERRUPT_STOP);
  if (!ignores_hangup ())
    interrupts_watch_hangup ();
}

void
interrupts_watch_hangup (void)
{
  if (interrupt_watch.ids[WATCH_HANGUP] == 0)
    interrupt_watch.ids[WATCH_HANGUP] = watch_signal (INTERRUPT_HANGUP);
}

void
interrupts_unwatch (void)
{
  for (guint i = 0; i < N_WATCHES; i++)
    g_clear_handle_id (&interrupt_watch.ids[i], g_source_remove);
}

static void
ignore_hangup (gpointer user_data)
{
  signal (SIGHUP, SIG_IGN);
}

/* GLib resets SIGHUP in each program that it starts. */
void
interrupts_inherit (GSubprocessLauncher *launcher)
{
  if (ignores_hangup ())
    g_subprocess_launcher_set_child_setup (launcher, ignore_hangup, NULL, NULL);
}

/* The terminal sends SIGINT to its whole foreground process group, which includes the child. */
void
interrupts_forward (Interrupt interrupt, GSubprocess *child)
{
  if (interrupt != INTERRUPT_KEY || tcgetpgrp (STDIN_FILENO) != getpgrp ())
    g_subprocess_send_signal (child, (int) interrupt);
}
