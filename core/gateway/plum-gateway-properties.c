/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-gateway-object-private.h"
#include "plum-main-context-private.h"

static const GParamFlags flags =
  G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

static GParamSpec *properties[PLUM_GATEWAY_N_PROPS];

void
plum_gateway_notify (PlumGateway *self, PlumGatewayProperty property)
{
  plum_signal_queue_freeze (self->signals, self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static void
plum_gateway_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  PlumGateway *self = PLUM_GATEWAY (object);

  switch ((PlumGatewayProperty) property_id)
    {
    case PLUM_GATEWAY_PROP_INTERFACE:
      g_value_set_string (value, plum_gateway_get_interface (self));
      break;
    case PLUM_GATEWAY_PROP_ADDRESS:
      g_value_set_object (value, plum_gateway_get_address (self));
      break;
    case PLUM_GATEWAY_PROP_LOCAL_ADDRESS:
      g_value_set_object (value, plum_gateway_get_local_address (self));
      break;
    case PLUM_GATEWAY_PROP_FAMILY:
      g_value_set_enum (value, plum_gateway_get_family (self));
      break;
    case PLUM_GATEWAY_PROP_BACKEND_NAME:
      g_value_set_string (value, plum_gateway_get_backend_name (self));
      break;
    case PLUM_GATEWAY_PROP_EXTERNAL_ADDRESS:
      g_value_set_object (value, self->external_address);
      break;
    case PLUM_GATEWAY_PROP_EXTERNAL_SCOPE:
      g_value_set_enum (value, self->external_scope);
      break;
    case PLUM_GATEWAY_PROP_PROBES:
      g_value_set_object (value, plum_gateway_get_probes (self));
      break;
    case PLUM_GATEWAY_PROP_UPSTREAM:
      g_value_set_object (value, self->upstream);
      break;
    case PLUM_GATEWAY_PROP_MANUFACTURER:
      g_value_set_string (value, plum_gateway_get_manufacturer (self));
      break;
    case PLUM_GATEWAY_PROP_MODEL:
      g_value_set_string (value, plum_gateway_get_model (self));
      break;
    case PLUM_GATEWAY_PROP_MODEL_VERSION:
      g_value_set_string (value, plum_gateway_get_model_version (self));
      break;
    case PLUM_GATEWAY_PROP_PRESENTATION_URL:
      g_value_set_string (value, plum_gateway_get_presentation_url (self));
      break;
    case PLUM_GATEWAY_PROP_CONNECTION_STATUS:
      g_value_set_enum (value, plum_gateway_get_connection_status (self));
      break;
    case PLUM_GATEWAY_PROP_UPTIME:
      g_value_set_uint (value, plum_gateway_get_uptime (self));
      break;
    case PLUM_GATEWAY_N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
plum_gateway_create_network_properties (void)
{
  /**
   * PlumGateway:interface: (getter get_interface)
   *
   * The name of the network interface that leads to the gateway.
   *
   * Since: 1.0
   */
  properties[PLUM_GATEWAY_PROP_INTERFACE] =
    g_param_spec_string ("interface", NULL, NULL, NULL, flags);

  /**
   * PlumGateway:address: (getter get_address)
   *
   * The address of the gateway on the local network, or %NULL on a point-to-point link.
   *
   * Since: 1.0
   */
  properties[PLUM_GATEWAY_PROP_ADDRESS] =
    g_param_spec_object ("address", NULL, NULL, G_TYPE_INET_ADDRESS, flags);

  /**
   * PlumGateway:local-address: (getter get_local_address)
   *
   * The address of this host on the network of the gateway.
   *
   * Since: 1.0
   */
  properties[PLUM_GATEWAY_PROP_LOCAL_ADDRESS] =
    g_param_spec_object ("local-address", NULL, NULL, G_TYPE_INET_ADDRESS, flags);

  /**
   * PlumGateway:family: (getter get_family)
   *
   * The address family.
   *
   * Since: 1.0
   */
  properties[PLUM_GATEWAY_PROP_FAMILY] =
    g_param_spec_enum ("family", NULL, NULL, G_TYPE_SOCKET_FAMILY, G_SOCKET_FAMILY_INVALID, flags);
}

static void
plum_gateway_create_result_properties (void)
{
  /**
   * PlumGateway:backend-name: (getter get_backend_name)
   *
   * The name of the best backend that can map ports on the gateway, or %NULL if none is known.
   *
   * Since: 1.0
   */
  properties[PLUM_GATEWAY_PROP_BACKEND_NAME] =
    g_param_spec_string ("backend-name", NULL, NULL, NULL, flags);

  /**
   * PlumGateway:external-address: (getter get_external_address)
   *
   * The external address that the gateway reports, or %NULL if unknown.
   *
   * Since: 1.0
   */
  properties[PLUM_GATEWAY_PROP_EXTERNAL_ADDRESS] =
    g_param_spec_object ("external-address", NULL, NULL, G_TYPE_INET_ADDRESS, flags);

  /**
   * PlumGateway:external-scope: (getter get_external_scope)
   *
   * The scope of the external address.
   *
   * Since: 1.0
   */
  properties[PLUM_GATEWAY_PROP_EXTERNAL_SCOPE] =
    g_param_spec_enum ("external-scope", NULL, NULL, PLUM_TYPE_ADDRESS_SCOPE,
                       PLUM_ADDRESS_SCOPE_UNKNOWN, flags);

  /**
   * PlumGateway:probes: (getter get_probes)
   *
   * The discovery result of each backend: a list of [class@Plum.Probe], the best backend first.
   *
   * Since: 1.0
   */
  properties[PLUM_GATEWAY_PROP_PROBES] =
    g_param_spec_object ("probes", NULL, NULL, G_TYPE_LIST_MODEL, flags);

  /**
   * PlumGateway:upstream: (getter get_upstream)
   *
   * The router beyond this one that the library asks, or %NULL.
   *
   * It is sought when a mapping needs it, that is, when this router has mapped the port, its
   * external address is not public, and [property@Plum.Manager:max-hops] allows another router; or
   * when the program calls [method@Plum.Gateway.query_upstream_async]. The address of the next
   * router is not verified until a backend has found it: then the
   * [property@Plum.Gateway:backend-name] of the next router is not %NULL.
   *
   * Since: 1.0
   */
  properties[PLUM_GATEWAY_PROP_UPSTREAM] =
    g_param_spec_object ("upstream", NULL, NULL, PLUM_TYPE_GATEWAY, flags);
}

static void
plum_gateway_create_model_properties (void)
{
  /**
   * PlumGateway:manufacturer: (getter get_manufacturer)
   *
   * The manufacturer of the router, such as “AVM”, or %NULL if unknown.
   *
   * Only some protocols report it, such as UPnP IGD. This text and those of the model come from the
   * router and are not trusted: display them as plain text, not as markup. They are printable, and
   * at most 64 characters long (see [func@Plum.text_make_printable]).
   *
   * Since: 1.0
   */
  properties[PLUM_GATEWAY_PROP_MANUFACTURER] =
    g_param_spec_string ("manufacturer", NULL, NULL, NULL, flags);

  /**
   * PlumGateway:model: (getter get_model)
   *
   * The name of the router's model, such as “FRITZ!Box 7590”, or %NULL if unknown.
   *
   * Since: 1.0
   */
  properties[PLUM_GATEWAY_PROP_MODEL] = g_param_spec_string ("model", NULL, NULL, NULL, flags);

  /**
   * PlumGateway:model-version: (getter get_model_version)
   *
   * The version of the router's model or firmware, or %NULL if unknown. Manufacturers use it in
   * different ways.
   *
   * Since: 1.0
   */
  properties[PLUM_GATEWAY_PROP_MODEL_VERSION] =
    g_param_spec_string ("model-version", NULL, NULL, NULL, flags);

  /**
   * PlumGateway:presentation-url: (getter get_presentation_url)
   *
   * The URL of the router's settings, for a web browser, or %NULL if unknown.
   *
   * It is an http or https URL whose host is [property@Plum.Gateway:address]: a router cannot send
   * the user elsewhere. The library does not open it.
   *
   * Since: 1.0
   */
  properties[PLUM_GATEWAY_PROP_PRESENTATION_URL] =
    g_param_spec_string ("presentation-url", NULL, NULL, NULL, flags);
}

static void
plum_gateway_create_connection_properties (void)
{
  /**
   * PlumGateway:connection-status: (getter get_connection_status)
   *
   * The state of the router's internet connection at the last discovery, as the router reports it.
   *
   * Since: 1.0
   */
  properties[PLUM_GATEWAY_PROP_CONNECTION_STATUS] =
    g_param_spec_enum ("connection-status", NULL, NULL, PLUM_TYPE_CONNECTION_STATUS,
                       PLUM_CONNECTION_STATUS_UNKNOWN, flags);

  /**
   * PlumGateway:uptime: (getter get_uptime)
   *
   * How long the router's internet connection had lasted at the last discovery, in seconds, or 0 if
   * unknown.
   *
   * Since: 1.0
   */
  properties[PLUM_GATEWAY_PROP_UPTIME] =
    g_param_spec_uint ("uptime", NULL, NULL, 0, G_MAXUINT, 0, flags);
}

void
plum_gateway_install_properties (GObjectClass *object_class)
{
  object_class->get_property = plum_gateway_get_property;

  plum_gateway_create_network_properties ();
  plum_gateway_create_result_properties ();
  plum_gateway_create_model_properties ();
  plum_gateway_create_connection_properties ();
  g_object_class_install_properties (object_class, PLUM_GATEWAY_N_PROPS, properties);
}

/**
 * plum_gateway_get_interface: (get-property interface)
 * @self: a gateway
 *
 * Gets the name of the network interface that leads to the gateway.
 *
 * Returns: the name
 *
 * Since: 1.0
 */
const char *
plum_gateway_get_interface (PlumGateway *self)
{
  g_return_val_if_fail (PLUM_IS_GATEWAY (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);

  return plum_network_get_interface (self->network);
}

/**
 * plum_gateway_get_address: (get-property address)
 * @self: a gateway
 *
 * Gets the address of the gateway on the local network.
 *
 * Returns: (transfer none) (nullable): the address, or %NULL on a point-to-point link
 *
 * Since: 1.0
 */
GInetAddress *
plum_gateway_get_address (PlumGateway *self)
{
  g_return_val_if_fail (PLUM_IS_GATEWAY (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);

  return plum_network_get_gateway (self->network);
}

/**
 * plum_gateway_get_local_address: (get-property local-address)
 * @self: a gateway
 *
 * Gets the address of this host on the network of the gateway.
 *
 * Returns: (transfer none): the address
 *
 * Since: 1.0
 */
GInetAddress *
plum_gateway_get_local_address (PlumGateway *self)
{
  g_return_val_if_fail (PLUM_IS_GATEWAY (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);

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
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, G_SOCKET_FAMILY_INVALID);

  return plum_network_get_family (self->network);
}

/**
 * plum_gateway_get_backend_name: (get-property backend-name)
 * @self: a gateway
 *
 * Gets the name of the best backend that can map ports on the gateway.
 *
 * Returns: (nullable): the name, or %NULL if none is known
 *
 * Since: 1.0
 */
const char *
plum_gateway_get_backend_name (PlumGateway *self)
{
  g_return_val_if_fail (PLUM_IS_GATEWAY (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);

  return plum_race_get_backend_name (self->race);
}

/**
 * plum_gateway_get_external_address: (get-property external-address)
 * @self: a gateway
 *
 * Gets the external address that the gateway reports.
 *
 * Returns: (transfer none) (nullable): the address, or %NULL if unknown
 *
 * Since: 1.0
 */
GInetAddress *
plum_gateway_get_external_address (PlumGateway *self)
{
  g_return_val_if_fail (PLUM_IS_GATEWAY (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);

  return self->external_address;
}

/**
 * plum_gateway_get_external_scope: (get-property external-scope)
 * @self: a gateway
 *
 * Gets the scope of the external address.
 *
 * Returns: the scope
 *
 * Since: 1.0
 */
PlumAddressScope
plum_gateway_get_external_scope (PlumGateway *self)
{
  g_return_val_if_fail (PLUM_IS_GATEWAY (self), PLUM_ADDRESS_SCOPE_UNKNOWN);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, PLUM_ADDRESS_SCOPE_UNKNOWN);

  return self->external_scope;
}

/**
 * plum_gateway_get_probes: (get-property probes)
 * @self: a gateway
 *
 * Gets the discovery result of each backend.
 *
 * Returns: (transfer none): a list of [class@Plum.Probe], the best backend first
 *
 * Since: 1.0
 */
GListModel *
plum_gateway_get_probes (PlumGateway *self)
{
  g_return_val_if_fail (PLUM_IS_GATEWAY (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);

  return plum_race_get_probes (self->race);
}

/**
 * plum_gateway_get_upstream: (get-property upstream)
 * @self: a gateway
 *
 * Gets the router beyond this one that the library asks.
 *
 * Returns: (transfer none) (nullable): the next router, or %NULL
 *
 * Since: 1.0
 */
PlumGateway *
plum_gateway_get_upstream (PlumGateway *self)
{
  g_return_val_if_fail (PLUM_IS_GATEWAY (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);

  return self->upstream;
}

/**
 * plum_gateway_get_manufacturer: (get-property manufacturer)
 * @self: a gateway
 *
 * Gets the manufacturer of the router.
 *
 * Returns: (nullable): the manufacturer, or %NULL if unknown
 *
 * Since: 1.0
 */
const char *
plum_gateway_get_manufacturer (PlumGateway *self)
{
  g_return_val_if_fail (PLUM_IS_GATEWAY (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);

  return self->router.manufacturer;
}

/**
 * plum_gateway_get_model: (get-property model)
 * @self: a gateway
 *
 * Gets the name of the router's model.
 *
 * Returns: (nullable): the name, or %NULL if unknown
 *
 * Since: 1.0
 */
const char *
plum_gateway_get_model (PlumGateway *self)
{
  g_return_val_if_fail (PLUM_IS_GATEWAY (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);

  return self->router.model;
}

/**
 * plum_gateway_get_model_version: (get-property model-version)
 * @self: a gateway
 *
 * Gets the version of the router's model or firmware.
 *
 * Returns: (nullable): the version, or %NULL if unknown
 *
 * Since: 1.0
 */
const char *
plum_gateway_get_model_version (PlumGateway *self)
{
  g_return_val_if_fail (PLUM_IS_GATEWAY (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);

  return self->router.model_version;
}

/**
 * plum_gateway_get_presentation_url: (get-property presentation-url)
 * @self: a gateway
 *
 * Gets the URL of the router's settings.
 *
 * Returns: (nullable): the URL, or %NULL if unknown
 *
 * Since: 1.0
 */
const char *
plum_gateway_get_presentation_url (PlumGateway *self)
{
  g_return_val_if_fail (PLUM_IS_GATEWAY (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);

  return self->router.presentation_url;
}

/**
 * plum_gateway_get_connection_status: (get-property connection-status)
 * @self: a gateway
 *
 * Gets the state of the router's internet connection at the last discovery.
 *
 * Returns: the state
 *
 * Since: 1.0
 */
PlumConnectionStatus
plum_gateway_get_connection_status (PlumGateway *self)
{
  g_return_val_if_fail (PLUM_IS_GATEWAY (self), PLUM_CONNECTION_STATUS_UNKNOWN);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, PLUM_CONNECTION_STATUS_UNKNOWN);

  return self->router.connection_status;
}

/**
 * plum_gateway_get_uptime: (get-property uptime)
 * @self: a gateway
 *
 * Gets how long the router's internet connection had lasted at the last discovery.
 *
 * Returns: the time in seconds, or 0 if unknown
 *
 * Since: 1.0
 */
guint
plum_gateway_get_uptime (PlumGateway *self)
{
  g_return_val_if_fail (PLUM_IS_GATEWAY (self), 0);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, 0);

  return self->router.uptime;
}
