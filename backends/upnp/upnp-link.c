/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-link.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

static gboolean
is_same_network (GInetAddress *a, GInetAddress *b, GInetAddress *netmask)
{
  const guint8 *x = g_inet_address_to_bytes (a);
  const guint8 *y = g_inet_address_to_bytes (b);
  const guint8 *mask = g_inet_address_to_bytes (netmask);

  for (gsize i = 0; i < g_inet_address_get_native_size (netmask); i++)
    {
      if ((x[i] & mask[i]) != (y[i] & mask[i]))
        return FALSE;
    }

  return TRUE;
}

static GInetAddress *
from_native (struct sockaddr *native)
{
  const gsize size =
    native->sa_family == AF_INET6 ? sizeof (struct sockaddr_in6) : sizeof (struct sockaddr_in);
  g_autoptr (GSocketAddress) address = g_socket_address_new_from_native (native, size);

  return g_object_ref (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
}

/* Whether both addresses are in the same network of one of this host's interfaces. */
static gboolean
shares_link (GInetAddress *local, GInetAddress *other)
{
  const int family = (int) g_inet_address_get_family (local);
  struct ifaddrs *list = NULL;
  gboolean shared = FALSE;

  if (getifaddrs (&list) != 0)
    return FALSE;

  for (struct ifaddrs *i = list; i != NULL && !shared; i = i->ifa_next)
    {
      g_autoptr (GInetAddress) base = NULL;
      g_autoptr (GInetAddress) netmask = NULL;

      if (i->ifa_addr == NULL || i->ifa_netmask == NULL || i->ifa_addr->sa_family != family)
        continue;

      /* The system does not always set the family of the mask. */
      i->ifa_netmask->sa_family = (sa_family_t) family;
      base = from_native (i->ifa_addr);
      netmask = from_native (i->ifa_netmask);
      shared = is_same_network (base, local, netmask) && is_same_network (base, other, netmask);
    }

  freeifaddrs (list);
  return shared;
}

gboolean
upnp_may_contact (PlumNetwork *network, GInetAddress *address)
{
  GInetAddress *gateway = plum_network_get_gateway (network);

  if (gateway == NULL || g_inet_address_get_family (address) != plum_network_get_family (network))
    return FALSE;
  if (g_inet_address_equal (gateway, address))
    return TRUE;
  if (g_inet_address_get_is_loopback (address) && !g_inet_address_get_is_loopback (gateway))
    return FALSE;
  if (g_inet_address_get_is_multicast (address) || g_inet_address_get_is_any (address))
    return FALSE;
  /* Connections to it leave by the network's own link only. */
  if (plum_network_get_family (network) == G_SOCKET_FAMILY_IPV6 &&
      g_inet_address_get_is_link_local (address))
    return TRUE;

  return shares_link (plum_network_get_local_address (network), address);
}
