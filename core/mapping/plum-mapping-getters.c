/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-mapping-internal-private.h"
#include "plum-main-context-private.h"

/**
 * plum_mapping_get_internal_address: (get-property internal-address)
 * @self: a mapping
 *
 * Gets the address of the other host that the mapping leads to.
 *
 * Returns: (transfer none) (nullable): the address, or %NULL if the mapping leads to this host
 *
 * Since: 1.0
 */
GInetAddress *
plum_mapping_get_internal_address (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), NULL);

  return self->spec.hosts.internal;
}

/**
 * plum_mapping_get_remote_address: (get-property remote-address)
 * @self: a mapping
 *
 * Gets the host or the network from which connections are accepted.
 *
 * Returns: (transfer none) (nullable): the address of a host or a network, the first one of
 *   [property@Plum.Mapping:remote-addresses] if there are several, or %NULL for all hosts
 *
 * Since: 1.0
 */
GInetAddressMask *
plum_mapping_get_remote_address (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), NULL);

  return plum_hosts_peek_remote (&self->spec.hosts);
}

/**
 * plum_mapping_get_remote_addresses: (get-property remote-addresses)
 * @self: a mapping
 *
 * Gets all hosts and networks from which connections are accepted.
 *
 * Returns: (transfer none) (nullable): a list of [class@Gio.InetAddressMask], or %NULL for all
 * hosts
 *
 * Since: 1.0
 */
GListModel *
plum_mapping_get_remote_addresses (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), NULL);

  return self->spec.hosts.remote;
}

/**
 * plum_mapping_get_id: (get-property id)
 * @self: a mapping
 *
 * Gets the number of the mapping in its manager.
 *
 * Returns: the number, from 1; 0 until the mapping is added
 *
 * Since: 1.0
 */
guint
plum_mapping_get_id (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), 0);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), 0);

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
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), PLUM_PROTOCOL_TCP);

  return self->spec.protocol;
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
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), G_SOCKET_FAMILY_INVALID);

  return self->spec.family;
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
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), 0);

  return self->spec.internal_port;
}

/**
 * plum_mapping_get_requested_external_port: (get-property requested-external-port)
 * @self: a mapping
 *
 * Gets the preferred external port.
 *
 * Returns: the port; 0 for no preference
 *
 * Since: 1.0
 */
guint
plum_mapping_get_requested_external_port (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), 0);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), 0);

  return self->spec.requested_external_port;
}

/**
 * plum_mapping_get_require_external_port: (get-property require-external-port)
 * @self: a mapping
 *
 * Gets whether the mapping accepts no external port other than the requested one, or the internal
 * one if no port is requested.
 *
 * Returns: %TRUE if the external port is required
 *
 * Since: 1.0
 */
gboolean
plum_mapping_get_require_external_port (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), FALSE);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), FALSE);

  return self->spec.require_external_port;
}

/**
 * plum_mapping_get_description: (get-property description)
 * @self: a mapping
 *
 * Gets the description for the router's mapping table.
 *
 * Returns: (nullable): the description, as it was set
 *
 * Since: 1.0
 */
const char *
plum_mapping_get_description (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), NULL);

  return self->spec.description;
}

/**
 * plum_mapping_get_local_address: (get-property local-address)
 * @self: a mapping
 *
 * Gets the requested address of this host.
 *
 * Returns: (transfer none) (nullable): the address, or %NULL for the preferred one
 *
 * Since: 1.0
 */
GInetAddress *
plum_mapping_get_local_address (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), NULL);

  return self->spec.local_address;
}

/**
 * plum_mapping_get_state: (get-property state)
 * @self: a mapping
 *
 * Gets the state of the mapping.
 *
 * Returns: the state
 *
 * Since: 1.0
 */
PlumState
plum_mapping_get_state (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), PLUM_STATE_DESTROYED);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), PLUM_STATE_DESTROYED);

  return self->state;
}

/**
 * plum_mapping_get_external_port: (get-property external-port)
 * @self: a mapping
 *
 * Gets the external port that the router forwards.
 *
 * Returns: the port, from 1 to 65535; 0 while the mapping is not up
 *
 * Since: 1.0
 */
guint
plum_mapping_get_external_port (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), 0);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), 0);

  return self->external_port;
}

/**
 * plum_mapping_get_external_host: (get-property external-host)
 * @self: a mapping
 *
 * Gets the external address of the router, in text form.
 *
 * Returns: (nullable): the address; %NULL while the mapping is not up, or if the address is unknown
 *
 * Since: 1.0
 */
const char *
plum_mapping_get_external_host (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), NULL);

  return plum_mapping_ensure_external_host (self);
}

/**
 * plum_mapping_get_external_address: (get-property external-address)
 * @self: a mapping
 *
 * Gets the external host and port.
 *
 * Returns: (transfer none) (nullable): the socket address; %NULL while the mapping is not up, or if
 *   the address is unknown
 *
 * Since: 1.0
 */
GInetSocketAddress *
plum_mapping_get_external_address (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), NULL);

  return G_INET_SOCKET_ADDRESS (plum_mapping_ensure_endpoint (self));
}

/**
 * plum_mapping_get_external_scope: (get-property external-scope)
 * @self: a mapping
 *
 * Gets the scope of the external address.
 *
 * Returns: the scope; %PLUM_ADDRESS_SCOPE_UNKNOWN if the address is unknown
 *
 * Since: 1.0
 */
PlumAddressScope
plum_mapping_get_external_scope (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), PLUM_ADDRESS_SCOPE_UNKNOWN);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), PLUM_ADDRESS_SCOPE_UNKNOWN);

  return self->external_scope;
}

/**
 * plum_mapping_get_error: (get-property error)
 * @self: a mapping
 *
 * Gets the error of the last attempt.
 *
 * Returns: (transfer none) (nullable): the error; %NULL if there is none
 *
 * Since: 1.0
 */
GError *
plum_mapping_get_error (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), NULL);

  return self->error;
}

/**
 * plum_mapping_get_error_summary: (get-property error-summary)
 * @self: a mapping
 *
 * Gets the error of the last attempt as one sentence for the user.
 *
 * Returns: (transfer none) (nullable): the sentence, or %NULL if no attempt failed
 *
 * Since: 1.0
 */
const char *
plum_mapping_get_error_summary (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), NULL);

  return self->error_summary;
}

/**
 * plum_mapping_get_verdicts: (get-property verdicts)
 * @self: a mapping
 *
 * Gets the errors of the backends in the last attempt. See [property@Plum.Mapping:verdicts].
 *
 * Returns: (transfer none) (nullable): a list of [class@Plum.Verdict], or %NULL
 *
 * Since: 1.0
 */
GListModel *
plum_mapping_get_verdicts (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), NULL);

  return self->verdicts;
}

/**
 * plum_mapping_get_backend_name: (get-property backend-name)
 * @self: a mapping
 *
 * Gets the name of the backend that mapped the port.
 *
 * Returns: (nullable): the name; %NULL while the mapping is not up
 *
 * Since: 1.0
 */
const char *
plum_mapping_get_backend_name (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), NULL);

  return self->backend_name;
}

/**
 * plum_mapping_get_requested_gateway: (get-property requested-gateway)
 * @self: a mapping
 *
 * Gets the gateway whose network interface the mapping is bound to.
 *
 * Returns: (transfer none) (nullable): the gateway, or %NULL if the mapping follows the default
 *   route
 *
 * Since: 1.0
 */
PlumGateway *
plum_mapping_get_requested_gateway (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), NULL);

  return self->spec.requested_gateway;
}

/**
 * plum_mapping_get_gateway: (get-property gateway)
 * @self: a mapping
 *
 * Gets the gateway that maps the port.
 *
 * Returns: (transfer none) (nullable): the gateway; %NULL while the mapping is not up
 *
 * Since: 1.0
 */
PlumGateway *
plum_mapping_get_gateway (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), NULL);

  return self->gateway;
}

/**
 * plum_mapping_get_lifetime: (get-property lifetime)
 * @self: a mapping
 *
 * Gets the lifetime that the router granted last.
 *
 * Returns: the lifetime in seconds, or %PLUM_LIFETIME_FOREVER; 0 while the mapping is not up
 *
 * Since: 1.0
 */
guint
plum_mapping_get_lifetime (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), 0);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), 0);

  return self->lifetime;
}

/**
 * plum_mapping_get_expires_at: (get-property expires-at)
 * @self: a mapping
 *
 * Gets the time when the mapping expires unless it is renewed.
 *
 * Returns: (transfer none) (nullable): the time; %NULL if the mapping never expires, or while it is
 *   not up
 *
 * Since: 1.0
 */
GDateTime *
plum_mapping_get_expires_at (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), NULL);

  return plum_mapping_ensure_expires_at (self);
}

/**
 * plum_mapping_get_generation: (get-property generation)
 * @self: a mapping
 *
 * Gets how often a router has created this mapping anew. A renewal does not change it.
 *
 * Returns: a number that grows; 0 before the port is mapped for the first time
 *
 * Since: 1.0
 */
guint
plum_mapping_get_generation (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), 0);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), 0);

  return self->generation;
}

/**
 * plum_mapping_get_hops: (get-property hops)
 * @self: a mapping
 *
 * Gets the routers that forward the port, the one next to this host first.
 *
 * Returns: (transfer none): a list of [class@Plum.Hop], which does not change
 *
 * Since: 1.0
 */
GListModel *
plum_mapping_get_hops (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), NULL);

  return plum_mapping_ensure_hop_list (self);
}

/**
 * plum_mapping_get_upstream_error: (get-property upstream-error)
 * @self: a mapping
 *
 * Gets why the router beyond the last one does not forward the port.
 *
 * Returns: (transfer none) (nullable): the error, or %NULL
 *
 * Since: 1.0
 */
GError *
plum_mapping_get_upstream_error (PlumMapping *self)
{
  g_return_val_if_fail (PLUM_IS_MAPPING (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (plum_mapping_get_context (self), NULL);

  return self->upstream_error;
}

gboolean
plum_mapping_is_left_before (PlumMapping *self)
{
  return self->left_before;
}

/* --- For functions of core --- */

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
