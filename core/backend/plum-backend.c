/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-backend-object-private.h"

#include <glib/gi18n-lib.h>

/**
 * PlumBackend:
 *
 * A port mapping protocol on one gateway.
 *
 * The library creates one backend of each type for each gateway. A backend implements a protocol
 * only: the library decides what to map, when to renew and what to do after an error, in the same
 * way for all protocols. Each method receives a [class@Plum.Call] to settle. The default
 * implementation of each method settles it with %PLUM_ERROR_NOT_SUPPORTED.
 *
 * A backend runs in the manager's main context, which is the thread-default one during its
 * construction and during each of its methods. For timing it uses
 * [method@Plum.Backend.get_time] and [method@Plum.Backend.create_timer].
 *
 * Since: 1.0
 */

typedef enum {
  PROP_NETWORK = 1,
  N_PROPS
} PlumBackendProperty;

typedef enum {
  LOST,
  EXTERNAL_ADDRESS_CHANGED,
  N_SIGNALS
} PlumBackendSignal;

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (PlumBackend, plum_backend, G_TYPE_OBJECT)

#define PRIVATE(self) ((PlumBackendPrivate *) plum_backend_get_instance_private (self))

PlumBackendPrivate *
plum_backend_peek_private (PlumBackend *self)
{
  return PRIVATE (self);
}

static void
plum_backend_real_call (PlumBackend *self, PlumCall *call)
{
  g_autofree char *message =
    g_strdup_printf (_ ("The backend “%s” does not support this operation"),
                     plum_backend_get_name (self));

  plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED, message);
}

static void
plum_backend_real_map (PlumBackend *self, PlumRequest *request, PlumCall *call)
{
  plum_backend_real_call (self, call);
}

/* A backend that does not know of these fields would open the mapping to all hosts, or to this
 * host.
 */
static gboolean
plum_backend_real_supports (PlumBackend *self, PlumRequest *request)
{
  return plum_request_get_internal_address (request) == NULL &&
         plum_request_get_remote_addresses (request) == NULL;
}

static void
plum_backend_real_call_with_lease (PlumBackend *self,
                                   PlumRequest *request,
                                   PlumLease *lease,
                                   PlumCall *call)
{
  plum_backend_real_call (self, call);
}

static void
plum_backend_real_delete_entry (PlumBackend *self, PlumEntry *entry, PlumCall *call)
{
  plum_backend_real_call (self, call);
}

static void
plum_backend_real_unmap_moved (PlumBackend *self,
                               PlumRequest *request,
                               PlumLease *lease,
                               GInetAddress *local_address,
                               PlumCall *call)
{
  plum_backend_real_call (self, call);
}

static PlumAddressSource
plum_backend_real_get_address_source (PlumBackend *self)
{
  return PLUM_ADDRESS_SOURCE_QUERY;
}

void
plum_backend_send_event (PlumBackend *self, const PlumBackendEvent *event)
{
  PlumBackendPrivate *priv = PRIVATE (self);

  if (priv->observer != NULL)
    priv->observer->handle_event (self, event, priv->observer_data);
}

static void
on_lost (PlumBackend *self, const char *reason)
{
  plum_backend_send_event (self, &(PlumBackendEvent){ .kind = PLUM_BACKEND_LOST, .text = reason });
}

static void
on_external_address_changed (PlumBackend *self, GInetAddress *address)
{
  plum_backend_send_event (self, &(PlumBackendEvent){ .kind = PLUM_BACKEND_ADDRESS_CHANGED,
                                                      .address = address });
}

static void
on_late_lease (gpointer owner, PlumRequest *request, PlumLease *lease)
{
  plum_backend_send_event (owner, &(PlumBackendEvent){ .kind = PLUM_BACKEND_LATE_LEASE,
                                                       .request = request,
                                                       .lease = lease });
}

/* All that waited for the router can be sent now, without another iteration of the main loop. */
static void
on_discovered (gpointer owner)
{
  plum_backend_batch_flush (&PRIVATE (PLUM_BACKEND (owner))->batch);
}

static void
plum_backend_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  PlumBackendPrivate *priv = PRIVATE (PLUM_BACKEND (object));

  switch ((PlumBackendProperty) property_id)
    {
    case PROP_NETWORK:
      g_value_set_object (value, priv->network);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
plum_backend_set_property (GObject *object,
                           guint property_id,
                           const GValue *value,
                           GParamSpec *pspec)
{
  PlumBackendPrivate *priv = PRIVATE (PLUM_BACKEND (object));

  switch ((PlumBackendProperty) property_id)
    {
    case PROP_NETWORK:
      priv->network = g_value_dup_object (value);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
plum_backend_constructed (GObject *object)
{
  PRIVATE (PLUM_BACKEND (object))->host.name = G_OBJECT_TYPE_NAME (object);

  G_OBJECT_CLASS (plum_backend_parent_class)->constructed (object);
}

static void
plum_backend_finalize (GObject *object)
{
  PlumBackendPrivate *priv = PRIVATE (PLUM_BACKEND (object));

  g_assert (g_queue_is_empty (&priv->host.calls));

  g_clear_object (&priv->network);
  g_clear_pointer (&priv->options, g_hash_table_unref);
  g_clear_pointer (&priv->host.clock, plum_clock_unref);
  g_clear_pointer (&priv->host.context, g_main_context_unref);

  G_OBJECT_CLASS (plum_backend_parent_class)->finalize (object);
}

static void
plum_backend_install_signals (void)
{
  /**
   * PlumBackend::lost:
   * @self: the backend
   * @reason: how the backend detected it, for people
   *
   * Emitted when the router has lost its mappings, for example after a restart.
   *
   * A backend emits it with [method@Plum.Backend.report_lost].
   *
   * Since: 1.0
   */
  signals[LOST] = g_signal_new ("lost", PLUM_TYPE_BACKEND, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 1, G_TYPE_STRING);

  /**
   * PlumBackend::external-address-changed:
   * @self: the backend
   * @address: (nullable): the new address, or %NULL if the router currently has none
   *
   * Emitted when the router's external address has changed.
   *
   * A backend emits it with [method@Plum.Backend.report_external_address].
   *
   * Since: 1.0
   */
  signals[EXTERNAL_ADDRESS_CHANGED] =
    g_signal_new ("external-address-changed", PLUM_TYPE_BACKEND, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                  NULL, G_TYPE_NONE, 1, G_TYPE_INET_ADDRESS);
}

static void
plum_backend_class_init (PlumBackendClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = plum_backend_constructed;
  object_class->finalize = plum_backend_finalize;
  object_class->get_property = plum_backend_get_property;
  object_class->set_property = plum_backend_set_property;

  klass->discover = plum_backend_real_call;
  klass->supports = plum_backend_real_supports;
  klass->map = plum_backend_real_map;
  klass->unmap = plum_backend_real_call_with_lease;
  klass->check = plum_backend_real_call_with_lease;
  klass->get_external_address = plum_backend_real_call;
  klass->list = plum_backend_real_call;
  klass->delete_entry = plum_backend_real_delete_entry;
  klass->unmap_moved = plum_backend_real_unmap_moved;
  klass->get_address_source = plum_backend_real_get_address_source;

  /**
   * PlumBackend:network: (getter get_network)
   *
   * The network of the gateway.
   *
   * Since: 1.0
   */
  properties[PROP_NETWORK] =
    g_param_spec_object ("network", NULL, NULL, PLUM_TYPE_NETWORK,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  plum_backend_install_signals ();
}

static void
plum_backend_init (PlumBackend *self)
{
  PlumBackendPrivate *priv = PRIVATE (self);

  priv->host.owner = G_OBJECT (self);
  priv->host.context = g_main_context_ref_thread_default ();
  priv->host.clock = plum_clock_ref_for_context (priv->host.context);
  priv->host.late_lease = on_late_lease;
  priv->host.discovered = on_discovered;
  g_queue_init (&priv->host.calls);
  plum_backend_batch_init (&priv->batch, self, priv->host.context);

  /* A backend may emit the signals itself. Class handlers could be overridden by a subclass. */
  g_signal_connect (self, "lost", G_CALLBACK (on_lost), NULL);
  g_signal_connect (self, "external-address-changed", G_CALLBACK (on_external_address_changed),
                    NULL);
}

PlumBackend *
plum_backend_new (GType type, const char *name, PlumNetwork *network, GMainContext *context)
{
  PlumBackend *self;

  g_main_context_push_thread_default (context);
  self = g_object_new (type, "network", network, NULL);
  g_main_context_pop_thread_default (context);
  PRIVATE (self)->host.name = g_intern_string (name);

  return self;
}

const char *
plum_backend_get_name (PlumBackend *self)
{
  return PRIVATE (self)->host.name;
}

const char *
plum_backend_get_server (PlumBackend *self)
{
  return g_intern_string (PLUM_BACKEND_GET_CLASS (self)->server);
}

gboolean
plum_backend_can_list (PlumBackend *self)
{
  return PLUM_BACKEND_GET_CLASS (self)->list != plum_backend_real_call;
}

gboolean
plum_backend_has_one_mapping_per_port (PlumBackend *self)
{
  return !plum_backend_can_list (self);
}

gboolean
plum_backend_can_delete_entry (PlumBackend *self)
{
  return PLUM_BACKEND_GET_CLASS (self)->delete_entry != plum_backend_real_delete_entry;
}

gboolean
plum_backend_takes_several (PlumBackend *self)
{
  return PLUM_BACKEND_GET_CLASS (self)->map_several != NULL;
}

PlumAddressSource
plum_backend_get_address_source (PlumBackend *self)
{
  return PLUM_BACKEND_GET_CLASS (self)->get_address_source (self);
}

void
plum_backend_listen (PlumBackend *self, gboolean listen)
{
  PlumBackendPrivate *priv = PRIVATE (self);

  if (priv->listening == listen || PLUM_BACKEND_GET_CLASS (self)->listen == NULL)
    return;

  priv->listening = listen;
  g_main_context_push_thread_default (priv->host.context);
  PLUM_BACKEND_GET_CLASS (self)->listen (self, listen);
  g_main_context_pop_thread_default (priv->host.context);
}

void
plum_backend_set_options (PlumBackend *self, GHashTable *options)
{
  PRIVATE (self)->options = g_hash_table_ref (options);
}

void
plum_backend_set_observer (PlumBackend *self,
                           const PlumBackendObserver *observer,
                           gpointer user_data)
{
  PlumBackendPrivate *priv = PRIVATE (self);

  priv->observer = observer;
  priv->observer_data = user_data;
}

void
plum_backend_close (PlumBackend *self)
{
  PlumBackendPrivate *priv = PRIVATE (self);

  g_autoptr (GError) error =
    g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, _ ("The gateway is no longer available"));

  plum_backend_set_observer (self, NULL, NULL);
  plum_backend_listen (self, FALSE);
  plum_backend_batch_clear (&priv->batch);
  while (!g_queue_is_empty (&priv->host.calls))
    plum_call_finish (g_queue_peek_head (&priv->host.calls), error);
}

static void
plum_backend_map (PlumBackend *self, PlumRequest *request, PlumCall *call)
{
  PlumBackendClass *klass = PLUM_BACKEND_GET_CLASS (self);
  g_autofree char *message = NULL;

  if (klass->supports (self, request))
    {
      if (klass->map_several != NULL)
        plum_backend_batch_add (&PRIVATE (self)->batch, call);
      else
        klass->map (self, request, call);
      return;
    }

  /* "UPnP IGD: the protocol cannot …" */
  message =
    g_strdup_printf ("%s: %s", klass->title != NULL ? klass->title : PRIVATE (self)->host.name,
                     plum_request_get_internal_address (request) != NULL
                       ? _ ("the protocol cannot map a port of another host")
                       : _ ("the protocol cannot restrict a mapping to some remote hosts"));
  plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED, message);
}

/* The backend may report events, on which the observer may release everything that args came from.
 */
static void
plum_backend_dispatch (PlumBackend *self,
                       PlumCallKind kind,
                       const PlumCallArgs *args,
                       PlumCall *call)
{
  g_autoptr (PlumCall) alive = g_object_ref (call);
  PlumRequest *request = plum_call_get_request (call);
  g_autoptr (PlumLease) lease = args->lease != NULL ? g_object_ref (args->lease) : NULL;
  g_autoptr (PlumEntry) entry = args->entry != NULL ? g_object_ref (args->entry) : NULL;
  g_autoptr (GInetAddress) local_address =
    args->local_address != NULL ? g_object_ref (args->local_address) : NULL;
  PlumBackendClass *klass = PLUM_BACKEND_GET_CLASS (self);
  GMainContext *context = PRIVATE (self)->host.context;

  g_main_context_push_thread_default (context);

  switch (kind)
    {
    case PLUM_CALL_DISCOVER:
      klass->discover (self, call);
      break;
    case PLUM_CALL_MAP:
      plum_backend_map (self, request, call);
      break;
    case PLUM_CALL_UNMAP:
      klass->unmap (self, request, lease, call);
      break;
    case PLUM_CALL_UNMAP_MOVED:
      klass->unmap_moved (self, request, lease, local_address, call);
      break;
    case PLUM_CALL_CHECK:
      klass->check (self, request, lease, call);
      break;
    case PLUM_CALL_GET_EXTERNAL_ADDRESS:
      klass->get_external_address (self, call);
      break;
    case PLUM_CALL_LIST:
      klass->list (self, call);
      break;
    case PLUM_CALL_DELETE_ENTRY:
      klass->delete_entry (self, entry, call);
      break;
    default:
      g_assert_not_reached ();
    }

  g_main_context_pop_thread_default (context);
}

void
plum_backend_start_call (PlumCall **location,
                         PlumBackend *self,
                         PlumCallKind kind,
                         const PlumCallArgs *args,
                         guint timeout_ms,
                         PlumCallFunc func,
                         gpointer user_data)
{
  static const PlumCallArgs no_args = { NULL };

  g_assert (*location == NULL);

  if (args == NULL)
    args = &no_args;

  *location =
    plum_call_new (&PRIVATE (self)->host, kind, args->request, timeout_ms, func, user_data);
  plum_backend_dispatch (self, kind, args, *location);
}

PlumCall *
plum_backend_call (PlumBackend *self,
                   PlumCallKind kind,
                   const PlumCallArgs *args,
                   guint timeout_ms,
                   PlumCallFunc func,
                   gpointer user_data)
{
  PlumCall *call = NULL;

  plum_backend_start_call (&call, self, kind, args, timeout_ms, func, user_data);
  return call;
}

/**
 * plum_backend_get_network: (get-property network)
 * @self: a backend
 *
 * Gets the network of the gateway.
 *
 * Returns: (transfer none): the network
 *
 * Since: 1.0
 */
PlumNetwork *
plum_backend_get_network (PlumBackend *self)
{
  g_return_val_if_fail (PLUM_IS_BACKEND (self), NULL);

  return PRIVATE (self)->network;
}

/**
 * plum_backend_get_time:
 * @self: a backend
 *
 * Gets the time of the library's clock. The clock is monotonic and includes the time that the
 * system is suspended.
 *
 * Returns: the time in microseconds since an unspecified point in time
 *
 * Since: 1.0
 */
gint64
plum_backend_get_time (PlumBackend *self)
{
  g_return_val_if_fail (PLUM_IS_BACKEND (self), 0);

  return plum_clock_get_time (PRIVATE (self)->host.clock);
}

/**
 * plum_backend_create_timer:
 * @self: a backend
 * @ms: the timeout in milliseconds, on the clock of [method@Plum.Backend.get_time]
 *
 * Creates a source that is dispatched once. The source is already attached to the backend's main
 * context. The caller sets the callback before it returns to the main loop, and destroys the source
 * if it is no longer needed.
 *
 * Returns: (transfer full): the source
 *
 * Since: 1.0
 */
GSource *
plum_backend_create_timer (PlumBackend *self, guint ms)
{
  g_return_val_if_fail (PLUM_IS_BACKEND (self), NULL);

  return plum_clock_create_source (PRIVATE (self)->host.clock, ms);
}
