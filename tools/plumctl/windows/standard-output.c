/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "standard-output.h"

#include "common-options.h"

#include <windows.h>

/* From wincon.h, for headers that lack it. */
#ifndef ENABLE_VIRTUAL_TERMINAL_PROCESSING
#  define ENABLE_VIRTUAL_TERMINAL_PROCESSING 0x0004
#endif

/* A console understands escape sequences on request, since Windows 10. */
gboolean
standard_output_is_terminal (void)
{
  HANDLE console = GetStdHandle (STD_OUTPUT_HANDLE);
  DWORD mode;

  return GetConsoleMode (console, &mode) &&
         SetConsoleMode (console, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
}

guint
standard_output_watch_reader (GSourceFunc func, gpointer user_data)
{
  return 0;
}

void
standard_output_divert (GSubprocessLauncher *launcher)
{
  if (common_options.json)
    g_subprocess_launcher_set_flags (launcher, G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
}
