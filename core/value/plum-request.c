/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-values-private.h"

/**
 * PlumRequest:
 *
 * A request to map a port.
 *
 * A renewal is a request with the external address and port of the current lease. The object is
 * immutable.
 *
 * Since: 1.0
 */
struct _PlumRequest
{
  GObject parent_instance;

  PlumProtocol protocol;
  guint16 internal_port;
  guint16 external_port;
  guint16 first_port;
  gboolean require_external_port;
  guint lifetime;
  GInetAddress *external_address; /* (nullable) */
  char *description;
  GBytes *key;
  PlumHosts hosts;
};

G_DEFINE_FINAL_TYPE (PlumRequest, plum_request, G_TYPE_OBJECT)

static void
plum_request_finalize (GObject *object)
{
  PlumRequest *self = PLUM_REQUEST (object);

  g_clear_object (&self->external_address);
  g_clear_pointer (&self->description, g_free);
  g_clear_pointer (&self->key, g_bytes_unref);
  plum_hosts_clear (&self->hosts);

  G_OBJECT_CLASS (plum_request_parent_class)->finalize (object);
}

static void
plum_request_class_init (PlumRequestClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = plum_request_finalize;
}

static void
plum_request_init (PlumRequest *self)
{
}

PlumRequest *
plum_request_new (PlumProtocol protocol,
                  guint internal_port,
                  guint external_port,
                  gboolean require_external_port,
                  GInetAddress *external_address,
                  guint lifetime,
                  const char *description,
                  GBytes *key)
{
  PlumRequest *self = g_object_new (PLUM_TYPE_REQUEST, NULL);

  g_assert (internal_port >= 1 && internal_port <= G_MAXUINT16);
  g_assert (external_port >= 1 && external_port <= G_MAXUINT16);
  g_assert (lifetime > 0);

  self->protocol = protocol;
  self->internal_port = (guint16) internal_port;
  self->external_port = (guint16) external_port;
  self->first_port = (guint16) internal_port;
  self->require_external_port = require_external_port;
  g_set_object (&self->external_address, external_address);
  self->lifetime = lifetime;
  self->description = g_strdup (description);
  self->key = g_bytes_ref (key);
  return self;
}

void
plum_request_set_hosts (PlumRequest *self, const PlumHosts *hosts)
{
  plum_hosts_clear (&self->hosts);
  plum_hosts_init (&self->hosts, hosts);
}

void
plum_request_set_first_port (PlumRequest *self, guint first_port)
{
  self->first_port = (guint16) first_port;
}

guint
plum_request_get_first_port (PlumRequest *self)
{
  return self->first_port;
}

const PlumHosts *
plum_request_get_hosts (PlumRequest *self)
{
  return &self->hosts;
}

/**
 * plum_request_get_protocol:
 * @self: a request
 *
 * Gets the transport protocol.
 *
 * Returns: the protocol
 *
 * Since: 1.0
 */
PlumProtocol
plum_request_get_protocol (PlumRequest *self)
{
  g_return_val_if_fail (PLUM_IS_REQUEST (self), PLUM_PROTOCOL_TCP);

  return self->protocol;
}

/**
 * plum_request_get_internal_port:
 * @self: a request
 *
 * Gets the port on this host.
 *
 * Returns: the port, from 1 to 65535
 *
 * Since: 1.0
 */
guint
plum_request_get_internal_port (PlumRequest *self)
{
  g_return_val_if_fail (PLUM_IS_REQUEST (self), 0);

  return self->internal_port;
}

/**
 * plum_request_get_internal_address:
 * @self: a request
 *
 * Gets the host that the mapping leads to, if it is another host than this one.
 *
 * The host is on the link of the gateway. A backend gets such a request only if its
 * [vfunc@Plum.Backend.supports] accepts it. See [property@Plum.Mapping:internal-address].
 *
 * Returns: (transfer none) (nullable): the address, or %NULL for this host
 *
 * Since: 1.0
 */
GInetAddress *
plum_request_get_internal_address (PlumRequest *self)
{
  g_return_val_if_fail (PLUM_IS_REQUEST (self), NULL);

  return self->hosts.internal;
}

/**
 * plum_request_get_remote_addresses:
 * @self: a request
 *
 * Gets the hosts that may use the mapping.
 *
 * The list has at least one [class@Gio.InetAddressMask], each with a length of at least 1, and no
 * duplicates. A backend gets such a request only if its [vfunc@Plum.Backend.supports] accepts it.
 * It must not return a lease that is open to other hosts, or to some of these only. See
 * [property@Plum.Mapping:remote-addresses].
 *
 * Returns: (transfer none) (nullable): the addresses of hosts and networks, or %NULL for all hosts
 *
 * Since: 1.0
 */
GListModel *
plum_request_get_remote_addresses (PlumRequest *self)
{
  g_return_val_if_fail (PLUM_IS_REQUEST (self), NULL);

  return self->hosts.remote;
}

/**
 * plum_request_get_external_port:
 * @self: a request
 *
 * Gets the external port to suggest to the router.
 *
 * The router may grant another port. See [method@Plum.Request.get_require_external_port].
 *
 * Returns: the port, from 1 to 65535
 *
 * Since: 1.0
 */
guint
plum_request_get_external_port (PlumRequest *self)
{
  g_return_val_if_fail (PLUM_IS_REQUEST (self), 0);

  return self->external_port;
}

/**
 * plum_request_get_require_external_port:
 * @self: a request
 *
 * Gets whether the program requires the external port.
 *
 * If it does, a backend does not try other ports and, if the protocol supports it, sends the
 * requirement to the router (such as the PREFER_FAILURE option of PCP, RFC 6887 13.2). If the port
 * belongs to another host, the backend fails with %PLUM_ERROR_CONFLICT and names that host in the
 * message, if it is known.
 *
 * A backend may ignore the requirement: the library releases a lease with another port.
 *
 * Returns: %TRUE if the external port is required
 *
 * Since: 1.0
 */
gboolean
plum_request_get_require_external_port (PlumRequest *self)
{
  g_return_val_if_fail (PLUM_IS_REQUEST (self), FALSE);

  return self->require_external_port;
}

/**
 * plum_request_get_external_address:
 * @self: a request
 *
 * Gets the external address to suggest to the router, which is the address of the previous lease.
 *
 * Returns: (transfer none) (nullable): the address, or %NULL for no preference
 *
 * Since: 1.0
 */
GInetAddress *
plum_request_get_external_address (PlumRequest *self)
{
  g_return_val_if_fail (PLUM_IS_REQUEST (self), NULL);

  return self->external_address;
}

/**
 * plum_request_get_lifetime:
 * @self: a request
 *
 * Gets the lifetime to request from the router.
 *
 * Returns: the lifetime in seconds, at least 1
 *
 * Since: 1.0
 */
guint
plum_request_get_lifetime (PlumRequest *self)
{
  g_return_val_if_fail (PLUM_IS_REQUEST (self), 0);

  return self->lifetime;
}

/**
 * plum_request_get_description:
 * @self: a request
 *
 * Gets the description for the router's mapping table.
 *
 * The description consists of 1 to 32 printable ASCII characters, without the special characters of
 * XML.
 *
 * Returns: the description
 *
 * Since: 1.0
 */
const char *
plum_request_get_description (PlumRequest *self)
{
  g_return_val_if_fail (PLUM_IS_REQUEST (self), NULL);

  return self->description;
}

/**
 * plum_request_get_key:
 * @self: a request
 *
 * Gets the secret key of the mapping.
 *
 * The key consists of 32 random bytes. It is the same for all requests of a mapping, and differs
 * between mappings. Backends derive the nonce of the protocol from it, so that the nonce survives
 * renewals and restarts.
 *
 * Returns: (transfer none): the key
 *
 * Since: 1.0
 */
GBytes *
plum_request_get_key (PlumRequest *self)
{
  g_return_val_if_fail (PLUM_IS_REQUEST (self), NULL);

  return self->key;
}
