/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-netlink-socket-private.h"
#include "plum-netlink-private.h"

G_BEGIN_DECLS

/* A netlink socket for requests. No function blocks: when a request has been sent, the kernel has
 * queued the answer. */
typedef struct
{
  int fd;
  guint32 sequence;
  guint8 buffer[PLUM_NETLINK_BUFFER_SIZE];
} PlumNetlinkClient;

gboolean plum_netlink_client_open (PlumNetlinkClient *self, GError **error);
void plum_netlink_client_close (PlumNetlinkClient *self);

/* If the kernel refuses the request, these return TRUE and set *refusal to the errno. */
gboolean plum_netlink_client_get_link (PlumNetlinkClient *self,
                                       guint interface_index,
                                       const char *name,
                                       PlumNetlinkLink *out,
                                       int *refusal,
                                       GError **error);
/* Gets the name of an interface without its other attributes. */
gboolean plum_netlink_client_get_name (PlumNetlinkClient *self,
                                       guint interface_index,
                                       char name[PLUM_NETLINK_NAME_SIZE],
                                       int *refusal,
                                       GError **error);
gboolean plum_netlink_client_get_route (PlumNetlinkClient *self,
                                        int family,
                                        const guint8 *destination,
                                        guint interface_index,
                                        guint flags,
                                        PlumNetlinkRoute *out,
                                        int *refusal,
                                        GError **error);

/* Returns the IPv6 addresses of this host. The array is incomplete if an error occurs.
 * (element-type PlumNetlinkAddress) (transfer full) */
GArray *plum_netlink_client_get_addresses (PlumNetlinkClient *self);
/* Returns all routes of a family. The array is empty if the kernel refuses the request.
 * (element-type PlumNetlinkRoute) (transfer full) */
GArray *plum_netlink_client_get_routes (PlumNetlinkClient *self, int family, GError **error);

G_END_DECLS
