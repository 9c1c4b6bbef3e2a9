/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "interrupts.h"

#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

G_STATIC_ASSERT ((int) INTERRUPT_HANGUP == SIGHUP && (int) INTERRUPT_KEY == SIGINT &&
                 (int) INTERRUPT_STOP == SIGTERM);

static const Interrupt watched_signals[] = { INTERRUPT_KEY, INTERRUPT_STOP, INTERRUPT_HANGUP };

static struct
{
  guint ids[G_N_ELEMENTS (watched_signals)];
  InterruptFunc func;
  gpointer user_data;
} interrupt_watch;

static gboolean
on_signal (gpointer interrupt)
{
  interrupt_watch.func ((Interrupt) GPOINTER_TO_INT (interrupt), interrupt_watch.user_data);
  return G_SOURCE_CONTINUE;
}

void
interrupts_watch (InterruptFunc func, gpointer user_data)
{
  interrupt_watch.func = func;
  interrupt_watch.user_data = user_data;
  for (guint i = 0; i < G_N_ELEMENTS (watched_signals); i++)
    interrupt_watch.ids[i] =
      g_unix_signal_add (watched_signals[i], on_signal, GINT_TO_POINTER (watched_signals[i]));
}

void
interrupts_unwatch (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (watched_signals); i++)
    g_clear_handle_id (&interrupt_watch.ids[i], g_source_remove);
}

/* The terminal sends SIGINT to its whole foreground process group, which includes the child. */
void
interrupts_forward (Interrupt interrupt, GSubprocess *child)
{
  if (interrupt != INTERRUPT_KEY || tcgetpgrp (STDIN_FILENO) != getpgrp ())
    g_subprocess_send_signal (child, (int) interrupt);
}
