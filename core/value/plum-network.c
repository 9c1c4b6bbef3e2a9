/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-values-private.h"

/**
 * PlumNetwork:
 *
 * The network that a backend uses: an interface, its gateway and the local address.
 *
 * The gateway may be a router beyond the first one: [method@Plum.Network.get_hop] is then greater
 * than 1, and the gateway sees this host under the address that
 * [method@Plum.Network.get_client_address] returns.
 *
 * The object is immutable. If the network changes, the library creates a new object.
 *
 * Since: 1.0
 */
struct _PlumNetwork
{
  GObject parent_instance;

  char *interface_name;
  guint interface_index;
  GInetAddress *gateway; /* (nullable) */
  GInetAddress *local_address;
  GInetAddress *client_address;
  gboolean overridden;
  PlumNetwork *inner; /* (nullable): of the router before the gateway */
};

G_DEFINE_FINAL_TYPE (PlumNetwork, plum_network, G_TYPE_OBJECT)

static void
plum_network_finalize (GObject *object)
{
  PlumNetwork *self = PLUM_NETWORK (object);

  g_clear_pointer (&self->interface_name, g_free);
  g_clear_object (&self->gateway);
  g_clear_object (&self->local_address);
  g_clear_object (&self->client_address);
  g_clear_object (&self->inner);

  G_OBJECT_CLASS (plum_network_parent_class)->finalize (object);
}

static void
plum_network_class_init (PlumNetworkClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = plum_network_finalize;
}

static void
plum_network_init (PlumNetwork *self)
{
}

PlumNetwork *
plum_network_new (const char *interface_name,
                  guint interface_index,
                  GInetAddress *gateway,
                  GInetAddress *local_address,
                  gboolean overridden)
{
  PlumNetwork *self = g_object_new (PLUM_TYPE_NETWORK, NULL);

  g_assert (local_address != NULL);

  self->interface_name = g_strdup (interface_name);
  self->interface_index = interface_index;
  g_set_object (&self->gateway, gateway);
  g_set_object (&self->local_address, local_address);
  g_set_object (&self->client_address, local_address);
  self->overridden = overridden;
  return self;
}

PlumNetwork *
plum_network_new_beyond (PlumNetwork *inner, GInetAddress *gateway, GInetAddress *client_address)
{
  PlumNetwork *self = plum_network_new (inner->interface_name, inner->interface_index, gateway,
                                        inner->local_address, inner->overridden);

  g_assert (gateway != NULL && client_address != NULL);

  g_set_object (&self->client_address, client_address);
  self->inner = g_object_ref (inner);
  return self;
}

PlumNetwork *
plum_network_get_inner (PlumNetwork *self)
{
  return self->inner;
}

gboolean
plum_network_equal (PlumNetwork *a, PlumNetwork *b)
{
  return a->interface_index == b->interface_index && a->overridden == b->overridden &&
         plum_address_equal (a->gateway, b->gateway) &&
         plum_address_equal (a->local_address, b->local_address) &&
         plum_address_equal (a->client_address, b->client_address) &&
         g_strcmp0 (a->interface_name, b->interface_name) == 0 &&
         (a->inner == b->inner ||
          (a->inner != NULL && b->inner != NULL && plum_network_equal (a->inner, b->inner)));
}

/**
 * plum_network_get_interface:
 * @self: a network
 *
 * Gets the name of the network interface.
 *
 * Returns: the name, such as `wlan0`
 *
 * Since: 1.0
 */
const char *
plum_network_get_interface (PlumNetwork *self)
{
  g_return_val_if_fail (PLUM_IS_NETWORK (self), NULL);

  return self->interface_name;
}

/**
 * plum_network_get_interface_index:
 * @self: a network
 *
 * Gets the index of the network interface. Link-local addresses use it as their scope ID.
 *
 * Returns: the index, at least 1
 *
 * Since: 1.0
 */
guint
plum_network_get_interface_index (PlumNetwork *self)
{
  g_return_val_if_fail (PLUM_IS_NETWORK (self), 0);

  return self->interface_index;
}

/**
 * plum_network_get_family:
 * @self: a network
 *
 * Gets the address family of the gateway and the local address.
 *
 * Returns: %G_SOCKET_FAMILY_IPV4 or %G_SOCKET_FAMILY_IPV6
 *
 * Since: 1.0
 */
GSocketFamily
plum_network_get_family (PlumNetwork *self)
{
  g_return_val_if_fail (PLUM_IS_NETWORK (self), G_SOCKET_FAMILY_INVALID);

  return g_inet_address_get_family (self->local_address);
}

/**
 * plum_network_get_gateway:
 * @self: a network
 *
 * Gets the address of the gateway.
 *
 * Returns: (transfer none) (nullable): the address, or %NULL on a point-to-point link, where the
 *   next hop has no address
 *
 * Since: 1.0
 */
GInetAddress *
plum_network_get_gateway (PlumNetwork *self)
{
  g_return_val_if_fail (PLUM_IS_NETWORK (self), NULL);

  return self->gateway;
}

/**
 * plum_network_get_local_address:
 * @self: a network
 *
 * Gets the address of this host on the network of the gateway.
 *
 * Returns: (transfer none): the address
 *
 * Since: 1.0
 */
GInetAddress *
plum_network_get_local_address (PlumNetwork *self)
{
  g_return_val_if_fail (PLUM_IS_NETWORK (self), NULL);

  return self->local_address;
}

/**
 * plum_network_get_overridden:
 * @self: a network
 *
 * Gets whether the program set the gateway with [property@Plum.Manager:gateway-address].
 *
 * Returns: %TRUE if the program set the gateway, %FALSE if the library found it
 *
 * Since: 1.0
 */
gboolean
plum_network_get_overridden (PlumNetwork *self)
{
  g_return_val_if_fail (PLUM_IS_NETWORK (self), FALSE);

  return self->overridden;
}

/**
 * plum_network_get_client_address:
 * @self: a network
 *
 * Gets the address under which the gateway sees this host.
 *
 * For the first router, it is the local address. For a router beyond it, it is the external address
 * of the previous router (the next one towards this host), which translates the address of this
 * host. A request that contains the address of the client, or an entry of the gateway's mapping
 * table that leads to this host, has this address.
 *
 * Returns: (transfer none): the address
 *
 * Since: 1.0
 */
GInetAddress *
plum_network_get_client_address (PlumNetwork *self)
{
  g_return_val_if_fail (PLUM_IS_NETWORK (self), NULL);

  return self->client_address;
}

/**
 * plum_network_get_hop:
 * @self: a network
 *
 * Gets the position of the gateway in the chain of routers that translate addresses.
 *
 * A gateway beyond the first router is not on the link of this host: multicast does not reach it.
 *
 * Returns: the position; 1 for the first router
 *
 * Since: 1.0
 */
guint
plum_network_get_hop (PlumNetwork *self)
{
  g_return_val_if_fail (PLUM_IS_NETWORK (self), 0);

  return self->inner != NULL ? plum_network_get_hop (self->inner) + 1 : 1;
}
