/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-map-state.h"

G_BEGIN_DECLS

/* The fault that the ladder has for an entry of another host. */
#define CODE_CONFLICT 718

#define CODE_NOT_AUTHORIZED 606

/* What an add requests, and why a host is refused, or has the port. */

/* Methods of the negotiation. */
UpnpSoapRequest upnp_map_make_request (UpnpNegotiation *negotiation, UpnpAction action);
void upnp_map_explain (UpnpNegotiation *negotiation, const UpnpSoapReply *reply, UpnpStep *step);

/* Whether the router refuses to map a port to another host. */
gboolean upnp_map_refuses_other_host (UpnpMap *self, const UpnpStep *step);
void upnp_map_fail_other_host (UpnpMap *self);
/* Another host or program has the port: chooses another one by the router's table, not by
 * AddAnyPortMapping. */
void upnp_map_note_taken (UpnpMap *self, const UpnpTableEntry *entry, const char *local_address);
/* Another host or program has the port. */
void upnp_map_fail_taken (UpnpMap *self, const UpnpTableEntry *entry, const char *local_address);
/* The same: leaves the entry and takes another port, or fails. */
void upnp_map_avoid_entry (UpnpMap *self, const UpnpTableEntry *entry, const char *local_address);
/* Whether an entry of this mapping leads to an address that this host had before. */
gboolean upnp_map_is_former (UpnpMap *self, const UpnpTableEntry *entry);

G_END_DECLS
