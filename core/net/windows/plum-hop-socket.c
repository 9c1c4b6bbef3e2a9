/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-hop-socket.h"

/* Windows passes the ICMP messages of routers only to programs of administrators, through a raw
 * socket. */
GSocket *
plum_hop_socket_new (guint ttl, const char *interface_name, GBytes *content, GSocketAddress **peer)
{
  return NULL;
}

GInetAddress *
plum_hop_socket_read (GSocket *socket)
{
  return NULL;
}
