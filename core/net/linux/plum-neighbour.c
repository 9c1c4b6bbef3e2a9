/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-neighbour-private.h"

#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plum-values-private.h"

/* Returns FALSE if the kernel does not know the address. See arp(7). */
static gboolean
query_arp_table (struct arpreq *request)
{
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  gboolean found;

  if (fd < 0)
    return FALSE;

  found = ioctl (fd, SIOCGARP, request) == 0 && (request->arp_flags & ATF_COM) != 0;
  close (fd);
  return found;
}

char *
plum_neighbour_lookup (PlumNetwork *network)
{
  PlumNetwork *inner = plum_network_get_inner (network);
  GInetAddress *gateway = plum_network_get_gateway (network);
  g_autoptr (GSocketAddress) peer = NULL;
  struct arpreq request = { 0 };
  const guint8 *hardware;

  if (inner != NULL)
    return plum_neighbour_lookup (inner);
  if (gateway == NULL || g_inet_address_get_family (gateway) != G_SOCKET_FAMILY_IPV4)
    return NULL;

  peer = g_inet_socket_address_new (gateway, 0);
  if (!g_socket_address_to_native (peer, &request.arp_pa, sizeof request.arp_pa, NULL))
    return NULL;
  g_strlcpy (request.arp_dev, plum_network_get_interface (network), sizeof request.arp_dev);
  if (!query_arp_table (&request))
    return NULL;

  hardware = (const guint8 *) request.arp_ha.sa_data;
  return g_strdup_printf ("%02x:%02x:%02x:%02x:%02x:%02x", hardware[0], hardware[1], hardware[2],
                          hardware[3], hardware[4], hardware[5]);
}
