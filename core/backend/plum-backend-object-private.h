/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-backend-batch-private.h"
#include "plum-backend-private.h"

G_BEGIN_DECLS

/* The fields of PlumBackend, for its own files only: plum-backend.c <- plum-backend-services.c */

typedef struct
{
  PlumNetwork *network;
  PlumCallHost host;
  GHashTable *options;                 /* (nullable) */
  const PlumBackendObserver *observer; /* (nullable) */
  gpointer observer_data;
  gboolean listening;
  PlumBackendBatch batch;
} PlumBackendPrivate;

PlumBackendPrivate *plum_backend_peek_private (PlumBackend *self);
/* Passes the event to the observer, if there is one. */
void plum_backend_send_event (PlumBackend *self, const PlumBackendEvent *event);

G_END_DECLS
