/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-route-message-private.h"

G_BEGIN_DECLS

/* The routes and neighbours of this host, as far as the system reports them: by the routing socket
 * (plum-route-table-sysctl.c), or not at all (plum-route-table-none.c). */

/* Whether the system has a routing table that can be read. */
gboolean plum_route_table_is_available (void);

/* Returns all routes of a family. Errors: %PLUM_ERROR_MALFORMED, or a %G_IO_ERROR;
 * %G_IO_ERROR_NOT_SUPPORTED if no table is available. (element-type PlumRouteMessage) (transfer
 * full) */
GArray *plum_route_table_read (GSocketFamily family, GError **error);

/* Returns the IPv4 neighbours whose hardware address is known. (element-type PlumRouteMessage)
 * (transfer full): empty on error */
GArray *plum_route_table_read_neighbours (void);

/* Opens a non-blocking socket that is readable when routes, addresses or links change, or returns
 * -1. */
int plum_route_table_open_socket (GError **error);
/* Reads all messages of the socket. Returns whether one of them matters. */
gboolean plum_route_table_drain_socket (int fd);

G_END_DECLS
