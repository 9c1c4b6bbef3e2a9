/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-mapping-internal-private.h"

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

  return plum_mapping_ensure_expires_at (self);
}
