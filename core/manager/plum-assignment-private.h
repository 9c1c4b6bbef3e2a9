/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-clock-private.h"
#include "plum-gateway-set-private.h"
#include "plum-settings-private.h"
#include "plum-lease-holder-private.h"
#include "plum-signal-queue-private.h"
#include "plum-sweeper-private.h"

G_BEGIN_DECLS

/* Which mapping uses which gateway. Owns the gateways, the lease holders of each, and the store
 * that keeps their leases. */
typedef struct _PlumAssignment PlumAssignment;

typedef struct
{
  /* (element-type PlumBackendInfo) (transfer none) */
  GPtrArray *(*get_backends) (gpointer owner);
  /* plum_assignment_is_busy() may return another result. */
  void (*less_busy) (gpointer owner);
} PlumAssignmentClient;

/* owner: borrowed. */
PlumAssignment *plum_assignment_new (GMainContext *context,
                                     PlumClock *clock,
                                     const PlumSettings *settings,
                                     PlumSignalQueue *signals,
                                     const PlumAssignmentClient *client,
                                     gpointer owner);
void plum_assignment_free (PlumAssignment *self);
/* Nothing is sent: the mappings are destroyed here, and expire on the router. */
void plum_assignment_close (PlumAssignment *self);

PlumGatewaySet *plum_assignment_get_gateways (PlumAssignment *self);

/* Returns the lease holder that the mapping must be added to at once; it is made if necessary.
 * Fails if the mapping names a place from which no router is reached. (transfer none) */
PlumLeaseHolder *plum_assignment_find_holder (PlumAssignment *self,
                                              PlumMapping *mapping,
                                              GError **error);
/* Call this once for a mapping that was assigned, when it is destroyed. */
void plum_assignment_forget_mapping (PlumAssignment *self, PlumMapping *mapping);
/* Does nothing if the mapping is not assigned. */
void plum_assignment_release_mapping (PlumMapping *mapping);

/* Reports a lease that is held back until the router beyond answers. */
void plum_assignment_hurry_mapping (PlumMapping *mapping);

/* Can be called once, before the first mapping is added. */
void plum_assignment_open_store (PlumAssignment *self, const char *directory);
void plum_assignment_flush_store (PlumAssignment *self);
/* Deletes the mappings of earlier runs. */
void plum_assignment_sweep (PlumAssignment *self);
PlumSweeper *plum_assignment_get_sweeper (PlumAssignment *self);
PlumLeaseStore *plum_assignment_get_store (PlumAssignment *self);
/* Finishes everything that is pending as not confirmed; what remains stays in the store. */
void plum_assignment_expire (PlumAssignment *self);
/* Whether there are lease holders, or something is being deleted from a router. */
gboolean plum_assignment_is_busy (PlumAssignment *self);

/* Calls func for each lease of this manager that a router may still have, and that no mapping uses.
 */
void plum_assignment_foreach_left (PlumAssignment *self, PlumLeftFunc func, gpointer user_data);

G_END_DECLS
