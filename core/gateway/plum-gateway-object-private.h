/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-address-poll-private.h"
#include "plum-address-probe-private.h"
#include "plum-gateway-private.h"
#include "plum-late-leases-private.h"
#include "plum-port-table-private.h"
#include "plum-race-private.h"
#include "plum-router-info-private.h"
#include "plum-signal-queue-private.h"
#include "plum-upstream-private.h"

G_BEGIN_DECLS

/* A client that handles an event may remove itself and others. */
typedef struct _PlumGatewayCursor PlumGatewayCursor;

struct _PlumGatewayCursor
{
  GList *next; /* the client that gets the event next (nullable) */
  PlumGatewayCursor *outer;
};

/* The fields of PlumGateway, for the files plum-gateway*.c only. */
struct _PlumGateway
{
  GObject parent_instance;

  PlumNetwork *network;
  GMainContext *context;
  PlumClock *clock;
  const PlumSettings *settings;
  gboolean closed;
  gboolean link_down; /* at the last plum_gateway_take_link_return() */
  gboolean published; /* it is in the list of gateways */

  PlumRace *race;
  PlumPortTable *ports;
  PlumLateLeases *late_leases;
  GSList *deletes;               /* (element-type PlumEntry): that are being deleted; borrowed */
  PlumGatewayIdleFunc idle_func; /* (nullable) */
  gpointer idle_data;
  PlumSignalQueue *signals;

  GInetAddress *external_address; /* (nullable) */
  PlumBackend *address_backend;   /* (nullable): borrowed; that reported the address last */
  gboolean address_in_doubt;      /* that backend has lost the router since then */
  PlumAddressScope external_scope;
  gboolean seeks_address; /* a lease without an address was granted */
  gint64 sought_at;       /* on the clock; 0: never */
  PlumRouterInfo router;
  PlumAddressPoll *poll;
  PlumAddressProbe *probe;

  PlumUpstream *search;
  PlumGateway *upstream; /* (nullable): the next router */

  GQueue clients;             /* (element-type PlumGatewayClient) */
  guint n_waiting;            /* of them */
  PlumGatewayCursor *cursors; /* (nullable): of the events that the clients handle at present */
  PlumTimer recheck;
  gint64 turn;            /* on the clock: see plum_gateway_choose_turn (); 0: never */
  GArray *decided_funcs;  /* plum_waiting_funcs_new() */
  GArray *upstream_funcs; /* plum_waiting_funcs_new() */
};

typedef enum {
  PLUM_GATEWAY_PROP_INTERFACE = 1,
  PLUM_GATEWAY_PROP_ADDRESS,
  PLUM_GATEWAY_PROP_LOCAL_ADDRESS,
  PLUM_GATEWAY_PROP_FAMILY,
  PLUM_GATEWAY_PROP_BACKEND_NAME,
  PLUM_GATEWAY_PROP_EXTERNAL_ADDRESS,
  PLUM_GATEWAY_PROP_EXTERNAL_SCOPE,
  PLUM_GATEWAY_PROP_PROBES,
  PLUM_GATEWAY_PROP_UPSTREAM,
  PLUM_GATEWAY_PROP_MANUFACTURER,
  PLUM_GATEWAY_PROP_MODEL,
  PLUM_GATEWAY_PROP_MODEL_VERSION,
  PLUM_GATEWAY_PROP_PRESENTATION_URL,
  PLUM_GATEWAY_PROP_CONNECTION_STATUS,
  PLUM_GATEWAY_PROP_UPTIME,
  PLUM_GATEWAY_N_PROPS
} PlumGatewayProperty;

typedef enum {
  PLUM_GATEWAY_SIGNAL_TRAFFIC,
  PLUM_GATEWAY_SIGNAL_NOTE,
  PLUM_GATEWAY_N_SIGNALS
} PlumGatewaySignal;

extern guint plum_gateway_signals[PLUM_GATEWAY_N_SIGNALS];

/* Whether traffic and notes have a receiver. */
gboolean plum_gateway_is_observed (PlumGateway *self);
/* Queues the signal for a PLUM_BACKEND_TRAFFIC or PLUM_BACKEND_NOTE. */
void plum_gateway_queue_report (PlumGateway *self, const char *name, const PlumBackendEvent *event);

/* Creates the probe of the external address, when the race exists. */
void plum_gateway_init_probe (PlumGateway *self);
void plum_gateway_init_late_leases (PlumGateway *self);

/* While an entry is being deleted, its ports are not requested. entry: borrowed. */
void plum_gateway_begin_delete (PlumGateway *self, PlumEntry *entry);
void plum_gateway_end_delete (PlumGateway *self, PlumEntry *entry);

void plum_gateway_send_event (PlumGateway *self, const PlumGatewayEvent *event);
/* Calls func once in a later iteration, when no search for the next router is pending, or when the
 * gateway is closed. */
void plum_gateway_when_upstream_known (PlumGateway *self, GSourceFunc func, gpointer user_data);
gboolean plum_gateway_remove_upstream_func (PlumGateway *self, gpointer user_data);
/* Sets get_property and installs the properties. */
void plum_gateway_install_properties (GObjectClass *object_class);
/* Takes a PLUM_BACKEND_ROUTER or PLUM_BACKEND_CONNECTION. */
void plum_gateway_take_router_info (PlumGateway *self, const PlumBackendEvent *event);
/* Queues the notification. */
void plum_gateway_notify (PlumGateway *self, PlumGatewayProperty property);

/* --- plum-gateway-external.c --- */

typedef enum {
  PLUM_ADDRESS_SOURCES_POLLED = 1 << PLUM_ADDRESS_SOURCE_POLL,
  PLUM_ADDRESS_SOURCES_ASKED = PLUM_ADDRESS_SOURCES_POLLED | 1 << PLUM_ADDRESS_SOURCE_QUERY,
  PLUM_ADDRESS_SOURCES_ALL = PLUM_ADDRESS_SOURCES_ASKED | 1 << PLUM_ADDRESS_SOURCE_MAPPING,
} PlumAddressSources;

/* The backend has reported a loss: see plum_gateway_doubts_address(). */
void plum_gateway_doubt_address (PlumGateway *self, PlumBackend *backend);
/* Asks the backends that hold leases, or the others. */
void plum_gateway_query_addresses (PlumGateway *self, gboolean serving, PlumAddressSources sources);
/* Asks the backends that hold leases, and if these do not report the address, the others. */
void plum_gateway_check_address (PlumGateway *self);
/* For a poll of the gateway user_data. A recheck that is due now asks as well. */
void plum_gateway_poll_address (gpointer user_data);

G_END_DECLS
