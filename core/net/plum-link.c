/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-link-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "plum-interfaces.h"

static gboolean
is_own (GPtrArray *addresses, GInetAddress *address)
{
  for (guint i = 0; i < addresses->len; i++)
    {
      const PlumInterfaceAddress *own = addresses->pdata[i];

      if (g_inet_address_equal (own->address, address))
        return TRUE;
    }

  return FALSE;
}

/* Whether address is in the network of own, and not its first or last address in IPv4, which are
 * no hosts. */
static gboolean
has_host (GInetAddress *own, GInetAddress *netmask, GInetAddress *address)
{
  const guint8 *x = g_inet_address_to_bytes (own);
  const guint8 *y = g_inet_address_to_bytes (address);
  const guint8 *mask = g_inet_address_to_bytes (netmask);
  const gsize size = g_inet_address_get_native_size (own);
  gboolean first = TRUE, last = TRUE;

  if (g_inet_address_get_family (own) != g_inet_address_get_family (address))
    return FALSE;

  for (gsize i = 0; i < size; i++)
    {
      const guint host_bits = mask[i] ^ 0xffu;
      const guint host = y[i] & host_bits;

      if ((x[i] & mask[i]) != (y[i] & mask[i]))
        return FALSE;
      first = first && host == 0;
      last = last && host == host_bits;
    }

  /* Networks of one or two addresses have only hosts (RFC 3021). */
  return g_inet_address_get_family (own) != G_SOCKET_FAMILY_IPV4 || (mask[3] & 3) != 0 ||
         (!first && !last);
}

/* Whether the interface with an address of a network has this host in that network. */
static gboolean
shares_link (GPtrArray *addresses, GInetAddress *local, GInetAddress *other)
{
  for (guint i = 0; i < addresses->len; i++)
    {
      const PlumInterfaceAddress *own = addresses->pdata[i];

      if (own->netmask != NULL && has_host (own->address, own->netmask, local))
        return has_host (own->address, own->netmask, other);
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

  return !is_mapped (address) && !g_inet_address_get_is_multicast (address) &&
         !g_inet_address_get_is_any (address) && !g_inet_address_equal (address, limited_broadcast);
}

/**
 * plum_network_locate:
 * @self: a network
 * @address: an address
 *
 * Gets the location of an address, as seen from this host on the network.
 *
 * A backend can use it to contact only the gateway and other hosts on its link, and never this
 * host. An IPv4-mapped IPv6 address of this host, such as `::ffff:192.168.1.2`, is on this host;
 * each other one, a multicast and a broadcast address are %PLUM_LOCATION_BEYOND. A link-local IPv6
 * address is on the link, because packets to it leave by this link only. The gateway is usually on
 * the link, but does not need to be.
 *
 * Asks the system each time, because addresses change. Does not block, and sends nothing. This
 * function may be called from any thread.
 *
 * Returns: the location
 *
 * Since: 1.0
 */
PlumLocation
plum_network_locate (PlumNetwork *self, GInetAddress *address)
{
  g_autoptr (GPtrArray) addresses = NULL;
  g_autoptr (GInetAddress) plain = NULL;
  GInetAddress *local;

  g_return_val_if_fail (PLUM_IS_NETWORK (self), PLUM_LOCATION_UNKNOWN);
  g_return_val_if_fail (G_IS_INET_ADDRESS (address), PLUM_LOCATION_UNKNOWN);

  addresses = plum_interfaces_list_addresses (NULL);
  if (addresses == NULL)
    return PLUM_LOCATION_UNKNOWN;

  local = plum_network_get_local_address (self);
  plain = unmap (address);
  if (is_own (addresses, plain) || g_inet_address_equal (plain, local) ||
      (g_inet_address_get_is_loopback (plain) && !g_inet_address_get_is_loopback (local)))
    return PLUM_LOCATION_HOST;
  if (g_inet_address_get_family (address) != g_inet_address_get_family (local) ||
      !is_single_host (address))
    return PLUM_LOCATION_BEYOND;
  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6 &&
      g_inet_address_get_is_link_local (address))
    return PLUM_LOCATION_LINK;

  return shares_link (addresses, local, address) ? PLUM_LOCATION_LINK : PLUM_LOCATION_BEYOND;
}

/* Whether the interface of the network has an address whose network has this host. */
static gboolean
is_on_link (GPtrArray *addresses, const char *interface_name, GInetAddress *address)
{
  for (guint i = 0; i < addresses->len; i++)
    {
      const PlumInterfaceAddress *own = addresses->pdata[i];

      if (own->netmask != NULL && g_str_equal (own->interface_name, interface_name) &&
          has_host (own->address, own->netmask, address))
        return TRUE;
    }

  return FALSE;
}

static gboolean
check_host (GPtrArray *addresses, PlumNetwork *network, GInetAddress *address, GError **error)
{
  g_autofree char *text = g_inet_address_to_string (address);
  GInetAddress *gateway = network != NULL ? plum_network_get_gateway (network) : NULL;
  g_autofree char *gateway_text = gateway != NULL ? g_inet_address_to_string (gateway) : NULL;

  if (is_own (addresses, address))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   _ ("The internal address %s belongs to this host: leave it unset for this host"),
                   text);
      return FALSE;
    }
  if (network == NULL)
    return TRUE;

  if (gateway != NULL && g_inet_address_equal (gateway, address))
    {
      g_set_error (
        error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        _ ("The internal address %s is the gateway, which must not be reached from outside"), text);
      return FALSE;
    }
  if (gateway != NULL && is_on_link (addresses, plum_network_get_interface (network), address))
    return TRUE;

  g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
               _ ("The internal address %s is not on the link of the gateway %s on “%s”"), text,
               gateway_text != NULL ? gateway_text : _ ("(a point-to-point link)"),
               plum_network_get_interface (network));
  return FALSE;
}

gboolean
plum_link_check_host (PlumNetwork *network, GInetAddress *address, GError **error)
{
  g_autoptr (GPtrArray) addresses = plum_interfaces_list_addresses (error);

  return addresses != NULL && check_host (addresses, network, address, error);
}

gboolean
plum_link_is_down (PlumNetwork *network)
{
  g_autoptr (GPtrArray) addresses = plum_interfaces_list_addresses (NULL);

  for (guint i = 0; addresses != NULL && i < addresses->len; i++)
    {
      const PlumInterfaceAddress *own = addresses->pdata[i];

      if (own->interface_index == plum_network_get_interface_index (network))
        return !own->is_running;
    }

  return FALSE;
}
