/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* What can happen to a mapping. The table of what follows is in plum-mapping.c. */
typedef enum {
  PLUM_MAPPING_ADDED,    /* the manager took it */
  PLUM_MAPPING_MAPPED,   /* the router forwards it: first, again, or elsewhere */
  PLUM_MAPPING_TROUBLE,  /* cannot be asked for at present */
  PLUM_MAPPING_LOST,     /* the router does not forward it any more, and is asked again */
  PLUM_MAPPING_FAILED,   /* an attempt ended without a lease */
  PLUM_MAPPING_RELEASED, /* nobody wants it any more */
  PLUM_MAPPING_GONE,     /* and the router was told, or need not be */
} PlumMappingEvent;

/* What comes with an event; what does not apply is NULL or 0. All borrowed. */
typedef struct
{
  PlumLease *lease;
  const char *backend_name;
  PlumGateway *gateway;
  gint64 expires; /* µs of the real-time clock; 0: never, or no lease */
  const GError *error;
} PlumMappingUpdate;

typedef void (*PlumMappingStateFunc) (PlumMapping *mapping,
                                      PlumState old_state,
                                      gpointer user_data);

/* The only way in which a mapping changes. */
void plum_mapping_handle (PlumMapping *self,
                          PlumMappingEvent event,
                          const PlumMappingUpdate *update);

/* The manager's: who hears of state changes after everybody else, and its own things. */
void plum_mapping_take_id (PlumMapping *self,
                           guint id,
                           PlumMappingStateFunc func,
                           gpointer user_data);
/* (nullable): the interface of the gateway that it was made for, interned. */
const char *plum_mapping_get_bound_interface (PlumMapping *self);
void plum_mapping_set_holder (PlumMapping *self, gpointer holder);
gpointer plum_mapping_get_holder (PlumMapping *self);
void plum_mapping_set_position (PlumMapping *self, GSequenceIter *position);
GSequenceIter *plum_mapping_get_position (PlumMapping *self);
/* The external port that it must have, 0: any. */
guint plum_mapping_get_required_port (PlumMapping *self);

G_END_DECLS
