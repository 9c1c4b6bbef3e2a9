/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-route-private.h"

#include <glib/gi18n-lib.h>

#include "plum-public-host.h"
#include "plum-route-error-private.h"
#include "plum-values-private.h"
#include "plum-windows-error.h"
#include "plum-windows-route.h"

/* The parameters and the intermediate results of a lookup. */
typedef struct
{
  IP_ADAPTER_ADDRESSES *adapters;
  GSocketFamily family;
  GInetAddress *override;     /* (nullable) */
  const char *interface_name; /* (nullable) */
  guint interface_index;      /* the index of interface_name; 0: any */
  PlumWindowsRoute *route;
} RouteLookup;

static gboolean
lookup_set_no_route (RouteLookup *self, GError **error)
{
  return plum_route_set_no_route (error, self->family, self->interface_name, self->override);
}

/* The loopback interface has all addresses of 127.0.0.0/8, but lists only the first. */
static const IP_ADAPTER_ADDRESSES *
find_adapter_by_address (const IP_ADAPTER_ADDRESSES *adapters, GInetAddress *address)
{
  const gboolean is_loopback = g_inet_address_get_is_loopback (address);

  for (const IP_ADAPTER_ADDRESSES *i = adapters; i != NULL; i = i->Next)
    if (is_loopback && i->IfType == IF_TYPE_SOFTWARE_LOOPBACK)
      return i;

  for (const IP_ADAPTER_ADDRESSES *i = adapters; i != NULL; i = i->Next)
    for (const IP_ADAPTER_UNICAST_ADDRESS *j = i->FirstUnicastAddress; j != NULL; j = j->Next)
      {
        g_autoptr (GInetAddress) own = plum_windows_address_read (j->Address.lpSockaddr);

        if (own != NULL && g_inet_address_equal (own, address))
          return i;
      }

  return NULL;
}

static gboolean
lookup_find_interface (RouteLookup *self, GError **error)
{
  const IP_ADAPTER_ADDRESSES *adapter =
    plum_windows_adapters_find (self->adapters, self->interface_name);

  if (adapter == NULL)
    return plum_route_set_no_interface (error, self->interface_name);
  if (!plum_windows_adapter_is_up (adapter))
    return plum_route_set_interface_down (error, self->interface_name);

  self->interface_index = plum_windows_adapter_get_index (adapter, self->family);
  return TRUE;
}

static gboolean
lookup_find_route (RouteLookup *self, GError **error)
{
  g_autoptr (GInetAddress) internet = plum_public_host_new (self->family);
  DWORD code;

  self->route = plum_windows_route_find (self->override != NULL ? self->override : internet,
                                         self->interface_index, &code);
  if (self->route != NULL)
    return TRUE;

  switch (code)
    {
    case ERROR_NETWORK_UNREACHABLE:
    case ERROR_HOST_UNREACHABLE:
    case ERROR_NOT_FOUND:
    case ERROR_FILE_NOT_FOUND:
    case ERROR_INVALID_PARAMETER: /* the interface was removed, or lacks the family */
      return lookup_set_no_route (self, error);

    default:
      return plum_windows_set_error (error, code, _ ("The system does not report its routes"));
    }
}

static gboolean
is_ipv6_link_local (GInetAddress *address)
{
  return address != NULL && g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6 &&
         g_inet_address_get_is_link_local (address);
}

/* Whether an address is stable, valid outside of the link and usable for incoming connections.
 * Windows makes temporary addresses (RFC 8981) with random suffixes. */
static gboolean
is_stable_address (const IP_ADAPTER_UNICAST_ADDRESS *own, GInetAddress *address)
{
  return own->DadState == IpDadStatePreferred && own->SuffixOrigin != IpSuffixOriginRandom &&
         !is_ipv6_link_local (address) &&
         plum_address_get_scope (address) != PLUM_ADDRESS_SCOPE_PRIVATE;
}

/* RFC 6724 prefers temporary addresses for outgoing connections. They change daily and are not
 * suitable for mapped ports: use the stable address of the same interface. For a link-local
 * gateway, Windows chooses a link-local address, for which no port can be mapped (quirk 17). */
static GInetAddress *
lookup_prefer_stable (RouteLookup *self, const IP_ADAPTER_ADDRESSES *adapter)
{
  GInetAddress *source = self->route->source;
  gboolean replace = is_ipv6_link_local (source) && is_ipv6_link_local (self->override);

  for (const IP_ADAPTER_UNICAST_ADDRESS *i = adapter->FirstUnicastAddress; i != NULL; i = i->Next)
    {
      g_autoptr (GInetAddress) own = plum_windows_address_read (i->Address.lpSockaddr);

      if (own != NULL && g_inet_address_equal (own, source))
        replace = replace || i->SuffixOrigin == IpSuffixOriginRandom;
    }

  for (const IP_ADAPTER_UNICAST_ADDRESS *i = replace ? adapter->FirstUnicastAddress : NULL;
       i != NULL; i = i->Next)
    {
      g_autoptr (GInetAddress) own = plum_windows_address_read (i->Address.lpSockaddr);

      if (own != NULL && g_inet_address_get_family (own) == self->family &&
          is_stable_address (i, own))
        return g_steal_pointer (&own);
    }

  return g_object_ref (source);
}

static PlumNetwork *
lookup_make_network (RouteLookup *self, GError **error)
{
  const IP_ADAPTER_ADDRESSES *adapter =
    plum_windows_adapters_find_index (self->adapters, self->family, self->route->interface_index);
  g_autoptr (GInetAddress) local = NULL;
  g_autofree char *name = NULL;

  if (adapter == NULL)
    {
      /* The interface was removed between the two queries. */
      lookup_set_no_route (self, error);
      return NULL;
    }

  name = plum_windows_adapter_get_name (adapter);
  if (self->route->source == NULL || g_inet_address_get_is_any (self->route->source))
    {
      plum_route_set_no_address (error, self->family, name);
      return NULL;
    }

  local = self->family == G_SOCKET_FAMILY_IPV6 ? lookup_prefer_stable (self, adapter)
                                               : g_object_ref (self->route->source);
  return plum_network_new (name, self->route->interface_index,
                           self->override != NULL ? self->override : self->route->next_hop, local,
                           self->override != NULL);
}

static PlumNetwork *
look_up (RouteLookup *self, GError **error)
{
  PlumNetwork *network = NULL;

  self->adapters = plum_windows_adapters_read (error);
  if (self->adapters != NULL &&
      (self->interface_name == NULL || lookup_find_interface (self, error)) &&
      lookup_find_route (self, error))
    network = lookup_make_network (self, error);

  g_clear_pointer (&self->route, plum_windows_route_free);
  g_clear_pointer (&self->adapters, g_free);
  return network;
}

PlumNetwork *
plum_route_lookup (GSocketFamily family,
                   const char *interface_name,
                   GInetAddress *gateway,
                   GError **error)
{
  RouteLookup lookup = { .family = family, .override = gateway, .interface_name = interface_name };

  g_assert (family == G_SOCKET_FAMILY_IPV4 || family == G_SOCKET_FAMILY_IPV6);

  if (gateway != NULL && !plum_route_check_gateway (family, interface_name, gateway, error))
    return NULL;
  return look_up (&lookup, error);
}

gboolean
plum_route_leads_beyond (PlumNetwork *network, GInetAddress *destination)
{
  GInetAddress *gateway = plum_network_get_gateway (network);
  g_autoptr (PlumWindowsRoute) route = NULL;
  DWORD code;

  route = plum_windows_route_find (destination, 0, &code);
  if (route == NULL || route->interface_index != plum_network_get_interface_index (network))
    return FALSE;
  if (gateway == NULL)
    return route->next_hop == NULL && route->prefix_length == 0;
  return route->next_hop != NULL && g_inet_address_equal (route->next_hop, gateway);
}

PlumNetwork *
plum_route_lookup_from (GInetAddress *local_address,
                        const char *interface_name,
                        GInetAddress *gateway,
                        GError **error)
{
  g_autofree IP_ADAPTER_ADDRESSES *adapters = plum_windows_adapters_read (error);
  const IP_ADAPTER_ADDRESSES *adapter;
  g_autofree char *found = NULL;
  g_autoptr (PlumNetwork) network = NULL;

  if (adapters == NULL)
    return NULL;

  adapter = find_adapter_by_address (adapters, local_address);
  found = adapter != NULL ? plum_windows_adapter_get_name (adapter) : NULL;
  if (!plum_route_check_local_address (local_address, interface_name, found, error))
    return NULL;

  network = plum_route_lookup (g_inet_address_get_family (local_address), found, gateway, error);
  if (network == NULL ||
      g_inet_address_equal (plum_network_get_local_address (network), local_address))
    return g_steal_pointer (&network);

  return plum_network_new (found, plum_network_get_interface_index (network),
                           plum_network_get_gateway (network), local_address, gateway != NULL);
}

/* Looks up each interface instead of using its entry in the table: Windows chooses the address. */
GPtrArray *
plum_route_list (GSocketFamily family, GError **error)
{
  g_autofree IP_ADAPTER_ADDRESSES *adapters = plum_windows_adapters_read (error);
  g_autoptr (GPtrArray) networks = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GArray) indexes = NULL;
  DWORD code;

  if (adapters == NULL)
    return NULL;

  indexes = plum_windows_route_list_interfaces (family, &code);
  if (indexes == NULL && code != ERROR_NOT_FOUND)
    {
      plum_windows_set_error (error, code, _ ("The system does not report its routes"));
      return NULL;
    }

  for (guint i = 0; indexes != NULL && i < indexes->len; i++)
    {
      const IP_ADAPTER_ADDRESSES *adapter =
        plum_windows_adapters_find_index (adapters, family, g_array_index (indexes, guint, i));
      g_autofree char *name = adapter != NULL ? plum_windows_adapter_get_name (adapter) : NULL;
      g_autoptr (GError) local = NULL;
      PlumNetwork *network = name != NULL ? plum_route_lookup (family, name, NULL, &local) : NULL;

      if (network != NULL)
        g_ptr_array_add (networks, network);
      else if (local != NULL && !g_error_matches (local, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return NULL;
        }
    }

  return g_steal_pointer (&networks);
}
