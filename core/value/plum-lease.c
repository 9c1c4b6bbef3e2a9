/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-values-private.h"

/**
 * PlumLease:
 *
 * A lease: the external address and port that a router granted for a limited time.
 *
 * A backend creates a lease when [vfunc@Plum.Backend.map] succeeds. The object is immutable.
 *
 * Since: 1.0
 */
struct _PlumLease
{
  GObject parent_instance;

  GInetAddress *external_address; /* (nullable) */
  guint external_port;
  guint lifetime;
  GVariant *token; /* (nullable) */
};

G_DEFINE_FINAL_TYPE (PlumLease, plum_lease, G_TYPE_OBJECT)

static void
plum_lease_finalize (GObject *object)
{
  PlumLease *self = PLUM_LEASE (object);

  g_clear_object (&self->external_address);
  g_clear_pointer (&self->token, g_variant_unref);

  G_OBJECT_CLASS (plum_lease_parent_class)->finalize (object);
}

static void
plum_lease_class_init (PlumLeaseClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = plum_lease_finalize;
}

static void
plum_lease_init (PlumLease *self)
{
}

/**
 * plum_lease_new:
 * @external_address: (nullable): the external address, or %NULL if the router did not report it
 * @external_port: the external port, from 1 to 65535
 * @lifetime: the lifetime in seconds from now, at least 1, or %PLUM_LIFETIME_FOREVER if the lease
 *   does not expire
 * @token: (nullable): data that the backend needs to remove or verify the mapping later, possibly
 *   in another process; a floating reference is sunk
 *
 * Creates a lease. Only backends need this function.
 *
 * Returns: (transfer full): a new lease
 *
 * Since: 1.0
 */
PlumLease *
plum_lease_new (GInetAddress *external_address,
                guint external_port,
                guint lifetime,
                GVariant *token)
{
  PlumLease *self;

  g_return_val_if_fail (external_address == NULL || G_IS_INET_ADDRESS (external_address), NULL);
  g_return_val_if_fail (external_port >= 1 && external_port <= G_MAXUINT16, NULL);
  g_return_val_if_fail (lifetime > 0, NULL);

  self = g_object_new (PLUM_TYPE_LEASE, NULL);
  g_set_object (&self->external_address, external_address);
  self->external_port = external_port;
  self->lifetime = lifetime;
  self->token = token != NULL ? g_variant_ref_sink (token) : NULL;
  return self;
}

/**
 * plum_lease_get_external_address:
 * @self: a lease
 *
 * Gets the external address.
 *
 * Returns: (transfer none) (nullable): the address, or %NULL if the router did not report it
 *
 * Since: 1.0
 */
GInetAddress *
plum_lease_get_external_address (PlumLease *self)
{
  g_return_val_if_fail (PLUM_IS_LEASE (self), NULL);

  return self->external_address;
}

/**
 * plum_lease_get_external_port:
 * @self: a lease
 *
 * Gets the external port.
 *
 * Returns: the port, from 1 to 65535
 *
 * Since: 1.0
 */
guint
plum_lease_get_external_port (PlumLease *self)
{
  g_return_val_if_fail (PLUM_IS_LEASE (self), 0);

  return self->external_port;
}

/**
 * plum_lease_get_lifetime:
 * @self: a lease
 *
 * Gets the lifetime that the router granted.
 *
 * Returns: the lifetime in seconds from the time of the grant, or %PLUM_LIFETIME_FOREVER if the
 *   lease does not expire
 *
 * Since: 1.0
 */
guint
plum_lease_get_lifetime (PlumLease *self)
{
  g_return_val_if_fail (PLUM_IS_LEASE (self), 0);

  return self->lifetime;
}

/**
 * plum_lease_get_token:
 * @self: a lease
 *
 * Gets the data that the backend stored in the lease. Its format is private to the backend.
 *
 * Returns: (transfer none) (nullable): the token, or %NULL if there is none
 *
 * Since: 1.0
 */
GVariant *
plum_lease_get_token (PlumLease *self)
{
  g_return_val_if_fail (PLUM_IS_LEASE (self), NULL);

  return self->token;
}
