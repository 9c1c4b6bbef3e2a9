/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-backend.h"

G_BEGIN_DECLS

/* WANIPv6FirewallControl: on an IPv6 network these stand for map, unmap and check. */
void upnp_pinhole_map_start (PlumUpnpBackend *backend, PlumRequest *request, PlumCall *call);
void upnp_pinhole_unmap_start (PlumUpnpBackend *backend,
                               PlumRequest *request,
                               PlumLease *lease,
                               PlumCall *call);
void upnp_pinhole_check_start (PlumUpnpBackend *backend,
                               PlumRequest *request,
                               PlumLease *lease,
                               PlumCall *call);

G_END_DECLS
