/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-clock-private.h"

G_BEGIN_DECLS

typedef enum {
  PLUM_CALL_DISCOVER,
  PLUM_CALL_MAP,
  PLUM_CALL_UNMAP,
  PLUM_CALL_UNMAP_MOVED,
  PLUM_CALL_CHECK,
  PLUM_CALL_GET_EXTERNAL_ADDRESS,
  PLUM_CALL_LIST,
  PLUM_CALL_DELETE_ENTRY,
} PlumCallKind;

typedef void (*PlumCallFunc) (PlumCall *call, gpointer user_data);

/* The object that the calls are made on, as the calls see it. The owner embeds it. */
typedef struct
{
  GObject *owner;   /* borrowed; each call keeps a reference */
  const char *name; /* for messages */
  PlumClock *clock;
  GMainContext *context;
  GQueue calls;  /* (element-type PlumCall), the pending ones */
  gint64 mapped; /* when the backend last settled a map call with a lease */
  /* Handles a lease that arrives after its call was cancelled or timed out. */
  void (*late_lease) (gpointer owner, PlumRequest *request, PlumLease *lease);
  /* The result of a discovery was delivered, and its func has returned. */
  void (*discovered) (gpointer owner);
} PlumCallHost;

/* Creates a pending call. func is called once, in a later iteration of the main loop, unless the
 * call is cancelled first. The call fails with PLUM_ERROR_TIMED_OUT after
 * timeout_ms. A map call waits longer while the backend maps others, at most 60 times as long. */
PlumCall *plum_call_new (PlumCallHost *host,
                         PlumCallKind kind,
                         PlumRequest *request,
                         guint timeout_ms,
                         PlumCallFunc func,
                         gpointer user_data);

/* Stops waiting: func is not called, the cancellable is cancelled, and a lease that arrives later
 * is passed to the host's late_lease. Does nothing if the call is no longer pending. */
void plum_call_cancel (PlumCall *self);

/* Like plum_call_cancel(), but calls func with error before it returns. */
void plum_call_finish (PlumCall *self, const GError *error);

/* The owner of the host, a PlumBackend. (transfer none) */
gpointer plum_call_get_owner (PlumCall *self);
const GError *plum_call_get_error (PlumCall *self);
/* In seconds; PLUM_LIFETIME_FOREVER: the backend did not report it. */
guint plum_call_get_remaining (PlumCall *self);
PlumLease *plum_call_get_lease (PlumCall *self);
GInetAddress *plum_call_get_address (PlumCall *self);
GListModel *plum_call_get_entries (PlumCall *self);

G_END_DECLS
