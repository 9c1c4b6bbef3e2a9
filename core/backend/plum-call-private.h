/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-clock-private.h"

G_BEGIN_DECLS

typedef enum {
  PLUM_CALL_DISCOVER,
  PLUM_CALL_MAP,
  PLUM_CALL_UNMAP,
  PLUM_CALL_CHECK,
  PLUM_CALL_GET_EXTERNAL_ADDRESS,
  PLUM_CALL_LIST,
  PLUM_CALL_DELETE_ENTRY,
} PlumCallKind;

typedef void (*PlumCallFunc) (PlumCall *call, gpointer user_data);

/* What a call is about; what does not apply is NULL. All borrowed. */
typedef struct
{
  PlumRequest *request;
  PlumLease *lease;
  PlumEntry *entry;
} PlumCallArgs;

/* Starts a call on a backend. func is called once, in a later turn of the loop, unless the call is
 * abandoned first. timeout_ms: then core settles it with PLUM_ERROR_TIMED_OUT. */
PlumCall *plum_backend_call (PlumBackend *backend,
                             PlumCallKind kind,
                             const PlumCallArgs *args,
                             guint timeout_ms,
                             PlumCallFunc func,
                             gpointer user_data);

/* The same for who keeps the call: it is in location (until then NULL) before the backend hears of
 * it, for the backend may raise signals, and who hears them may abandon it. */
void plum_backend_start_call (PlumCall **location,
                              PlumBackend *backend,
                              PlumCallKind kind,
                              const PlumCallArgs *args,
                              guint timeout_ms,
                              PlumCallFunc func,
                              gpointer user_data);

/* Core gives up: func is not called any more, the cancellable fires, a lease that still comes is
 * handed to the backend's late-lease handler. */
void plum_call_abandon (PlumCall *self);

/* The same, but func is told error, now. */
void plum_call_end (PlumCall *self, const GError *error);

PlumBackend *plum_call_get_backend (PlumCall *self);
PlumRequest *plum_call_get_request (PlumCall *self);
const GError *plum_call_get_error (PlumCall *self);
PlumLease *plum_call_get_lease (PlumCall *self);
GInetAddress *plum_call_get_address (PlumCall *self);
GListModel *plum_call_get_entries (PlumCall *self);

G_END_DECLS
