/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-interfaces.h"
#include "plum-route-message-private.h"

G_BEGIN_DECLS

/* Chooses routes and addresses from what the system reports. Pure. */

/* Returns the most specific usable route to the destination, or NULL. interface_index: of the only
 * interface; 0: any. A route that rejects packets is returned, too. (transfer none) */
const PlumRouteMessage *plum_route_choice_find (GArray *routes,
                                                GInetAddress *destination,
                                                guint interface_index);

/* Returns the indexes of the interfaces with a default route, or with halves of one, the preferred
 * one first. (element-type guint) (transfer full) */
GArray *plum_route_choice_list_interfaces (GArray *routes);

/* The gateway of a route; NULL if the destination is on its link. (transfer full) (nullable) */
GInetAddress *plum_route_choice_get_gateway (const PlumRouteMessage *route);

/* The address of an interface that other hosts can reach: in the network of neighbour (nullable),
 * else one that is not link-local. (transfer none) (nullable) */
const PlumInterfaceAddress *plum_route_choice_find_address (GPtrArray *addresses,
                                                            guint interface_index,
                                                            GSocketFamily family,
                                                            GInetAddress *neighbour);

/* The first address of a network, which many routers have; NULL if that is the own address, or the
 * network has no other hosts. (transfer full) (nullable) */
GInetAddress *plum_route_choice_guess_gateway (const PlumInterfaceAddress *own);

G_END_DECLS
