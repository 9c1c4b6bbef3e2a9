/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-interfaces.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* Needs no privileges since Linux 5.7. */
gboolean
plum_interfaces_bind_socket (GSocket *socket, const char *name, GError **error)
{
  int code;

  if (setsockopt (g_socket_get_fd (socket), SOL_SOCKET, SO_BINDTODEVICE, name,
                  (socklen_t) strlen (name)) == 0)
    return TRUE;

  code = errno;
  g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (code), g_strerror (code));
  return FALSE;
}
