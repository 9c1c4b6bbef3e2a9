/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-system.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <sys/auxv.h>
#include <sys/random.h>

/* getrandom() returns up to 256 bytes without interruption (getrandom(2)). */
gboolean
plum_system_fill_random (gpointer data, gsize size, GError **error)
{
  int code;

  g_assert (size <= 256);

  if (getrandom (data, size, 0) == (gssize) size)
    return TRUE;

  code = errno;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
               _ ("The kernel provides no random numbers: %s"), g_strerror (code));
  return FALSE;
}

/* Also for programs with file capabilities, which the user IDs do not show. */
gboolean
plum_system_is_privileged (void)
{
  return getauxval (AT_SECURE) != 0;
}
