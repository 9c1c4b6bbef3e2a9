/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-lease-holder-private.h"
#include "plum-lease-store-private.h"
#include "plum-settings-private.h"

G_BEGIN_DECLS

/* Makes the record of what a lease holder is going to request, or was granted. Its fields
 * are borrowed. */
PlumLeaseRecord plum_lease_note_make_record (PlumLeaseHolder *holder,
                                             const PlumLeaseNote *note,
                                             const PlumSettings *settings);

/* Gets the leftover of a port, preferably on the gateway (nullable). */
PlumLeaseMemory plum_lease_note_recall (PlumLeaseStore *store,
                                        const PlumLeaseHolderId *id,
                                        PlumGateway *gateway);

/* Returns whether a router may still have an earlier lease of this program for the port. */
gboolean plum_lease_note_is_left (PlumLeaseStore *store, const PlumLeaseHolderId *id);
/* Appends the addresses of this host that leftovers lead to. (element-type GInetAddress) */
void plum_lease_note_add_local_addresses (PlumLeaseStore *store,
                                          GSocketFamily family,
                                          GPtrArray *addresses);

G_END_DECLS
