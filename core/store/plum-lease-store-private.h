/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-clock-private.h"
#include "plum-gateway-private.h"
#include "plum-settings-private.h"
#include "plum-lease-codec-private.h"

G_BEGIN_DECLS

/* The memory of a manager that outlives it: what is, or may be, mapped on which router, so that the
 * next start can take it over or delete it. It has entries, which are ports that are wanted, and
 * leftovers, which nobody wants (yet): they are deleted when their router is at hand.
 *
 * Until it has a directory, or if that cannot be used, nothing is kept and nobody has to wait. */
typedef struct _PlumLeaseStore PlumLeaseStore;

/* Who owns it. */
typedef struct
{
  /* Those within reach. (element-type PlumGateway) (transfer full) */
  GPtrArray *(*get_gateways) (GSocketFamily family, gpointer user_data);
  /* Whether somebody holds a port, or is going to, at a gateway that is within reach. */
  gboolean (*is_wanted) (PlumProtocol protocol,
                         guint internal_port,
                         PlumGateway *gateway,
                         gpointer user_data);
  /* plum_lease_store_note () or plum_lease_store_is_busy () may give another answer now. */
  void (*go_on) (gpointer user_data);
} PlumLeaseStoreClient;

PlumLeaseStore *plum_lease_store_new (PlumClock *clock,
                                      const PlumSettings *settings,
                                      const PlumLeaseStoreClient *owner,
                                      gpointer owner_data);
void plum_lease_store_free (PlumLeaseStore *self);

/* Once. What the dead left in directory becomes leftovers. */
void plum_lease_store_open (PlumLeaseStore *self, const char *directory);

/* The leftover of a port, that of the given gateway before others. gateway: (nullable)
 * (nullable) (transfer none) */
const PlumLeaseRecord *plum_lease_store_recall (PlumLeaseStore *self,
                                                PlumProtocol protocol,
                                                GSocketFamily family,
                                                guint internal_port,
                                                PlumGateway *gateway);

/* What its holder is going to ask a gateway for, or was granted. Each holder has one entry. FALSE:
 * it is not on the disk yet, or what stands in its place is being deleted: whoever is going to ask
 * waits for go_on. record: (transfer full) */
gboolean plum_lease_store_note (PlumLeaseStore *self,
                                gconstpointer holder,
                                PlumGateway *gateway,
                                PlumLeaseRecord *record);
/* The holder does not want it any more. left_behind: the router may still have it. */
void plum_lease_store_forget (PlumLeaseStore *self, gconstpointer holder, gboolean left_behind);

/* A gateway has come: its leftovers are deleted, if nobody wants them for some time. */
void plum_lease_store_gateway_came (PlumLeaseStore *self);
/* Deletes now what is left over and within reach. */
void plum_lease_store_sweep (PlumLeaseStore *self);
/* Whether a router is being asked. */
gboolean plum_lease_store_is_busy (PlumLeaseStore *self);
/* The last write. The file goes, unless something is still left over. Nothing is kept any more. */
void plum_lease_store_close (PlumLeaseStore *self);
/* The same without a write, as if the process ended here: the file is the next start's. */
void plum_lease_store_drop (PlumLeaseStore *self);

G_END_DECLS
