/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-neighbour-private.h"

#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plum-values-private.h"

#define ETHERNET_SIZE 6

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
  GString *text;

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

  text = g_string_new (NULL);
  for (unsigned int i = 0; i < ETHERNET_SIZE; i++)
    g_string_append_printf (text, "%s%02x", i > 0 ? ":" : "", (guint8) request.arp_ha.sa_data[i]);
  return g_string_free (text, FALSE);
}
