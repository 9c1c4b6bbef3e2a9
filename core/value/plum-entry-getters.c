/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-entry-private.h"

/**
 * plum_entry_get_protocol: (get-property protocol)
 * @self: an entry
 *
 * Gets the transport protocol.
 *
 * Returns: the protocol
 *
 * Since: 1.0
 */
PlumProtocol
plum_entry_get_protocol (PlumEntry *self)
{
  g_return_val_if_fail (PLUM_IS_ENTRY (self), PLUM_PROTOCOL_TCP);

  return self->protocol;
}

/**
 * plum_entry_get_external_port: (get-property external-port)
 * @self: an entry
 *
 * Gets the external port.
 *
 * Returns: the port, from 1 to 65535, or 0 if the router forwards all ports, or if the entry is not
 *   readable
 *
 * Since: 1.0
 */
guint
plum_entry_get_external_port (PlumEntry *self)
{
  g_return_val_if_fail (PLUM_IS_ENTRY (self), 0);

  return self->external_port;
}

/**
 * plum_entry_get_internal_port: (get-property internal-port)
 * @self: an entry
 *
 * Gets the port on the internal host.
 *
 * Returns: the port, from 1 to 65535, or 0 if the router did not report a valid one
 *
 * Since: 1.0
 */
guint
plum_entry_get_internal_port (PlumEntry *self)
{
  g_return_val_if_fail (PLUM_IS_ENTRY (self), 0);

  return self->internal_port;
}

/**
 * plum_entry_get_internal_address: (get-property internal-address)
 * @self: an entry
 *
 * Gets the address of the internal host.
 *
 * Returns: (transfer none) (nullable): the address, or %NULL if the router did not report a valid
 *   one
 *
 * Since: 1.0
 */
GInetAddress *
plum_entry_get_internal_address (PlumEntry *self)
{
  g_return_val_if_fail (PLUM_IS_ENTRY (self), NULL);

  return self->internal_address;
}

/**
 * plum_entry_get_description: (get-property description)
 * @self: an entry
 *
 * Gets the description of the entry. See [property@Plum.Entry:description].
 *
 * Returns: (nullable): the description, or %NULL if there is none
 *
 * Since: 1.0
 */
const char *
plum_entry_get_description (PlumEntry *self)
{
  g_return_val_if_fail (PLUM_IS_ENTRY (self), NULL);

  return self->description;
}

/**
 * plum_entry_get_lifetime: (get-property lifetime)
 * @self: an entry
 *
 * Gets the remaining lifetime.
 *
 * Returns: the lifetime in seconds, or %PLUM_LIFETIME_FOREVER if the entry does not expire, or 0 if
 *   the router did not report a valid one
 *
 * Since: 1.0
 */
guint
plum_entry_get_lifetime (PlumEntry *self)
{
  g_return_val_if_fail (PLUM_IS_ENTRY (self), 0);

  return self->lifetime;
}

/**
 * plum_entry_get_enabled: (get-property enabled)
 * @self: an entry
 *
 * Gets whether the entry is enabled.
 *
 * Returns: %TRUE if the entry is enabled
 *
 * Since: 1.0
 */
gboolean
plum_entry_get_enabled (PlumEntry *self)
{
  g_return_val_if_fail (PLUM_IS_ENTRY (self), FALSE);

  return self->enabled;
}

/**
 * plum_entry_get_remote_host: (get-property remote-host)
 * @self: an entry
 *
 * Gets the host from which the router accepts connections, as it reported it. The text is
 * printable.
 *
 * Returns: (nullable): the text, or %NULL for all hosts
 *
 * Since: 1.0
 */
const char *
plum_entry_get_remote_host (PlumEntry *self)
{
  g_return_val_if_fail (PLUM_IS_ENTRY (self), NULL);

  return self->remote_host;
}

/**
 * plum_entry_get_remote_address: (get-property remote-address)
 * @self: an entry
 *
 * Gets the host or the network from which the router accepts connections.
 *
 * Returns: (transfer none) (nullable): the address, or %NULL if
 *   [property@Plum.Entry:remote-host] is %NULL or not an address
 *
 * Since: 1.0
 */
GInetAddressMask *
plum_entry_get_remote_address (PlumEntry *self)
{
  g_return_val_if_fail (PLUM_IS_ENTRY (self), NULL);

  return self->remote_address;
}

/**
 * plum_entry_get_gateway_address: (get-property gateway-address)
 * @self: an entry
 *
 * Gets the address of the router that has the entry.
 *
 * Returns: (transfer none) (nullable): the address, or %NULL if the entry is not of a list of
 *   records, or the router has no address
 *
 * Since: 1.0
 */
GInetAddress *
plum_entry_get_gateway_address (PlumEntry *self)
{
  g_return_val_if_fail (PLUM_IS_ENTRY (self), NULL);

  return self->gateway_address;
}

/**
 * plum_entry_get_protocol_text: (get-property protocol-text)
 * @self: an entry
 *
 * Gets the protocol as the router reported it. The text is printable.
 *
 * Returns: (nullable): the text, or %NULL if the protocol is TCP or UDP
 *
 * Since: 1.0
 */
const char *
plum_entry_get_protocol_text (PlumEntry *self)
{
  g_return_val_if_fail (PLUM_IS_ENTRY (self), NULL);

  return self->protocol_text;
}

/**
 * plum_entry_get_internal_port_text: (get-property internal-port-text)
 * @self: an entry
 *
 * Gets the internal port as the router reported it. The text is printable.
 *
 * Returns: (nullable): the text, or %NULL if the port is valid
 *
 * Since: 1.0
 */
const char *
plum_entry_get_internal_port_text (PlumEntry *self)
{
  g_return_val_if_fail (PLUM_IS_ENTRY (self), NULL);

  return self->internal_port_text;
}

/**
 * plum_entry_get_internal_address_text: (get-property internal-address-text)
 * @self: an entry
 *
 * Gets the internal host as the router reported it. The text is printable.
 *
 * Returns: (nullable): the text, or %NULL if it is an address
 *
 * Since: 1.0
 */
const char *
plum_entry_get_internal_address_text (PlumEntry *self)
{
  g_return_val_if_fail (PLUM_IS_ENTRY (self), NULL);

  return self->internal_address_text;
}

/**
 * plum_entry_get_problem: (get-property problem)
 * @self: an entry
 *
 * Gets why the entry is not readable. The text is printable.
 *
 * Returns: (nullable): the reason, or %NULL if the entry is readable
 *
 * Since: 1.0
 */
const char *
plum_entry_get_problem (PlumEntry *self)
{
  g_return_val_if_fail (PLUM_IS_ENTRY (self), NULL);

  return self->problem;
}

/**
 * plum_entry_is_readable:
 * @self: an entry
 *
 * Gets whether the entry maps one port of one protocol to one port of one address.
 *
 * If not, [method@Plum.Entry.get_problem] has the reason. An entry that is not readable may also
 * stand for a row of the table, or for the rest of the table, that the router did not report.
 *
 * Returns: %TRUE if the entry is readable
 *
 * Since: 1.0
 */
gboolean
plum_entry_is_readable (PlumEntry *self)
{
  g_return_val_if_fail (PLUM_IS_ENTRY (self), FALSE);

  return self->problem == NULL;
}
