/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-map-state.h"

G_BEGIN_DECLS

/* The entry was read after the router has reported success. */
void upnp_map_take_read_back (UpnpMap *self,
                              UpnpLookupResult result,
                              const UpnpTableEntry *entry,
                              const char *local_address);

/* Whether the entry of the port must be read after a fault: some routers add it nevertheless
 * (quirk 101). Records the fault. */
gboolean upnp_map_may_be_added (UpnpMap *self, const UpnpSoapReply *fault);
/* The entry was read for this reason. */
void upnp_map_take_refusal (UpnpMap *self, UpnpLookupResult result, const UpnpTableEntry *entry);

/* The entry that was just added leads to another port (quirk 51): deletes it, and requests equal
 * ports, or fails. */
void upnp_map_undo_misdirected (UpnpMap *self);

G_END_DECLS
