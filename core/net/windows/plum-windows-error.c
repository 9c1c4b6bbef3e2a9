/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-windows-error.h"

#include <windows.h>

/* GIO translates only errors of sockets. */
static GIOErrorEnum
get_io_error (guint32 code)
{
  switch (code)
    {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
      return G_IO_ERROR_NOT_FOUND;

    case ERROR_ACCESS_DENIED:
    case ERROR_PRIVILEGE_NOT_HELD:
    case ERROR_WRITE_PROTECT:
      return G_IO_ERROR_PERMISSION_DENIED;

    case ERROR_FILE_EXISTS:
    case ERROR_ALREADY_EXISTS:
      return G_IO_ERROR_EXISTS;

    case ERROR_LOCK_VIOLATION:
    case ERROR_SHARING_VIOLATION:
    case ERROR_DELETE_PENDING:
      return G_IO_ERROR_BUSY;

    case ERROR_TOO_MANY_OPEN_FILES:
      return G_IO_ERROR_TOO_MANY_OPEN_FILES;

    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
      return G_IO_ERROR_NO_SPACE;

    case ERROR_DIRECTORY:
      return G_IO_ERROR_NOT_DIRECTORY;

    case ERROR_FILENAME_EXCED_RANGE:
      return G_IO_ERROR_FILENAME_TOO_LONG;

    case ERROR_INVALID_NAME:
    case ERROR_BAD_PATHNAME:
      return G_IO_ERROR_INVALID_FILENAME;

    case ERROR_NOT_SUPPORTED:
    case ERROR_CALL_NOT_IMPLEMENTED:
      return G_IO_ERROR_NOT_SUPPORTED;

    default:
      return g_io_error_from_win32_error ((int) code);
    }
}

gboolean
plum_windows_set_error (GError **error, guint32 code, const char *format, ...)
{
  g_autofree char *what = NULL;
  g_autofree char *message = g_win32_error_message ((int) code);
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, G_IO_ERROR, (int) get_io_error (code), "%s: %s", what, g_strstrip (message));
  return FALSE;
}
