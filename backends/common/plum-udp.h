/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>
#include <stdint.h>

G_BEGIN_DECLS

/* A UDP socket for one gateway. It is connected, so that the kernel drops datagrams of other hosts
 * and reports a closed port. It is bound to the network's local address, which is the address that
 * gets mapped (RFC 6887 8.1). */
typedef struct _PlumUdp PlumUdp;

typedef struct
{
  /* A datagram from the gateway. */
  void (*received) (const uint8_t *data, size_t len, gpointer user_data);
  /* An ICMP error: an earlier datagram did not arrive. */
  void (*failed) (const GError *error, gpointer user_data);
} PlumUdpFuncs;

/* backend: borrowed, and outlives it. context: where the funcs are called. */
PlumUdp *plum_udp_new (PlumBackend *backend,
                       GMainContext *context,
                       guint16 port,
                       const PlumUdpFuncs *funcs,
                       gpointer user_data,
                       GError **error);
/* No func is called afterwards. May be called within one. */
void plum_udp_free (PlumUdp *self);
gboolean plum_udp_send (PlumUdp *self, const uint8_t *data, size_t len, GError **error);
/* What the gateway sees, unless an unexpected router in between translates it: the local end of the
 * socket or, beyond the first router, the address that this router uses. (transfer none) */
GInetAddress *plum_udp_get_client_address (PlumUdp *self);

/* An address with a port, and with the network's interface if it is link-local. (transfer full) */
GSocketAddress *plum_udp_socket_address (PlumNetwork *network, GInetAddress *address, guint16 port);
/* Whether an error of a socket is an ICMP error for an earlier datagram. */
gboolean plum_udp_is_icmp (const GError *error);
/* Whether the next try may succeed: the system had no room for the datagram. */
gboolean plum_udp_is_transient (const GError *error);

G_END_DECLS
