/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-hosts-private.h"
#include "plum-signal-queue-private.h"

G_BEGIN_DECLS

/* The events of a mapping. plum-mapping.c has the state that follows each. */
typedef enum {
  PLUM_MAPPING_ADDED,    /* the manager added it */
  PLUM_MAPPING_MAPPED,   /* the router granted, renewed or changed the lease */
  PLUM_MAPPING_TROUBLE,  /* it cannot be requested at present */
  PLUM_MAPPING_LOST,     /* the router no longer forwards the port; it is requested again */
  PLUM_MAPPING_FAILED,   /* an attempt failed */
  PLUM_MAPPING_RELEASED, /* the program destroys it */
  PLUM_MAPPING_GONE,     /* the delete is answered, timed out or was not necessary */
} PlumMappingEvent;

/* The details of an event. Fields that do not apply are NULL or 0. All borrowed. */
typedef struct
{
  PlumLease *lease;
  const char *backend_name; /* interned */
  PlumGateway *gateway;
  gint64 expires; /* on the real-time clock, in microseconds; 0: never, or no lease */
  guint lifetime; /* in seconds; 0: no lease */
  guint serial;   /* differs for each lease that was not a renewal; 0: no lease */
  const GError *error;
  GPtrArray *hops; /* (element-type PlumHop): the routers, the first one first; NULL: gateway only,
                    * or no lease */
  const GError *upstream_error; /* why the router beyond the last one does not map the port */
  GListModel *verdicts;         /* (nullable): of the attempt that failed with error */
  gboolean left_before;         /* of PLUM_MAPPING_GONE: error is about an earlier lease */
} PlumMappingUpdate;

/* What the program requests; it does not change. All borrowed. */
typedef struct
{
  PlumProtocol protocol;
  GSocketFamily family;
  guint internal_port;
  guint requested_external_port;
  gboolean require_external_port;
  char *description; /* (nullable) */
  PlumHosts hosts;
  GInetAddress *local_address;    /* (nullable) */
  PlumGateway *requested_gateway; /* (nullable) */
} PlumMappingSpec;

/* What the manager hears of a mapping. */
typedef struct
{
  /* After notify::state. */
  void (*state_changed) (PlumMapping *mapping,
                         PlumState old_state,
                         PlumState state,
                         gpointer user_data);
  /* After PlumMapping::changed. */
  void (*changed) (PlumMapping *mapping, gpointer user_data);
} PlumMappingClient;

/* The only function that changes the state of a mapping. The change is queued: the properties
 * change when their notifications are delivered, so that handlers see each state in turn. */
void plum_mapping_handle (PlumMapping *self,
                          PlumMappingEvent event,
                          const PlumMappingUpdate *update);

/* The state after all queued events, for functions of core: the property may be older. */
PlumState plum_mapping_get_next_state (PlumMapping *self);

/* For functions of core, which run in the thread of the manager: without a check of the thread. */
const PlumMappingSpec *plum_mapping_get_spec (PlumMapping *self);
/* Checks the properties that were set at construction. */
gboolean plum_mapping_check (PlumMapping *self, GError **error);
/* For the manager, before the first event. */
void plum_mapping_take_id (PlumMapping *self,
                           guint id,
                           PlumSignalQueue *signals,
                           const PlumMappingClient *client,
                           gpointer user_data);
/* The interface of the requested gateway. (nullable), interned */
const char *plum_mapping_get_bound_interface (PlumMapping *self);
/* The lease holder that the mapping is a user of. (nullable), borrowed */
void plum_mapping_set_holder (PlumMapping *self, gpointer holder);
gpointer plum_mapping_get_holder (PlumMapping *self);
/* Whether the error of the destroyed mapping is about an earlier lease, which may be deleted later.
 */
gboolean plum_mapping_is_left_before (PlumMapping *self);
/* The place in the manager's list. (nullable), borrowed */
void plum_mapping_set_position (PlumMapping *self, GSequenceIter *position);
GSequenceIter *plum_mapping_get_position (PlumMapping *self);
/* The external port that is required; 0: any port fits. */
guint plum_mapping_get_required_port (PlumMapping *self);

G_END_DECLS
