/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-clock-private.h"

G_BEGIN_DECLS

/* Whoever owns the backend and hears what it says beside the outcomes of calls: the gateway. */
typedef struct
{
  gboolean (*is_observed) (gpointer user_data);
  void (*traffic) (PlumBackend *backend,
                   PlumTrafficDirection direction,
                   GSocketAddress *peer,
                   GBytes *bytes,
                   gpointer user_data);
  void (*note) (PlumBackend *backend, const char *note, gpointer user_data);
  /* A lease that came after core gave the call up. */
  void (*late_lease) (PlumBackend *backend,
                      PlumRequest *request,
                      PlumLease *lease,
                      gpointer user_data);
} PlumBackendObserver;

/* Makes a backend with context thread-default, as every call on it will be. */
PlumBackend *plum_backend_new (GType type,
                               const char *name,
                               PlumNetwork *network,
                               GMainContext *context);
/* As the module calls it: "pcp". For sentences. */
const char *plum_backend_get_name (PlumBackend *self);
void plum_backend_set_observer (PlumBackend *self,
                                const PlumBackendObserver *observer,
                                gpointer user_data);
/* The owner goes: every open call fails at once, nothing is reported any more. */
void plum_backend_retire (PlumBackend *self);
PlumClock *plum_backend_get_clock (PlumBackend *self);
GMainContext *plum_backend_get_context (PlumBackend *self);
void plum_backend_late_lease (PlumBackend *self, PlumRequest *request, PlumLease *lease);
GQueue *plum_backend_get_calls (PlumBackend *self);

G_END_DECLS
