/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Sets a %G_IO_ERROR for an error code of Windows, with the formatted text before its message. Both
 * are in the language of the user if the text is.
 * Returns FALSE. */
gboolean plum_windows_set_error (GError **error, guint32 code, const char *format, ...)
  G_GNUC_PRINTF (3, 4);

G_END_DECLS
