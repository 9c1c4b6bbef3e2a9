/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "upnp-negotiation.h"

G_BEGIN_DECLS

/* The lowest port that is not privileged. */
#define UPNP_MAP_LOWEST_PORT 1024

/* The internal port that an external port of this process leads to; 0: it holds no such port;
 * UPNP_UNKNOWN_PORT: its hosts are not those of the negotiation. */
guint upnp_map_port_get_holder (UpnpNegotiation *negotiation, guint port);
/* Whether no other mapping of this process holds the external port. */
gboolean upnp_map_port_may_use (UpnpNegotiation *negotiation, guint port);
/* Whether the negotiation renews a port whose lease has not expired: no other host can have it. */
gboolean upnp_map_port_is_renewal (UpnpNegotiation *negotiation, guint port);
/* How long this mapping still holds the port, in s, or PLUM_LIFETIME_FOREVER. 0: it does not hold
 * the port, or its lease has expired. */
guint upnp_map_port_get_remaining (UpnpNegotiation *negotiation, guint port);
/* The internal port if it was not tried, else a random port that is not privileged. */
guint upnp_map_port_choose (UpnpNegotiation *negotiation, guint lowest, gboolean internal_tried);
/* Records that this process holds the port. lifetime: s, or PLUM_LIFETIME_FOREVER */
void upnp_map_port_hold (UpnpNegotiation *negotiation, guint port, guint lifetime);
void upnp_map_port_remove (UpnpNegotiation *negotiation, guint port);

G_END_DECLS
