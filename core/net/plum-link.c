/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-link-private.h"

#include <glib/gi18n-lib.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

static GInetAddress *
from_native (struct sockaddr *native)
{
  const gsize size =
    native->sa_family == AF_INET6 ? sizeof (struct sockaddr_in6) : sizeof (struct sockaddr_in);
  g_autoptr (GSocketAddress) address = g_socket_address_new_from_native (native, size);

  return g_object_ref (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
}

static gboolean
is_inet (const struct sockaddr *address)
{
  return address != NULL && (address->sa_family == AF_INET || address->sa_family == AF_INET6);
}

static gboolean
is_own (struct ifaddrs *list, GInetAddress *address)
{
  for (struct ifaddrs *i = list; i != NULL; i = i->ifa_next)
    {
      g_autoptr (GInetAddress) own = is_inet (i->ifa_addr) ? from_native (i->ifa_addr) : NULL;

      if (own != NULL && g_inet_address_equal (own, address))
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
is_on_link (struct ifaddrs *list, const char *interface_name, GInetAddress *address)
{
  for (struct ifaddrs *i = list; i != NULL; i = i->ifa_next)
    {
      g_autoptr (GInetAddress) own = NULL;
      g_autoptr (GInetAddress) netmask = NULL;

      if (!is_inet (i->ifa_addr) || i->ifa_netmask == NULL ||
          !g_str_equal (i->ifa_name, interface_name))
        continue;

      /* The system does not always set the family of the mask. */
      i->ifa_netmask->sa_family = i->ifa_addr->sa_family;
      own = from_native (i->ifa_addr);
      netmask = from_native (i->ifa_netmask);
      if (has_host (own, netmask, address))
        return TRUE;
    }

  return FALSE;
}

static gboolean
check_host (struct ifaddrs *list, PlumNetwork *network, GInetAddress *address, GError **error)
{
  g_autofree char *text = g_inet_address_to_string (address);
  GInetAddress *gateway = network != NULL ? plum_network_get_gateway (network) : NULL;
  g_autofree char *gateway_text = gateway != NULL ? g_inet_address_to_string (gateway) : NULL;

  if (is_own (list, address))
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
  if (gateway != NULL && is_on_link (list, plum_network_get_interface (network), address))
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
  struct ifaddrs *list = NULL;
  gboolean ok;

  if (getifaddrs (&list) != 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                           _ ("The system does not report the addresses of this host"));
      return FALSE;
    }

  ok = check_host (list, network, address, error);
  freeifaddrs (list);
  return ok;
}
