/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-gateway-private.h"

#include "plum-gateway-object-private.h"
#include "plum-gateway-query-private.h"
#include "plum-renewal-private.h"
#include "plum-values-private.h"
#include "plum-waiting-funcs-private.h"

/* How much each client adds to the time over which the work after a resume is spread. */
#define RESUME_SPREAD_MS 50

guint plum_gateway_signals[PLUM_GATEWAY_N_SIGNALS];

/**
 * PlumGateway:
 *
 * A router that can map ports for this host, on one network interface and for one address family.
 * It holds what each backend has found out about the router.
 *
 * Since: 1.0
 */
G_DEFINE_FINAL_TYPE (PlumGateway, plum_gateway, G_TYPE_OBJECT)

static void
plum_gateway_finalize (GObject *object)
{
  PlumGateway *self = PLUM_GATEWAY (object);

  plum_gateway_close (self);
  g_clear_pointer (&self->search, plum_upstream_free);
  g_clear_pointer (&self->poll, plum_address_poll_free);
  g_clear_pointer (&self->probe, plum_address_probe_free);
  g_clear_pointer (&self->race, plum_race_free);
  g_clear_pointer (&self->late_leases, plum_late_leases_free);
  g_clear_pointer (&self->ports, plum_port_table_free);
  g_clear_pointer (&self->signals, plum_signal_queue_unref);
  g_clear_pointer (&self->decided_funcs, g_array_unref);
  g_clear_pointer (&self->upstream_funcs, g_array_unref);
  g_clear_object (&self->network);
  g_clear_object (&self->external_address);
  plum_router_info_clear (&self->router);
  g_clear_pointer (&self->clock, plum_clock_unref);
  g_clear_pointer (&self->context, g_main_context_unref);

  G_OBJECT_CLASS (plum_gateway_parent_class)->finalize (object);
}

static void
plum_gateway_class_init (PlumGatewayClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = plum_gateway_finalize;

  plum_gateway_install_properties (object_class);

  /**
   * PlumGateway::traffic:
   * @self: the gateway
   * @backend_name: the name of the backend
   * @direction: the direction
   * @peer: the address of the peer
   * @bytes: a datagram or a part of a stream
   *
   * Emitted when a backend has sent or received data, while a handler is connected.
   *
   * The signal is emitted after the transfer, when no function of the library is on the stack. A
   * handler may call any function of the library.
   *
   * Since: 1.0
   */
  plum_gateway_signals[PLUM_GATEWAY_SIGNAL_TRAFFIC] =
    g_signal_new ("traffic", PLUM_TYPE_GATEWAY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                  4, G_TYPE_STRING, PLUM_TYPE_TRAFFIC_DIRECTION, G_TYPE_SOCKET_ADDRESS,
                  G_TYPE_BYTES);

  /**
   * PlumGateway::note:
   * @self: the gateway
   * @backend_name: the name of the backend
   * @note: one line of text; parts of it may come from the network
   *
   * Emitted when a backend reports what it found or decided, for troubleshooting.
   *
   * The signal is emitted while a handler is connected to it or to [signal@Plum.Gateway::traffic],
   * and in order with that signal.
   *
   * Since: 1.0
   */
  plum_gateway_signals[PLUM_GATEWAY_SIGNAL_NOTE] =
    g_signal_new ("note", PLUM_TYPE_GATEWAY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                  G_TYPE_STRING, G_TYPE_STRING);
}

/* --- Clients --- */

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

/* The sockets of the backends are open only while they are needed. */
void
plum_gateway_set_waiting (PlumGateway *self, PlumGatewayClient *client, gboolean waiting)
{
  if (client->waiting == waiting)
    return;

  client->waiting = waiting;
  self->n_waiting += waiting ? 1 : -1;
  plum_race_listen (self->race, self->n_waiting > 0);
}

void
plum_gateway_remove_client (PlumGateway *self, PlumGatewayClient *client)
{
  g_assert (client->gateway == self);

  plum_gateway_set_waiting (self, client, FALSE);
  plum_gateway_set_serving (self, client, NULL);
  client->gateway = NULL;
  for (PlumGatewayCursor *cursor = self->cursors; cursor != NULL; cursor = cursor->outer)
    if (cursor->next == &client->link)
      cursor->next = client->link.next;
  g_queue_unlink (&self->clients, &client->link);
  if (g_queue_is_empty (&self->clients))
    plum_clock_disarm (self->clock, &self->recheck);
}

/* --- Waiting for the decision --- */

static void
on_gateway_decided (gpointer object, gpointer data)
{
  plum_waiting_funcs_call (((PlumGateway *) object)->decided_funcs);
}

static void
plum_gateway_queue_decided (PlumGateway *self)
{
  if (self->decided_funcs->len > 0)
    plum_signal_queue_add (self->signals, self, on_gateway_decided, NULL, NULL);
}

static void
on_external_address_answered (PlumCall *call, const GError *error, gpointer user_data)
{
  g_autoptr (PlumGateway) self = user_data;
  PLUM_SIGNAL_SCOPE (self->signals);

  if (call != NULL)
    plum_gateway_learn_address (self, plum_call_get_owner (call), plum_call_get_address (call));

  plum_gateway_queue_decided (self);
}

/* The functions can expect the external address to be known, if the router reports it. */
static void
plum_gateway_complete_discovery (PlumGateway *self)
{
  if (self->decided_funcs->len == 0 || !plum_race_is_decided (self->race))
    return;

  if (self->closed || self->external_address != NULL ||
      plum_race_get_backend_name (self->race) == NULL)
    plum_gateway_queue_decided (self);
  else
    plum_gateway_query_start (
      plum_gateway_query_new (self->race, PLUM_CALL_GET_EXTERNAL_ADDRESS, NULL, self->settings,
                              on_external_address_answered, g_object_ref (self)));
}

void
plum_gateway_when_decided (PlumGateway *self, GSourceFunc func, gpointer user_data)
{
  plum_waiting_funcs_add (self->decided_funcs, func, user_data);
  plum_gateway_complete_discovery (self);
}

gboolean
plum_gateway_remove_decided_func (PlumGateway *self, gpointer user_data)
{
  return plum_waiting_funcs_remove (self->decided_funcs, user_data);
}

/* --- The race --- */

static gboolean
is_observed (gpointer user_data)
{
  return plum_gateway_is_observed (user_data);
}

static void
plum_gateway_handle_backend_event (PlumGateway *self,
                                   PlumBackend *backend,
                                   const PlumBackendEvent *event)
{
  switch (event->kind)
    {
    case PLUM_BACKEND_TRAFFIC:
    case PLUM_BACKEND_NOTE:
      plum_gateway_queue_report (self, plum_backend_get_name (backend), event);
      break;
    case PLUM_BACKEND_ADDRESS_CHANGED:
      plum_gateway_learn_address (self, backend, event->address);
      break;
    case PLUM_BACKEND_LATE_LEASE:
      plum_late_leases_add (self->late_leases, backend, event->request, event->lease);
      break;
    case PLUM_BACKEND_ROUTER:
    case PLUM_BACKEND_CONNECTION:
      plum_gateway_take_router_info (self, event);
      break;
    case PLUM_BACKEND_LOST:
    case PLUM_BACKEND_ANNOUNCED:
    default:
      g_assert_not_reached ();
    }
}

static void
on_race_event (const PlumRaceEvent *event, gpointer user_data)
{
  PlumGateway *self = user_data;

  switch (event->kind)
    {
    case PLUM_RACE_CHANGED:
      if (plum_race_get_backend_name (self->race) != NULL || plum_race_is_decided (self->race))
        plum_upstream_set_unserved (self->search, plum_race_get_backend_name (self->race) == NULL);
      plum_gateway_send_event (self, &(PlumGatewayEvent){ .kind = PLUM_GATEWAY_RACE_CHANGED });
      break;
    case PLUM_RACE_DECIDED:
      if (self->seeks_address && self->external_address == NULL)
        plum_gateway_query_addresses (self, FALSE, PLUM_ADDRESS_SOURCES_ALL);
      plum_gateway_complete_discovery (self);
      break;
    case PLUM_RACE_NAME_CHANGED:
      plum_gateway_notify (self, PLUM_GATEWAY_PROP_BACKEND_NAME);
      break;
    case PLUM_RACE_SUSPECTED:
      plum_gateway_doubt_address (self, event->backend);
      plum_gateway_send_event (self, &(PlumGatewayEvent){ .kind = PLUM_GATEWAY_SUSPECTED,
                                                          .backend = event->backend });
      break;
    case PLUM_RACE_APPEARED:
      plum_gateway_send_event (self, &(PlumGatewayEvent){ .kind = PLUM_GATEWAY_APPEARED,
                                                          .backend = event->backend });
      break;
    case PLUM_RACE_LOST:
      plum_gateway_send_event (self, &(PlumGatewayEvent){ .kind = PLUM_GATEWAY_LOST,
                                                          .backend = event->backend });
      break;
    case PLUM_RACE_BACKEND_EVENT:
      plum_gateway_handle_backend_event (self, event->backend, event->backend_event);
      break;
    default:
      g_assert_not_reached ();
    }
}

static const PlumRaceClient race_client = {
  .is_observed = is_observed,
  .handle_event = on_race_event,
};

/* --- Object --- */

static void
on_recheck (gpointer user_data)
{
  PlumGateway *self = user_data;
  PLUM_SIGNAL_SCOPE (self->signals);

  plum_clock_arm_in_ms (self->clock, &self->recheck, self->settings->recheck_period);
  plum_address_poll_restart (self->poll);
  plum_gateway_send_event (self, &(PlumGatewayEvent){ .kind = PLUM_GATEWAY_RECHECK });
  plum_gateway_check_address (self);
  plum_upstream_check (self->search);
  if (self->upstream == NULL || plum_race_get_backend_name (self->upstream->race) == NULL)
    plum_upstream_search_again (self->search);
}

/* --- The next router --- */

static void
on_publish (gpointer object, gpointer data)
{
  plum_gateway_publish (data);
}

static void
on_upstream_known (gpointer object, gpointer data)
{
  plum_waiting_funcs_call (((PlumGateway *) object)->upstream_funcs);
}

static void
plum_gateway_queue_upstream (PlumGateway *self)
{
  if (self->upstream_funcs->len > 0 && !plum_upstream_is_pending (self->search))
    plum_signal_queue_add (self->signals, self, on_upstream_known, NULL, NULL);
}

void
plum_gateway_when_upstream_known (PlumGateway *self, GSourceFunc func, gpointer user_data)
{
  plum_waiting_funcs_add (self->upstream_funcs, func, user_data);
  plum_gateway_queue_upstream (self);
}

gboolean
plum_gateway_remove_upstream_func (PlumGateway *self, gpointer user_data)
{
  return plum_waiting_funcs_remove (self->upstream_funcs, user_data);
}

static void
on_upstream_changed (gpointer user_data)
{
  PlumGateway *self = user_data;
  PlumNetwork *network = plum_upstream_get_network (self->search);
  g_autoptr (PlumGateway) old = NULL;

  if ((self->upstream != NULL ? self->upstream->network : NULL) != network)
    {
      old = g_steal_pointer (&self->upstream);
      if (network != NULL)
        {
          self->upstream = plum_gateway_new (network, plum_upstream_get_backends (self->search),
                                             self->context, self->settings, self->signals);
          plum_gateway_set_idle_func (self->upstream, self->idle_func, self->idle_data);
          plum_signal_queue_add (self->signals, self, on_publish, g_object_ref (self->upstream),
                                 g_object_unref);
        }
      plum_gateway_notify (self, PLUM_GATEWAY_PROP_UPSTREAM);
    }

  plum_gateway_send_event (self, &(PlumGatewayEvent){ .kind = PLUM_GATEWAY_UPSTREAM_CHANGED });
  plum_gateway_queue_upstream (self);
  if (old != NULL)
    plum_gateway_close (old);
}

static void
on_upstream_sent (GSocketAddress *peer, GBytes *bytes, gpointer user_data)
{
  if (plum_gateway_is_observed (user_data))
    plum_gateway_queue_report (user_data, "path",
                               &(PlumBackendEvent){ .kind = PLUM_BACKEND_TRAFFIC,
                                                    .direction = PLUM_TRAFFIC_SENT,
                                                    .peer = peer,
                                                    .bytes = bytes });
}

static const PlumUpstreamClient upstream_client = {
  .changed = on_upstream_changed,
  .sent = on_upstream_sent,
};

static void
plum_gateway_init (PlumGateway *self)
{
  g_queue_init (&self->clients);
  self->decided_funcs = plum_waiting_funcs_new ();
  self->upstream_funcs = plum_waiting_funcs_new ();
  plum_timer_init (&self->recheck, on_recheck, self);
}

PlumGateway *
plum_gateway_new (PlumNetwork *network,
                  GPtrArray *backend_infos,
                  GMainContext *context,
                  const PlumSettings *settings,
                  PlumSignalQueue *queue)
{
  PlumGateway *self = g_object_new (PLUM_TYPE_GATEWAY, NULL);

  self->network = g_object_ref (network);
  self->context = g_main_context_ref (context);
  self->clock = plum_clock_ref_for_context (context);
  self->settings = settings;
  self->signals = plum_signal_queue_ref (queue);
  self->ports = plum_port_table_new (plum_network_get_family (network));
  plum_gateway_init_late_leases (self);
  self->race = plum_race_new (network, backend_infos, context, settings, queue, &race_client, self);
  self->search =
    plum_upstream_new (network, backend_infos, context, settings, queue, &upstream_client, self);
  self->poll = plum_address_poll_new (self->clock, queue, plum_gateway_poll_address, self);
  plum_gateway_init_probe (self);

  return self;
}

void
plum_gateway_publish (PlumGateway *self)
{
  self->published = TRUE;
}

void
plum_gateway_close (PlumGateway *self)
{
  gboolean busy;

  if (self->closed)
    return;

  self->closed = TRUE;
  g_assert (g_queue_is_empty (&self->clients));

  plum_clock_disarm (self->clock, &self->recheck);
  plum_upstream_close (self->search);
  if (self->upstream != NULL)
    plum_gateway_close (self->upstream);
  g_clear_object (&self->upstream);
  busy = plum_gateway_is_busy (self);
  plum_late_leases_close (self->late_leases);
  if (busy && self->idle_func != NULL)
    self->idle_func (self->idle_data);
  self->idle_func = NULL;
  plum_race_close (self->race);
  plum_gateway_queue_decided (self);
  plum_gateway_queue_upstream (self);
}

void
plum_gateway_on_resume (PlumGateway *self)
{
  guint spread_ms = MIN (self->clients.length * RESUME_SPREAD_MS, PLUM_SPREAD_MS);

  if (self->upstream != NULL)
    plum_gateway_on_resume (self->upstream);
  plum_race_forget_failures (self->race);
  if (spread_ms == 0)
    return;

  plum_gateway_check_address (self);
  plum_gateway_send_event (self, &(PlumGatewayEvent){ .kind = PLUM_GATEWAY_RESUMED,
                                                      .spread_ms = spread_ms });
  plum_clock_arm_in_ms (self->clock, &self->recheck,
                        g_random_int_range (1, (gint32) spread_ms + 1));
}
