/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>
#include <stdint.h>

G_BEGIN_DECLS

/* One UDP socket for all talk with one gateway. It is connected, so that the kernel drops what
 * others send and tells of a closed port, and bound to the network's local address, because that
 * is the address that gets mapped (RFC 6887 8.1). */
typedef struct _PlumUdp PlumUdp;

typedef struct
{
  /* A datagram from the gateway. */
  void (*received) (const uint8_t *data, size_t len, gpointer user_data);
  /* The network, by ICMP: something sent before did not arrive. */
  void (*failed) (const GError *error, gpointer user_data);
} PlumUdpFuncs;

/* backend is borrowed, and outlives it. context: where the funcs are called. */
PlumUdp *plum_udp_new (PlumBackend *backend,
                       GMainContext *context,
                       guint16 port,
                       const PlumUdpFuncs *funcs,
                       gpointer user_data,
                       GError **error);
/* No func is called any more. Safe within one. */
void plum_udp_free (PlumUdp *self);
gboolean plum_udp_send (PlumUdp *self, const uint8_t *data, size_t len, GError **error);
/* Our end: what the gateway sees unless somebody translates between. (transfer none) */
GInetAddress *plum_udp_get_local_address (PlumUdp *self);

/* An address of the network with a port, and with the interface where it is link-local.
 * (transfer full) */
GSocketAddress *plum_udp_socket_address (PlumNetwork *network, GInetAddress *address, guint16 port);
/* Whether an error of a socket is the network's answer to a datagram sent before. */
gboolean plum_udp_is_icmp (const GError *error);
/* Whether it may have passed by the next try: the system had no room for the datagram. */
gboolean plum_udp_is_passing (const GError *error);

G_END_DECLS
