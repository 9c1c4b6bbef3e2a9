/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-hop-socket.h"

/* POSIX has no way to read ICMP errors without privileges, so that nothing is sent. */
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
