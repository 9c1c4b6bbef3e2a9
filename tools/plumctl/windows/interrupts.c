/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "interrupts.h"

#include <windows.h>

static struct
{
  InterruptFunc func; /* NULL: not watched */
  gpointer user_data;
} interrupt_watch;

static gboolean
on_console_interrupt (gpointer interrupt)
{
  if (interrupt_watch.func != NULL)
    interrupt_watch.func ((Interrupt) GPOINTER_TO_INT (interrupt), interrupt_watch.user_data);

  return G_SOURCE_REMOVE;
}

/* Runs in a thread that Windows creates for the event. */
static BOOL WINAPI
on_console_event (DWORD type)
{
  const gboolean key = type == CTRL_C_EVENT || type == CTRL_BREAK_EVENT;

  g_idle_add_full (G_PRIORITY_HIGH, on_console_interrupt,
                   GINT_TO_POINTER (key ? INTERRUPT_KEY : INTERRUPT_STOP), NULL);

  /* The window was closed, or the user logs off: Windows ends the program when this function
   * returns, or after 5 s. The main loop ends it before, when it has removed the mappings. */
  if (!key)
    Sleep (INFINITE);
  return TRUE;
}

void
interrupts_watch (InterruptFunc func, gpointer user_data)
{
  interrupt_watch.func = func;
  interrupt_watch.user_data = user_data;
  SetConsoleCtrlHandler (on_console_event, TRUE);
}

void
interrupts_unwatch (void)
{
  SetConsoleCtrlHandler (on_console_event, FALSE);
  interrupt_watch.func = NULL;
}

/* The console sends its events to all programs in it. There is no other way to ask a program to
 * stop. */
void
interrupts_forward (Interrupt interrupt, GSubprocess *child)
{
}
