/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-link-private.h"

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
                   "The internal address %s belongs to this host: leave it unset for this host",
                   text);
      return FALSE;
    }
  if (network == NULL)
    return TRUE;

  if (gateway != NULL && g_inet_address_equal (gateway, address))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   "The internal address %s is the gateway, which must not be reached from outside",
                   text);
      return FALSE;
    }
  if (gateway != NULL && is_on_link (addresses, plum_network_get_interface (network), address))
    return TRUE;

  g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
               "The internal address %s is not on the link of the gateway %s on “%s”", text,
               gateway_text != NULL ? gateway_text : "(a point-to-point link)",
               plum_network_get_interface (network));
  return FALSE;
}

gboolean
plum_link_check_host (PlumNetwork *network, GInetAddress *address, GError **error)
{
  g_autoptr (GPtrArray) addresses = plum_interfaces_list_addresses (error);

  return addresses != NULL && check_host (addresses, network, address, error);
}
