/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>
#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* Encodes and decodes the rtnetlink messages about links, addresses and routes. Pure. Errors are
 * PLUM_ERROR_MALFORMED. The byte order is that of the host. */

#define PLUM_NETLINK_ADDRESS_SIZE 16
#define PLUM_NETLINK_NAME_SIZE 16
#define PLUM_NETLINK_HOPS_MAX 8

/* Iterates over the messages of one datagram. */
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
  const guint8 *payload; /* points into the datagram */
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
  guint8 destination_len;                      /* in bits; 0 for a default route */
  guint priority;                              /* lower values take precedence */
  PlumNetlinkNextHop next_hop;                 /* the first usable one */
  guint hop_interfaces[PLUM_NETLINK_HOPS_MAX]; /* of all usable next hops of a multipath route */
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

/* Returns FALSE without an error at the end of the datagram. */
gboolean plum_netlink_reader_next (PlumNetlinkReader *reader,
                                   PlumNetlinkMessage *out,
                                   GError **error);

/* On error, these do not change *out. */
gboolean plum_netlink_decode_error (const PlumNetlinkMessage *message, int *out, GError **error);
gboolean plum_netlink_decode_route (const PlumNetlinkMessage *message,
                                    PlumNetlinkRoute *out,
                                    GError **error);
gboolean plum_netlink_decode_link (const PlumNetlinkMessage *message,
                                   PlumNetlinkLink *out,
                                   GError **error);
/* Decodes an address of an interface. IPv6 only. */
gboolean plum_netlink_decode_address (const PlumNetlinkMessage *message,
                                      PlumNetlinkAddress *out,
                                      GError **error);

/* If interface_index is 0, any interface matches. */
GByteArray *plum_netlink_encode_get_route (
  guint32 sequence, int family, const guint8 *destination, guint interface_index, guint flags);
/* Requests a link by its index or, if that is 0, by its name. */
GByteArray *plum_netlink_encode_get_link (guint32 sequence,
                                          guint interface_index,
                                          const char *name);
/* Requests all IPv6 addresses of this host. The last message of the answer is NLMSG_DONE. */
GByteArray *plum_netlink_encode_dump_addresses (guint32 sequence);
/* Requests the routes of a family in all tables. */
GByteArray *plum_netlink_encode_dump_routes (guint32 sequence, int family);

G_END_DECLS
