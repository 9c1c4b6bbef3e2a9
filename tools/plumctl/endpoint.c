/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "endpoint.h"

gboolean
address_is_other_host (GInetAddress *address)
{
  GSocketFamily family = g_inet_address_get_family (address);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (family);

  return !g_inet_address_equal (address, loopback) && !g_inet_address_get_is_any (address) &&
         !g_inet_address_get_is_multicast (address) &&
         (family == G_SOCKET_FAMILY_IPV4 || !g_inet_address_get_is_link_local (address));
}

gboolean
address_equal (GInetAddress *a, GInetAddress *b)
{
  return a != NULL && b != NULL && g_inet_address_equal (a, b);
}

gboolean
endpoint_equal (GInetSocketAddress *a, GInetSocketAddress *b)
{
  return a != NULL && b != NULL &&
         g_inet_socket_address_get_port (a) == g_inet_socket_address_get_port (b) &&
         address_equal (g_inet_socket_address_get_address (a),
                        g_inet_socket_address_get_address (b));
}
