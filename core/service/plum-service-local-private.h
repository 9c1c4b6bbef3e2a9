/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-service-worker-private.h"

G_BEGIN_DECLS

/* Maps the port of an entry at the gateway that its local address reaches. */
void plum_service_local_add (PlumService *self, PlumServiceEntry *entry);

G_END_DECLS
