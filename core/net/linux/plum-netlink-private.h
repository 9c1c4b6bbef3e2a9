/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>
#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* The few rtnetlink messages that tell of a host's routes. Pure: bytes in, struct or GError
 * (PLUM_ERROR_MALFORMED) out, and bytes out for the requests. The byte order is the host's. */

#define PLUM_NETLINK_ADDRESS_SIZE 16
#define PLUM_NETLINK_NAME_SIZE 16
#define PLUM_NETLINK_HOPS_MAX 8

/* A walk over the messages of one datagram. */
typedef struct
{
  const guint8 *data;
  gsize len;
} PlumNetlinkReader;

#define PLUM_NETLINK_READER_INIT(d, l)                                                             \
  {                                                                                                \
    .data = (d), .len = (l)                                                                        \
  }

typedef struct
{
  guint16 type; /* NLMSG_ERROR, RTM_NEWROUTE, ... */
  guint16 flags;
  guint32 sequence;
  guint32 port_id;
  const guint8 *payload; /* in the datagram */
  gsize payload_len;
} PlumNetlinkMessage;

typedef struct
{
  guint interface_index;
  int gateway_family; /* AF_UNSPEC: on-link */
  guint8 gateway[PLUM_NETLINK_ADDRESS_SIZE];
} PlumNetlinkNextHop;

typedef struct
{
  int family;  /* AF_INET or AF_INET6 */
  guint8 type; /* RTN_UNICAST, ... */
  guint table;
  guint flags;                                 /* RTM_F_CLONED, RTNH_F_DEAD, ... */
  guint8 destination_len;                      /* bits; 0: the whole internet */
  guint priority;                              /* the less, the better */
  PlumNetlinkNextHop next_hop;                 /* of several, the first that is alive */
  guint hop_interfaces[PLUM_NETLINK_HOPS_MAX]; /* of several that are alive */
  guint n_hop_interfaces;
  gboolean has_source;
  guint8 source[PLUM_NETLINK_ADDRESS_SIZE];
} PlumNetlinkRoute;

typedef struct
{
  guint index;
  guint flags; /* IFF_UP, ... */
  char name[PLUM_NETLINK_NAME_SIZE];
} PlumNetlinkLink;

typedef struct
{
  guint interface_index;
  guint flags;  /* IFA_F_TEMPORARY, ... */
  guint8 scope; /* RT_SCOPE_UNIVERSE, ... */
  guint8 address[PLUM_NETLINK_ADDRESS_SIZE];
} PlumNetlinkAddress;

/* FALSE without an error: the datagram is at its end. */
gboolean plum_netlink_reader_next (PlumNetlinkReader *reader,
                                   PlumNetlinkMessage *out,
                                   GError **error);

/* *out is untouched on error in all of these. */
gboolean plum_netlink_decode_error (const PlumNetlinkMessage *message, int *out, GError **error);
gboolean plum_netlink_decode_route (const PlumNetlinkMessage *message,
                                    PlumNetlinkRoute *out,
                                    GError **error);
gboolean plum_netlink_decode_link (const PlumNetlinkMessage *message,
                                   PlumNetlinkLink *out,
                                   GError **error);
/* Of an interface, IPv6 only. */
gboolean plum_netlink_decode_address (const PlumNetlinkMessage *message,
                                      PlumNetlinkAddress *out,
                                      GError **error);

/* interface_index: 0 is any. */
GByteArray *plum_netlink_encode_get_route (
  guint32 sequence, int family, const guint8 *destination, guint interface_index, guint flags);
/* By its index or, if that is 0, by its name. */
GByteArray *plum_netlink_encode_get_link (guint32 sequence,
                                          guint interface_index,
                                          const char *name);
/* All IPv6 addresses of this host; the answers end with NLMSG_DONE. */
GByteArray *plum_netlink_encode_dump_addresses (guint32 sequence);
/* All routes of a family, of all tables. */
GByteArray *plum_netlink_encode_dump_routes (guint32 sequence, int family);

G_END_DECLS
