/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/*
 * plum_route_lookup:
 * @family: of the route
 * @interface_name: (nullable): only routes out of this interface
 * @gateway: (nullable): ask this host instead of the default route's next hop
 *
 * Asks the kernel which way a packet to the internet (or to @gateway) would take. Does not block:
 * the kernel answers while it is asked. A point-to-point link gives a network without a gateway.
 *
 * Errors: NO_GATEWAY (no route; no such interface; the interface has no gateway, with which is
 * which in the
 * message), or G_IO_ERROR of the netlink socket.
 */
PlumNetwork *plum_route_lookup (GSocketFamily family,
                                const char *interface_name,
                                GInetAddress *gateway,
                                GError **error);

/*
 * plum_route_list:
 * @family: of the routes
 *
 * Asks the kernel for every way to the internet: one for each interface with a default route, the
 * best first.
 *
 * Errors: G_IO_ERROR of the netlink socket; MALFORMED.
 *
 * Returns: (element-type PlumNetwork) (transfer full)
 */
GPtrArray *plum_route_list (GSocketFamily family, GError **error);

/* Calls func, from context, some time after a link, an address or a route has changed; one call may
 * stand for many changes that the kernel told of in one turn. (transfer full) */
GSource *plum_route_watch_new (GMainContext *context,
                               GSourceFunc func,
                               gpointer user_data,
                               GError **error);

G_END_DECLS
