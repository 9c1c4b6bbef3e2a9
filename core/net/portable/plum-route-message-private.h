/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* Decodes the messages of the routing socket (route(4)) of the BSDs and of macOS. Pure: also built
 * where no such socket exists. The byte order is that of the host. Errors are PLUM_ERROR_MALFORMED.
 */

/* Where the fields of struct rt_msghdr are, in bytes. msglen (16 bits), version and type (8 bits)
 * come first on every system; index has 16 bits, flags and addrs 32. */
typedef struct
{
  guint8 version;
  guint8 index;
  guint8 flags;
  guint8 addrs;
  guint8 priority;   /* 8 bits; 0: the system has no such field */
  guint8 header_len; /* 16 bits, the size of the header; 0: the size is fixed */
  guint8 size;       /* of the header, if it is fixed */
  guint8 alignment;  /* of the addresses behind the header */
  guint8 inet6;      /* AF_INET6 */
  guint32 scoped;    /* RTF_IFSCOPE: a route that is used by sockets of its interface only; or 0 */
} PlumRouteLayout;

/* The layouts as the headers of these systems document them. */
extern const PlumRouteLayout plum_route_layout_freebsd; /* 64-bit */
extern const PlumRouteLayout plum_route_layout_openbsd; /* 64-bit */
extern const PlumRouteLayout plum_route_layout_macos;

#define PLUM_ROUTE_ADDRESS_SIZE 16
#define PLUM_ROUTE_LINK_SIZE 6

/* Message types and flags: the same on all of these systems. */
typedef enum {
  PLUM_ROUTE_ADD = 0x1,
  PLUM_ROUTE_DELETE = 0x2,
  PLUM_ROUTE_CHANGE = 0x3,
  PLUM_ROUTE_GET = 0x4,
  PLUM_ROUTE_NEW_ADDRESS = 0xc,
  PLUM_ROUTE_DELETE_ADDRESS = 0xd,
  PLUM_ROUTE_LINK = 0xe,
} PlumRouteType;

#define PLUM_ROUTE_FLAG_UP 0x1u
#define PLUM_ROUTE_FLAG_GATEWAY 0x2u
#define PLUM_ROUTE_FLAG_HOST 0x4u
#define PLUM_ROUTE_FLAG_REJECT 0x8u
#define PLUM_ROUTE_FLAG_LINK_LAYER 0x400u
#define PLUM_ROUTE_FLAG_BLACKHOLE 0x1000u

typedef struct
{
  PlumRouteType type;
  guint interface_index;
  guint flags;
  gboolean is_scoped;
  guint priority; /* lower values take precedence; 0 if the system has none */

  GSocketFamily family; /* of the destination; G_SOCKET_FAMILY_INVALID: another one, or none */
  guint8 destination[PLUM_ROUTE_ADDRESS_SIZE];
  guint prefix_len; /* in bits */

  gboolean has_gateway; /* an address of the same family */
  guint8 gateway[PLUM_ROUTE_ADDRESS_SIZE];
  gboolean has_link_address; /* of a neighbour */
  guint8 link_address[PLUM_ROUTE_LINK_SIZE];
} PlumRouteMessage;

/* Decodes the message at *offset of data, and advances *offset behind it. Messages of other types
 * than those of routes have a type only. Returns FALSE without an error at the end of data. On
 * error, *out does not change. */
gboolean plum_route_message_next (const PlumRouteLayout *layout,
                                  const guint8 *data,
                                  gsize len,
                                  gsize *offset,
                                  PlumRouteMessage *out,
                                  GError **error);

/* Whether a message that the system sent may report that the route to the internet changed. */
gboolean plum_route_message_matters (const PlumRouteMessage *self);

G_END_DECLS
