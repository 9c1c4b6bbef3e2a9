/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A socket that finds a router on the path to the internet. It sends one datagram with a TTL of n;
 * the n-th router discards it and reports ICMP "time exceeded" (RFC 792, RFC 1812 5.3.1), as with
 * traceroute. Needs no privileges: the kernel passes the ICMP message to the sending socket (ip(7),
 * IP_RECVERR). Depends on GIO only, so that core and plumctl share it. */

#define PLUM_HOP_SOCKET_PORT 33434 /* the first port of traceroute: no service uses it */

/* Routers answer within milliseconds, also over a slow line. */
#define PLUM_HOP_SOCKET_WAIT_MS 1000

/* Sends content, which identifies the datagram in a packet capture. interface_name: (nullable): the
 * only interface that the datagram may use. peer: the destination (transfer full). Returns NULL if
 * the datagram cannot be sent. The socket is readable when an answer has arrived. (transfer full)
 * (nullable) */
GSocket *plum_hop_socket_new (guint ttl,
                              const char *interface_name,
                              GBytes *content,
                              GSocketAddress **peer);
/* Reads the answer: the router that discarded the datagram; NULL if another error was reported,
 * such as an unreachable network. (transfer full) (nullable) */
GInetAddress *plum_hop_socket_read (GSocket *socket);

G_END_DECLS
