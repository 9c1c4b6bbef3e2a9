/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-service-worker-private.h"

G_BEGIN_DECLS

/* Creates the mapping of an entry, adds it to the manager, and reports its changes.
 * gateway: (nullable) */
void plum_service_watch_add (PlumService *self, PlumServiceEntry *entry, PlumGateway *gateway);
/* Reports that an entry without a mapping has failed. */
void plum_service_watch_fail (PlumService *self, PlumServiceEntry *entry, const GError *error);
/* Reports that an entry without a mapping is destroyed. */
void plum_service_watch_remove (PlumService *self, PlumServiceEntry *entry);

G_END_DECLS
