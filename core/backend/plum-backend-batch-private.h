/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* Collects requests for mappings for map_several (), until the next iteration of the main loop or a
 * flush. */
typedef struct
{
  PlumBackend *backend; /* borrowed */
  GMainContext *context;
  GListStore *calls; /* (nullable) (element-type PlumCall) */
  GSource *flush;    /* (nullable): passes the calls on */
} PlumBackendBatch;

/* context: of the backend, which outlives the batch. */
void plum_backend_batch_init (PlumBackendBatch *self, PlumBackend *backend, GMainContext *context);
/* The backend gets the call in the next iteration of the main loop, or when flush is called. */
void plum_backend_batch_add (PlumBackendBatch *self, PlumCall *call);
void plum_backend_batch_flush (PlumBackendBatch *self);
void plum_backend_batch_clear (PlumBackendBatch *self);

G_END_DECLS
