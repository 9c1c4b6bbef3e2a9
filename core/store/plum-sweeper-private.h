/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-clock-private.h"
#include "plum-gateway-private.h"
#include "plum-lease-store-private.h"
#include "plum-leftover-port-private.h"
#include "plum-settings-private.h"

G_BEGIN_DECLS

/* Deletes the leftovers of a lease store on the routers that are available. */
typedef struct _PlumSweeper PlumSweeper;

typedef struct
{
  /* The available gateways. (element-type PlumGateway) (transfer full) */
  GPtrArray *(*get_gateways) (GSocketFamily family, gpointer user_data);
  /* Whether a lease holder has, or requests, the port on an available gateway. */
  gboolean (*is_wanted) (PlumProtocol protocol,
                         guint internal_port,
                         const PlumHosts *hosts,
                         PlumGateway *gateway,
                         gpointer user_data);
  /* plum_lease_store_note() or plum_sweeper_is_busy() may return another result. */
  void (*changed) (gpointer user_data);
  /* See PlumLeaseStoreClient. */
  void (*saved) (GPtrArray *holders, gpointer user_data);
} PlumSweeperClient;

/* Becomes the client of store. */
PlumSweeper *plum_sweeper_new (PlumLeaseStore *store,
                               PlumClock *clock,
                               const PlumSettings *settings,
                               const PlumSweeperClient *client,
                               gpointer user_data);
void plum_sweeper_close (PlumSweeper *self);
void plum_sweeper_free (PlumSweeper *self);

/* Starts a grace period. After it, leftovers that were not requested again are deleted. */
void plum_sweeper_gateway_added (PlumSweeper *self);
/* Deletes the leftovers on the available routers now. */
void plum_sweeper_sweep (PlumSweeper *self);
/* A port is no longer requested: deletes its leftovers, in a later iteration. */
void plum_sweeper_port_released (PlumSweeper *self);
/* Starts no more deletes, and finishes those that are pending as not confirmed. */
void plum_sweeper_expire (PlumSweeper *self, const GError *error);

/* A leftover of a program's request was deleted, or not. error: (nullable). record: borrowed. */
typedef void (*PlumSweeperFunc) (const PlumLeaseRecord *record,
                                 const GError *error,
                                 gpointer user_data);

/* Deletes the leftovers of a port on the available routers at this place in the chain now, and
 * calls func for each, also if the sweeper is closed. hop: 1 for the first router. Returns how many
 * there are. */
guint plum_sweeper_delete_port (PlumSweeper *self,
                                const PlumLeftoverPort *port,
                                guint hop,
                                PlumSweeperFunc func,
                                gpointer user_data);
/* Whether a delete is pending. */
gboolean plum_sweeper_is_busy (PlumSweeper *self);

G_END_DECLS
