/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* What sockets do differently on different systems. */

/* Opens a non-blocking socket that receives the datagrams to a multicast group and port on the link
 * of a network. Other programs may listen as well. Where the system can do it, unicast datagrams to
 * the port are left to them. (transfer full) */
GSocket *plum_sockets_new_for_group (PlumNetwork *network,
                                     GInetSocketAddress *group,
                                     GError **error);

/* Makes a connected UDP socket report that the port of the peer is closed. */
void plum_sockets_report_closed_port (GSocket *socket);

/* Reads or sends a datagram on such a socket. The next call after the report of a closed port fails
 * with %G_IO_ERROR_CONNECTION_REFUSED. A longer datagram than size is cut, as by
 * g_socket_receive(). */
gssize plum_sockets_receive (GSocket *socket, void *data, gsize size, GError **error);
gssize plum_sockets_send (GSocket *socket, const void *data, gsize size, GError **error);

/* Creates a source that is dispatched when a socket can be read, or has an error. It holds a
 * reference to the socket. Its callback is a GSocketSourceFunc. (transfer full) */
GSource *plum_sockets_create_source (GSocket *socket);

/* Whether the socket has an error that no read has returned, and that remains: the socket is of no
 * more use. condition: that of the source. Sets error if so. */
gboolean plum_sockets_is_lost (GSocket *socket, GIOCondition condition, GError **error);

G_END_DECLS
