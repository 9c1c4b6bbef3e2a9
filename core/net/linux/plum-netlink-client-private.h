/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-netlink-socket-private.h"
#include "plum-netlink-private.h"

G_BEGIN_DECLS

/* One conversation with the kernel, in which nothing waits: the kernel has put the answer into the
 * socket when the question is sent. */
typedef struct
{
  int fd;
  guint32 port_id;
  guint32 sequence;
  guint8 buffer[PLUM_NETLINK_BUFFER_SIZE];
} PlumNetlinkClient;

gboolean plum_netlink_client_open (PlumNetlinkClient *self, GError **error);
void plum_netlink_client_close (PlumNetlinkClient *self);

/* TRUE with *refusal set to an errno: the kernel has answered, and that is what it said. */
gboolean plum_netlink_client_get_link (PlumNetlinkClient *self,
                                       guint interface_index,
                                       const char *name,
                                       PlumNetlinkLink *out,
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

/* The IPv6 addresses of this host; what cannot be had is missing.
 * (element-type PlumNetlinkAddress) (transfer full) */
GArray *plum_netlink_client_get_addresses (PlumNetlinkClient *self);
/* All routes of a family; none if the kernel refuses to tell.
 * (element-type PlumNetlinkRoute) (transfer full) */
GArray *plum_netlink_client_get_routes (PlumNetlinkClient *self, int family, GError **error);

G_END_DECLS
