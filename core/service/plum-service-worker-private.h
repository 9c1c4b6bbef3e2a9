/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-service-table-private.h"

G_BEGIN_DECLS

typedef enum {
  PLUM_SERVICE_COMMAND_MAP,
  PLUM_SERVICE_COMMAND_UNMAP,
  PLUM_SERVICE_COMMAND_CLOSE,
} PlumServiceCommandKind;

struct PlumService
{
  PlumServiceTable table;
  PlumServiceConfig config; /* owns the strings */
  GInetAddress *gateway_address;
  PlumServiceThread thread;
  GMainContext *context;

  /* The queue of commands, guarded by its mutex */
  PlumServiceMutex queue_mutex;
  GQueue commands; /* (element-type Command) */

  /* Joining, guarded by queue_mutex */
  PlumServiceCond joined_changed;
  gboolean joined;

  /* Worker; another thread may read them after it has joined the worker */
  GSource *source;
  PlumManager *manager;
  GMainLoop *loop;
  GCancellable *cancellable; /* cancelled by the close */
  guint close_timeout;       /* ms; 0: the mapping timeout. Set before the command to close */
  gboolean silent;           /* no more callbacks */
  gboolean free_at_exit;     /* the worker is detached */
  GError *close_error;
};

/* Starts the worker. Returns FALSE if there is no thread. */
gboolean plum_service_worker_start (PlumService *self);
gboolean plum_service_worker_is_current (PlumService *self);
/* Adds a command to the queue. Never waits for the worker. entry: (transfer full) (nullable) */
void plum_service_worker_push (PlumService *self,
                               PlumServiceCommandKind kind,
                               PlumServiceEntry *entry);
void plum_service_dispose (PlumService *self);

G_END_DECLS
