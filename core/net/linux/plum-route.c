/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-route-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "plum-log-private.h"
#include "plum-netlink-client-private.h"
#include "plum-route-error-private.h"
#include "plum-values-private.h"

/* The addresses of a root name server, which are public and not part of a private network. The
 * route to a host is more reliable than the default route: it honours split default routes, policy
 * rules and several tables. A route query sends no packet. */
static const guint8 public_host_ipv4[4] = { 198, 41, 0, 4 };
static const guint8 public_host_ipv6[16] = {
  0x20, 0x01, 0x05, 0x03, 0xba, 0x3e, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0x30,
};

/* The size of the network prefix of an IPv6 address, in bytes. */
#define IPV6_NETWORK_SIZE 8

/* The parameters and the intermediate results of a lookup. */
typedef struct
{
  PlumNetlinkClient netlink;
  GSocketFamily family;
  GInetAddress *override;
  const char *interface_name;
  guint interface_index; /* the index of interface_name; 0: any */
  gboolean on_link;      /* the program says that override is on the link of the interface */
  PlumNetlinkRoute route;
} RouteLookup;

static const guint8 *
lookup_get_destination (RouteLookup *self)
{
  if (self->override != NULL)
    return g_inet_address_to_bytes (self->override);
  return self->family == G_SOCKET_FAMILY_IPV4 ? public_host_ipv4 : public_host_ipv6;
}

static gboolean
lookup_set_no_route (RouteLookup *self, GError **error)
{
  return plum_route_set_no_route (error, self->family, self->interface_name, self->override);
}

static gboolean
lookup_set_prohibited (RouteLookup *self, GError **error)
{
  return plum_route_set_prohibited (error, self->family, self->override);
}

static gboolean
lookup_set_dropped (RouteLookup *self, GError **error)
{
  return plum_route_set_dropped (error, self->family, self->override);
}

/* The errors include those of the route types unreachable, prohibit and blackhole (ip-route(8)). */
static gboolean
lookup_set_refused (RouteLookup *self, int refusal, GError **error)
{
  switch (refusal)
    {
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case ESRCH:
    case ENODEV:
    case EAFNOSUPPORT:
    case EOPNOTSUPP:
      return lookup_set_no_route (self, error);

    case EACCES:
      return lookup_set_prohibited (self, error);

    case EINVAL:
      return lookup_set_dropped (self, error);

    default:
      return plum_netlink_set_io_error (error, refusal, _ ("The kernel did not report its routes"));
    }
}

static gboolean
lookup_check_type (RouteLookup *self, GError **error)
{
  switch (self->route.type)
    {
    case RTN_UNICAST:
      return TRUE;

    case RTN_LOCAL:
      /* The program may set a gateway that runs on this host. */
      return self->override != NULL || lookup_set_no_route (self, error);

    case RTN_BLACKHOLE:
      return lookup_set_dropped (self, error);

    case RTN_PROHIBIT:
      return lookup_set_prohibited (self, error);

    default:
      return lookup_set_no_route (self, error);
    }
}

static gboolean
lookup_find_interface (RouteLookup *self, GError **error)
{
  PlumNetlinkLink link = { 0 };
  int refusal = ENODEV;

  if (*self->interface_name != '\0' && strlen (self->interface_name) < PLUM_NETLINK_NAME_SIZE &&
      !plum_netlink_client_get_link (&self->netlink, 0, self->interface_name, &link, &refusal,
                                     error))
    return FALSE;

  if (refusal == ENODEV || refusal == EINVAL)
    return plum_route_set_no_interface (error, self->interface_name);
  if (refusal != 0)
    return plum_netlink_set_io_error (error, refusal,
                                      _ ("The kernel did not report its interfaces"));
  if ((link.flags & IFF_UP) == 0)
    return plum_route_set_interface_down (error, self->interface_name);

  self->interface_index = link.index;
  return TRUE;
}

static gboolean
lookup_query_route (
  RouteLookup *self, const guint8 *destination, guint flags, PlumNetlinkRoute *out, GError **error)
{
  int refusal;

  if (!plum_netlink_client_get_route (&self->netlink, (int) self->family, destination,
                                      self->interface_index, flags, out, &refusal, error))
    return FALSE;
  if (refusal != 0)
    return lookup_set_refused (self, refusal, error);
  return TRUE;
}

static gboolean
lookup_find_route (RouteLookup *self, GError **error)
{
  const guint8 *destination = lookup_get_destination (self);
  PlumNetlinkRoute match;

  /* If an interface has no IPv4 route, the kernel assumes that all destinations are on-link. Only a
   * table entry proves that a route exists. */
  if (self->family == G_SOCKET_FAMILY_IPV4 && self->interface_name != NULL && !self->on_link &&
      !lookup_query_route (self, destination, RTM_F_FIB_MATCH, &match, error))
    return FALSE;

  return lookup_query_route (self, destination, 0, &self->route, error) &&
         lookup_check_type (self, error);
}

static gboolean
is_ipv6_link_local (GInetAddress *address)
{
  return address != NULL && g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6 &&
         g_inet_address_get_is_link_local (address);
}

/* Uses the source address that the kernel chooses (RFC 6724). For a link-local gateway, that is a
 * link-local address, for which no port can be mapped (quirk 17); use the source address of the
 * route to the internet instead. */
static const guint8 *
lookup_find_source (RouteLookup *self, PlumNetlinkRoute *internet_route)
{
  if (is_ipv6_link_local (self->override) &&
      lookup_query_route (self, public_host_ipv6, 0, internet_route, NULL) &&
      internet_route->has_source)
    return internet_route->source;

  return self->route.has_source ? self->route.source : NULL;
}

/* Whether an address is stable, valid outside of the link and usable for incoming connections. */
static gboolean
is_stable_address (const PlumNetlinkAddress *address)
{
  return address->scope == RT_SCOPE_UNIVERSE &&
         (address->flags &
          (IFA_F_TEMPORARY | IFA_F_DEPRECATED | IFA_F_TENTATIVE | IFA_F_DADFAILED)) == 0;
}

static const PlumNetlinkAddress *
find_address (GArray *addresses, guint interface_index, const guint8 *bytes)
{
  for (guint i = 0; i < addresses->len; i++)
    {
      const PlumNetlinkAddress *address = &g_array_index (addresses, PlumNetlinkAddress, i);

      if (address->interface_index == interface_index &&
          memcmp (address->address, bytes, sizeof address->address) == 0)
        return address;
    }
  return NULL;
}

/* Returns the rank of an address as a replacement for the chosen one; 0 if it is unsuitable. An
 * address with the same prefix ranks higher, because the kernel chose that prefix. */
static guint
rate_address (const PlumNetlinkAddress *address, const PlumNetlinkAddress *chosen)
{
  g_autoptr (GInetAddress) inet = NULL;

  if (address->interface_index != chosen->interface_index || !is_stable_address (address))
    return 0;
  if (memcmp (address->address, chosen->address, IPV6_NETWORK_SIZE) == 0)
    return 2;

  /* A unique local address is not reachable from the internet. */
  inet = g_inet_address_new_from_bytes (address->address, G_SOCKET_FAMILY_IPV6);
  return plum_address_get_scope (inet) != PLUM_ADDRESS_SCOPE_PRIVATE ? 1 : 0;
}

/* RFC 6724 prefers temporary addresses (RFC 8981) for outgoing connections. They change daily and
 * are not suitable for mapped ports: use the stable address of the same interface. */
static const guint8 *
lookup_prefer_stable (RouteLookup *self, GArray *addresses, const guint8 *source)
{
  const guint interface_index = self->route.next_hop.interface_index;
  const PlumNetlinkAddress *chosen = find_address (addresses, interface_index, source);
  const guint8 *best = source;
  guint best_rate = 0;

  if (chosen == NULL || (chosen->flags & IFA_F_TEMPORARY) == 0)
    return source;

  for (guint i = 0; i < addresses->len; i++)
    {
      const PlumNetlinkAddress *address = &g_array_index (addresses, PlumNetlinkAddress, i);
      guint rate = rate_address (address, chosen);

      if (rate > best_rate)
        {
          best = address->address;
          best_rate = rate;
        }
    }
  return best;
}

static gboolean
lookup_query_loopback (RouteLookup *self, gboolean *is_loopback, GError **error)
{
  PlumNetlinkLink link = { 0 };
  int refusal;

  if (!plum_netlink_client_get_link (&self->netlink, self->route.next_hop.interface_index, "",
                                     &link, &refusal, error))
    return FALSE;

  *is_loopback = refusal == 0 && (link.flags & IFF_LOOPBACK) != 0;
  return TRUE;
}

/* Sets out to NULL if the interface has no address. If no other address exists, the kernel chooses
 * ::1 even for another interface. out: (transfer full) */
static gboolean
lookup_choose_local_address (RouteLookup *self, GInetAddress **out, GError **error)
{
  PlumNetlinkRoute internet_route = { 0 };
  const guint8 *source = lookup_find_source (self, &internet_route);
  g_autoptr (GArray) addresses = NULL;
  g_autoptr (GInetAddress) address = NULL;
  gboolean is_loopback;

  *out = NULL;
  if (source == NULL)
    return TRUE;

  if (self->family == G_SOCKET_FAMILY_IPV6)
    {
      addresses = plum_netlink_client_get_addresses (&self->netlink);
      source = lookup_prefer_stable (self, addresses, source);
    }

  address = g_inet_address_new_from_bytes (source, self->family);
  if (g_inet_address_get_is_loopback (address))
    {
      if (!lookup_query_loopback (self, &is_loopback, error))
        return FALSE;
      if (!is_loopback)
        return TRUE;
    }

  *out = g_steal_pointer (&address);
  return TRUE;
}

static GInetAddress *
lookup_choose_gateway (RouteLookup *self)
{
  const PlumNetlinkNextHop *hop = &self->route.next_hop;

  if (self->override != NULL)
    return g_object_ref (self->override);
  if (hop->gateway_family == (int) self->family)
    return g_inet_address_new_from_bytes (hop->gateway, self->family);
  if (hop->gateway_family != AF_UNSPEC)
    plum_debug (
      "The next hop of the %s default route has no %s address and cannot be used as a gateway",
      plum_route_get_family_name (self->family), plum_route_get_family_name (self->family));
  return NULL;
}

static PlumNetwork *
lookup_find_network (RouteLookup *self, GError **error)
{
  g_autoptr (GInetAddress) local_address = NULL;
  g_autoptr (GInetAddress) gateway = NULL;
  char name[PLUM_NETLINK_NAME_SIZE];
  guint interface_index;
  int refusal;

  if (self->interface_name != NULL && !lookup_find_interface (self, error))
    return NULL;
  if (!lookup_find_route (self, error))
    return NULL;
  interface_index = self->route.next_hop.interface_index;
  if (!plum_netlink_client_get_name (&self->netlink, interface_index, name, &refusal, error))
    return NULL;
  if (refusal != 0)
    {
      /* The interface was removed between the two queries. */
      lookup_set_no_route (self, error);
      return NULL;
    }

  if (!lookup_choose_local_address (self, &local_address, error))
    return NULL;
  if (local_address == NULL)
    {
      plum_route_set_no_address (error, self->family, name);
      return NULL;
    }

  gateway = lookup_choose_gateway (self);
  return plum_network_new (name, interface_index, gateway, local_address, self->override != NULL);
}

/* Sets interface_name to the interface that has the address, or to "" if this host does not have
 * it. Only the table entry names it: the result of the lookup names the loopback interface instead.
 */
static gboolean
find_interface_of (GInetAddress *address,
                   char interface_name[PLUM_NETLINK_NAME_SIZE],
                   GError **error)
{
  g_autofree RouteLookup *lookup = g_new (RouteLookup, 1);
  PlumNetlinkRoute route = { 0 };
  int refusal = 0;
  gboolean queried;

  lookup->interface_index = 0;
  if (!plum_netlink_client_open (&lookup->netlink, error))
    return FALSE;

  queried =
    plum_netlink_client_get_route (&lookup->netlink, (int) g_inet_address_get_family (address),
                                   g_inet_address_to_bytes (address), 0, RTM_F_FIB_MATCH, &route,
                                   &refusal, error);
  if (queried && refusal == 0 && route.type == RTN_LOCAL)
    queried = plum_netlink_client_get_name (&lookup->netlink, route.next_hop.interface_index,
                                            interface_name, &refusal, error);
  plum_netlink_client_close (&lookup->netlink);
  if (!queried)
    return FALSE;

  if (refusal != 0 || route.type != RTN_LOCAL)
    *interface_name = '\0';
  return TRUE;
}

/* on_link: gateway is on the link of the interface, whatever the routes are. */
static PlumNetwork *
look_up (GSocketFamily family,
         const char *interface_name,
         GInetAddress *gateway,
         gboolean on_link,
         GError **error)
{
  g_autofree RouteLookup *lookup = NULL;
  PlumNetwork *network;

  g_assert (family == G_SOCKET_FAMILY_IPV4 || family == G_SOCKET_FAMILY_IPV6);

  if (gateway != NULL && !plum_route_check_gateway (family, interface_name, gateway, error))
    return NULL;

  lookup = g_new (RouteLookup, 1); /* not zeroed, because the buffer is large */
  lookup->family = family;
  lookup->interface_index = 0;
  lookup->interface_name = interface_name;
  lookup->override = gateway;
  lookup->on_link = on_link;
  if (!plum_netlink_client_open (&lookup->netlink, error))
    return NULL;

  network = lookup_find_network (lookup, error);
  plum_netlink_client_close (&lookup->netlink);
  return network;
}

gboolean
plum_route_leads_beyond (PlumNetwork *network, GInetAddress *destination)
{
  const int family = (int) plum_network_get_family (network);
  GInetAddress *gateway = plum_network_get_gateway (network);
  g_autofree PlumNetlinkClient *netlink = g_new (PlumNetlinkClient, 1);
  PlumNetlinkRoute route = { 0 };
  gboolean found;
  int refusal;

  if (!plum_netlink_client_open (netlink, NULL))
    return FALSE;

  found = plum_netlink_client_get_route (netlink, family, g_inet_address_to_bytes (destination), 0,
                                         0, &route, &refusal, NULL) &&
          refusal == 0;
  plum_netlink_client_close (netlink);

  if (!found || route.type != RTN_UNICAST ||
      route.next_hop.interface_index != plum_network_get_interface_index (network))
    return FALSE;
  if (gateway == NULL)
    return route.next_hop.gateway_family == AF_UNSPEC && route.destination_len == 0;
  return route.next_hop.gateway_family == family &&
         memcmp (route.next_hop.gateway, g_inet_address_to_bytes (gateway),
                 g_inet_address_get_native_size (gateway)) == 0;
}

PlumNetwork *
plum_route_lookup (GSocketFamily family,
                   const char *interface_name,
                   GInetAddress *gateway,
                   GError **error)
{
  return look_up (family, interface_name, gateway, gateway != NULL, error);
}

PlumNetwork *
plum_route_lookup_from (GInetAddress *local_address,
                        const char *interface_name,
                        GInetAddress *gateway,
                        GError **error)
{
  char found[PLUM_NETLINK_NAME_SIZE] = "";
  g_autoptr (PlumNetwork) network = NULL;

  if ((!g_inet_address_get_is_link_local (local_address) &&
       !find_interface_of (local_address, found, error)) ||
      !plum_route_check_local_address (local_address, interface_name, *found != '\0' ? found : NULL,
                                       error))
    return NULL;

  network = look_up (g_inet_address_get_family (local_address), found, gateway, FALSE, error);
  if (network == NULL ||
      g_inet_address_equal (plum_network_get_local_address (network), local_address))
    return g_steal_pointer (&network);

  return plum_network_new (found, plum_network_get_interface_index (network),
                           plum_network_get_gateway (network), local_address, gateway != NULL);
}
