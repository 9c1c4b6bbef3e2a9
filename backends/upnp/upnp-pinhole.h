/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-session.h"

G_BEGIN_DECLS

/* Map, unmap and check on an IPv6 network, by WANIPv6FirewallControl:1. */
void upnp_pinhole_map_start (UpnpSession *session, PlumRequest *request, PlumCall *call);
void upnp_pinhole_unmap_start (UpnpSession *session,
                               PlumRequest *request,
                               PlumLease *lease,
                               PlumCall *call);
void upnp_pinhole_check_start (UpnpSession *session,
                               PlumRequest *request,
                               PlumLease *lease,
                               PlumCall *call);

G_END_DECLS
