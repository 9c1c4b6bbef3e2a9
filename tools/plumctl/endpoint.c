/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "endpoint.h"

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
