/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-route-source-private.h"

#define ANY_PORT 9

gboolean
plum_route_source_find (GInetAddress *destination,
                        guint scope_id,
                        GInetAddress **source,
                        GError **error)
{
  g_autoptr (GSocketAddress) to = g_object_new (G_TYPE_INET_SOCKET_ADDRESS, "address", destination,
                                                "port", ANY_PORT, "scope-id", scope_id, NULL);
  g_autoptr (GSocketAddress) from = NULL;
  g_autoptr (GError) local = NULL;
  g_autoptr (GSocket) socket = g_socket_new (g_inet_address_get_family (destination),
                                             G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &local);

  *source = NULL;
  if (socket == NULL)
    {
      /* A system without IPv6 has no IPv6 route. */
      if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }

  if (g_socket_connect (socket, to, NULL, NULL))
    from = g_socket_get_local_address (socket, NULL);
  if (from != NULL)
    *source = g_object_ref (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (from)));
  return TRUE;
}
