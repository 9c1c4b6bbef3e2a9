/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-clock-private.h"
#include "plum-signal-queue-private.h"
#include "plum-values-private.h"

G_BEGIN_DECLS

/* Leases that arrive after their call was cancelled. They are released on the router in a later
 * iteration of the main loop, because the cancelling function may not have returned yet. */
typedef struct _PlumLateLeases PlumLateLeases;

/* A mapping of an internal port that a router may still have, also one beyond the first router. */
typedef void (*PlumLeftFunc) (PlumProtocol protocol, guint internal_port, gpointer user_data);

typedef struct
{
  /* Whether the delete of what the backend was granted would remove a mapping that is in use, or
   * that is being requested. */
  gboolean (*is_used) (PlumBackend *backend,
                       PlumRequest *request,
                       guint external_port,
                       gpointer user_data);
  /* A port for which plum_late_leases_has_port() returned TRUE may be requested now. */
  void (*idle) (gpointer user_data);
} PlumLateLeasesClient;

PlumLateLeases *plum_late_leases_new (GMainContext *context,
                                      PlumSignalQueue *signals,
                                      const PlumLateLeasesClient *client,
                                      gpointer user_data);
void plum_late_leases_free (PlumLateLeases *self);
/* Removes all leases; they are not released on the router. */
void plum_late_leases_close (PlumLateLeases *self);
void plum_late_leases_add (PlumLateLeases *self,
                           PlumBackend *backend,
                           PlumRequest *request,
                           PlumLease *lease);
gboolean plum_late_leases_is_empty (PlumLateLeases *self);
/* lost: also those whose deletion was not confirmed. */
void plum_late_leases_foreach (PlumLateLeases *self,
                               gboolean lost,
                               PlumLeftFunc func,
                               gpointer user_data);
/* Whether a late lease has one of these ports, and is not yet deleted: the delete would remove what
 * is requested meanwhile. hosts: only the internal host counts. */
gboolean plum_late_leases_has_port (PlumLateLeases *self,
                                    PlumProtocol protocol,
                                    const PlumHosts *hosts,
                                    guint internal_port,
                                    guint external_port);

G_END_DECLS
