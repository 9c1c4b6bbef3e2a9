/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-sockets.h"

#include <gio/gnetworking.h>
#include <mstcpip.h>
#include <string.h>

/* Not in all versions of the headers. */
#ifndef SIO_UDP_CONNRESET
#  define SIO_UDP_CONNRESET _WSAIOW (IOC_VENDOR, 12)
#endif

/* GIO finds an interface only by an ASCII name, and never in IPv6. */
static gboolean
join_group (GSocket *socket, PlumNetwork *network, GInetAddress *group)
{
  const SOCKET fd = (SOCKET) g_socket_get_fd (socket);
  const gsize size = g_inet_address_get_native_size (group);
  struct ip_mreq request = { 0 };
  struct ipv6_mreq request6 = { 0 };

  if (g_inet_address_get_family (group) == G_SOCKET_FAMILY_IPV4)
    {
      memcpy (&request.imr_multiaddr, g_inet_address_to_bytes (group), size);
      memcpy (&request.imr_interface,
              g_inet_address_to_bytes (plum_network_get_local_address (network)), size);
      return setsockopt (fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, (const char *) &request,
                         sizeof request) == 0;
    }

  memcpy (&request6.ipv6mr_multiaddr, g_inet_address_to_bytes (group), size);
  request6.ipv6mr_interface = plum_network_get_interface_index (network);
  return setsockopt (fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, (const char *) &request6,
                     sizeof request6) == 0;
}

/* A socket cannot be bound to a group. It receives unicast datagrams too, unless another program
 * has bound the port on the address of the interface. */
GSocket *
plum_sockets_new_for_group (PlumNetwork *network, GInetSocketAddress *group, GError **error)
{
  const GSocketFamily family = g_socket_address_get_family (G_SOCKET_ADDRESS (group));
  g_autoptr (GInetAddress) any = g_inet_address_new_any (family);
  g_autoptr (GSocketAddress) at =
    g_inet_socket_address_new (any, g_inet_socket_address_get_port (group));
  g_autoptr (GSocket) socket =
    g_socket_new (family, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, error);
  int code;

  if (socket == NULL || !g_socket_bind (socket, at, TRUE, error))
    return NULL;

  if (!join_group (socket, network, g_inet_socket_address_get_address (group)))
    {
      code = WSAGetLastError ();
      g_set_error_literal (error, G_IO_ERROR, (int) g_io_error_from_win32_error (code),
                           "cannot join the multicast group");
      return NULL;
    }

  g_socket_set_blocking (socket, FALSE);
  return g_steal_pointer (&socket);
}

/* GIO turns it off. */
void
plum_sockets_report_closed_port (GSocket *socket)
{
  BOOL report = TRUE;
  DWORD size = 0;

  WSAIoctl ((SOCKET) g_socket_get_fd (socket), SIO_UDP_CONNRESET, &report, sizeof report, NULL, 0,
            &size, NULL, NULL);
}

/* A UDP socket has no connection that could be closed: Windows reports a closed port so. */
static void
correct_error (GError **error)
{
  if (error != NULL && g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED))
    (*error)->code = G_IO_ERROR_CONNECTION_REFUSED;
}

/* Windows fills the buffer before it fails with WSAEMSGSIZE. */
gssize
plum_sockets_receive (GSocket *socket, void *data, gsize size, GError **error)
{
  g_autoptr (GError) local = NULL;
  gssize n = g_socket_receive (socket, data, size, NULL, &local);

  if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE))
    return (gssize) size;

  correct_error (&local);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return n;
}

gssize
plum_sockets_send (GSocket *socket, const void *data, gsize size, GError **error)
{
  gssize n = g_socket_send (socket, data, size, NULL, error);

  if (n < 0)
    correct_error (error);
  return n;
}

GSource *
plum_sockets_create_source (GSocket *socket)
{
  return g_socket_create_source (socket, G_IO_IN, NULL);
}

/* Wine keeps the error of a closed port. */
gboolean
plum_sockets_is_lost (GSocket *socket, GIOCondition condition, GError **error)
{
  if ((condition & G_IO_ERR) == 0 || g_socket_check_connect_result (socket, error))
    return FALSE;

  correct_error (error);
  return TRUE;
}
