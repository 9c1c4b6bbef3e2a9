/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-neighbour-private.h"

#include <string.h>

#include "plum-route-table-private.h"
#include "plum-values-private.h"

char *
plum_neighbour_lookup (PlumNetwork *network)
{
  PlumNetwork *inner = plum_network_get_inner (network);
  GInetAddress *gateway = plum_network_get_gateway (network);
  g_autoptr (GArray) neighbours = NULL;

  if (inner != NULL)
    return plum_neighbour_lookup (inner);
  if (gateway == NULL || g_inet_address_get_family (gateway) != G_SOCKET_FAMILY_IPV4)
    return NULL;

  neighbours = plum_route_table_read_neighbours ();
  for (guint i = 0; i < neighbours->len; i++)
    {
      const PlumRouteMessage *entry = &g_array_index (neighbours, PlumRouteMessage, i);
      const guint8 *mac = entry->link_address;

      if (entry->has_link_address && entry->family == G_SOCKET_FAMILY_IPV4 &&
          entry->interface_index == plum_network_get_interface_index (network) &&
          memcmp (entry->destination, g_inet_address_to_bytes (gateway), 4) == 0)
        return g_strdup_printf ("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
                                mac[4], mac[5]);
    }

  return NULL;
}
