/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "interrupts.h"

#include <windows.h>

/* Windows ends a program 5 s after its window was closed. */
#define END_WAIT_MS 10000

static struct
{
  gboolean is_watched; /* atomic: Windows reads it in another thread */
  InterruptFunc func;
  gpointer user_data;
} interrupt_watch;

static gboolean
on_console_interrupt (gpointer interrupt)
{
  if (g_atomic_int_get (&interrupt_watch.is_watched))
    interrupt_watch.func ((Interrupt) GPOINTER_TO_INT (interrupt), interrupt_watch.user_data);

  return G_SOURCE_REMOVE;
}

/* Runs in a thread that Windows creates for the event. FALSE: Windows ends the program. */
static BOOL WINAPI
on_console_event (DWORD type)
{
  const gboolean key = type == CTRL_C_EVENT || type == CTRL_BREAK_EVENT;

  if (!g_atomic_int_get (&interrupt_watch.is_watched))
    return FALSE;

  g_idle_add_full (G_PRIORITY_HIGH, on_console_interrupt,
                   GINT_TO_POINTER (key ? INTERRUPT_KEY : INTERRUPT_STOP), NULL);

  /* The window was closed, or the user logs off: Windows ends the program when this function
   * returns. The main thread ends it before, and with it this thread, when it has removed the
   * mappings. */
  if (!key)
    Sleep (END_WAIT_MS);
  return TRUE;
}

/* Once, and never removed: Windows holds a lock while it calls the handlers, for which
 * SetConsoleCtrlHandler() would wait until the handler above returns. */
static void
add_handler (void)
{
  static gboolean added = FALSE;

  if (!added)
    added = SetConsoleCtrlHandler (on_console_event, TRUE);
}

void
interrupts_watch (InterruptFunc func, gpointer user_data)
{
  interrupt_watch.func = func;
  interrupt_watch.user_data = user_data;
  g_atomic_int_set (&interrupt_watch.is_watched, TRUE);
  add_handler ();
}

void
interrupts_watch_hangup (void)
{
}

void
interrupts_unwatch (void)
{
  g_atomic_int_set (&interrupt_watch.is_watched, FALSE);
}

void
interrupts_inherit (GSubprocessLauncher *launcher)
{
}

/* The console sends its events to all programs in it. There is no other way to ask a program to
 * stop. */
void
interrupts_forward (Interrupt interrupt, GSubprocess *child)
{
}
