/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-call-private.h"

G_BEGIN_DECLS

typedef enum {
  PLUM_BACKEND_TRAFFIC,         /* direction, peer, bytes; only while observed */
  PLUM_BACKEND_NOTE,            /* text; only while observed */
  PLUM_BACKEND_LOST,            /* text: the reason */
  PLUM_BACKEND_ANNOUNCED,       /* text: the reason */
  PLUM_BACKEND_ADDRESS_CHANGED, /* address: NULL if the router has none */
  PLUM_BACKEND_ROUTER,          /* router */
  PLUM_BACKEND_CONNECTION,      /* status, uptime */
  PLUM_BACKEND_LATE_LEASE,      /* request, lease: it arrived after the call was cancelled */
} PlumBackendEventKind;

/* What the router is, as it describes itself: not checked. The strings are nullable. */
typedef struct
{
  const char *manufacturer;
  const char *model;
  const char *model_version;
  const char *presentation_url;
} PlumRouterDescription;

/* What a backend reports besides the results of calls. Fields that do not apply are NULL. All
 * borrowed. */
typedef struct
{
  PlumBackendEventKind kind;
  PlumTrafficDirection direction;
  GSocketAddress *peer;
  GBytes *bytes;
  const char *text;
  GInetAddress *address;
  const PlumRouterDescription *router;
  PlumConnectionStatus status;
  guint uptime; /* s; 0: unknown */
  PlumRequest *request;
  PlumLease *lease;
} PlumBackendEvent;

typedef struct
{
  /* Whether traffic and notes have a receiver. */
  gboolean (*is_observed) (gpointer user_data);
  void (*handle_event) (PlumBackend *backend, const PlumBackendEvent *event, gpointer user_data);
} PlumBackendObserver;

/* What a call is about. Fields that do not apply are NULL. All borrowed. */
typedef struct
{
  PlumRequest *request;
  PlumLease *lease;
  PlumEntry *entry;
  GInetAddress *local_address;
} PlumCallArgs;

/* Creates a backend. context is the thread-default one during its construction and its methods. */
PlumBackend *plum_backend_new (GType type,
                               const char *name,
                               PlumNetwork *network,
                               GMainContext *context);
/* Gets the name that the module declares, such as "pcp". */
const char *plum_backend_get_name (PlumBackend *self);
/* options: of PlumSettings; a reference is kept. */
void plum_backend_set_options (PlumBackend *self, GHashTable *options);
void plum_backend_set_observer (PlumBackend *self,
                                const PlumBackendObserver *observer,
                                gpointer user_data);
/* The server on the router that the backend asks; interned. (nullable) */
const char *plum_backend_get_server (PlumBackend *self);
/* Whether it can read the router's table: it implements list. */
gboolean plum_backend_can_list (PlumBackend *self);
/* Whether the router has one mapping for each internal port, and not for each external one: that is
 * so for protocols that cannot read the table (RFC 6886 3.3, RFC 6887 11). */
gboolean plum_backend_has_one_mapping_per_port (PlumBackend *self);
/* Whether it can delete entries of the router's table: it implements delete_entry. */
gboolean plum_backend_can_delete_entry (PlumBackend *self);
PlumAddressSource plum_backend_get_address_source (PlumBackend *self);
/* Whether it can take several requests for mappings in one call, if they are made in one iteration
 * of the main loop: it implements map_several. */
gboolean plum_backend_takes_several (PlumBackend *self);
/* Starts or stops listening for announcements of the router. */
void plum_backend_listen (PlumBackend *self, gboolean listen);
/* Finishes every pending call with an error; nothing is reported afterwards. */
void plum_backend_close (PlumBackend *self);

/* Starts a call; see plum_call_new(). (transfer full) */
PlumCall *plum_backend_call (PlumBackend *self,
                             PlumCallKind kind,
                             const PlumCallArgs *args,
                             guint timeout_ms,
                             PlumCallFunc func,
                             gpointer user_data);

/* Starts a call and stores it in location, which must hold NULL, before it calls the backend: the
 * observer may cancel the call when the backend reports an event. */
void plum_backend_start_call (PlumCall **location,
                              PlumBackend *self,
                              PlumCallKind kind,
                              const PlumCallArgs *args,
                              guint timeout_ms,
                              PlumCallFunc func,
                              gpointer user_data);

G_END_DECLS
