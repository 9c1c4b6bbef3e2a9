/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-backend-private.h"
#include "plum-call-private.h"
#include "plum-log-private.h"

/**
 * PlumBackend:
 *
 * One way to ask one gateway for a port: a protocol.
 *
 * A backend is made once for each gateway. It knows the wire and nothing else: what to map, when to
 * renew, what to do after an error is decided by the library, once for all protocols. Each method
 * gets a [class@Plum.Call] to settle; a method that a class does not have settles it with
 * %PLUM_ERROR_NOT_SUPPORTED.
 *
 * A backend lives in the manager's main context, which is the thread-default one during its
 * construction and during each of its methods. For its own timing it has
 * [method@Plum.Backend.get_time] and [method@Plum.Backend.create_timer].
 *
 * Since: 1.0
 */

typedef struct
{
  const char *name; /* interned */
  PlumNetwork *network;
  GMainContext *context;
  PlumClock *clock;
  GQueue calls;
  const PlumBackendObserver *observer; /* (nullable) */
  gpointer observer_data;
} PlumBackendPrivate;

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

static void
plum_backend_cannot (PlumBackend *self, PlumCall *call)
{
  g_autofree char *message = g_strdup_printf ("%s cannot do this", plum_backend_get_name (self));

  plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED, message);
}

static void
plum_backend_real_map (PlumBackend *self, PlumRequest *request, PlumCall *call)
{
  plum_backend_cannot (self, call);
}

static void
plum_backend_real_with_lease (PlumBackend *self,
                              PlumRequest *request,
                              PlumLease *lease,
                              PlumCall *call)
{
  plum_backend_cannot (self, call);
}

static void
plum_backend_real_delete_entry (PlumBackend *self, PlumEntry *entry, PlumCall *call)
{
  plum_backend_cannot (self, call);
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
plum_backend_finalize (GObject *object)
{
  PlumBackendPrivate *priv = PRIVATE (PLUM_BACKEND (object));

  g_assert (g_queue_is_empty (&priv->calls));

  g_clear_object (&priv->network);
  g_clear_pointer (&priv->clock, plum_clock_unref);
  g_clear_pointer (&priv->context, g_main_context_unref);

  G_OBJECT_CLASS (plum_backend_parent_class)->finalize (object);
}

static void
plum_backend_class_init (PlumBackendClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = plum_backend_finalize;
  object_class->get_property = plum_backend_get_property;
  object_class->set_property = plum_backend_set_property;

  klass->discover = plum_backend_cannot;
  klass->map = plum_backend_real_map;
  klass->unmap = plum_backend_real_with_lease;
  klass->check = plum_backend_real_with_lease;
  klass->get_external_address = plum_backend_cannot;
  klass->list = plum_backend_cannot;
  klass->delete_entry = plum_backend_real_delete_entry;

  /**
   * PlumBackend:network: (getter get_network)
   *
   * Where the backend works.
   *
   * Since: 1.0
   */
  properties[PROP_NETWORK] =
    g_param_spec_object ("network", NULL, NULL, PLUM_TYPE_NETWORK,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * PlumBackend::lost:
   * @self: the backend
   * @reason: what tells so, in words
   *
   * The router has forgotten what it was asked for: it was restarted, or its table was cleared.
   * Emit it with [method@Plum.Backend.report_lost].
   *
   * Since: 1.0
   */
  signals[LOST] = g_signal_new ("lost", PLUM_TYPE_BACKEND, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 1, G_TYPE_STRING);

  /**
   * PlumBackend::external-address-changed:
   * @self: the backend
   * @address: (nullable): the new address, or %NULL if the router has none at present
   *
   * The router has another address on the internet than before.
   * Emit it with [method@Plum.Backend.report_external_address].
   *
   * Since: 1.0
   */
  signals[EXTERNAL_ADDRESS_CHANGED] =
    g_signal_new ("external-address-changed", PLUM_TYPE_BACKEND, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                  NULL, G_TYPE_NONE, 1, G_TYPE_INET_ADDRESS);
}

static void
plum_backend_init (PlumBackend *self)
{
  PlumBackendPrivate *priv = PRIVATE (self);

  g_queue_init (&priv->calls);
  priv->context = g_main_context_ref_thread_default ();
  priv->clock = plum_clock_ref_for_context (priv->context);
}

PlumBackend *
plum_backend_new (GType type, const char *name, PlumNetwork *network, GMainContext *context)
{
  PlumBackend *self;

  g_main_context_push_thread_default (context);
  self = g_object_new (type, "network", network, NULL);
  g_main_context_pop_thread_default (context);
  PRIVATE (self)->name = g_intern_string (name);

  return self;
}

const char *
plum_backend_get_name (PlumBackend *self)
{
  const char *name = PRIVATE (self)->name;

  return name != NULL ? name : G_OBJECT_TYPE_NAME (self);
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
plum_backend_retire (PlumBackend *self)
{
  PlumBackendPrivate *priv = PRIVATE (self);

  g_autoptr (GError) error =
    g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, "The network is not there any more");

  plum_backend_set_observer (self, NULL, NULL);
  while (!g_queue_is_empty (&priv->calls))
    plum_call_end (g_queue_peek_head (&priv->calls), error);
}

PlumClock *
plum_backend_get_clock (PlumBackend *self)
{
  return PRIVATE (self)->clock;
}

GMainContext *
plum_backend_get_context (PlumBackend *self)
{
  return PRIVATE (self)->context;
}

GQueue *
plum_backend_get_calls (PlumBackend *self)
{
  return &PRIVATE (self)->calls;
}

void
plum_backend_late_lease (PlumBackend *self, PlumRequest *request, PlumLease *lease)
{
  PlumBackendPrivate *priv = PRIVATE (self);

  if (priv->observer != NULL && priv->observer->late_lease != NULL)
    priv->observer->late_lease (self, request, lease, priv->observer_data);
}

/**
 * plum_backend_get_network: (get-property network)
 * @self: a backend
 *
 * Gets where the backend works.
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
 * Gets the time on the library's clock. It never goes back, and goes on while the machine sleeps.
 *
 * Returns: microseconds since an unspecified moment
 *
 * Since: 1.0
 */
gint64
plum_backend_get_time (PlumBackend *self)
{
  g_return_val_if_fail (PLUM_IS_BACKEND (self), 0);

  return plum_clock_get_time (PRIVATE (self)->clock);
}

/**
 * plum_backend_create_timer:
 * @self: a backend
 * @ms: milliseconds from now on the clock of [method@Plum.Backend.get_time]
 *
 * Makes a source that is dispatched once. It is already attached to the backend's context: set
 * its callback before returning to the main loop, and destroy it if it is not wanted any more.
 *
 * Returns: (transfer full): the source
 *
 * Since: 1.0
 */
GSource *
plum_backend_create_timer (PlumBackend *self, guint ms)
{
  g_return_val_if_fail (PLUM_IS_BACKEND (self), NULL);

  return plum_clock_create_source (PRIVATE (self)->clock, ms);
}

/**
 * plum_backend_report_lost:
 * @self: a backend
 * @reason: what tells so, in words
 *
 * Tells that the router has forgotten what it was asked for. Everything is asked for again.
 * Report it only if the router itself said so in an exchange: announcements can be forged.
 *
 * Since: 1.0
 */
void
plum_backend_report_lost (PlumBackend *self, const char *reason)
{
  g_return_if_fail (PLUM_IS_BACKEND (self));
  g_return_if_fail (reason != NULL);

  g_signal_emit (self, signals[LOST], 0, reason);
}

/**
 * plum_backend_report_external_address:
 * @self: a backend
 * @address: (nullable): the address, or %NULL if the router has none at present
 *
 * Tells which address the router has on the internet, when that came unasked.
 *
 * Since: 1.0
 */
void
plum_backend_report_external_address (PlumBackend *self, GInetAddress *address)
{
  g_return_if_fail (PLUM_IS_BACKEND (self));
  g_return_if_fail (address == NULL || G_IS_INET_ADDRESS (address));

  g_signal_emit (self, signals[EXTERNAL_ADDRESS_CHANGED], 0, address);
}

/**
 * plum_backend_is_observed:
 * @self: a backend
 *
 * Tells if anybody listens to [method@Plum.Backend.report_traffic] and
 * [method@Plum.Backend.report_note], so that nothing need be prepared in vain.
 *
 * Returns: %TRUE if somebody does
 *
 * Since: 1.0
 */
gboolean
plum_backend_is_observed (PlumBackend *self)
{
  PlumBackendPrivate *priv = PRIVATE (self);

  g_return_val_if_fail (PLUM_IS_BACKEND (self), FALSE);

  return priv->observer != NULL && priv->observer->is_observed != NULL &&
         priv->observer->is_observed (priv->observer_data);
}

/**
 * plum_backend_report_traffic:
 * @self: a backend
 * @direction: which way the bytes went
 * @peer: the other end
 * @bytes: one datagram, or one piece of a stream
 *
 * Tells what went over the wire; see [signal@Plum.Gateway::traffic].
 *
 * Since: 1.0
 */
void
plum_backend_report_traffic (PlumBackend *self,
                             PlumTrafficDirection direction,
                             GSocketAddress *peer,
                             GBytes *bytes)
{
  PlumBackendPrivate *priv = PRIVATE (self);

  g_return_if_fail (PLUM_IS_BACKEND (self));
  g_return_if_fail (G_IS_SOCKET_ADDRESS (peer));
  g_return_if_fail (bytes != NULL);

  if (plum_backend_is_observed (self))
    priv->observer->traffic (self, direction, peer, bytes, priv->observer_data);
}

/**
 * plum_backend_report_note:
 * @self: a backend
 * @note: one line of text
 *
 * Tells what the backend found or decided, for people who look for the cause of trouble; see
 * [signal@Plum.Gateway::note].
 *
 * Since: 1.0
 */
void
plum_backend_report_note (PlumBackend *self, const char *note)
{
  PlumBackendPrivate *priv = PRIVATE (self);

  g_return_if_fail (PLUM_IS_BACKEND (self));
  g_return_if_fail (note != NULL);

  if (plum_backend_is_observed (self))
    priv->observer->note (self, note, priv->observer_data);
}
