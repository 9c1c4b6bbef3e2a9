/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-link.h"

#include <glib/gi18n-lib.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* One address of this host. */
typedef struct
{
  GInetAddress *address;
  GInetAddress *netmask; /* (nullable) */
} OwnAddress;

static void
own_address_free (gpointer data)
{
  OwnAddress *self = data;

  g_clear_object (&self->address);
  g_clear_object (&self->netmask);
  g_free (self);
}

static GInetAddress *
from_native (struct sockaddr *native)
{
  const gsize size =
    native->sa_family == AF_INET6 ? sizeof (struct sockaddr_in6) : sizeof (struct sockaddr_in);
  g_autoptr (GSocketAddress) address = g_socket_address_new_from_native (native, size);

  return g_object_ref (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
}

/* The addresses of all interfaces at this moment; NULL: the system does not report them. This is
 * the only function that asks the operating system. (element-type OwnAddress) (transfer full) */
static GPtrArray *
list_own_addresses (void)
{
  g_autoptr (GPtrArray) result = g_ptr_array_new_with_free_func (own_address_free);
  struct ifaddrs *list = NULL;

  if (getifaddrs (&list) != 0)
    return NULL;

  for (struct ifaddrs *i = list; i != NULL; i = i->ifa_next)
    {
      OwnAddress *own;

      if (i->ifa_addr == NULL ||
          (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
        continue;

      own = g_new0 (OwnAddress, 1);
      own->address = from_native (i->ifa_addr);
      if (i->ifa_netmask != NULL)
        {
          /* The system does not always set the family of the mask. */
          i->ifa_netmask->sa_family = i->ifa_addr->sa_family;
          own->netmask = from_native (i->ifa_netmask);
        }
      g_ptr_array_add (result, own);
    }

  freeifaddrs (list);
  return g_steal_pointer (&result);
}

static gboolean
is_own (GPtrArray *own, GInetAddress *address)
{
  for (guint i = 0; i < own->len; i++)
    {
      if (g_inet_address_equal (((OwnAddress *) own->pdata[i])->address, address))
        return TRUE;
    }

  return FALSE;
}

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

/* Whether all bits outside of the netmask are set, and there are at least two of them. */
static gboolean
is_broadcast (GInetAddress *address, GInetAddress *netmask)
{
  const guint8 *x = g_inet_address_to_bytes (address);
  const guint8 *mask = g_inet_address_to_bytes (netmask);

  if (g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV4 || (mask[3] & 3) != 0)
    return FALSE;

  for (guint i = 0; i < 4; i++)
    {
      if ((x[i] | mask[i]) != 0xff)
        return FALSE;
    }

  return TRUE;
}

/* Whether both addresses are in the same network of one of this host's interfaces. */
static gboolean
shares_link (GPtrArray *own, GInetAddress *local, GInetAddress *other)
{
  const GSocketFamily family = g_inet_address_get_family (local);

  for (guint i = 0; i < own->len; i++)
    {
      OwnAddress *entry = own->pdata[i];

      if (entry->netmask != NULL && g_inet_address_get_family (entry->address) == family &&
          is_same_network (entry->address, local, entry->netmask) &&
          is_same_network (entry->address, other, entry->netmask))
        return !is_broadcast (other, entry->netmask);
    }

  return FALSE;
}

/* ::ffff:192.168.1.2, which a socket of both families reports for an IPv4 host. */
static gboolean
is_mapped (GInetAddress *address)
{
  static const guint8 prefix[12] = { [10] = 0xff, [11] = 0xff };

  return g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6 &&
         memcmp (g_inet_address_to_bytes (address), prefix, sizeof prefix) == 0;
}

/* The IPv4 address that a mapped address stands for. (transfer full) */
static GInetAddress *
unmap (GInetAddress *address)
{
  if (!is_mapped (address))
    return g_object_ref (address);

  return g_inet_address_new_from_bytes (g_inet_address_to_bytes (address) + 12,
                                        G_SOCKET_FAMILY_IPV4);
}

static gboolean
is_single_host (GInetAddress *address)
{
  g_autoptr (GInetAddress) limited_broadcast = g_inet_address_new_from_string ("255.255.255.255");

  return !g_inet_address_get_is_multicast (address) && !g_inet_address_get_is_any (address) &&
         !g_inet_address_equal (address, limited_broadcast);
}

UpnpLinkVerdict
upnp_link_judge (PlumNetwork *network, GInetAddress *address)
{
  GInetAddress *gateway = plum_network_get_gateway (network);
  GInetAddress *local = plum_network_get_local_address (network);
  g_autoptr (GInetAddress) plain = unmap (address);
  g_autoptr (GPtrArray) own = list_own_addresses ();

  if (own == NULL)
    return UPNP_LINK_UNKNOWN;
  if (is_own (own, plain) || g_inet_address_equal (plain, local))
    return UPNP_LINK_OWN;
  if (gateway == NULL)
    return UPNP_LINK_OFF_LINK;
  if (g_inet_address_get_family (address) != plum_network_get_family (network) ||
      is_mapped (address) || !is_single_host (address))
    return UPNP_LINK_NO_HOST;
  if (g_inet_address_equal (gateway, address))
    return UPNP_LINK_MAY_CONTACT;
  /* Beyond the first router, no other host is on a link with the gateway and this host. */
  if (plum_network_get_hop (network) > 1)
    return UPNP_LINK_OFF_LINK;
  if (g_inet_address_get_is_loopback (address) && !g_inet_address_get_is_loopback (gateway))
    return UPNP_LINK_OWN;
  /* Connections to it leave by the network's own link only. */
  if (plum_network_get_family (network) == G_SOCKET_FAMILY_IPV6 &&
      g_inet_address_get_is_link_local (address))
    return UPNP_LINK_MAY_CONTACT;

  return shares_link (own, local, address) ? UPNP_LINK_MAY_CONTACT : UPNP_LINK_OFF_LINK;
}

gboolean
upnp_may_contact (PlumNetwork *network, GInetAddress *address)
{
  return upnp_link_judge (network, address) == UPNP_LINK_MAY_CONTACT;
}

const char *
upnp_link_explain (UpnpLinkVerdict verdict)
{
  switch (verdict)
    {
    case UPNP_LINK_OWN:
      return _ ("it is an address of this host");
    case UPNP_LINK_OFF_LINK:
      return _ ("it is neither the gateway nor on its link");
    case UPNP_LINK_NO_HOST:
      return _ ("it is not the address of a host on this network");
    case UPNP_LINK_UNKNOWN:
      return _ ("the system does not report the addresses of this host");
    case UPNP_LINK_MAY_CONTACT:
    default:
      return NULL;
    }
}

const char *
upnp_link_find_obstacle (PlumNetwork *network)
{
  GInetAddress *local = plum_network_get_local_address (network);
  GInetAddress *gateway = plum_network_get_gateway (network);

  if (gateway == NULL)
    return _ ("a point-to-point link has no gateway");
  if (upnp_link_judge (network, gateway) == UPNP_LINK_OWN)
    return _ ("the gateway address is an address of this host, which is not a router");
  if (plum_network_get_family (network) != G_SOCKET_FAMILY_IPV6)
    return NULL;
  if (plum_address_get_scope (local) == PLUM_ADDRESS_SCOPE_LINK_LOCAL)
    return _ (
      "this host has only a link-local IPv6 address, which is not reachable from the internet");
  if (plum_address_get_scope (local) == PLUM_ADDRESS_SCOPE_PRIVATE)
    return _ ("this host has only a unique local IPv6 address, which is not reachable from the "
              "internet");

  return NULL;
}
