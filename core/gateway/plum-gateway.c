/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-backend-private.h"
#include "plum-gateway-private.h"
#include "plum-gateway-query-private.h"
#include "plum-log-private.h"
#include "plum-renewal-private.h"
#include "plum-signal-queue-private.h"
#include "plum-values-private.h"

/* How long the others are waited for after the first success: one lost datagram and its
 * retransmission after 250 ms must not change the order. */
#define GRACE_MS 350

/* A "no" that is younger is not asked for again. */
#define FRESH_VERDICT_MS 5000

/* A router that loses its state again and again is not asked for everything each time: the pause
 * doubles, up to a recheck period. */
#define LOST_PAUSE_MS 10000

/* How long a lease that came too late may take to be given back. */
#define LATE_UNMAP_MS 10000

/* After a resume: how much of the spread each holder adds. Few mappings are back at once. */
#define RESUME_SPREAD_MS 50

/**
 * PlumGateway:
 *
 * A router that this host can ask, on one interface and for one address family, with what each
 * backend found there.
 *
 * Since: 1.0
 */
struct _PlumGateway
{
  GObject parent_instance;

  PlumNetwork *network;
  GMainContext *context;
  PlumClock *clock;
  const PlumSettings *settings;
  gboolean closed;

  GPtrArray *candidates; /* (element-type PlumCandidate), best first */
  GListStore *probes;
  PlumTimer grace;
  gboolean grace_over;

  GInetAddress *external_address; /* (nullable) */
  PlumAddressScope external_scope;
  const char *backend_name; /* (nullable), interned */

  GQueue clients;    /* (element-type PlumGatewayClient) */
  GHashTable *ports; /* protocol and external port -> PlumGatewayClient */
  PlumTimer recheck;
  GArray *decided_funcs;
  GSource *decided_source;
  PlumSignalQueue *reports;
  GPtrArray *late_leases; /* (element-type LateLease) */
  PlumTimer late;
};

/* A lease that came when nobody waited for it any more. */
typedef struct
{
  PlumBackend *backend;
  PlumRequest *request;
  PlumLease *lease;
} LateLease;

typedef struct
{
  GSourceFunc func;
  gpointer user_data;
} DecidedFunc;

typedef enum {
  PROP_INTERFACE = 1,
  PROP_ADDRESS,
  PROP_LOCAL_ADDRESS,
  PROP_FAMILY,
  PROP_BACKEND_NAME,
  PROP_EXTERNAL_ADDRESS,
  PROP_EXTERNAL_SCOPE,
  PROP_PROBES,
  N_PROPS
} PlumGatewayProperty;

typedef enum {
  TRAFFIC,
  NOTE,
  N_SIGNALS
} PlumGatewaySignal;

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (PlumGateway, plum_gateway, G_TYPE_OBJECT)

static void
plum_candidate_free (PlumCandidate *candidate)
{
  g_clear_object (&candidate->call);
  g_clear_object (&candidate->backend);
  g_clear_object (&candidate->probe);
  g_free (candidate);
}

static void
plum_gateway_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  PlumGateway *self = PLUM_GATEWAY (object);

  switch ((PlumGatewayProperty) property_id)
    {
    case PROP_INTERFACE:
      g_value_set_string (value, plum_gateway_get_interface (self));
      break;
    case PROP_ADDRESS:
      g_value_set_object (value, plum_gateway_get_address (self));
      break;
    case PROP_LOCAL_ADDRESS:
      g_value_set_object (value, plum_gateway_get_local_address (self));
      break;
    case PROP_FAMILY:
      g_value_set_enum (value, plum_gateway_get_family (self));
      break;
    case PROP_BACKEND_NAME:
      g_value_set_string (value, self->backend_name);
      break;
    case PROP_EXTERNAL_ADDRESS:
      g_value_set_object (value, self->external_address);
      break;
    case PROP_EXTERNAL_SCOPE:
      g_value_set_enum (value, self->external_scope);
      break;
    case PROP_PROBES:
      g_value_set_object (value, self->probes);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
plum_gateway_finalize (GObject *object)
{
  PlumGateway *self = PLUM_GATEWAY (object);

  plum_gateway_close (self);
  g_clear_pointer (&self->candidates, g_ptr_array_unref);
  g_clear_object (&self->probes);
  g_clear_object (&self->network);
  g_clear_object (&self->external_address);
  g_clear_pointer (&self->ports, g_hash_table_unref);
  g_clear_pointer (&self->decided_funcs, g_array_unref);
  g_clear_pointer (&self->reports, plum_signal_queue_free);
  g_clear_pointer (&self->late_leases, g_ptr_array_unref);
  g_clear_pointer (&self->clock, plum_clock_unref);
  g_clear_pointer (&self->context, g_main_context_unref);

  G_OBJECT_CLASS (plum_gateway_parent_class)->finalize (object);
}

static void
plum_gateway_install_properties (GObjectClass *object_class)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * PlumGateway:interface: (getter get_interface)
   *
   * The name of the network interface towards it.
   *
   * Since: 1.0
   */
  properties[PROP_INTERFACE] = g_param_spec_string ("interface", NULL, NULL, NULL, flags);

  /**
   * PlumGateway:address: (getter get_address)
   *
   * Its address on our side; %NULL on a point-to-point link.
   *
   * Since: 1.0
   */
  properties[PROP_ADDRESS] =
    g_param_spec_object ("address", NULL, NULL, G_TYPE_INET_ADDRESS, flags);

  /**
   * PlumGateway:local-address: (getter get_local_address)
   *
   * This host's address towards it.
   *
   * Since: 1.0
   */
  properties[PROP_LOCAL_ADDRESS] =
    g_param_spec_object ("local-address", NULL, NULL, G_TYPE_INET_ADDRESS, flags);

  /**
   * PlumGateway:family: (getter get_family)
   *
   * The address family.
   *
   * Since: 1.0
   */
  properties[PROP_FAMILY] =
    g_param_spec_enum ("family", NULL, NULL, G_TYPE_SOCKET_FAMILY, G_SOCKET_FAMILY_INVALID, flags);

  /**
   * PlumGateway:backend-name: (getter get_backend_name)
   *
   * The backend that serves, or would serve, a mapping here; %NULL as long as none is found.
   *
   * Since: 1.0
   */
  properties[PROP_BACKEND_NAME] = g_param_spec_string ("backend-name", NULL, NULL, NULL, flags);

  /**
   * PlumGateway:external-address: (getter get_external_address)
   *
   * Its address on its other side, as far as it told; %NULL if unknown.
   *
   * Since: 1.0
   */
  properties[PROP_EXTERNAL_ADDRESS] =
    g_param_spec_object ("external-address", NULL, NULL, G_TYPE_INET_ADDRESS, flags);

  /**
   * PlumGateway:external-scope: (getter get_external_scope)
   *
   * How far the external address reaches.
   *
   * Since: 1.0
   */
  properties[PROP_EXTERNAL_SCOPE] =
    g_param_spec_enum ("external-scope", NULL, NULL, PLUM_TYPE_ADDRESS_SCOPE,
                       PLUM_ADDRESS_SCOPE_UNKNOWN, flags);

  /**
   * PlumGateway:probes: (getter get_probes)
   *
   * What each backend found: a list of [class@Plum.Probe], the best backend first.
   *
   * Since: 1.0
   */
  properties[PROP_PROBES] = g_param_spec_object ("probes", NULL, NULL, G_TYPE_LIST_MODEL, flags);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
plum_gateway_class_init (PlumGatewayClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = plum_gateway_finalize;
  object_class->get_property = plum_gateway_get_property;

  plum_gateway_install_properties (object_class);

  /**
   * PlumGateway::traffic:
   * @self: the gateway
   * @backend_name: the backend that sent or received
   * @direction: which way
   * @peer: the other end
   * @bytes: one datagram, or one piece of a stream
   *
   * Everything that goes over the wire. It is raised only while somebody is connected, in a turn of
   * the main loop after the one in which it went: a handler may do what it likes.
   *
   * Since: 1.0
   */
  signals[TRAFFIC] = g_signal_new ("traffic", PLUM_TYPE_GATEWAY, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 4, G_TYPE_STRING, PLUM_TYPE_TRAFFIC_DIRECTION,
                                   G_TYPE_SOCKET_ADDRESS, G_TYPE_BYTES);

  /**
   * PlumGateway::note:
   * @self: the gateway
   * @backend_name: the backend that says it
   * @note: one line of text; parts of it may come from the network
   *
   * What a backend found or decided, in words for people who look for the cause of trouble. It is
   * raised only while somebody is connected to this signal or to [signal@Plum.Gateway::traffic], in
   * the order of both.
   *
   * Since: 1.0
   */
  signals[NOTE] = g_signal_new ("note", PLUM_TYPE_GATEWAY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
}

/* Handling an event may remove other clients, which are then skipped. */
static void
plum_gateway_send_event (PlumGateway *self, const PlumGatewayEvent *event)
{
  g_autoptr (PlumGateway) alive = g_object_ref (self);
  g_autoptr (GPtrArray) clients = g_ptr_array_sized_new (self->clients.length);

  for (GList *l = self->clients.head; l != NULL; l = l->next)
    {
      PlumGatewayClient *client = l->data;

      client->iface->ref (client);
      g_ptr_array_add (clients, client);
    }

  for (unsigned int i = 0; i < clients->len; i++)
    {
      PlumGatewayClient *client = clients->pdata[i];

      if (client->gateway == self)
        client->iface->handle_event (client, event);
      client->iface->unref (client);
    }
}

static void
plum_gateway_send_race_changed (PlumGateway *self)
{
  plum_gateway_send_event (self, &(PlumGatewayEvent){ .kind = PLUM_GATEWAY_RACE_CHANGED });
}

static void
on_grace_over (gpointer user_data)
{
  PlumGateway *self = user_data;

  self->grace_over = TRUE;
  plum_gateway_send_race_changed (self);
}

static void
on_recheck (gpointer user_data)
{
  plum_gateway_recheck (user_data);
}

static void
late_lease_free (LateLease *self)
{
  g_clear_object (&self->backend);
  g_clear_object (&self->request);
  g_clear_object (&self->lease);
  g_free (self);
}

/* Give it back, unless that would take away what is wanted: routers keep one table, so the delete
 * of a port that was granted meanwhile, by whichever backend, or is being asked for again, would
 * hit that one. */
static void
plum_gateway_give_back (PlumGateway *self, const LateLease *late)
{
  guint port = plum_lease_get_external_port (late->lease);
  PlumGatewayClient *holder =
    plum_gateway_find_holder (self, plum_request_get_protocol (late->request), port);
  const PlumCallArgs args = { .request = late->request, .lease = late->lease };

  if (holder != NULL &&
      holder->iface->uses_mapping (holder, plum_request_get_internal_port (late->request), port))
    return;

  g_object_unref (
    plum_backend_call (late->backend, PLUM_CALL_UNMAP, &args, LATE_UNMAP_MS, NULL, NULL));
}

static void
on_late (gpointer user_data)
{
  g_autoptr (PlumGateway) self = g_object_ref (user_data);

  while (self->late_leases->len > 0)
    {
      LateLease *late = g_ptr_array_steal_index (self->late_leases, 0);

      plum_gateway_give_back (self, late);
      late_lease_free (late);
    }
}

static void
plum_gateway_init (PlumGateway *self)
{
  g_queue_init (&self->clients);
  self->candidates = g_ptr_array_new_with_free_func ((GDestroyNotify) plum_candidate_free);
  self->probes = g_list_store_new (PLUM_TYPE_PROBE);
  self->ports = g_hash_table_new (NULL, NULL);
  self->decided_funcs = g_array_new (FALSE, FALSE, sizeof (DecidedFunc));
  plum_timer_init (&self->grace, on_grace_over, self);
  self->late_leases = g_ptr_array_new_with_free_func ((GDestroyNotify) late_lease_free);
  plum_timer_init (&self->recheck, on_recheck, self);
  plum_timer_init (&self->late, on_late, self);
}

static PlumCandidate *
plum_gateway_find_candidate (PlumGateway *self, PlumBackend *backend)
{
  for (unsigned int i = 0; i < self->candidates->len; i++)
    {
      PlumCandidate *candidate = self->candidates->pdata[i];

      if (candidate->backend == backend)
        return candidate;
    }

  return NULL;
}

static gboolean
on_backend_asks_if_observed (gpointer user_data)
{
  PlumGateway *self = user_data;

  return g_signal_has_handler_pending (self, signals[TRAFFIC], 0, FALSE) ||
         g_signal_has_handler_pending (self, signals[NOTE], 0, FALSE);
}

static void
on_backend_traffic (PlumBackend *backend,
                    PlumTrafficDirection direction,
                    GSocketAddress *peer,
                    GBytes *bytes,
                    gpointer user_data)
{
  PlumGateway *self = user_data;
  PlumCandidate *candidate = plum_gateway_find_candidate (self, backend);

  plum_signal_queue_add_traffic (self->reports,
                                 g_intern_string (plum_probe_get_name (candidate->probe)),
                                 direction, peer, bytes);
}

static void
on_backend_note (PlumBackend *backend, const char *note, gpointer user_data)
{
  PlumGateway *self = user_data;
  PlumCandidate *candidate = plum_gateway_find_candidate (self, backend);

  plum_signal_queue_add_note (self->reports,
                              g_intern_string (plum_probe_get_name (candidate->probe)), note);
}

static void
on_report (const PlumQueuedSignal *report, gpointer owner)
{
  if (report->bytes != NULL)
    g_signal_emit (owner, signals[TRAFFIC], 0, report->backend_name, report->direction,
                   report->peer, report->bytes);
  else
    g_signal_emit (owner, signals[NOTE], 0, report->backend_name, report->note);
}

/* In a turn of its own: whoever gave the call up is in the midst of something. */
static void
on_backend_late_lease (PlumBackend *backend,
                       PlumRequest *request,
                       PlumLease *lease,
                       gpointer user_data)
{
  PlumGateway *self = user_data;
  LateLease *late = g_new (LateLease, 1);

  late->backend = g_object_ref (backend);
  late->request = g_object_ref (request);
  late->lease = g_object_ref (lease);
  g_ptr_array_add (self->late_leases, late);
  plum_clock_arm_in_ms (self->clock, &self->late, 0);
}

static const PlumBackendObserver observer = {
  .is_observed = on_backend_asks_if_observed,
  .traffic = on_backend_traffic,
  .note = on_backend_note,
  .late_lease = on_backend_late_lease,
};

static void plum_gateway_start_probe (PlumGateway *self, PlumCandidate *candidate);

/* Somebody better than those who can map may be about to answer. */
static void
plum_gateway_restart_grace (PlumGateway *self)
{
  self->grace_over = FALSE;
  plum_clock_disarm (self->clock, &self->grace);
  if (self->backend_name != NULL && !self->closed)
    plum_clock_arm_in_ms (self->clock, &self->grace, GRACE_MS);
}

/* The router forgot: it is discovered anew, and everybody asks again. */
static void
plum_gateway_handle_lost (PlumGateway *self, PlumCandidate *candidate)
{
  g_autoptr (PlumGateway) alive = g_object_ref (self);
  const gint64 shortest = LOST_PAUSE_MS * G_GINT64_CONSTANT (1000);
  const gint64 longest = MAX (shortest, self->settings->recheck_period * G_GINT64_CONSTANT (1000));
  gint64 now = plum_clock_get_time (self->clock);

  if (candidate->lost != 0 && now - candidate->lost < 2 * candidate->lost_pause)
    candidate->lost_pause = MIN (2 * candidate->lost_pause, longest);
  else
    candidate->lost_pause = shortest;
  candidate->lost = now;

  if (candidate->call == NULL)
    {
      plum_gateway_start_probe (self, candidate);
      plum_gateway_restart_grace (self);
    }

  plum_gateway_send_event (self, &(PlumGatewayEvent){ .kind = PLUM_GATEWAY_LOST,
                                                      .backend = candidate->backend });
}

static void
on_lost_pause_over (gpointer user_data)
{
  PlumCandidate *candidate = user_data;

  plum_gateway_handle_lost (candidate->gateway, candidate);
}

static void
on_backend_lost (PlumBackend *backend, const char *reason, PlumGateway *self)
{
  PlumCandidate *candidate = plum_gateway_find_candidate (self, backend);
  gint64 now = plum_clock_get_time (self->clock);

  plum_info ("%s has lost its state: %s", plum_probe_get_name (candidate->probe), reason);

  if (candidate->lost == 0 || now - candidate->lost >= candidate->lost_pause)
    plum_gateway_handle_lost (self, candidate);
  else if (!plum_timer_is_armed (&candidate->lost_timer))
    plum_clock_arm (self->clock, &candidate->lost_timer, candidate->lost + candidate->lost_pause);
}

void
plum_gateway_learn_address (PlumGateway *self, PlumBackend *backend, GInetAddress *address)
{
  g_autoptr (PlumGateway) alive = g_object_ref (self);
  const PlumGatewayEvent event = {
    .kind = PLUM_GATEWAY_ADDRESS_CHANGED,
    .backend = backend,
    .address = address,
  };

  plum_gateway_set_external_address (self, address);
  plum_gateway_send_event (self, &event);
}

static void
on_backend_external_address_changed (PlumBackend *backend, GInetAddress *address, PlumGateway *self)
{
  plum_gateway_learn_address (self, backend, address);
}

static void
plum_gateway_add_candidate (PlumGateway *self, PlumBackendInfo *info)
{
  GType type = plum_backend_info_ensure_type (info, PLUM_TYPE_BACKEND);
  PlumCandidate *candidate;

  if (type == G_TYPE_INVALID)
    return;

  candidate = g_new0 (PlumCandidate, 1);
  candidate->gateway = self;
  plum_timer_init (&candidate->lost_timer, on_lost_pause_over, candidate);
  candidate->backend =
    plum_backend_new (type, plum_backend_info_get_name (info), self->network, self->context);
  candidate->probe = plum_probe_new (plum_backend_info_get_name (info));
  plum_backend_set_observer (candidate->backend, &observer, self);
  g_signal_connect (candidate->backend, "lost", G_CALLBACK (on_backend_lost), self);
  g_signal_connect (candidate->backend, "external-address-changed",
                    G_CALLBACK (on_backend_external_address_changed), self);

  g_ptr_array_add (self->candidates, candidate);
  g_list_store_append (self->probes, candidate->probe);
}

PlumGateway *
plum_gateway_new (PlumNetwork *network,
                  GPtrArray *backend_infos,
                  GMainContext *context,
                  const PlumSettings *settings)
{
  PlumGateway *self = g_object_new (PLUM_TYPE_GATEWAY, NULL);

  self->network = g_object_ref (network);
  self->context = g_main_context_ref (context);
  self->clock = plum_clock_ref_for_context (context);
  self->settings = settings;
  self->reports = plum_signal_queue_new (context, on_report, self);

  for (unsigned int i = 0; i < backend_infos->len; i++)
    plum_gateway_add_candidate (self, backend_infos->pdata[i]);

  return self;
}

void
plum_gateway_close (PlumGateway *self)
{
  if (self->closed)
    return;

  self->closed = TRUE;
  g_assert (g_queue_is_empty (&self->clients));

  plum_signal_queue_drop (self->reports);
  plum_clock_disarm (self->clock, &self->grace);
  plum_clock_disarm (self->clock, &self->recheck);
  plum_clock_disarm (self->clock, &self->late);
  g_ptr_array_set_size (self->late_leases, 0);
  if (self->decided_source != NULL)
    {
      g_source_destroy (self->decided_source);
      g_clear_pointer (&self->decided_source, g_source_unref);
    }

  for (unsigned int i = 0; i < self->candidates->len; i++)
    {
      PlumCandidate *candidate = self->candidates->pdata[i];

      g_signal_handlers_disconnect_by_data (candidate->backend, self);
      plum_backend_retire (candidate->backend);
      plum_clock_disarm (self->clock, &candidate->lost_timer);
      g_clear_object (&candidate->call);
    }

  /* Who still waits is told that there is nothing to wait for. */
  while (self->decided_funcs->len > 0)
    {
      DecidedFunc decided = g_array_index (self->decided_funcs, DecidedFunc, 0);

      g_array_remove_index (self->decided_funcs, 0);
      decided.func (decided.user_data);
    }
}

static PlumProbeOutcome
outcome_of_error (const GError *error)
{
  if (error == NULL)
    return PLUM_PROBE_SUCCESS;
  if (g_error_matches (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT))
    return PLUM_PROBE_TIMED_OUT;
  if (g_error_matches (error, PLUM_ERROR, PLUM_ERROR_REFUSED) ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    return PLUM_PROBE_REFUSED;
  return PLUM_PROBE_FAILED;
}

static void
plum_gateway_update_backend_name (PlumGateway *self)
{
  const char *name = NULL;

  for (unsigned int i = 0; name == NULL && i < self->candidates->len; i++)
    {
      PlumCandidate *candidate = self->candidates->pdata[i];

      if (plum_probe_get_outcome (candidate->probe) == PLUM_PROBE_SUCCESS)
        name = g_intern_string (plum_probe_get_name (candidate->probe));
    }

  if (self->backend_name != name)
    {
      self->backend_name = name;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BACKEND_NAME]);
    }
}

/* One by one from the live array: whoever is told may make another one stop waiting. Who begins to
 * wait meanwhile is told in a turn of their own. */
static gboolean
on_decided (gpointer user_data)
{
  PlumGateway *self = user_data; /* the source keeps it */
  guint n = self->decided_funcs->len;

  g_clear_pointer (&self->decided_source, g_source_unref);

  for (; n > 0 && self->decided_funcs->len > 0; n--)
    {
      DecidedFunc decided = g_array_index (self->decided_funcs, DecidedFunc, 0);

      g_array_remove_index (self->decided_funcs, 0);
      decided.func (decided.user_data);
    }

  return G_SOURCE_REMOVE;
}

static void
plum_gateway_schedule_decided (PlumGateway *self)
{
  if (self->decided_funcs->len == 0 || self->decided_source != NULL)
    return;

  self->decided_source = g_idle_source_new ();
  g_source_set_priority (self->decided_source, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->decided_source, on_decided, g_object_ref (self), g_object_unref);
  g_source_attach (self->decided_source, self->context);
}

static void
on_external_address_asked (PlumGateway *self, GInetAddress *address)
{
  if (address != NULL)
    plum_gateway_set_external_address (self, address);

  plum_gateway_schedule_decided (self);
}

/* Somebody waits for the whole picture: the external address belongs to it. */
static void
plum_gateway_complete_picture (PlumGateway *self)
{
  if (self->decided_funcs->len == 0 || !plum_gateway_is_decided (self))
    return;

  if (self->closed || self->external_address != NULL || self->backend_name == NULL)
    plum_gateway_schedule_decided (self);
  else
    plum_gateway_query_external_address (self, on_external_address_asked);
}

static void
on_discovered (PlumCall *call, gpointer user_data)
{
  PlumCandidate *candidate = user_data;
  g_autoptr (PlumGateway) self = g_object_ref (candidate->gateway);
  const GError *error = plum_call_get_error (call);
  PlumProbeOutcome outcome = outcome_of_error (error);

  candidate->decided = plum_clock_get_time (self->clock);
  candidate->suspect = FALSE;
  plum_debug ("%s: %s", plum_probe_get_name (candidate->probe),
              error != NULL ? error->message : "can map");
  g_clear_object (&candidate->call);

  if (outcome == PLUM_PROBE_SUCCESS && !self->grace_over && !plum_timer_is_armed (&self->grace) &&
      !plum_gateway_is_decided (self))
    plum_clock_arm_in_ms (self->clock, &self->grace, GRACE_MS);

  plum_probe_set_outcome (candidate->probe, outcome, error,
                          (guint) ((candidate->decided - candidate->started) / 1000));
  if (self->closed)
    return;

  if (plum_gateway_is_decided (self))
    plum_clock_disarm (self->clock, &self->grace);
  plum_gateway_update_backend_name (self);
  plum_gateway_send_race_changed (self);
  plum_gateway_complete_picture (self);
}

/* Who hears of the outcome may start another attempt: by then the call is there. */
static void
plum_gateway_start_probe (PlumGateway *self, PlumCandidate *candidate)
{
  candidate->started = plum_clock_get_time (self->clock);
  plum_backend_start_call (&candidate->call, candidate->backend, PLUM_CALL_DISCOVER, NULL,
                           self->settings->discover_timeout, on_discovered, candidate);
  if (candidate->call != NULL)
    plum_probe_set_outcome (candidate->probe, PLUM_PROBE_PENDING, NULL, 0);
}

static gboolean
plum_candidate_is_ready (PlumCandidate *candidate)
{
  return !candidate->suspect && plum_probe_get_outcome (candidate->probe) == PLUM_PROBE_SUCCESS;
}

void
plum_gateway_discover (PlumGateway *self, gboolean again)
{
  g_autoptr (PlumGateway) alive = g_object_ref (self);
  gint64 stale = plum_clock_get_time (self->clock) - FRESH_VERDICT_MS * G_GINT64_CONSTANT (1000);
  gboolean started = FALSE;
  gboolean any = FALSE;

  for (unsigned int i = 0; i < self->candidates->len; i++)
    {
      PlumCandidate *candidate = self->candidates->pdata[i];

      any = any || candidate->call != NULL || plum_candidate_is_ready (candidate);
    }

  for (unsigned int i = 0; i < self->candidates->len && !self->closed; i++)
    {
      PlumCandidate *candidate = self->candidates->pdata[i];

      if (candidate->call != NULL || plum_candidate_is_ready (candidate))
        continue;
      if (candidate->decided != 0 && !candidate->suspect &&
          (candidate->decided > stale || (any && !again)))
        continue;

      plum_gateway_start_probe (self, candidate);
      started = TRUE;
    }

  if (started)
    plum_gateway_restart_grace (self);
}

PlumPick
plum_gateway_pick (PlumGateway *self, guint first, const gboolean *tried, guint *index)
{
  gboolean better_undecided = FALSE;

  if (self->closed)
    return PLUM_PICK_NONE;

  for (unsigned int i = first; i < self->candidates->len; i++)
    {
      PlumCandidate *candidate = self->candidates->pdata[i];

      if (tried != NULL && tried[i])
        continue;

      if (candidate->call != NULL)
        better_undecided = TRUE;
      else if (plum_probe_get_outcome (candidate->probe) == PLUM_PROBE_SUCCESS)
        {
          if (better_undecided && !self->grace_over)
            return PLUM_PICK_WAIT;
          *index = i;
          return PLUM_PICK_READY;
        }
    }

  return better_undecided ? PLUM_PICK_WAIT : PLUM_PICK_NONE;
}

gboolean
plum_gateway_is_decided (PlumGateway *self)
{
  for (unsigned int i = 0; i < self->candidates->len; i++)
    {
      PlumCandidate *candidate = self->candidates->pdata[i];

      if (candidate->call != NULL)
        return FALSE;
    }

  return TRUE;
}

void
plum_gateway_append_verdicts (PlumGateway *self, const gboolean *tried, GString *verdicts)
{
  for (unsigned int i = 0; i < self->candidates->len; i++)
    {
      PlumCandidate *candidate = self->candidates->pdata[i];
      const GError *error = plum_probe_get_error (candidate->probe);

      if ((tried == NULL || !tried[i]) && error != NULL)
        g_string_append_printf (verdicts, "%s%s", verdicts->len > 0 ? "; " : "", error->message);
    }
}

void
plum_gateway_when_decided (PlumGateway *self, GSourceFunc func, gpointer user_data)
{
  const DecidedFunc decided = { func, user_data };

  g_array_append_val (self->decided_funcs, decided);
  plum_gateway_complete_picture (self);
}

gboolean
plum_gateway_forget_func (PlumGateway *self, gpointer user_data)
{
  for (unsigned int i = 0; i < self->decided_funcs->len; i++)
    {
      if (g_array_index (self->decided_funcs, DecidedFunc, i).user_data == user_data)
        {
          g_array_remove_index (self->decided_funcs, i);
          return TRUE;
        }
    }

  return FALSE;
}

PlumNetwork *
plum_gateway_get_network (PlumGateway *self)
{
  return self->network;
}

PlumClock *
plum_gateway_get_clock (PlumGateway *self)
{
  return self->clock;
}

GMainContext *
plum_gateway_get_context (PlumGateway *self)
{
  return self->context;
}

const PlumSettings *
plum_gateway_get_settings (PlumGateway *self)
{
  return self->settings;
}

gboolean
plum_gateway_is_serving (PlumGateway *self, PlumBackend *backend)
{
  for (GList *l = self->clients.head; l != NULL; l = l->next)
    {
      PlumGatewayClient *client = l->data;

      if (client->iface->get_backend (client) == backend)
        return TRUE;
    }

  return FALSE;
}

PlumCandidate *
plum_gateway_get_candidate (PlumGateway *self, guint index)
{
  return self->candidates->pdata[index];
}

void
plum_gateway_note_outcome (PlumGateway *self, guint index, const GError *error)
{
  PlumCandidate *candidate = plum_gateway_get_candidate (self, index);

  candidate->suspect = g_error_matches (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
}

guint
plum_gateway_get_n_candidates (PlumGateway *self)
{
  return self->candidates->len;
}

void
plum_gateway_add_client (PlumGateway *self, PlumGatewayClient *client)
{
  g_assert (client->gateway == NULL);

  client->gateway = self;
  client->link.data = client;
  g_queue_push_tail_link (&self->clients, &client->link);
  if (!plum_timer_is_armed (&self->recheck))
    plum_clock_arm_in_ms (self->clock, &self->recheck, self->settings->recheck_period);
}

void
plum_gateway_remove_client (PlumGateway *self, PlumGatewayClient *client)
{
  g_assert (client->gateway == self);

  client->gateway = NULL;
  g_queue_unlink (&self->clients, &client->link);
  if (g_queue_is_empty (&self->clients))
    plum_clock_disarm (self->clock, &self->recheck);
}

static gpointer
port_key (PlumProtocol protocol, guint port)
{
  return GUINT_TO_POINTER (((guint) protocol << 16) | port);
}

gboolean
plum_gateway_hold_port (PlumGateway *self,
                        PlumProtocol protocol,
                        guint port,
                        PlumGatewayClient *client)
{
  PlumGatewayClient *holder = plum_gateway_find_holder (self, protocol, port);

  if (holder != NULL)
    return holder == client;

  g_hash_table_insert (self->ports, port_key (protocol, port), client);
  return TRUE;
}

guint
plum_gateway_reserve_port (PlumGateway *self, PlumProtocol protocol, PlumGatewayClient *client)
{
  guint port;

  /* A home has far fewer mappings than ports: a free one is soon met. */
  do
    port = (guint) g_random_int_range (1024, G_MAXUINT16 + 1);
  while (!plum_gateway_hold_port (self, protocol, port, client));

  return port;
}

PlumGatewayClient *
plum_gateway_find_holder (PlumGateway *self, PlumProtocol protocol, guint port)
{
  return g_hash_table_lookup (self->ports, port_key (protocol, port));
}

void
plum_gateway_release_port (PlumGateway *self,
                           PlumProtocol protocol,
                           guint port,
                           PlumGatewayClient *client)
{
  if (plum_gateway_find_holder (self, protocol, port) == client)
    g_hash_table_remove (self->ports, port_key (protocol, port));
}

void
plum_gateway_set_external_address (PlumGateway *self, GInetAddress *address)
{
  PlumAddressScope scope = plum_address_get_scope (address);

  if (address == self->external_address || (address != NULL && self->external_address != NULL &&
                                            g_inet_address_equal (address, self->external_address)))
    return;

  g_object_freeze_notify (G_OBJECT (self));
  g_set_object (&self->external_address, address);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_EXTERNAL_ADDRESS]);
  if (self->external_scope != scope)
    {
      self->external_scope = scope;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_EXTERNAL_SCOPE]);
    }
  g_object_thaw_notify (G_OBJECT (self));
}

void
plum_gateway_on_resume (PlumGateway *self)
{
  g_autoptr (PlumGateway) alive = g_object_ref (self);
  guint spread_ms = MIN (self->clients.length * RESUME_SPREAD_MS, PLUM_SPREAD_MS);

  if (spread_ms == 0)
    return;

  plum_gateway_query_served_address (self, on_backend_external_address_changed);
  plum_gateway_send_event (self, &(PlumGatewayEvent){ .kind = PLUM_GATEWAY_RESUMED,
                                                      .spread_ms = spread_ms });
  plum_clock_arm_in_ms (self->clock, &self->recheck,
                        g_random_int_range (1, (gint32) spread_ms + 1));
}

void
plum_gateway_recheck (PlumGateway *self)
{
  g_autoptr (PlumGateway) alive = g_object_ref (self);

  plum_clock_arm_in_ms (self->clock, &self->recheck, self->settings->recheck_period);

  plum_gateway_send_event (self, &(PlumGatewayEvent){ .kind = PLUM_GATEWAY_RECHECK });

  plum_gateway_query_served_address (self, on_backend_external_address_changed);
}

/**
 * plum_gateway_get_interface: (get-property interface)
 * @self: a gateway
 *
 * Gets the name of the network interface towards it.
 *
 * Returns: the name
 *
 * Since: 1.0
 */
const char *
plum_gateway_get_interface (PlumGateway *self)
{
  g_return_val_if_fail (PLUM_IS_GATEWAY (self), NULL);

  return plum_network_get_interface (self->network);
}

/**
 * plum_gateway_get_address: (get-property address)
 * @self: a gateway
 *
 * Gets its address on our side.
 *
 * Returns: (transfer none) (nullable): the address, or %NULL on a point-to-point link
 *
 * Since: 1.0
 */
GInetAddress *
plum_gateway_get_address (PlumGateway *self)
{
  g_return_val_if_fail (PLUM_IS_GATEWAY (self), NULL);

  return plum_network_get_gateway (self->network);
}

/**
 * plum_gateway_get_local_address: (get-property local-address)
 * @self: a gateway
 *
 * Gets this host's address towards it.
 *
 * Returns: (transfer none): the address
 *
 * Since: 1.0
 */
GInetAddress *
plum_gateway_get_local_address (PlumGateway *self)
{
  g_return_val_if_fail (PLUM_IS_GATEWAY (self), NULL);

  return plum_network_get_local_address (self->network);
}

/**
 * plum_gateway_get_family: (get-property family)
 * @self: a gateway
 *
 * Gets the address family.
 *
 * Returns: %G_SOCKET_FAMILY_IPV4 or %G_SOCKET_FAMILY_IPV6
 *
 * Since: 1.0
 */
GSocketFamily
plum_gateway_get_family (PlumGateway *self)
{
  g_return_val_if_fail (PLUM_IS_GATEWAY (self), G_SOCKET_FAMILY_INVALID);

  return plum_network_get_family (self->network);
}

/**
 * plum_gateway_get_backend_name: (get-property backend-name)
 * @self: a gateway
 *
 * Gets the backend that serves, or would serve, a mapping here.
 *
 * Returns: (nullable): its name, or %NULL as long as none is found
 *
 * Since: 1.0
 */
const char *
plum_gateway_get_backend_name (PlumGateway *self)
{
  g_return_val_if_fail (PLUM_IS_GATEWAY (self), NULL);

  return self->backend_name;
}

/**
 * plum_gateway_get_external_address: (get-property external-address)
 * @self: a gateway
 *
 * Gets its address on its other side, as far as it told.
 *
 * Returns: (transfer none) (nullable): the address, or %NULL if unknown
 *
 * Since: 1.0
 */
GInetAddress *
plum_gateway_get_external_address (PlumGateway *self)
{
  g_return_val_if_fail (PLUM_IS_GATEWAY (self), NULL);

  return self->external_address;
}

/**
 * plum_gateway_get_external_scope: (get-property external-scope)
 * @self: a gateway
 *
 * Gets how far the external address reaches.
 *
 * Returns: the scope
 *
 * Since: 1.0
 */
PlumAddressScope
plum_gateway_get_external_scope (PlumGateway *self)
{
  g_return_val_if_fail (PLUM_IS_GATEWAY (self), PLUM_ADDRESS_SCOPE_UNKNOWN);

  return self->external_scope;
}

/**
 * plum_gateway_get_probes: (get-property probes)
 * @self: a gateway
 *
 * Gets what each backend found.
 *
 * Returns: (transfer none): a list of [class@Plum.Probe], the best backend first
 *
 * Since: 1.0
 */
GListModel *
plum_gateway_get_probes (PlumGateway *self)
{
  g_return_val_if_fail (PLUM_IS_GATEWAY (self), NULL);

  return G_LIST_MODEL (self->probes);
}
