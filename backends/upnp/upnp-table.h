/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-session.h"

G_BEGIN_DECLS

/* The operations on one entry of the router's table. */

/* Deletes the mapping if it belongs to this host. lease: (nullable): NULL if the router did not
 * answer the request for the mapping. */
void upnp_unmap_start (UpnpSession *session,
                       PlumRequest *request,
                       PlumLease *lease,
                       PlumCall *call);
/* Deletes the mapping if it leads to local_address, an earlier address of this host. */
void upnp_unmap_moved_start (UpnpSession *session,
                             PlumRequest *request,
                             PlumLease *lease,
                             GInetAddress *local_address,
                             PlumCall *call);
void upnp_check_start (UpnpSession *session,
                       PlumRequest *request,
                       PlumLease *lease,
                       PlumCall *call);

G_END_DECLS
