/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-route-private.h"

#include <linux/rtnetlink.h>

#include "plum-netlink-client.h"

/* More than a host has; an index is looked up for each. */
#define INTERFACES_MAX 16

/* A default route, or a half of one: VPNs lay two of these over it. */
static gboolean
leads_to_internet (const PlumNetlinkRoute *route)
{
  return route->destination_len <= 1 && route->type == RTN_UNICAST &&
         route->table != RT_TABLE_LOCAL &&
         (route->flags & (RTM_F_CLONED | RTNH_F_DEAD | RTNH_F_LINKDOWN)) == 0;
}

static int
compare_routes (gconstpointer a,
                gconstpointer b)
{
  const PlumNetlinkRoute *left = a;
  const PlumNetlinkRoute *right = b;

  if (left->priority != right->priority)
    return left->priority < right->priority ? -1 : 1;
  return 0;
}

static void
add_index (GArray *indexes,
           guint   index)
{
  for (guint i = 0; i < indexes->len; i++)
    if (g_array_index (indexes, guint, i) == index)
      return;

  if (index != 0 && indexes->len < INTERFACES_MAX)
    g_array_append_val (indexes, index);
}

/* (element-type guint) (transfer full) */
static GArray *
find_interfaces (PlumNetlinkClient *netlink,
                 GSocketFamily      family)
{
  g_autoptr (GArray) routes = plum_netlink_client_get_routes (netlink, (int) family);
  GArray *indexes = g_array_new (FALSE, FALSE, sizeof (guint));

  g_array_sort (routes, compare_routes);
  for (guint i = 0; i < routes->len; i++)
    {
      const PlumNetlinkRoute *route = &g_array_index (routes, PlumNetlinkRoute, i);

      if (!leads_to_internet (route))
        continue;
      add_index (indexes, route->next_hop.interface_index);
      for (guint j = 0; j < route->n_hop_interfaces; j++)
        add_index (indexes, route->hop_interfaces[j]);
    }

  return indexes;
}

/* The entry in a table is a hint only: rules may bar it, and the address is the kernel's to choose.
 * So each interface is looked up as if somebody had asked for it. */
static void
add_network (PlumNetlinkClient *netlink,
             GSocketFamily      family,
             guint              index,
             GPtrArray         *networks)
{
  PlumNetlinkLink link;
  PlumNetwork *network;
  int refusal;

  if (!plum_netlink_client_get_link (netlink, index, "", &link, &refusal, NULL) || refusal != 0)
    return;

  network = plum_route_lookup (family, link.name, NULL, NULL);
  if (network != NULL)
    g_ptr_array_add (networks, network);
}

GPtrArray *
plum_route_list (GSocketFamily family)
{
  g_autofree PlumNetlinkClient *netlink = g_new (PlumNetlinkClient, 1);
  GPtrArray *networks = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GArray) indexes = NULL;

  if (!plum_netlink_client_open (netlink, NULL))
    return networks;

  indexes = find_interfaces (netlink, family);
  for (guint i = 0; i < indexes->len; i++)
    add_network (netlink, family, g_array_index (indexes, guint, i), networks);
  plum_netlink_client_close (netlink);
  return networks;
}
