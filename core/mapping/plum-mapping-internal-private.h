/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-mapping-private.h"

G_BEGIN_DECLS

/* The fields of PlumMapping, for its own files only:
 * plum-mapping-hosts.c, plum-mapping-pspecs.c <- plum-mapping-properties.c
 * <- plum-mapping-getters.c, plum-mapping.c */

struct _PlumMapping
{
  GObject parent_instance;

  PlumMappingSpec spec;

  guint id;
  PlumState state;
  guint external_port;
  PlumAddressScope external_scope;
  guint lifetime;
  guint generation;
  guint serial;          /* of the last lease */
  PlumState next_state;  /* after all queued events */
  guint changed : 1;     /* PlumMapping::changed is due */
  guint left_before : 1; /* see plum_mapping_is_left_before() */

  GInetAddress *external;   /* (nullable): the external address */
  GSocketAddress *endpoint; /* (nullable): of both, created on demand */
  char *external_host;      /* (nullable): created on demand */
  GError *error;            /* (nullable) */
  char *error_summary;      /* (nullable) */
  GListModel *verdicts;     /* (nullable) */
  const char *backend_name; /* (nullable), interned */
  PlumGateway *gateway;     /* (nullable) */
  gint64 expires;           /* on the real-time clock, in microseconds; 0: never */
  GDateTime *expires_at;    /* (nullable): created on demand */
  GPtrArray *waiters;       /* (element-type GTask) (nullable) */
  GPtrArray *hops;          /* of PlumMappingUpdate (nullable) */
  GListModel *hop_list;     /* (nullable): created on demand */
  GError *upstream_error;   /* (nullable) */

  PlumSignalQueue *signals;        /* (nullable): until the mapping is added */
  const PlumMappingClient *client; /* (nullable): until the mapping is added */
  gpointer client_data;
  gpointer holder;         /* (nullable), borrowed: the lease holder */
  GSequenceIter *position; /* (nullable), borrowed: in the manager's list */
};

typedef enum {
  PROP_PROTOCOL = 1,
  PROP_FAMILY,
  PROP_INTERNAL_PORT,
  PROP_REQUESTED_EXTERNAL_PORT,
  PROP_REQUIRE_EXTERNAL_PORT,
  PROP_DESCRIPTION,
  PROP_INTERNAL_ADDRESS,
  PROP_REMOTE_ADDRESS,
  PROP_REMOTE_ADDRESSES,
  PROP_LOCAL_ADDRESS,
  PROP_REQUESTED_GATEWAY,
  PROP_ID,
  PROP_STATE,
  PROP_EXTERNAL_PORT,
  PROP_EXTERNAL_HOST,
  PROP_EXTERNAL_ADDRESS,
  PROP_EXTERNAL_SCOPE,
  PROP_ERROR,
  PROP_ERROR_SUMMARY,
  PROP_VERDICTS,
  PROP_BACKEND_NAME,
  PROP_GATEWAY,
  PROP_LIFETIME,
  PROP_EXPIRES_AT,
  PROP_GENERATION,
  PROP_HOPS,
  PROP_UPSTREAM_ERROR,
  N_PROPS
} PlumMappingProperty;

/* The properties that a transition has changed, each once, in order. They are notified of after the
 * last change, which is less work than to freeze the notifications of the object. */
typedef struct
{
  guint n;
  PlumMappingProperty properties[N_PROPS];
} PlumMappingChanges;

/* Of what the program requests. */
#define CONSTRUCT_FLAGS (G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS)

/* --- plum-mapping-hosts.c --- */

/* Creates the properties of the hosts at both ends of the mapping. */
void plum_mapping_make_host_properties (GParamSpec **properties);
/* value: of remote-address or remote-addresses */
void plum_mapping_add_remote (PlumMapping *self, const GValue *value);

/* --- plum-mapping-pspecs.c --- */

/* Fills the array of N_PROPS elements. */
void plum_mapping_create_pspecs (GParamSpec **properties);

/* --- plum-mapping-properties.c --- */

void plum_mapping_notify (PlumMapping *self, PlumMappingProperty property);
void plum_mapping_changes_add (PlumMappingChanges *self, PlumMappingProperty property);
/* Notifies of the changes, the last one first: the state before the details. */
void plum_mapping_notify_changes (PlumMapping *self, const PlumMappingChanges *changes);
/* Emits PlumMapping::changed. */
void plum_mapping_emit_changed (PlumMapping *self);
/* Returns expires_at, created on demand. (transfer none) (nullable) */
GDateTime *plum_mapping_ensure_expires_at (PlumMapping *self);
/* (nullable) (transfer none) */
GSocketAddress *plum_mapping_ensure_endpoint (PlumMapping *self);
/* (nullable) */
const char *plum_mapping_ensure_external_host (PlumMapping *self);
/* (transfer none) (element-type PlumHop) */
GListModel *plum_mapping_ensure_hop_list (PlumMapping *self);
/* The main context of the manager. (nullable): until the mapping is added */
GMainContext *plum_mapping_get_context (PlumMapping *self);

/* --- plum-mapping-wait.c --- */

/* Ends the pending waits: the mapping is no longer pending. */
void plum_mapping_finish_waits (PlumMapping *self);

/* --- plum-mapping-hops.c --- */

/* Whether the hops after the update differ from those before it. */
gboolean plum_mapping_has_other_hops (PlumMapping *self, const PlumMappingUpdate *update);
/* hops: of PlumMappingUpdate. */
void plum_mapping_set_hops (PlumMapping *self, GPtrArray *hops, PlumMappingChanges *changes);
/* error: (nullable). */
void plum_mapping_set_upstream_error (PlumMapping *self,
                                      const GError *error,
                                      PlumMappingChanges *changes);

/* --- plum-mapping-lease-properties.c --- */

#define PLUM_MAPPING_READABLE (G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS)

/* Fill in the elements of properties that describe the routers and the lease. */
void plum_mapping_create_chain_properties (GParamSpec **properties);
void plum_mapping_create_lease_properties (GParamSpec **properties);

G_END_DECLS
