/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "interrupts.h"

#include <fcntl.h>
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

/* Written by a signal handler. */
static struct
{
  volatile sig_atomic_t from_program;
  void (*glib_handler) (int number);
} key_signal;

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

/* Remembers the sender, and calls the handler of GLib. */
static void
on_key_signal (int number, siginfo_t *info, void *context)
{
  key_signal.from_program = info->si_code == SI_USER || info->si_code == SI_QUEUE;
  key_signal.glib_handler (number);
}

/* GLib does not report the sender of a signal. */
static void
watch_key_sender (void)
{
  struct sigaction action;

  if (sigaction (SIGINT, NULL, &action) != 0 || (action.sa_flags & SA_SIGINFO) != 0)
    return;

  key_signal.glib_handler = action.sa_handler;
  action.sa_flags |= SA_SIGINFO;
  action.sa_sigaction = on_key_signal;
  sigaction (SIGINT, &action, NULL);
}

void
interrupts_watch (InterruptFunc func, gpointer user_data)
{
  interrupt_watch.func = func;
  interrupt_watch.user_data = user_data;
  interrupt_watch.ids[WATCH_KEY] = watch_signal (INTERRUPT_KEY);
  interrupt_watch.ids[WATCH_STOP] = watch_signal (INTERRUPT_STOP);
  watch_key_sender ();
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

/* Standard input may be redirected. */
static gboolean
is_in_foreground (void)
{
  int fd = open ("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
  gboolean is_foreground;

  if (fd < 0)
    return FALSE;

  is_foreground = tcgetpgrp (fd) == getpgrp ();
  close (fd);
  return is_foreground;
}

/* The terminal sends SIGINT to its whole foreground process group, which includes the child. */
void
interrupts_forward (Interrupt interrupt, GSubprocess *child)
{
  if (interrupt != INTERRUPT_KEY || key_signal.from_program || !is_in_foreground ())
    g_subprocess_send_signal (child, (int) interrupt);
}
