/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-assignment-private.h"
#include "plum-clock-private.h"
#include "plum-signal-queue-private.h"

G_BEGIN_DECLS

/* The pending operations of a manager: create, destroy, close. */
typedef struct _PlumPending PlumPending;

typedef struct
{
  /* Returns FALSE with G_IO_ERROR_CLOSED during and after the close. */
  gboolean (*check_open) (gpointer user_data, GError **error);
  /* The time of a mapping that is pending has passed: reports what has been granted. */
  void (*hurry) (PlumMapping *mapping, gpointer user_data);
  /* Whether mappings exist, or a delete is pending. */
  gboolean (*is_busy) (gpointer user_data);
  /* The time of the close has passed: finish everything that is pending. */
  void (*expire) (gpointer user_data);
  /* See plum_assignment_foreach_left(). */
  void (*foreach_left) (PlumLeftFunc func, gpointer data, gpointer user_data);
  /* Nothing is pending any longer: stop using the network. */
  void (*finish_close) (gpointer user_data);
} PlumPendingClient;

PlumPending *plum_pending_new (GMainContext *context,
                               PlumClock *clock,
                               PlumSignalQueue *signals,
                               const PlumPendingClient *client,
                               gpointer user_data);
void plum_pending_free (PlumPending *self);

/* The task returns when the mapping is up, or was destroyed because it did not come up. Call it in
 * the scope that adds the mapping: only what is notified later counts. */
void plum_pending_add_create (PlumPending *self,
                              PlumMapping *mapping,
                              GTask *task,
                              guint timeout_ms);
/* Releases the mapping. The task returns when it is destroyed. */
void plum_pending_add_destroy (PlumPending *self, PlumMapping *mapping, GTask *task);
/* The task returns after finish_close(), at the latest after timeout_ms. */
void plum_pending_add_close (PlumPending *self, GTask *task, guint timeout_ms);

void plum_pending_mapping_changed (PlumPending *self, PlumMapping *mapping, PlumState state);
/* Finishes the close, if there is one, when the client is no longer busy. */
void plum_pending_check_close (PlumPending *self);

G_END_DECLS
