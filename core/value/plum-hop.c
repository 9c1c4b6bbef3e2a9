/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-values-private.h"

/**
 * PlumHop:
 *
 * A router that forwards the port of a mapping: one element of [property@Plum.Mapping:hops].
 *
 * Each router forwards its external port to the next one towards this host, and the first router
 * forwards it to this host. The object is immutable.
 *
 * Since: 1.0
 */
struct _PlumHop
{
  GObject parent_instance;

  GInetAddress *address;          /* (nullable) */
  GInetAddress *external_address; /* (nullable) */
  guint external_port;
  char *backend_name;
  guint lifetime;
};

typedef enum {
  HOP_PROP_ADDRESS = 1,
  HOP_PROP_EXTERNAL_ADDRESS,
  HOP_PROP_EXTERNAL_PORT,
  HOP_PROP_BACKEND_NAME,
  HOP_PROP_LIFETIME,
  HOP_N_PROPS
} PlumHopProperty;

static GParamSpec *hop_properties[HOP_N_PROPS];

G_DEFINE_FINAL_TYPE (PlumHop, plum_hop, G_TYPE_OBJECT)

static void
plum_hop_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  PlumHop *self = PLUM_HOP (object);

  switch ((PlumHopProperty) property_id)
    {
    case HOP_PROP_ADDRESS:
      g_value_set_object (value, self->address);
      break;
    case HOP_PROP_EXTERNAL_ADDRESS:
      g_value_set_object (value, self->external_address);
      break;
    case HOP_PROP_EXTERNAL_PORT:
      g_value_set_uint (value, self->external_port);
      break;
    case HOP_PROP_BACKEND_NAME:
      g_value_set_string (value, self->backend_name);
      break;
    case HOP_PROP_LIFETIME:
      g_value_set_uint (value, self->lifetime);
      break;
    case HOP_N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
plum_hop_finalize (GObject *object)
{
  PlumHop *self = PLUM_HOP (object);

  g_clear_object (&self->address);
  g_clear_object (&self->external_address);
  g_clear_pointer (&self->backend_name, g_free);

  G_OBJECT_CLASS (plum_hop_parent_class)->finalize (object);
}

static void
plum_hop_class_init (PlumHopClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = plum_hop_finalize;
  object_class->get_property = plum_hop_get_property;

  /**
   * PlumHop:address: (getter get_address)
   *
   * The address of the router on the side of this host, or %NULL on a point-to-point link.
   *
   * Since: 1.0
   */
  hop_properties[HOP_PROP_ADDRESS] =
    g_param_spec_object ("address", NULL, NULL, G_TYPE_INET_ADDRESS, flags);

  /**
   * PlumHop:external-address: (getter get_external_address)
   *
   * The external address of the router, or %NULL if it does not report the address.
   *
   * Since: 1.0
   */
  hop_properties[HOP_PROP_EXTERNAL_ADDRESS] =
    g_param_spec_object ("external-address", NULL, NULL, G_TYPE_INET_ADDRESS, flags);

  /**
   * PlumHop:external-port: (getter get_external_port)
   *
   * The external port that the router forwards, from 1 to 65535.
   *
   * Since: 1.0
   */
  hop_properties[HOP_PROP_EXTERNAL_PORT] =
    g_param_spec_uint ("external-port", NULL, NULL, 1, G_MAXUINT16, 1, flags);

  /**
   * PlumHop:backend-name: (getter get_backend_name)
   *
   * The name of the backend that mapped the port on the router.
   *
   * Since: 1.0
   */
  hop_properties[HOP_PROP_BACKEND_NAME] =
    g_param_spec_string ("backend-name", NULL, NULL, NULL, flags);

  /**
   * PlumHop:lifetime: (getter get_lifetime)
   *
   * The lifetime that the router granted last, in seconds, or %PLUM_LIFETIME_FOREVER.
   *
   * Since: 1.0
   */
  hop_properties[HOP_PROP_LIFETIME] =
    g_param_spec_uint ("lifetime", NULL, NULL, 0, G_MAXUINT, 0, flags);

  g_object_class_install_properties (object_class, HOP_N_PROPS, hop_properties);
}

static void
plum_hop_init (PlumHop *self)
{
}

PlumHop *
plum_hop_new (GInetAddress *address,
              GInetAddress *external_address,
              guint external_port,
              const char *backend_name,
              guint lifetime)
{
  PlumHop *self = g_object_new (PLUM_TYPE_HOP, NULL);

  g_set_object (&self->address, address);
  g_set_object (&self->external_address, external_address);
  self->external_port = external_port;
  self->backend_name = g_strdup (backend_name);
  self->lifetime = lifetime;
  return self;
}

gboolean
plum_hop_equal (PlumHop *a, PlumHop *b)
{
  return plum_address_equal (a->address, b->address) &&
         plum_address_equal (a->external_address, b->external_address) &&
         a->external_port == b->external_port && a->lifetime == b->lifetime &&
         g_strcmp0 (a->backend_name, b->backend_name) == 0;
}

/**
 * plum_hop_get_address: (get-property address)
 * @self: a hop
 *
 * Gets the address of the router on the side of this host.
 *
 * Returns: (transfer none) (nullable): the address, or %NULL on a point-to-point link
 *
 * Since: 1.0
 */
GInetAddress *
plum_hop_get_address (PlumHop *self)
{
  g_return_val_if_fail (PLUM_IS_HOP (self), NULL);

  return self->address;
}

/**
 * plum_hop_get_external_address: (get-property external-address)
 * @self: a hop
 *
 * Gets the external address of the router.
 *
 * Returns: (transfer none) (nullable): the address, or %NULL if the router does not report it
 *
 * Since: 1.0
 */
GInetAddress *
plum_hop_get_external_address (PlumHop *self)
{
  g_return_val_if_fail (PLUM_IS_HOP (self), NULL);

  return self->external_address;
}

/**
 * plum_hop_get_external_port: (get-property external-port)
 * @self: a hop
 *
 * Gets the external port that the router forwards.
 *
 * Returns: the port, from 1 to 65535
 *
 * Since: 1.0
 */
guint
plum_hop_get_external_port (PlumHop *self)
{
  g_return_val_if_fail (PLUM_IS_HOP (self), 0);

  return self->external_port;
}

/**
 * plum_hop_get_backend_name: (get-property backend-name)
 * @self: a hop
 *
 * Gets the name of the backend that mapped the port on the router.
 *
 * Returns: the name, such as `pcp`
 *
 * Since: 1.0
 */
const char *
plum_hop_get_backend_name (PlumHop *self)
{
  g_return_val_if_fail (PLUM_IS_HOP (self), NULL);

  return self->backend_name;
}

/**
 * plum_hop_get_lifetime: (get-property lifetime)
 * @self: a hop
 *
 * Gets the lifetime that the router granted last.
 *
 * Returns: the lifetime in seconds, or %PLUM_LIFETIME_FOREVER
 *
 * Since: 1.0
 */
guint
plum_hop_get_lifetime (PlumHop *self)
{
  g_return_val_if_fail (PLUM_IS_HOP (self), 0);

  return self->lifetime;
}
