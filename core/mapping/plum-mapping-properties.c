/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-mapping-internal-private.h"

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
G_DEFINE_FINAL_TYPE (PlumMapping, plum_mapping, G_TYPE_OBJECT)

static GParamSpec *properties[N_PROPS];

void
plum_mapping_notify (PlumMapping *self, PlumMappingProperty property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

GDateTime *
plum_mapping_ensure_expires_at (PlumMapping *self)
{
  if (self->expires_at == NULL && self->expires != 0)
    {
      g_autoptr (GDateTime) seconds =
        g_date_time_new_from_unix_local (self->expires / G_USEC_PER_SEC);

      if (seconds != NULL)
        self->expires_at = g_date_time_add (seconds, self->expires % G_USEC_PER_SEC);
    }

  return self->expires_at;
}

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
      g_value_set_boxed (value, plum_mapping_ensure_expires_at (self));
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
