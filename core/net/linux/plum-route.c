/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-route-private.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "plum-log-private.h"
#include "plum-netlink-client-private.h"
#include "plum-values-private.h"

/* A root name server's addresses, which are on the internet for sure and in nobody's own network.
 * To ask for the way to a host, and not for the default route, is right also where several routes
 * (two halves of the internet through a VPN), tables and rules make the default. A look-up sends
 * nothing: the kernel answers from its tables, and that host hears nothing of it. */
static const guint8 internet_ipv4[4] = { 198, 41, 0, 4 };
static const guint8 internet_ipv6[16] = {
  0x20, 0x01, 0x05, 0x03, 0xba, 0x3e, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0x30,
};

/* The part of an IPv6 address that is its network's. */
#define IPV6_NETWORK_SIZE 8

/* What is looked for, and what was found so far. */
typedef struct
{
  PlumNetlinkClient netlink;
  GSocketFamily family;
  GInetAddress *override;
  const char *interface_name;
  guint interface_index; /* of interface_name; 0: any */
  PlumNetlinkRoute route;
} Lookup;

static gboolean
set_io_error (GError **error, int code, const char *doing)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "%s: %s", doing, g_strerror (code));
  return FALSE;
}

static const char *
family_get_name (GSocketFamily family)
{
  return family == G_SOCKET_FAMILY_IPV4 ? "IPv4" : "IPv6";
}

static const guint8 *
lookup_get_destination (Lookup *self)
{
  if (self->override != NULL)
    return g_inet_address_to_bytes (self->override);
  return self->family == G_SOCKET_FAMILY_IPV4 ? internet_ipv4 : internet_ipv6;
}

static gboolean
lookup_set_no_route (Lookup *self, GError **error)
{
  if (self->override != NULL)
    {
      g_autofree char *gateway = g_inet_address_to_string (self->override);

      g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY, "No route leads to the gateway %s",
                   gateway);
    }
  else if (self->interface_name != NULL)
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
                   "No %s default route leads through the interface “%s”",
                   family_get_name (self->family), self->interface_name);
    }
  else
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
                   "No default route: this host is not connected to an %s network",
                   family_get_name (self->family));
    }
  return FALSE;
}

static gboolean
lookup_set_closed (Lookup *self, const char *how, GError **error)
{
  g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
               "The routes of this host %s %s packets to %s", how, family_get_name (self->family),
               self->override != NULL ? "the gateway" : "the internet");
  return FALSE;
}

/* What the kernel says of the routes that ip-route(8) calls unreachable, prohibit and blackhole. */
static gboolean
lookup_set_refused (Lookup *self, int refusal, GError **error)
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
      return lookup_set_closed (self, "prohibit", error);

    case EINVAL:
      return lookup_set_closed (self, "drop", error);

    default:
      return set_io_error (error, refusal, "The kernel does not tell its routes");
    }
}

static gboolean
lookup_check_type (Lookup *self, GError **error)
{
  switch (self->route.type)
    {
    case RTN_UNICAST:
      return TRUE;

    case RTN_LOCAL:
      /* A server on this very host, if somebody says so. */
      return self->override != NULL || lookup_set_no_route (self, error);

    case RTN_BLACKHOLE:
      return lookup_set_closed (self, "drop", error);

    case RTN_PROHIBIT:
      return lookup_set_closed (self, "prohibit", error);

    default:
      return lookup_set_no_route (self, error);
    }
}

static gboolean
lookup_find_interface (Lookup *self, GError **error)
{
  PlumNetlinkLink link = { 0 };
  int refusal = ENODEV;

  if (*self->interface_name != '\0' && strlen (self->interface_name) < PLUM_NETLINK_NAME_SIZE &&
      !plum_netlink_client_get_link (&self->netlink, 0, self->interface_name, &link, &refusal,
                                     error))
    return FALSE;

  if (refusal == ENODEV || refusal == EINVAL)
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY, "There is no interface “%s”",
                   self->interface_name);
      return FALSE;
    }
  if (refusal != 0)
    return set_io_error (error, refusal, "The kernel does not tell its interfaces");
  if ((link.flags & IFF_UP) == 0)
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY, "The interface “%s” is down",
                   self->interface_name);
      return FALSE;
    }

  self->interface_index = link.index;
  return TRUE;
}

static gboolean
lookup_ask (
  Lookup *self, const guint8 *destination, guint flags, PlumNetlinkRoute *out, GError **error)
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
lookup_find_route (Lookup *self, GError **error)
{
  const guint8 *destination = lookup_get_destination (self);
  PlumNetlinkRoute match;

  /* Asked for an IPv4 route out of an interface that has none, the kernel makes one up: it takes
   * the whole internet to be on that link. Only an entry in a table proves a route. */
  if (self->family == G_SOCKET_FAMILY_IPV4 && self->interface_name != NULL &&
      self->override == NULL && !lookup_ask (self, destination, RTM_F_FIB_MATCH, &match, error))
    return FALSE;

  return lookup_ask (self, destination, 0, &self->route, error) && lookup_check_type (self, error);
}

static gboolean
is_link_local (GInetAddress *address)
{
  return address != NULL && g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6 &&
         g_inet_address_get_is_link_local (address);
}

/* The kernel's choice of a source address (RFC 6724). Towards a link-local gateway that is a
 * link-local one, for which no port can be opened (quirk 17): then the source of what goes on from
 * there to the internet is meant. */
static const guint8 *
lookup_find_source (Lookup *self, PlumNetlinkRoute *onward)
{
  if (is_link_local (self->override) && lookup_ask (self, internet_ipv6, 0, onward, NULL) &&
      onward->has_source)
    return onward->source;

  return self->route.has_source ? self->route.source : NULL;
}

/* For a port that is to be reached: it is known outside, does not end soon, and is this host's
 * beyond doubt. */
static gboolean
is_lasting (const PlumNetlinkAddress *address)
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

/* How well an address stands for the chosen one: one of the same network before others, as the
 * kernel had its reasons for that network. 0: not at all. */
static guint
rate_address (const PlumNetlinkAddress *address, const PlumNetlinkAddress *chosen)
{
  g_autoptr (GInetAddress) inet = NULL;

  if (address->interface_index != chosen->interface_index || !is_lasting (address))
    return 0;
  if (memcmp (address->address, chosen->address, IPV6_NETWORK_SIZE) == 0)
    return 2;

  /* A unique local address reaches nobody outside. */
  inet = g_inet_address_new_from_bytes (address->address, G_SOCKET_FAMILY_IPV6);
  return plum_address_get_scope (inet) != PLUM_ADDRESS_SCOPE_PRIVATE ? 1 : 0;
}

/* RFC 6724 prefers temporary addresses (RFC 8981) for what goes out. They change by the day, and
 * with them what others were told: for a port to be reached at, the lasting address beside it. */
static const guint8 *
lookup_prefer_lasting (Lookup *self, GArray *addresses, const guint8 *source)
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

/* NULL: the interface has none. Where there is no other, the kernel takes ::1 for a route out of
 * this host. */
static GInetAddress *
lookup_choose_local_address (Lookup *self, const PlumNetlinkLink *link)
{
  PlumNetlinkRoute onward = { 0 };
  const guint8 *source = lookup_find_source (self, &onward);
  g_autoptr (GArray) addresses = NULL;
  g_autoptr (GInetAddress) address = NULL;

  if (source == NULL)
    return NULL;

  if (self->family == G_SOCKET_FAMILY_IPV6)
    {
      addresses = plum_netlink_client_get_addresses (&self->netlink);
      source = lookup_prefer_lasting (self, addresses, source);
    }

  address = g_inet_address_new_from_bytes (source, self->family);
  if (g_inet_address_get_is_loopback (address) && (link->flags & IFF_LOOPBACK) == 0)
    return NULL;
  return g_steal_pointer (&address);
}

static GInetAddress *
lookup_choose_gateway (Lookup *self)
{
  const PlumNetlinkNextHop *hop = &self->route.next_hop;

  if (self->override != NULL)
    return g_object_ref (self->override);
  if (hop->gateway_family == (int) self->family)
    return g_inet_address_new_from_bytes (hop->gateway, self->family);
  if (hop->gateway_family != AF_UNSPEC)
    plum_debug ("The next hop of the %s default route is not an %s address: it cannot be asked",
                family_get_name (self->family), family_get_name (self->family));
  return NULL;
}

static PlumNetwork *
lookup_run (Lookup *self, GError **error)
{
  g_autoptr (GInetAddress) local_address = NULL;
  g_autoptr (GInetAddress) gateway = NULL;
  PlumNetlinkLink link;
  int refusal;

  if (self->interface_name != NULL && !lookup_find_interface (self, error))
    return NULL;
  if (!lookup_find_route (self, error))
    return NULL;
  if (!plum_netlink_client_get_link (&self->netlink, self->route.next_hop.interface_index, "",
                                     &link, &refusal, error))
    return NULL;
  if (refusal != 0)
    {
      /* It went away between the two questions. */
      lookup_set_no_route (self, error);
      return NULL;
    }

  local_address = lookup_choose_local_address (self, &link);
  if (local_address == NULL)
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY, "The interface “%s” has no %s address",
                   link.name, family_get_name (self->family));
      return NULL;
    }

  gateway = lookup_choose_gateway (self);
  return plum_network_new (link.name, link.index, gateway, local_address, self->override != NULL);
}

static gboolean
check_override (GSocketFamily family,
                const char *interface_name,
                GInetAddress *gateway,
                GError **error)
{
  g_autofree char *text = g_inet_address_to_string (gateway);

  if (g_inet_address_get_family (gateway) != family)
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY, "The gateway %s is not an %s address",
                   text, family_get_name (family));
      return FALSE;
    }
  if (is_link_local (gateway) && interface_name == NULL)
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
                   "The gateway %s is link-local: it takes an interface to know the link", text);
      return FALSE;
    }
  return TRUE;
}

PlumNetwork *
plum_route_lookup (GSocketFamily family,
                   const char *interface_name,
                   GInetAddress *gateway,
                   GError **error)
{
  g_autofree Lookup *lookup = NULL;
  PlumNetwork *network;

  g_assert (family == G_SOCKET_FAMILY_IPV4 || family == G_SOCKET_FAMILY_IPV6);

  if (gateway != NULL && !check_override (family, interface_name, gateway, error))
    return NULL;

  lookup = g_new (Lookup, 1); /* the buffer is large, and need not be zero */
  lookup->family = family;
  lookup->interface_index = 0;
  lookup->interface_name = interface_name;
  lookup->override = gateway;
  if (!plum_netlink_client_open (&lookup->netlink, error))
    return NULL;

  network = lookup_run (lookup, error);
  plum_netlink_client_close (&lookup->netlink);
  return network;
}
