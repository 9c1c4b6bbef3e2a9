/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-system.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <unistd.h>
#ifdef HAVE_SYS_RANDOM_H
#  include <sys/random.h>
#endif

/* getentropy() returns up to 256 bytes (POSIX.1-2024). */
gboolean
plum_system_fill_random (gpointer data, gsize size, GError **error)
{
  int code;

  g_assert (size <= 256);

  if (getentropy (data, size) == 0)
    return TRUE;

  code = errno;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
               _ ("The kernel provides no random numbers: %s"), g_strerror (code));
  return FALSE;
}

gboolean
plum_system_is_privileged (void)
{
#ifdef HAVE_ISSETUGID
  return issetugid () != 0;
#else
  return geteuid () != getuid () || getegid () != getgid ();
#endif
}
