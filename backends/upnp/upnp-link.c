/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-link.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* ::ffff:192.168.1.2, which a socket of both families reports for an IPv4 host. */
static gboolean
is_mapped (GInetAddress *address)
{
  static const guint8 prefix[12] = { [10] = 0xff, [11] = 0xff };

  return g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6 &&
         memcmp (g_inet_address_to_bytes (address), prefix, sizeof prefix) == 0;
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
  const PlumLocation location = plum_network_locate (network, address);

  if (location == PLUM_LOCATION_UNKNOWN)
    return UPNP_LINK_UNKNOWN;
  if (location == PLUM_LOCATION_HOST)
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

  return location == PLUM_LOCATION_LINK ? UPNP_LINK_MAY_CONTACT : UPNP_LINK_OFF_LINK;
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
upnp_link_place (PlumNetwork *network, gboolean is_gateway)
{
  if (!is_gateway)
    return _ ("the best of the devices that answered");

  switch (plum_network_get_hop (network))
    {
    case 1:
      return _ ("the default gateway");
    case 2:
      return _ ("the second router on the path to the internet");
    default:
      return _ ("the third router on the path to the internet");
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
