/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

/* Whether standard output is a terminal that understands escape sequences. */
gboolean standard_output_is_terminal (void);

/* Calls func in the main loop, once, when the reader of standard output has exited. A write does
 * not end the program then. Returns the source, or 0 if the system does not report this: then a
 * write fails. */
guint standard_output_watch_reader (GSourceFunc func, gpointer user_data);

/* Lets a program that is started print on standard error instead, so that the lines of this one are
 * not mixed with others. Where that is not possible, the output is discarded with --json. */
void standard_output_divert (GSubprocessLauncher *launcher);
