/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "endpoint.h"

gboolean
endpoint_equal (GInetSocketAddress *a, GInetSocketAddress *b)
{
  return a != NULL && b != NULL &&
         g_inet_socket_address_get_port (a) == g_inet_socket_address_get_port (b) &&
         g_inet_address_equal (g_inet_socket_address_get_address (a),
                               g_inet_socket_address_get_address (b));
}
