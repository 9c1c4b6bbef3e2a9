/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-service-worker-private.h"

G_BEGIN_DECLS

/* Creates the mapping of an entry, adds it to the manager, and reports its changes. */
void plum_service_watch_add (PlumService *self, PlumServiceEntry *entry);
/* Reports that an entry without a mapping is destroyed. */
void plum_service_watch_remove (PlumService *self, PlumServiceEntry *entry);

G_END_DECLS
