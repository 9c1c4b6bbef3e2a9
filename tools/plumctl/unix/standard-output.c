/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "standard-output.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

static struct
{
  GSourceFunc func;
  gpointer user_data;
} output_reader;

gboolean
standard_output_is_terminal (void)
{
  const char *term = g_getenv ("TERM");

  return isatty (STDOUT_FILENO) && term != NULL && !g_str_equal (term, "dumb");
}

static gboolean
on_output_reader_closed (int fd, GIOCondition condition, gpointer user_data)
{
  if ((condition & G_IO_NVAL) == 0)
    output_reader.func (output_reader.user_data);

  return G_SOURCE_REMOVE;
}

guint
standard_output_watch_reader (GSourceFunc func, gpointer user_data)
{
  output_reader.func = func;
  output_reader.user_data = user_data;
  signal (SIGPIPE, SIG_IGN);
  return g_unix_fd_add (STDOUT_FILENO, G_IO_ERR | G_IO_HUP | G_IO_NVAL, on_output_reader_closed,
                        NULL);
}

void
standard_output_divert (GSubprocessLauncher *launcher)
{
  int fd = fcntl (STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

  if (fd >= 0)
    g_subprocess_launcher_take_stdout_fd (launcher, fd);
  else
    g_subprocess_launcher_set_flags (launcher, G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
}
