/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-route-private.h"

#include <linux/rtnetlink.h>

#include "plum-netlink-client-private.h"
#include "plum-route-interfaces-private.h"

/* Matches default routes and halves of them, which VPNs use to override the default route. */
static gboolean
leads_to_internet (const PlumNetlinkRoute *route)
{
  return route->destination_len <= 1 && route->type == RTN_UNICAST &&
         route->table != RT_TABLE_LOCAL &&
         (route->flags & (RTM_F_CLONED | RTNH_F_DEAD | RTNH_F_LINKDOWN)) == 0;
}

static int
compare_routes (gconstpointer a, gconstpointer b)
{
  const PlumNetlinkRoute *left = a;
  const PlumNetlinkRoute *right = b;

  if (left->priority != right->priority)
    return left->priority < right->priority ? -1 : 1;
  return 0;
}

/* (element-type guint) (transfer full) */
static GArray *
find_interface_indexes (PlumNetlinkClient *netlink, GSocketFamily family, GError **error)
{
  g_autoptr (GArray) routes = plum_netlink_client_get_routes (netlink, (int) family, error);
  GArray *indexes;

  if (routes == NULL)
    return NULL;

  indexes = g_array_new (FALSE, FALSE, sizeof (guint));
  g_array_sort (routes, compare_routes);
  for (guint i = 0; i < routes->len; i++)
    {
      const PlumNetlinkRoute *route = &g_array_index (routes, PlumNetlinkRoute, i);

      if (!leads_to_internet (route))
        continue;
      plum_route_interfaces_add (indexes, route->next_hop.interface_index);
      for (guint j = 0; j < route->n_hop_interfaces; j++)
        plum_route_interfaces_add (indexes, route->hop_interfaces[j]);
    }

  return indexes;
}

/* The names of the interfaces with a default route. (transfer full) */
static GPtrArray *
find_interface_names (GSocketFamily family, GError **error)
{
  g_autofree PlumNetlinkClient *netlink = g_new (PlumNetlinkClient, 1);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) indexes = NULL;
  gboolean valid = TRUE;

  if (!plum_netlink_client_open (netlink, error))
    return NULL;

  indexes = find_interface_indexes (netlink, family, error);
  for (guint i = 0; indexes != NULL && valid && i < indexes->len; i++)
    {
      char name[PLUM_NETLINK_NAME_SIZE];
      int refusal;

      valid = plum_netlink_client_get_name (netlink, g_array_index (indexes, guint, i), name,
                                            &refusal, error);
      if (valid && refusal == 0)
        g_ptr_array_add (names, g_strdup (name));
    }

  plum_netlink_client_close (netlink);
  return indexes != NULL && valid ? g_steal_pointer (&names) : NULL;
}

/* Looks up each interface instead of using the table entry: policy rules may exclude the entry, and
 * the kernel chooses the local address. */
GPtrArray *
plum_route_list (GSocketFamily family, GError **error)
{
  g_autoptr (GPtrArray) names = find_interface_names (family, error);
  g_autoptr (GPtrArray) networks = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      g_autoptr (GError) local = NULL;
      PlumNetwork *network = plum_route_lookup (family, names->pdata[i], NULL, &local);

      if (network != NULL)
        g_ptr_array_add (networks, network);
      else if (!g_error_matches (local, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return NULL;
        }
    }

  return names != NULL ? g_steal_pointer (&networks) : NULL;
}
