/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-values-private.h"

/**
 * PlumLease:
 *
 * What a router granted: an external address and port, for a time.
 *
 * A backend makes one when [vfunc@Plum.Backend.map] succeeds. It never changes.
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
 * @external_address: (nullable): the router's address as the internet sees it, or %NULL if the
 *   router does not know it (yet)
 * @external_port: the port there, 1 to 65535
 * @lifetime: how long it was granted for, in seconds from now, at least 1;
 *   %PLUM_LIFETIME_FOREVER if until somebody deletes it
 * @token: (nullable): whatever the backend needs to unmap or check it later, even in another
 *   process; a floating reference is sunk
 *
 * Makes a lease.
 *
 * Returns: (transfer full): the lease
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
 * Gets the router's address as the internet sees it.
 *
 * Returns: (transfer none) (nullable): the address, or %NULL if the router did not tell
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
 * Gets the port that the router forwards.
 *
 * Returns: the port, 1 to 65535
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
 * Gets for how long it was granted.
 *
 * Returns: seconds from the moment of the grant, or %PLUM_LIFETIME_FOREVER
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
 * Gets what the backend keeps with the lease. Only the backend that made it can read it.
 *
 * Returns: (transfer none) (nullable): the token
 *
 * Since: 1.0
 */
GVariant *
plum_lease_get_token (PlumLease *self)
{
  g_return_val_if_fail (PLUM_IS_LEASE (self), NULL);

  return self->token;
}
