/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-clock-private.h"
#include "plum-port-table-private.h"

G_BEGIN_DECLS

/* Leases that arrive after their call was cancelled. They are released on the router in a later
 * iteration of the main loop, because the cancelling function may not have returned yet. */
typedef struct _PlumLateLeases PlumLateLeases;

/* ports is borrowed; it must stay valid until the leases are closed. */
PlumLateLeases *plum_late_leases_new (GMainContext *context, PlumPortTable *ports);
void plum_late_leases_free (PlumLateLeases *self);
/* Removes all leases; they are not released on the router. */
void plum_late_leases_close (PlumLateLeases *self);
void plum_late_leases_add (PlumLateLeases *self,
                           PlumBackend *backend,
                           PlumRequest *request,
                           PlumLease *lease);

G_END_DECLS
