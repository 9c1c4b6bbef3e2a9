/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-route-choice-private.h"

#include <string.h>

#include "plum-route-interfaces-private.h"

static gsize
family_get_bits (GSocketFamily family)
{
  return family == G_SOCKET_FAMILY_IPV4 ? 32 : 128;
}

static gboolean
has_prefix (const guint8 *address, const guint8 *prefix, guint len)
{
  const guint bits = len % 8;
  const guint8 mask = (guint8) (0xff00u >> bits);

  return memcmp (address, prefix, len / 8) == 0 &&
         (bits == 0 || (address[len / 8] & mask) == (prefix[len / 8] & mask));
}

/* A scoped route is used by sockets of its interface only. */
static gboolean
is_usable (const PlumRouteMessage *route, guint interface_index)
{
  return (route->flags & PLUM_ROUTE_FLAG_UP) != 0 &&
         (interface_index != 0 ? route->interface_index == interface_index : !route->is_scoped);
}

static gboolean
is_better (const PlumRouteMessage *route, const PlumRouteMessage *best)
{
  if (best == NULL || route->prefix_len != best->prefix_len)
    return best == NULL || route->prefix_len > best->prefix_len;
  if (route->is_scoped != best->is_scoped)
    return best->is_scoped;
  return route->priority < best->priority;
}

const PlumRouteMessage *
plum_route_choice_find (GArray *routes, GInetAddress *destination, guint interface_index)
{
  const guint8 *bytes = g_inet_address_to_bytes (destination);
  const PlumRouteMessage *best = NULL;

  for (guint i = 0; i < routes->len; i++)
    {
      const PlumRouteMessage *route = &g_array_index (routes, PlumRouteMessage, i);

      if (route->family == g_inet_address_get_family (destination) &&
          is_usable (route, interface_index) &&
          has_prefix (bytes, route->destination, route->prefix_len) && is_better (route, best))
        best = route;
    }

  return best;
}

static int
compare_default_routes (gconstpointer a, gconstpointer b)
{
  const PlumRouteMessage *left = *(const PlumRouteMessage *const *) a;
  const PlumRouteMessage *right = *(const PlumRouteMessage *const *) b;

  if (left->is_scoped != right->is_scoped)
    return left->is_scoped ? 1 : -1;
  if (left->priority != right->priority)
    return left->priority < right->priority ? -1 : 1;
  return left < right ? -1 : 1; /* in the order of the system */
}

GArray *
plum_route_choice_list_interfaces (GArray *routes)
{
  g_autoptr (GPtrArray) defaults = g_ptr_array_new ();
  GArray *indexes = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < routes->len; i++)
    {
      PlumRouteMessage *route = &g_array_index (routes, PlumRouteMessage, i);

      if (route->prefix_len <= 1 && route->interface_index != 0 &&
          (route->flags & PLUM_ROUTE_FLAG_UP) != 0 &&
          (route->flags & (PLUM_ROUTE_FLAG_REJECT | PLUM_ROUTE_FLAG_BLACKHOLE)) == 0)
        g_ptr_array_add (defaults, route);
    }

  g_ptr_array_sort (defaults, compare_default_routes);
  for (guint i = 0; i < defaults->len; i++)
    plum_route_interfaces_add (indexes,
                               ((const PlumRouteMessage *) defaults->pdata[i])->interface_index);

  return indexes;
}

GInetAddress *
plum_route_choice_get_gateway (const PlumRouteMessage *route)
{
  if ((route->flags & PLUM_ROUTE_FLAG_GATEWAY) == 0 || !route->has_gateway)
    return NULL;

  return g_inet_address_new_from_bytes (route->gateway, route->family);
}

/* The number of leading bits of the mask; -1: the system does not report it. */
static int
get_prefix_len (const PlumInterfaceAddress *own)
{
  const guint8 *mask;
  guint n = 0;

  if (own->netmask == NULL)
    return -1;

  mask = g_inet_address_to_bytes (own->netmask);
  while (n < family_get_bits (g_inet_address_get_family (own->netmask)) &&
         (mask[n / 8] & (0x80 >> n % 8)) != 0)
    n++;
  return (int) n;
}

static gboolean
is_in_network (const PlumInterfaceAddress *own, GInetAddress *other)
{
  const int len = get_prefix_len (own);

  return len >= 0 &&
         g_inet_address_get_family (own->address) == g_inet_address_get_family (other) &&
         has_prefix (g_inet_address_to_bytes (own->address), g_inet_address_to_bytes (other),
                     (guint) len);
}

/* Prefers a public IPv6 address to a unique local one. */
static guint
rate_address (const PlumInterfaceAddress *own, GInetAddress *neighbour)
{
  if (g_inet_address_get_is_link_local (own->address))
    return 0;
  if (neighbour != NULL && is_in_network (own, neighbour))
    return 3;
  return g_inet_address_get_family (own->address) == G_SOCKET_FAMILY_IPV6 &&
             plum_address_get_scope (own->address) == PLUM_ADDRESS_SCOPE_PRIVATE
           ? 1
           : 2;
}

const PlumInterfaceAddress *
plum_route_choice_find_address (GPtrArray *addresses,
                                guint interface_index,
                                GSocketFamily family,
                                GInetAddress *neighbour)
{
  const PlumInterfaceAddress *best = NULL;
  guint best_rate = 0;

  for (guint i = 0; i < addresses->len; i++)
    {
      const PlumInterfaceAddress *own = addresses->pdata[i];
      guint rate;

      if (own->interface_index != interface_index ||
          g_inet_address_get_family (own->address) != family)
        continue;
      rate = rate_address (own, neighbour);
      if (rate > best_rate)
        {
          best = own;
          best_rate = rate;
        }
    }

  return best;
}

GInetAddress *
plum_route_choice_guess_gateway (const PlumInterfaceAddress *own)
{
  const GSocketFamily family = g_inet_address_get_family (own->address);
  const guint bits = (guint) family_get_bits (family);
  const int len = get_prefix_len (own);
  guint8 bytes[PLUM_ROUTE_ADDRESS_SIZE];
  g_autoptr (GInetAddress) first = NULL;

  if (own->is_loopback || own->is_point_to_point || len <= 0 || (guint) len > bits - 2)
    return NULL;

  memcpy (bytes, g_inet_address_to_bytes (own->address), bits / 8);
  for (guint i = (guint) len; i < bits; i++)
    bytes[i / 8] &= (guint8) ~(0x80 >> i % 8);
  bytes[bits / 8 - 1] |= 1;

  first = g_inet_address_new_from_bytes (bytes, family);
  return g_inet_address_equal (first, own->address) ? NULL : g_steal_pointer (&first);
}
