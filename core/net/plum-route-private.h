/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* The routes of this host. Each operating system has its own implementation. No function blocks or
 * sends a packet. */

/*
 * plum_route_lookup:
 * @family: the address family of the route
 * @interface_name: (nullable): the interface of the route, or %NULL for any
 * @gateway: (nullable): the gateway to use instead of the next hop of the default route
 *
 * Asks the system for the route to the internet, or to @gateway. Does not block. On a
 * point-to-point link, the network has no gateway.
 *
 * Errors: %PLUM_ERROR_NO_GATEWAY if there is no route, the interface does not exist, or it has no
 * address; %PLUM_ERROR_MALFORMED; or a %G_IO_ERROR of the system.
 *
 * Returns: (transfer full): the network, or %NULL on error
 */
PlumNetwork *plum_route_lookup (GSocketFamily family,
                                const char *interface_name,
                                GInetAddress *gateway,
                                GError **error);

/*
 * plum_route_leads_beyond:
 * @network: a network with a gateway
 * @destination: an address of the same family
 *
 * Asks the system whether packets to @destination leave by the interface of @network and through
 * its gateway. This is %FALSE for every address of this host and of the networks that it is
 * connected to, and on error.
 *
 * Returns: whether @destination is beyond the gateway
 */
gboolean plum_route_leads_beyond (PlumNetwork *network, GInetAddress *destination);

/*
 * plum_route_lookup_from:
 * @local_address: an address of this host
 * @interface_name: (nullable): the interface that must have it, or %NULL for any
 * @gateway: (nullable): the gateway to use instead of the next hop of the default route
 *
 * Asks the system for the interface that has @local_address, and for its route to the internet,
 * or to @gateway.
 *
 * Errors: like plum_route_lookup(); %PLUM_ERROR_NO_GATEWAY also if this host does not have the
 * address, or the address is link-local.
 *
 * Returns: (transfer full): the network, whose local address is @local_address, or %NULL on error
 */
PlumNetwork *plum_route_lookup_from (GInetAddress *local_address,
                                     const char *interface_name,
                                     GInetAddress *gateway,
                                     GError **error);

/*
 * plum_route_list:
 * @family: the address family of the routes
 *
 * Asks the system for all routes to the internet: one network for each interface with a default
 * route, ordered by the priority of the routes.
 *
 * Errors: %PLUM_ERROR_MALFORMED, or a %G_IO_ERROR of the system.
 *
 * Returns: (element-type PlumNetwork) (transfer full): the networks, or %NULL on error
 */
GPtrArray *plum_route_list (GSocketFamily family, GError **error);

/* Calls func from context after a link, an address, a route or a rule changes. One call may stand
 * for several changes. (transfer full) */
GSource *plum_route_watch_new (GMainContext *context,
                               GSourceFunc func,
                               gpointer user_data,
                               GError **error);

G_END_DECLS
