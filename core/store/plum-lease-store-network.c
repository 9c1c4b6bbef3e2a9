/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether a record is of the routers of a network. */

#include "plum-lease-store-private.h"

#include "plum-neighbour-private.h"
#include "plum-values-private.h"

gboolean
plum_lease_store_is_on_network (const PlumLeaseRecord *record, PlumNetwork *network)
{
  PlumNetwork *inner = plum_network_get_inner (network);
  g_autofree char *hardware_address = NULL;

  if (record->hardware_address != NULL &&
      plum_address_equal (record->gateway, plum_network_get_gateway (network)))
    hardware_address = plum_neighbour_lookup (network);
  return plum_lease_record_is_on (record, plum_network_get_gateway (network),
                                  inner != NULL ? plum_network_get_gateway (inner) : NULL,
                                  plum_network_get_interface (network), hardware_address);
}

/* Many networks have a router with this address: the hardware address of the first router tells
 * whether it is this network. */
gboolean
plum_lease_store_is_beyond_network (const PlumLeaseRecord *record, PlumNetwork *network)
{
  GInetAddress *gateway = plum_network_get_gateway (network);
  g_autofree char *hardware_address = NULL;

  if (record->through == NULL || gateway == NULL ||
      !g_inet_address_equal (record->through, gateway))
    return FALSE;

  hardware_address = plum_neighbour_lookup (network);
  return record->hardware_address == NULL || hardware_address == NULL ||
         g_str_equal (record->hardware_address, hardware_address);
}
