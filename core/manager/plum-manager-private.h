/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-assignment-private.h"
#include "plum-backend-list-private.h"
#include "plum-clock-private.h"
#include "plum-gateway-set-private.h"
#include "plum-pending-private.h"
#include "plum-settings-private.h"
#include "plum-signal-queue-private.h"

G_BEGIN_DECLS

#define DISCOVER_TIMEOUT_MS 10000
#define MAPPING_TIMEOUT_MS 10000
#define RECHECK_PERIOD_MS 300000
#define LEASE_DURATION_S 7200
#define MAX_HOPS 2

struct _PlumManager
{
  GObject parent_instance;

  GMainContext *context;
  PlumClock *clock;
  PlumSettings settings;
  PlumSignalQueue *signals;
  char *state_directory; /* (nullable) */
  gboolean has_store;    /* it was opened, if there is one */
  gboolean state_read_only;

  PlumBackendList *backends;
  PlumAssignment *assignment;
  PlumGatewaySet *gateways; /* the assignment's */
  PlumPending *pending;

  GSequence *mappings; /* (element-type PlumMapping) */
  GHashTable *by_id;   /* id -> PlumMapping: also those that mappings does not have yet */
  guint last_id;

  gboolean closed;
};

typedef enum {
  PROP_MAIN_CONTEXT = 1,
  PROP_DISCOVER_TIMEOUT,
  PROP_MAPPING_TIMEOUT,
  PROP_RELEASE_TIMEOUT,
  PROP_RECHECK_PERIOD,
  PROP_LEASE_DURATION,
  PROP_MAX_HOPS,
  PROP_GATEWAYS,
  PROP_BACKENDS,
  PROP_GATEWAY_ADDRESS,
  PROP_INTERFACE,
  PROP_ENABLED_BACKENDS,
  PROP_APPLICATION_NAME,
  PROP_STATE_DIRECTORY,
  PROP_STATE_READ_ONLY,
  N_PROPS
} PlumManagerProperty;

/* Installed by plum-manager-properties.c, and notified by plum-manager-accessors.c. */
extern GParamSpec *plum_manager_properties[N_PROPS];

/* Delivers the notification, and what was queued before it, unless a scope is open. */
void plum_manager_notify (PlumManager *self, PlumManagerProperty property);

void plum_manager_init_settings (PlumManager *self);
void plum_manager_class_install_properties (PlumManagerClass *klass);

void plum_manager_create_signals (void);
void plum_manager_emit_mapping_state_changed (PlumManager *self,
                                              PlumMapping *mapping,
                                              PlumState old_state);
void plum_manager_emit_mapping_changed (PlumManager *self, PlumMapping *mapping);

/* Returns FALSE with G_IO_ERROR_CLOSED during and after the close. */
gboolean plum_manager_check_open (PlumManager *self, GError **error);
/* Releases all mappings; later calls fail. */
void plum_manager_begin_close (PlumManager *self);

/* The family of gateway-address, otherwise IPv4. */
GSocketFamily plum_manager_get_main_family (PlumManager *self);
/* The gateway of the default route; NULL with an error if no router is known. (transfer none) */
PlumGateway *plum_manager_ensure_gateway (PlumManager *self, GSocketFamily family, GError **error);
/* All gateways of the family, starting with the one of the default route; NULL with an error if
 * that is missing. (element-type PlumGateway) (transfer full) */
GPtrArray *plum_manager_find_gateways (PlumManager *self, GSocketFamily family, GError **error);
/* The same, without the leases of earlier runs: nothing is sent. */
GPtrArray *plum_manager_look_up_gateways (PlumManager *self, GSocketFamily family, GError **error);

G_END_DECLS
