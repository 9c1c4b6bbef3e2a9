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

/* Makes a connected UDP socket report that the port of the peer is closed: the next call fails with
 * %G_IO_ERROR_CONNECTION_REFUSED, or with %G_IO_ERROR_CONNECTION_CLOSED on Windows. */
void plum_sockets_report_closed_port (GSocket *socket);

G_END_DECLS
