/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-hop-socket.h"

#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

#include "plum-interfaces.h"
#include "plum-public-host.h"

/* Needs the kernel headers above, but does not include them. */
#include <linux/errqueue.h>

static gboolean
prepare (GSocket *socket, guint ttl, const char *interface_name, GSocketAddress *internet)
{
  g_socket_set_blocking (socket, FALSE);
  return (interface_name == NULL || plum_interfaces_bind_socket (socket, interface_name, NULL)) &&
         g_socket_set_option (socket, IPPROTO_IP, IP_TTL, (int) ttl, NULL) &&
         g_socket_set_option (socket, IPPROTO_IP, IP_RECVERR, 1, NULL) &&
         g_socket_connect (socket, internet, NULL, NULL);
}

GSocket *
plum_hop_socket_new (guint ttl, const char *interface_name, GBytes *content, GSocketAddress **peer)
{
  g_autoptr (GSocketAddress) internet =
    g_inet_socket_address_new_from_string (PLUM_PUBLIC_HOST_IPV4, PLUM_HOP_SOCKET_PORT);
  g_autoptr (GSocket) socket =
    g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  gsize size;
  const char *data = g_bytes_get_data (content, &size);

  if (socket == NULL || !prepare (socket, ttl, interface_name, internet) ||
      g_socket_send (socket, data, size, NULL, NULL) < 0)
    return NULL;

  *peer = g_steal_pointer (&internet);
  return g_steal_pointer (&socket);
}

GInetAddress *
plum_hop_socket_read (GSocket *socket)
{
  guint8 control[512];
  struct msghdr message = { .msg_control = control, .msg_controllen = sizeof control };

  if (recvmsg (g_socket_get_fd (socket), &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
    return NULL;

  for (struct cmsghdr *part = CMSG_FIRSTHDR (&message); part != NULL;
       part = CMSG_NXTHDR (&message, part))
    {
      const struct sock_extended_err *error = (const void *) CMSG_DATA (part);
      const struct sockaddr_in *offender = (const void *) SO_EE_OFFENDER (error);

      if (part->cmsg_level != IPPROTO_IP || part->cmsg_type != IP_RECVERR ||
          error->ee_origin != SO_EE_ORIGIN_ICMP || error->ee_type != ICMP_TIME_EXCEEDED ||
          offender->sin_family != AF_INET)
        continue;
      return g_inet_address_new_from_bytes ((const guint8 *) &offender->sin_addr,
                                            G_SOCKET_FAMILY_IPV4);
    }

  return NULL;
}
