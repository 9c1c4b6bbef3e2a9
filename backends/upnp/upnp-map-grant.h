/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "upnp-map-state.h"

G_BEGIN_DECLS

UpnpPorts *upnp_map_get_ports (UpnpMap *self);
/* What the router grants if it accepts the last request, in s, or PLUM_LIFETIME_FOREVER. */
guint upnp_map_get_lifetime (UpnpMap *self);
/* The same after the entry was read back: the router may have shortened the lease (quirk 8). */
guint upnp_map_get_shown_lifetime (UpnpMap *self, const UpnpTableEntry *entry);
/* Records that the router has this entry, and whether it has the lease that was requested. */
void upnp_map_set_kept (UpnpMap *self, const UpnpTableEntry *entry);
/* Deletes the entry of the port that this process held before, if it was another one, and settles
 * the call. */
void upnp_map_succeed (UpnpMap *self, guint port, guint lifetime);
/* Takes an entry that belongs to this mapping already, or replaces it if it would expire soon: some
 * routers cannot renew an entry (quirk 10). */
void upnp_map_adopt_entry (UpnpMap *self, const UpnpTableEntry *entry);
/* Takes the entry after an add whose outcome is unknown: it may be the new one, or an older one of
 * this mapping. Some routers report no lease. */
void upnp_map_take_unknown (UpnpMap *self, const UpnpTableEntry *entry);
/* The router has no entry of this mapping for the port: another host may take it at any time. So
 * the next request looks first, even if this process held the port (quirk 73). absent: the router
 * has no entry at all */
void upnp_map_remove_held (UpnpMap *self, gboolean absent);

G_END_DECLS
