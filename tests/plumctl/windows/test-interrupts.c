/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "interrupts.h"

#include <windows.h>

/* Requests of the console to stop. The console is simulated. */

static struct
{
  GMutex lock; /* Windows holds one while it calls a handler */
  PHANDLER_ROUTINE handler;
} console;

static GMainLoop *loop;
static Interrupt received;

static BOOL WINAPI
set_handler (PHANDLER_ROUTINE handler, BOOL add)
{
  g_assert_true (g_mutex_trylock (&console.lock));
  console.handler = add ? handler : NULL;
  g_mutex_unlock (&console.lock);
  return TRUE;
}

/* What the code under test calls instead of SetConsoleCtrlHandler() of kernel32.dll. */
BOOL (WINAPI *__imp_SetConsoleCtrlHandler) (PHANDLER_ROUTINE handler, BOOL add) = set_handler;

static gpointer
send_event (gpointer type)
{
  BOOL handled;

  g_mutex_lock (&console.lock);
  handled = console.handler ((DWORD) GPOINTER_TO_UINT (type));
  g_mutex_unlock (&console.lock);
  return GINT_TO_POINTER (handled);
}

static void
on_interrupt (Interrupt interrupt, gpointer user_data)
{
  received = interrupt;
  interrupts_unwatch ();
  g_main_loop_quit (loop);
}

static GThread *
receive (DWORD type)
{
  GThread *thread;

  received = (Interrupt) 0;
  loop = g_main_loop_new (NULL, FALSE);
  interrupts_watch (on_interrupt, NULL);
  thread = g_thread_new ("console", send_event, GUINT_TO_POINTER (type));
  g_main_loop_run (loop);
  g_clear_pointer (&loop, g_main_loop_unref);
  return thread;
}

static void
test_key (gconstpointer type)
{
  g_assert_true (GPOINTER_TO_INT (g_thread_join (receive ((DWORD) GPOINTER_TO_UINT (type)))));
  g_assert_cmpint (received, ==, INTERRUPT_KEY);
}

/* The default action of Windows is to end the program. */
static void
test_not_watched (void)
{
  g_thread_join (receive (CTRL_C_EVENT));
  g_assert_false (GPOINTER_TO_INT (send_event (GUINT_TO_POINTER (CTRL_C_EVENT))));
}

/* The last test: the thread of the console still waits when the program ends. */
static void
test_close (void)
{
  g_thread_unref (receive (CTRL_CLOSE_EVENT));
  g_assert_cmpint (received, ==, INTERRUPT_STOP);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_data_func ("/interrupts/ctrl-c", GUINT_TO_POINTER (CTRL_C_EVENT), test_key);
  g_test_add_data_func ("/interrupts/ctrl-break", GUINT_TO_POINTER (CTRL_BREAK_EVENT), test_key);
  g_test_add_func ("/interrupts/not-watched", test_not_watched);
  g_test_add_func ("/interrupts/close", test_close);

  return g_test_run ();
}
