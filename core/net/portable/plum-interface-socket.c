/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-interfaces.h"

#include <gio/gnetworking.h>
#include <glib/gi18n-lib.h>

/* macOS and illumos have an option for it; other systems have none for programs without
 * privileges. */
gboolean
plum_interfaces_bind_socket (GSocket *socket, const char *name, GError **error)
{
#if defined(IP_BOUND_IF) && defined(IPV6_BOUND_IF)
  const guint index = plum_interfaces_get_index (name);

  if (g_socket_get_family (socket) == G_SOCKET_FAMILY_IPV6)
    return g_socket_set_option (socket, IPPROTO_IPV6, IPV6_BOUND_IF, (int) index, error);
  return g_socket_set_option (socket, IPPROTO_IP, IP_BOUND_IF, (int) index, error);
#else
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                       _ ("The system cannot restrict a socket to an interface"));
  return FALSE;
#endif
}
