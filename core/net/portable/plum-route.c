/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-route-private.h"

#include "plum-public-host.h"
#include "plum-route-choice-private.h"
#include "plum-route-error-private.h"
#include "plum-route-interfaces-private.h"
#include "plum-route-source-private.h"
#include "plum-route-table-private.h"
#include "plum-values-private.h"

/* The parameters and the intermediate results of a lookup. */
typedef struct
{
  GSocketFamily family;
  const char *interface_name; /* (nullable) */
  guint interface_index;      /* of interface_name; 0: any */
  GInetAddress *override;     /* (nullable) */
  GPtrArray *addresses;       /* (element-type PlumInterfaceAddress): of this host */
  GArray *routes;             /* (element-type PlumRouteMessage) (nullable): not available */
} RouteLookup;

static gboolean
lookup_set_no_route (RouteLookup *self, GError **error)
{
  return plum_route_set_no_route (error, self->family, self->interface_name, self->override);
}

static void
lookup_clear (RouteLookup *self)
{
  g_clear_pointer (&self->addresses, g_ptr_array_unref);
  g_clear_pointer (&self->routes, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RouteLookup, lookup_clear)

static gboolean
lookup_load (RouteLookup *self, GError **error)
{
  self->addresses = plum_interfaces_list_addresses (error);
  if (self->addresses == NULL)
    return FALSE;
  if (!plum_route_table_is_available ())
    return TRUE;

  self->routes = plum_route_table_read (self->family, error);
  return self->routes != NULL;
}

static gboolean
lookup_find_interface (RouteLookup *self, GError **error)
{
  if (self->interface_name == NULL)
    return TRUE;

  self->interface_index = plum_interfaces_get_index (self->interface_name);
  if (self->interface_index == 0)
    return plum_route_set_no_interface (error, self->interface_name);

  for (guint i = 0; i < self->addresses->len; i++)
    {
      const PlumInterfaceAddress *own = self->addresses->pdata[i];

      if (own->interface_index == self->interface_index)
        return own->is_up || plum_route_set_interface_down (error, self->interface_name);
    }

  return plum_route_set_no_address (error, self->family, self->interface_name);
}

/* (transfer none) (nullable) */
static const PlumInterfaceAddress *
lookup_find_own (RouteLookup *self, GInetAddress *address)
{
  for (guint i = 0; i < self->addresses->len; i++)
    {
      const PlumInterfaceAddress *own = self->addresses->pdata[i];

      if (g_inet_address_equal (own->address, address) &&
          (self->interface_index == 0 || own->interface_index == self->interface_index))
        return own;
    }

  return NULL;
}

/* Some systems have addresses of the loopback interface without an entry, such as 127.0.0.2. */
static gboolean
is_unlisted_loopback (GInetAddress *address)
{
  g_autoptr (GSocketAddress) local = g_inet_socket_address_new (address, 0);
  g_autoptr (GSocket) socket = NULL;

  if (!g_inet_address_get_is_loopback (address))
    return FALSE;

  socket = g_socket_new (g_inet_address_get_family (address), G_SOCKET_TYPE_DATAGRAM,
                         G_SOCKET_PROTOCOL_UDP, NULL);
  return socket != NULL && g_socket_bind (socket, local, FALSE, NULL);
}

static const PlumInterfaceAddress *
lookup_find_loopback (RouteLookup *self)
{
  for (guint i = 0; i < self->addresses->len; i++)
    {
      const PlumInterfaceAddress *own = self->addresses->pdata[i];

      if (own->is_loopback && g_inet_address_get_family (own->address) == self->family)
        return own;
    }

  return NULL;
}

/* The own address of the route to destination, without a table: the one that the system chooses
 * (source, nullable), or one of the requested interface. */
static const PlumInterfaceAddress *
lookup_find_connected (RouteLookup *self, GInetAddress *source)
{
  const PlumInterfaceAddress *own = source != NULL ? lookup_find_own (self, source) : NULL;

  if (own != NULL && !g_inet_address_get_is_link_local (own->address))
    return own;
  if (own == NULL && source != NULL && self->interface_index == 0 &&
      g_inet_address_get_is_loopback (source))
    return lookup_find_loopback (self);
  if (own == NULL && self->interface_index == 0)
    return NULL;

  return plum_route_choice_find_address (self->addresses,
                                         own != NULL ? own->interface_index : self->interface_index,
                                         self->family, self->override);
}

static PlumNetwork *
lookup_make_network (RouteLookup *self,
                     const PlumInterfaceAddress *own,
                     GInetAddress *local_address,
                     GInetAddress *gateway)
{
  return plum_network_new (own->interface_name, own->interface_index, gateway, local_address,
                           self->override != NULL);
}

/* Without a table, the gateway is a guess: it is only asked, like one that the program sets, and no
 * mapping exists before it answers. */
static PlumNetwork *
lookup_guess_network (RouteLookup *self, GError **error)
{
  g_autoptr (GInetAddress) destination =
    self->override != NULL ? g_object_ref (self->override) : plum_public_host_new (self->family);
  g_autoptr (GInetAddress) source = NULL;
  g_autoptr (GInetAddress) gateway = NULL;
  const PlumInterfaceAddress *own;

  if (!plum_route_source_find (destination, self->interface_index, &source, error))
    return NULL;

  own = lookup_find_connected (self, source);
  if (own == NULL || (self->override == NULL && own->is_loopback))
    {
      if (self->interface_index != 0)
        plum_route_set_no_address (error, self->family, self->interface_name);
      else
        lookup_set_no_route (self, error);
      return NULL;
    }

  gateway =
    self->override != NULL ? g_object_ref (self->override) : plum_route_choice_guess_gateway (own);
  return lookup_make_network (self, own, own->address, gateway);
}

/* The own address for a route of the table: the one that the system chooses if it is on the
 * interface of the route. */
static const PlumInterfaceAddress *
lookup_find_route_address (RouteLookup *self,
                           const PlumRouteMessage *route,
                           GInetAddress *source,
                           GInetAddress *gateway)
{
  const PlumInterfaceAddress *own = source != NULL ? lookup_find_own (self, source) : NULL;

  if (own != NULL && !g_inet_address_get_is_link_local (own->address) &&
      (own->interface_index == route->interface_index || self->override != NULL))
    return own;

  return plum_route_choice_find_address (self->addresses, route->interface_index, self->family,
                                         gateway);
}

static const char *
lookup_get_name (RouteLookup *self, guint interface_index)
{
  for (guint i = 0; i < self->addresses->len; i++)
    {
      const PlumInterfaceAddress *own = self->addresses->pdata[i];

      if (own->interface_index == interface_index)
        return own->interface_name;
    }

  return NULL;
}

static gboolean
lookup_check_route (RouteLookup *self, const PlumRouteMessage *route, GError **error)
{
  if (route == NULL)
    return lookup_set_no_route (self, error);
  if ((route->flags & PLUM_ROUTE_FLAG_BLACKHOLE) != 0)
    return plum_route_set_dropped (error, self->family, self->override);
  if ((route->flags & PLUM_ROUTE_FLAG_REJECT) != 0)
    return plum_route_set_prohibited (error, self->family, self->override);
  return TRUE;
}

static PlumNetwork *
lookup_find_network (RouteLookup *self, GError **error)
{
  g_autoptr (GInetAddress) destination =
    self->override != NULL ? g_object_ref (self->override) : plum_public_host_new (self->family);
  const PlumRouteMessage *route =
    plum_route_choice_find (self->routes, destination, self->interface_index);
  const PlumInterfaceAddress *own;
  const char *name;
  g_autoptr (GInetAddress) source = NULL;
  g_autoptr (GInetAddress) gateway = NULL;

  /* The program says that the gateway is on the link of the interface, whatever the routes are. */
  if (route == NULL && self->override != NULL && self->interface_index != 0)
    return lookup_guess_network (self, error);
  if (!lookup_check_route (self, route, error) || route == NULL ||
      !plum_route_source_find (destination, route->interface_index, &source, error))
    return NULL;

  gateway =
    self->override != NULL ? g_object_ref (self->override) : plum_route_choice_get_gateway (route);
  own = lookup_find_route_address (self, route, source, gateway);
  if (own != NULL)
    return lookup_make_network (self, own, own->address, gateway);

  name = lookup_get_name (self, route->interface_index);
  if (name != NULL)
    plum_route_set_no_address (error, self->family, name);
  else
    lookup_set_no_route (self, error);
  return NULL;
}

PlumNetwork *
plum_route_lookup (GSocketFamily family,
                   const char *interface_name,
                   GInetAddress *gateway,
                   GError **error)
{
  g_auto (RouteLookup)
    lookup = { .family = family, .interface_name = interface_name, .override = gateway };

  g_assert (family == G_SOCKET_FAMILY_IPV4 || family == G_SOCKET_FAMILY_IPV6);

  if ((gateway != NULL && !plum_route_check_gateway (family, interface_name, gateway, error)) ||
      !lookup_load (&lookup, error) || !lookup_find_interface (&lookup, error))
    return NULL;

  return lookup.routes != NULL ? lookup_find_network (&lookup, error)
                               : lookup_guess_network (&lookup, error);
}

PlumNetwork *
plum_route_lookup_from (GInetAddress *local_address,
                        const char *interface_name,
                        GInetAddress *gateway,
                        GError **error)
{
  const GSocketFamily family = g_inet_address_get_family (local_address);
  g_auto (RouteLookup) lookup = { .family = family, .override = gateway };
  const PlumInterfaceAddress *own;
  g_autoptr (PlumNetwork) network = NULL;

  if ((gateway != NULL &&
       !plum_route_check_gateway (family, interface_name != NULL ? interface_name : "", gateway,
                                  error)) ||
      !lookup_load (&lookup, error))
    return NULL;

  own = lookup_find_own (&lookup, local_address);
  if (own == NULL && is_unlisted_loopback (local_address))
    own = lookup_find_loopback (&lookup);
  if (!plum_route_check_local_address (local_address, interface_name,
                                       own != NULL ? own->interface_name : NULL, error) ||
      own == NULL)
    return NULL;

  lookup.interface_name = own->interface_name;
  if (!lookup_find_interface (&lookup, error))
    return NULL;
  if (lookup.routes == NULL)
    {
      g_autoptr (GInetAddress) guess =
        gateway != NULL ? g_object_ref (gateway) : plum_route_choice_guess_gateway (own);

      return lookup_make_network (&lookup, own, local_address, guess);
    }

  network = lookup_find_network (&lookup, error);
  return network != NULL
           ? lookup_make_network (&lookup, own, local_address, plum_network_get_gateway (network))
           : NULL;
}

gboolean
plum_route_leads_beyond (PlumNetwork *network, GInetAddress *destination)
{
  GInetAddress *gateway = plum_network_get_gateway (network);
  g_auto (RouteLookup) lookup = { .family = plum_network_get_family (network) };
  const PlumRouteMessage *route;
  g_autoptr (GInetAddress) via = NULL;
  g_autoptr (GInetAddress) source = NULL;

  if (plum_network_locate (network, destination) != PLUM_LOCATION_BEYOND ||
      !lookup_load (&lookup, NULL))
    return FALSE;

  if (lookup.routes == NULL)
    {
      return plum_route_source_find (destination, 0, &source, NULL) && source != NULL &&
             lookup_find_own (&lookup, source) != NULL &&
             lookup_find_own (&lookup, source)->interface_index ==
               plum_network_get_interface_index (network);
    }

  route = plum_route_choice_find (lookup.routes, destination, 0);
  if (route == NULL || !lookup_check_route (&lookup, route, NULL) ||
      route->interface_index != plum_network_get_interface_index (network))
    return FALSE;

  via = plum_route_choice_get_gateway (route);
  return gateway != NULL ? via != NULL && g_inet_address_equal (via, gateway)
                         : via == NULL && route->prefix_len == 0;
}

/* Without a table, each interface that has an address of a network with other hosts may lead to the
 * internet. If the host has the first address, it is itself the router of that network.
 * (element-type guint) (transfer full) */
static GArray *
lookup_list_guesses (RouteLookup *self)
{
  GArray *indexes = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < self->addresses->len; i++)
    {
      const PlumInterfaceAddress *own = self->addresses->pdata[i];
      g_autoptr (GInetAddress) guess = NULL;

      if (!own->is_up || g_inet_address_get_family (own->address) != self->family ||
          g_inet_address_get_is_link_local (own->address))
        continue;
      guess = plum_route_choice_guess_gateway (own);
      if (guess != NULL)
        plum_route_interfaces_add (indexes, own->interface_index);
    }

  return indexes;
}

GPtrArray *
plum_route_list (GSocketFamily family, GError **error)
{
  g_auto (RouteLookup) lookup = { .family = family };
  g_autoptr (GPtrArray) networks = NULL;
  g_autoptr (GArray) indexes = NULL;

  if (!lookup_load (&lookup, error))
    return NULL;

  networks = g_ptr_array_new_with_free_func (g_object_unref);
  indexes = lookup.routes != NULL ? plum_route_choice_list_interfaces (lookup.routes)
                                  : lookup_list_guesses (&lookup);
  for (guint i = 0; i < indexes->len; i++)
    {
      const guint index = g_array_index (indexes, guint, i);
      const char *name = lookup_get_name (&lookup, index);
      g_autoptr (GError) local = NULL;
      PlumNetwork *network;

      if (name == NULL)
        continue;

      network = plum_route_lookup (family, name, NULL, &local);
      if (network != NULL)
        g_ptr_array_add (networks, network);
      else if (!g_error_matches (local, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return NULL;
        }
    }

  return g_steal_pointer (&networks);
}
