/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-log-private.h"
#include "plum-mapping-private.h"

/**
 * PlumMapping:
 *
 * One port that a program wants to be reached at from outside.
 *
 * Make one with [ctor@Plum.Mapping.new] (or with its construct-only properties), give it to
 * [method@Plum.Manager.add_mapping], and watch [property@Plum.Mapping:state]. It is wanted, and
 * asked for
 * again whenever it was lost, until [method@Plum.Manager.destroy_mapping_async]; dropping the
 * reference changes nothing.
 *
 * A mapping is for one address family; both families are two mappings.
 *
 * Since: 1.0
 */
struct _PlumMapping
{
  GObject parent_instance;

  PlumProtocol protocol;
  GSocketFamily family;
  guint internal_port;
  guint requested_external_port;
  gboolean require_external_port;
  char *description;           /* (nullable) */
  const char *bound_interface; /* (nullable), interned: of the gateway it was made for */

  guint id;
  PlumState state;
  GInetSocketAddress *external_address; /* (nullable) */
  char *external_host;                  /* (nullable) */
  guint external_port;
  PlumAddressScope external_scope;
  GError *error;            /* (nullable) */
  const char *backend_name; /* (nullable), interned */
  PlumGateway *gateway;     /* (nullable) */
  guint lifetime;
  gint64 expires;
  GDateTime *expires_at; /* made when asked for */
  GPtrArray *waiters;    /* (element-type GTask) (nullable) */

  PlumMappingStateFunc state_func;
  gpointer state_data;
  gpointer holder;
  GSequenceIter *position;
};

typedef enum {
  PROP_PROTOCOL = 1,
  PROP_FAMILY,
  PROP_INTERNAL_PORT,
  PROP_REQUESTED_EXTERNAL_PORT,
  PROP_REQUIRE_EXTERNAL_PORT,
  PROP_DESCRIPTION,
  PROP_ID,
  PROP_STATE,
  PROP_EXTERNAL_PORT,
  PROP_EXTERNAL_HOST,
  PROP_EXTERNAL_ADDRESS,
  PROP_EXTERNAL_SCOPE,
  PROP_ERROR,
  PROP_BACKEND_NAME,
  PROP_GATEWAY,
  PROP_LIFETIME,
  PROP_EXPIRES_AT,
  N_PROPS
} PlumMappingProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (PlumMapping, plum_mapping, G_TYPE_OBJECT)

static void
plum_mapping_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  PlumMapping *self = PLUM_MAPPING (object);

  switch ((PlumMappingProperty) property_id)
    {
    case PROP_PROTOCOL:
      g_value_set_enum (value, self->protocol);
      break;
    case PROP_FAMILY:
      g_value_set_enum (value, self->family);
      break;
    case PROP_INTERNAL_PORT:
      g_value_set_uint (value, self->internal_port);
      break;
    case PROP_REQUESTED_EXTERNAL_PORT:
      g_value_set_uint (value, self->requested_external_port);
      break;
    case PROP_REQUIRE_EXTERNAL_PORT:
      g_value_set_boolean (value, self->require_external_port);
      break;
    case PROP_DESCRIPTION:
      g_value_set_string (value, self->description);
      break;
    case PROP_ID:
      g_value_set_uint (value, self->id);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_EXTERNAL_PORT:
      g_value_set_uint (value, self->external_port);
      break;
    case PROP_EXTERNAL_HOST:
      g_value_set_string (value, self->external_host);
      break;
    case PROP_EXTERNAL_ADDRESS:
      g_value_set_object (value, self->external_address);
      break;
    case PROP_EXTERNAL_SCOPE:
      g_value_set_enum (value, self->external_scope);
      break;
    case PROP_ERROR:
      g_value_set_boxed (value, self->error);
      break;
    case PROP_BACKEND_NAME:
      g_value_set_string (value, self->backend_name);
      break;
    case PROP_GATEWAY:
      g_value_set_object (value, self->gateway);
      break;
    case PROP_LIFETIME:
      g_value_set_uint (value, self->lifetime);
      break;
    case PROP_EXPIRES_AT:
      g_value_set_boxed (value, plum_mapping_get_expires_at (self));
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
plum_mapping_set_property (GObject *object,
                           guint property_id,
                           const GValue *value,
                           GParamSpec *pspec)
{
  PlumMapping *self = PLUM_MAPPING (object);

  switch ((PlumMappingProperty) property_id)
    {
    case PROP_PROTOCOL:
      self->protocol = g_value_get_enum (value);
      break;
    case PROP_FAMILY:
      self->family = g_value_get_enum (value);
      break;
    case PROP_INTERNAL_PORT:
      self->internal_port = g_value_get_uint (value);
      break;
    case PROP_REQUESTED_EXTERNAL_PORT:
      self->requested_external_port = g_value_get_uint (value);
      break;
    case PROP_REQUIRE_EXTERNAL_PORT:
      self->require_external_port = g_value_get_boolean (value);
      break;
    case PROP_DESCRIPTION:
      self->description = g_value_dup_string (value);
      break;
    case PROP_GATEWAY:
      self->gateway = g_value_dup_object (value);
      if (self->gateway != NULL)
        self->bound_interface = g_intern_string (plum_gateway_get_interface (self->gateway));
      break;
    case PROP_ID:
    case PROP_STATE:
    case PROP_EXTERNAL_PORT:
    case PROP_EXTERNAL_HOST:
    case PROP_EXTERNAL_ADDRESS:
    case PROP_EXTERNAL_SCOPE:
    case PROP_ERROR:
    case PROP_BACKEND_NAME:
    case PROP_LIFETIME:
    case PROP_EXPIRES_AT:
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
plum_mapping_finalize (GObject *object)
{
  PlumMapping *self = PLUM_MAPPING (object);

  g_assert (self->waiters == NULL);

  g_clear_pointer (&self->description, g_free);
  g_clear_object (&self->external_address);
  g_clear_pointer (&self->external_host, g_free);
  g_clear_error (&self->error);
  g_clear_object (&self->gateway);
  g_clear_pointer (&self->expires_at, g_date_time_unref);

  G_OBJECT_CLASS (plum_mapping_parent_class)->finalize (object);
}

static void
plum_mapping_install_construct_properties (void)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  /**
   * PlumMapping:protocol: (getter get_protocol)
   *
   * The transport protocol.
   *
   * Since: 1.0
   */
  properties[PROP_PROTOCOL] =
    g_param_spec_enum ("protocol", NULL, NULL, PLUM_TYPE_PROTOCOL, PLUM_PROTOCOL_TCP, flags);

  /**
   * PlumMapping:family: (getter get_family)
   *
   * The address family: %G_SOCKET_FAMILY_IPV4 or %G_SOCKET_FAMILY_IPV6.
   *
   * Since: 1.0
   */
  properties[PROP_FAMILY] =
    g_param_spec_enum ("family", NULL, NULL, G_TYPE_SOCKET_FAMILY, G_SOCKET_FAMILY_IPV4, flags);

  /**
   * PlumMapping:internal-port: (getter get_internal_port)
   *
   * The port that this host listens on, 1 to 65535. Another number is told as an error by
   * [method@Plum.Manager.add_mapping].
   *
   * Since: 1.0
   */
  properties[PROP_INTERNAL_PORT] =
    g_param_spec_uint ("internal-port", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * PlumMapping:requested-external-port: (getter get_requested_external_port)
   *
   * The port that is wished outside, 1 to 65535; 0 leaves it to the library, which asks for the
   * internal
   * one first. The router may grant another: see [property@Plum.Mapping:external-port], and
   * [property@Plum.Mapping:require-external-port] to take no other.
   *
   * Since: 1.0
   */
  properties[PROP_REQUESTED_EXTERNAL_PORT] =
    g_param_spec_uint ("requested-external-port", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * PlumMapping:require-external-port: (getter get_require_external_port)
   *
   * Whether no other external port will do than
   * [property@Plum.Mapping:requested-external-port], or, if that is 0, than
   * [property@Plum.Mapping:internal-port].
   *
   * Where the router has it for somebody else, or for another mapping of this program, the mapping
   * fails with %PLUM_ERROR_CONFLICT, whose message names who has it if the router tells; a lease
   * with another port is given back. It is tried again as after any failure. An equal mapping
   * that is up with another port keeps it, and this one fails until that one is destroyed.
   *
   * Since: 1.0
   */
  properties[PROP_REQUIRE_EXTERNAL_PORT] =
    g_param_spec_boolean ("require-external-port", NULL, NULL, FALSE, flags);

  /**
   * PlumMapping:description: (getter get_description)
   *
   * What the router's table shall say of it. Some routers take little: it is cut and cleaned as
   * they need. %NULL: the application's name, the protocol and the port.
   *
   * Since: 1.0
   */
  properties[PROP_DESCRIPTION] = g_param_spec_string ("description", NULL, NULL, NULL, flags);

  /**
   * PlumMapping:gateway: (getter get_gateway)
   *
   * The gateway that maps it.
   *
   * Left %NULL at construction, the mapping goes where the default route leads, and this is %NULL
   * while it is not up. Set to one of [property@Plum.Manager:gateways], the mapping is bound to the
   * network interface of that gateway, and goes nowhere else: it follows the interface to another
   * network or address, and is pending while that has no router. Then this is the last gateway
   * that was there.
   *
   * Since: 1.0
   */
  properties[PROP_GATEWAY] =
    g_param_spec_object ("gateway", NULL, NULL, PLUM_TYPE_GATEWAY, flags | G_PARAM_EXPLICIT_NOTIFY);
}

static void
plum_mapping_install_readonly_properties (void)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * PlumMapping:id: (getter get_id)
   *
   * The manager's number for it, from 1 and never used again; 0 before it is added.
   *
   * Since: 1.0
   */
  properties[PROP_ID] = g_param_spec_uint ("id", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * PlumMapping:state: (getter get_state)
   *
   * Where the mapping stands; %PLUM_STATE_DESTROYED before it is added.
   *
   * When this becomes %PLUM_STATE_SUCCESS, all other properties are already right: they are
   * notified together.
   *
   * Since: 1.0
   */
  properties[PROP_STATE] =
    g_param_spec_enum ("state", NULL, NULL, PLUM_TYPE_STATE, PLUM_STATE_DESTROYED, flags);

  /**
   * PlumMapping:external-port: (getter get_external_port)
   *
   * The port that the router forwards; 0 while there is none.
   *
   * Since: 1.0
   */
  properties[PROP_EXTERNAL_PORT] =
    g_param_spec_uint ("external-port", NULL, NULL, 0, G_MAXUINT16, 0, flags);

  /**
   * PlumMapping:external-host: (getter get_external_host)
   *
   * The router's address on its outer side, in text; %NULL while there is none, or the router does
   * not know it. See [property@Plum.Mapping:external-scope] for who can reach it.
   *
   * Since: 1.0
   */
  properties[PROP_EXTERNAL_HOST] = g_param_spec_string ("external-host", NULL, NULL, NULL, flags);

  /**
   * PlumMapping:external-address: (getter get_external_address)
   *
   * The external host and port as a socket address; %NULL where `external-host` is.
   *
   * Since: 1.0
   */
  properties[PROP_EXTERNAL_ADDRESS] =
    g_param_spec_object ("external-address", NULL, NULL, G_TYPE_INET_SOCKET_ADDRESS, flags);

  /**
   * PlumMapping:external-scope: (getter get_external_scope)
   *
   * How far the external address reaches. Anything but %PLUM_ADDRESS_SCOPE_PUBLIC on a mapping
   * that is up means another NAT behind this router, or a router without a connection.
   *
   * Since: 1.0
   */
  properties[PROP_EXTERNAL_SCOPE] =
    g_param_spec_enum ("external-scope", NULL, NULL, PLUM_TYPE_ADDRESS_SCOPE,
                       PLUM_ADDRESS_SCOPE_UNKNOWN, flags);

  /**
   * PlumMapping:error: (getter get_error)
   *
   * What the last attempt ended with, every backend's verdict in its message; %NULL if all is
   * well. On a
   * destroyed mapping: why the router could not be told.
   *
   * Since: 1.0
   */
  properties[PROP_ERROR] = g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);

  /**
   * PlumMapping:backend-name: (getter get_backend_name)
   *
   * The backend that mapped it: `pcp`, `natpmp`, `upnp`, `direct`, or a third party's; %NULL while
   * it is not up.
   *
   * Since: 1.0
   */
  properties[PROP_BACKEND_NAME] = g_param_spec_string ("backend-name", NULL, NULL, NULL, flags);

  /**
   * PlumMapping:lifetime: (getter get_lifetime)
   *
   * What the router granted last, in seconds, or %PLUM_LIFETIME_FOREVER; 0 while it is not up.
   * It is renewed in time.
   *
   * Since: 1.0
   */
  properties[PROP_LIFETIME] = g_param_spec_uint ("lifetime", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * PlumMapping:expires-at: (getter get_expires_at)
   *
   * When the router would forget it if it were not renewed; %NULL if never, or while it is not
   * up. It moves with each renewal.
   *
   * Since: 1.0
   */
  properties[PROP_EXPIRES_AT] =
    g_param_spec_boxed ("expires-at", NULL, NULL, G_TYPE_DATE_TIME, flags);
}

static void
plum_mapping_class_init (PlumMappingClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = plum_mapping_finalize;
  object_class->get_property = plum_mapping_get_property;
  object_class->set_property = plum_mapping_set_property;

  plum_mapping_install_construct_properties ();
  plum_mapping_install_readonly_properties ();
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
plum_mapping_init (PlumMapping *self)
{
}

static void
plum_mapping_set_external (PlumMapping *self, GInetAddress *address, guint port)
{
  g_autoptr (GInetSocketAddress) endpoint = NULL;
  PlumAddressScope scope = PLUM_ADDRESS_SCOPE_UNKNOWN;
  GInetAddress *old = NULL;

  if (self->external_address != NULL)
    old = g_inet_socket_address_get_address (self->external_address);

  if (self->external_port != port)
    {
      self->external_port = port;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_EXTERNAL_PORT]);
    }
  else if (old == address ||
           (old != NULL && address != NULL && g_inet_address_equal (old, address)))
    return;

  if (address != NULL)
    {
      endpoint = G_INET_SOCKET_ADDRESS (g_inet_socket_address_new (address, (guint16) port));
      scope = plum_address_get_scope (address);
    }

  if (old == NULL || address == NULL || !g_inet_address_equal (old, address))
    {
      g_free (self->external_host);
      self->external_host = address != NULL ? g_inet_address_to_string (address) : NULL;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_EXTERNAL_HOST]);
    }

  g_set_object (&self->external_address, endpoint);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_EXTERNAL_ADDRESS]);

  if (self->external_scope != scope)
    {
      self->external_scope = scope;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_EXTERNAL_SCOPE]);
    }
}

static void
plum_mapping_set_lease (PlumMapping *self, const PlumMappingUpdate *update)
{
  const char *backend_name = g_intern_string (update->backend_name);
  guint lifetime = update->lease != NULL ? plum_lease_get_lifetime (update->lease) : 0;

  if (update->lease != NULL)
    plum_mapping_set_external (self, plum_lease_get_external_address (update->lease),
                               plum_lease_get_external_port (update->lease));
  else
    plum_mapping_set_external (self, NULL, 0);

  if (self->backend_name != backend_name)
    {
      self->backend_name = backend_name;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BACKEND_NAME]);
    }

  if ((update->gateway != NULL || self->bound_interface == NULL) &&
      g_set_object (&self->gateway, update->gateway))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_GATEWAY]);

  if (self->lifetime != lifetime)
    {
      self->lifetime = lifetime;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LIFETIME]);
    }

  if (self->expires != update->expires)
    {
      self->expires = update->expires;
      g_clear_pointer (&self->expires_at, g_date_time_unref);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_EXPIRES_AT]);
    }
}

static void
plum_mapping_set_error (PlumMapping *self, const GError *error)
{
  if (self->error == NULL && error == NULL)
    return;

  if (self->error != NULL && error != NULL &&
      g_error_matches (self->error, error->domain, error->code) &&
      g_str_equal (self->error->message, error->message))
    return;

  g_clear_error (&self->error);
  self->error = error != NULL ? g_error_copy (error) : NULL;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ERROR]);
}

/* The state machine: the state that an event leads to. Drawn in docs/life-of-a-mapping.md. */
static PlumState
plum_mapping_next_state (PlumState state, PlumMappingEvent event)
{
  switch (event)
    {
    case PLUM_MAPPING_ADDED:
      return PLUM_STATE_PENDING;

    case PLUM_MAPPING_MAPPED:
      return PLUM_STATE_SUCCESS;

    case PLUM_MAPPING_TROUBLE:
    case PLUM_MAPPING_LOST:
      /* A failure stays one until an attempt succeeds: a retry is no update. */
      return state == PLUM_STATE_FAILURE ? PLUM_STATE_FAILURE : PLUM_STATE_PENDING;

    case PLUM_MAPPING_FAILED:
      return PLUM_STATE_FAILURE;

    case PLUM_MAPPING_RELEASED:
      return PLUM_STATE_DESTROYING;

    case PLUM_MAPPING_GONE:
      return PLUM_STATE_DESTROYED;

    default:
      g_assert_not_reached ();
    }
}

static void
plum_mapping_complete_wait (PlumMapping *self, GTask *task)
{
  GSource *cancel_source = g_task_get_task_data (task);

  if (cancel_source != NULL)
    g_source_destroy (cancel_source); /* it holds a reference to the task */

  if (self->state == PLUM_STATE_SUCCESS)
    g_task_return_boolean (task, TRUE);
  else if (self->error != NULL && self->state == PLUM_STATE_FAILURE)
    g_task_return_error (task, g_error_copy (self->error));
  else
    g_task_return_new_error (task, PLUM_ERROR, PLUM_ERROR_DESTROYED, "The mapping is destroyed");
}

static void
plum_mapping_complete_waits (PlumMapping *self)
{
  g_autoptr (GPtrArray) waiters = g_steal_pointer (&self->waiters);

  for (unsigned int i = 0; waiters != NULL && i < waiters->len; i++)
    plum_mapping_complete_wait (self, waiters->pdata[i]);
}

void
plum_mapping_handle (PlumMapping *self, PlumMappingEvent event, const PlumMappingUpdate *update)
{
  g_autoptr (PlumMapping) alive = g_object_ref (self); /* a handler may drop the last one */
  PlumState old_state = self->state;
  PlumState state = plum_mapping_next_state (old_state, event);

  g_assert (old_state != PLUM_STATE_DESTROYING || event == PLUM_MAPPING_GONE);

  g_object_freeze_notify (G_OBJECT (self));

  /* What was leased stays to be seen until it is gone from the router. */
  if (event != PLUM_MAPPING_RELEASED)
    {
      plum_mapping_set_lease (self, update);
      /* A failure keeps its reason until it is over, or there is another one. */
      if (update->error != NULL || state != PLUM_STATE_FAILURE)
        plum_mapping_set_error (self, update->error);
    }

  if (state != old_state)
    {
      self->state = state;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
    }

  g_object_thaw_notify (G_OBJECT (self));

  if (state != old_state && self->state_func != NULL)
    self->state_func (self, old_state, self->state_data);

  /* self->state, not state: a handler may have moved on. */
  if (self->state != PLUM_STATE_PENDING)
    plum_mapping_complete_waits (self);
}

void
plum_mapping_take_id (PlumMapping *self, guint id, PlumMappingStateFunc func, gpointer user_data)
{
  if (self->id != id && id != 0)
    {
      self->id = id;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ID]);
    }

  self->state_func = func;
  self->state_data = user_data;
}

const char *
plum_mapping_get_bound_interface (PlumMapping *self)
{
  return self->bound_interface;
}

void
plum_mapping_set_holder (PlumMapping *self, gpointer holder)
{
  self->holder = holder;
}

gpointer
plum_mapping_get_holder (PlumMapping *self)
{
  return self->holder;
}

void
plum_mapping_set_position (PlumMapping *self, GSequenceIter *position)
{
  self->position = position;
}

GSequenceIter *
plum_mapping_get_position (PlumMapping *self)
{
  return self->position;
}

guint
plum_mapping_get_required_port (PlumMapping *self)
{
  if (!self->require_external_port)
    return 0;
  return self->requested_external_port != 0 ? self->requested_external_port : self->internal_port;
}

/**
 * plum_mapping_new:
 * @protocol: the transport protocol
 * @internal_port: the port that this host listens on, 1 to 65535
 *
 * Makes a mapping for IPv4 whose external port is left to the library and the router. Nothing is
 * asked for before [method@Plum.Manager.add_mapping].
 *
 * Returns: (transfer full): the mapping
 *
 * Since: 1.0
 */
PlumMapping *
plum_mapping_new (PlumProtocol protocol, guint internal_port)
{
  return g_object_new (PLUM_TYPE_MAPPING, "protocol", protocol, "internal-port", internal_port,
                       NULL);
}

static gboolean
on_wait_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (GTask) task = g_object_ref (G_TASK (user_data));
  PlumMapping *self = g_task_get_source_object (task);

  if (self->waiters != NULL)
    g_ptr_array_remove (self->waiters, task);
  if (self->waiters != NULL && self->waiters->len == 0)
    g_clear_pointer (&self->waiters, g_ptr_array_unref);
  g_task_return_error_if_cancelled (task);

  return G_SOURCE_REMOVE;
}

/**
 * plum_mapping_wait_async:
 * @self: a mapping that was added to a manager
 * @cancellable: (nullable): stops the waiting, not the mapping
 * @callback: (scope async): called once the state is no longer pending
 * @user_data: data for @callback
 *
 * Waits until the mapping is up, or has failed, or is destroyed.
 *
 * Since: 1.0
 */
void
plum_mapping_wait_async (PlumMapping *self,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (PLUM_IS_MAPPING (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, plum_mapping_wait_async);
  g_task_set_name (task, "[plum] wait for a mapping");

  if (self->state != PLUM_STATE_PENDING)
    {
      plum_mapping_complete_wait (self, task);
      return;
    }

  if (cancellable != NULL)
    {
      GSource *source = g_cancellable_source_new (cancellable);

      g_task_set_task_data (task, source, (GDestroyNotify) g_source_unref);
      g_task_attach_source (task, source, G_SOURCE_FUNC (on_wait_cancelled));
    }

  if (self->waiters == NULL)
    self->waiters = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (self->waiters, g_steal_pointer (&task));
}

/**
 * plum_mapping_wait_finish:
 * @self: a mapping
 * @result: the result
 * @error: return location for an error
 *
 * Finishes [method@Plum.Mapping.wait_async].
 *
 * Errors: %G_IO_ERROR_CANCELLED; %PLUM_ERROR_DESTROYED if the mapping is not wanted (any more);
 * else what the attempt failed with, which is [property@Plum.Mapping:error].
 *
 * Returns: %TRUE if the mapping is up
 *
 * Since: 1.0
 */
gboolean
plum_mapping_wait_finish (PlumMapping *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, plum_mapping_wait_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * plum_mapping_get_id: (get-property id)
 * @self: a mapping
 *
 * Gets the manager's number for it.
 *
 * Returns: the id, from 1; 0 before it is added
 *
 * Since: 1.0
 */
guint
plum_mapping_get_id (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), 0);

  return self->id;
}

/**
 * plum_mapping_get_protocol: (get-property protocol)
 * @self: a mapping
 *
 * Gets the transport protocol.
 *
 * Returns: the protocol
 *
 * Since: 1.0
 */
PlumProtocol
plum_mapping_get_protocol (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), PLUM_PROTOCOL_TCP);

  return self->protocol;
}

/**
 * plum_mapping_get_family: (get-property family)
 * @self: a mapping
 *
 * Gets the address family.
 *
 * Returns: %G_SOCKET_FAMILY_IPV4 or %G_SOCKET_FAMILY_IPV6
 *
 * Since: 1.0
 */
GSocketFamily
plum_mapping_get_family (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), G_SOCKET_FAMILY_INVALID);

  return self->family;
}

/**
 * plum_mapping_get_internal_port: (get-property internal-port)
 * @self: a mapping
 *
 * Gets the port that this host listens on.
 *
 * Returns: the port
 *
 * Since: 1.0
 */
guint
plum_mapping_get_internal_port (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), 0);

  return self->internal_port;
}

/**
 * plum_mapping_get_requested_external_port: (get-property requested-external-port)
 * @self: a mapping
 *
 * Gets the port that was wished outside.
 *
 * Returns: the port, or 0 for any
 *
 * Since: 1.0
 */
guint
plum_mapping_get_requested_external_port (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), 0);

  return self->requested_external_port;
}

/**
 * plum_mapping_get_require_external_port: (get-property require-external-port)
 * @self: a mapping
 *
 * Gets whether no other external port will do than the requested one, or the internal one if none
 * was requested.
 *
 * Returns: %TRUE if it fails with any other
 *
 * Since: 1.0
 */
gboolean
plum_mapping_get_require_external_port (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), FALSE);

  return self->require_external_port;
}

/**
 * plum_mapping_get_description: (get-property description)
 * @self: a mapping
 *
 * Gets what the router's table shall say of it.
 *
 * Returns: (nullable): the description as it was set
 *
 * Since: 1.0
 */
const char *
plum_mapping_get_description (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), NULL);

  return self->description;
}

/**
 * plum_mapping_get_state: (get-property state)
 * @self: a mapping
 *
 * Gets where the mapping stands.
 *
 * Returns: the state
 *
 * Since: 1.0
 */
PlumState
plum_mapping_get_state (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), PLUM_STATE_DESTROYED);

  return self->state;
}

/**
 * plum_mapping_get_external_port: (get-property external-port)
 * @self: a mapping
 *
 * Gets the port that the router forwards.
 *
 * Returns: the port, 1 to 65535; 0 while there is none
 *
 * Since: 1.0
 */
guint
plum_mapping_get_external_port (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), 0);

  return self->external_port;
}

/**
 * plum_mapping_get_external_host: (get-property external-host)
 * @self: a mapping
 *
 * Gets the router's address on its outer side, in text.
 *
 * Returns: (nullable): the address, or %NULL while there is none
 *
 * Since: 1.0
 */
const char *
plum_mapping_get_external_host (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), NULL);

  return self->external_host;
}

/**
 * plum_mapping_get_external_address: (get-property external-address)
 * @self: a mapping
 *
 * Gets the external host and port.
 *
 * Returns: (transfer none) (nullable): the socket address, or %NULL while there is none
 *
 * Since: 1.0
 */
GInetSocketAddress *
plum_mapping_get_external_address (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), NULL);

  return self->external_address;
}

/**
 * plum_mapping_get_external_scope: (get-property external-scope)
 * @self: a mapping
 *
 * Gets how far the external address reaches.
 *
 * Returns: the scope
 *
 * Since: 1.0
 */
PlumAddressScope
plum_mapping_get_external_scope (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), PLUM_ADDRESS_SCOPE_UNKNOWN);

  return self->external_scope;
}

/**
 * plum_mapping_get_error: (get-property error)
 * @self: a mapping
 *
 * Gets what the last attempt ended with.
 *
 * Returns: (transfer none) (nullable): the error, or %NULL if all is well
 *
 * Since: 1.0
 */
const GError *
plum_mapping_get_error (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), NULL);

  return self->error;
}

/**
 * plum_mapping_get_backend_name: (get-property backend-name)
 * @self: a mapping
 *
 * Gets the backend that mapped it.
 *
 * Returns: (nullable): its name, or %NULL while the mapping is not up
 *
 * Since: 1.0
 */
const char *
plum_mapping_get_backend_name (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), NULL);

  return self->backend_name;
}

/**
 * plum_mapping_get_gateway: (get-property gateway)
 * @self: a mapping
 *
 * Gets the gateway that maps it, or that it is bound to.
 *
 * Returns: (transfer none) (nullable): the gateway, or %NULL while a mapping that is bound to none
 *   is not up
 *
 * Since: 1.0
 */
PlumGateway *
plum_mapping_get_gateway (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), NULL);

  return self->gateway;
}

/**
 * plum_mapping_get_lifetime: (get-property lifetime)
 * @self: a mapping
 *
 * Gets what the router granted last.
 *
 * Returns: seconds, or %PLUM_LIFETIME_FOREVER; 0 while the mapping is not up
 *
 * Since: 1.0
 */
guint
plum_mapping_get_lifetime (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), 0);

  return self->lifetime;
}

/**
 * plum_mapping_get_expires_at: (get-property expires-at)
 * @self: a mapping
 *
 * Gets when the router would forget it if it were not renewed.
 *
 * Returns: (transfer none) (nullable): the time, or %NULL if never, or while the mapping is not up
 *
 * Since: 1.0
 */
GDateTime *
plum_mapping_get_expires_at (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), NULL);

  if (self->expires_at == NULL && self->expires != 0)
    {
      g_autoptr (GDateTime) seconds =
        g_date_time_new_from_unix_local (self->expires / G_USEC_PER_SEC);

      if (seconds != NULL)
        self->expires_at = g_date_time_add (seconds, self->expires % G_USEC_PER_SEC);
    }

  return self->expires_at;
}
