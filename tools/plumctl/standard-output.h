/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

/* Whether standard output is a terminal that understands escape sequences. */
gboolean standard_output_is_terminal (void);

/* Calls func in the main loop, once, when the reader of standard output has exited. A write does
 * not end the program then. Returns the source, or 0 if the system does not report this: then a
 * write fails. */
guint standard_output_watch_reader (GSourceFunc func, gpointer user_data);
