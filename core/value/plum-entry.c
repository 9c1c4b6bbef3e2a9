/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-values-private.h"

/**
 * PlumEntry:
 *
 * One line of a router's table of forwarded ports, whoever made it.
 *
 * Since: 1.0
 */
struct _PlumEntry
{
  GObject parent_instance;

  PlumProtocol protocol;
  guint external_port;
  guint internal_port;
  GInetAddress *internal_address; /* (nullable) */
  char *description;
  guint lifetime;
  gboolean enabled;
};

typedef enum {
  PROP_PROTOCOL = 1,
  PROP_EXTERNAL_PORT,
  PROP_INTERNAL_PORT,
  PROP_INTERNAL_ADDRESS,
  PROP_DESCRIPTION,
  PROP_LIFETIME,
  PROP_ENABLED,
  N_PROPS
} PlumEntryProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (PlumEntry, plum_entry, G_TYPE_OBJECT)

static void
plum_entry_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  PlumEntry *self = PLUM_ENTRY (object);

  switch ((PlumEntryProperty) property_id)
    {
    case PROP_PROTOCOL:
      g_value_set_enum (value, self->protocol);
      break;
    case PROP_EXTERNAL_PORT:
      g_value_set_uint (value, self->external_port);
      break;
    case PROP_INTERNAL_PORT:
      g_value_set_uint (value, self->internal_port);
      break;
    case PROP_INTERNAL_ADDRESS:
      g_value_set_object (value, self->internal_address);
      break;
    case PROP_DESCRIPTION:
      g_value_set_string (value, self->description);
      break;
    case PROP_LIFETIME:
      g_value_set_uint (value, self->lifetime);
      break;
    case PROP_ENABLED:
      g_value_set_boolean (value, self->enabled);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
plum_entry_finalize (GObject *object)
{
  PlumEntry *self = PLUM_ENTRY (object);

  g_clear_object (&self->internal_address);
  g_clear_pointer (&self->description, g_free);

  G_OBJECT_CLASS (plum_entry_parent_class)->finalize (object);
}

static void
plum_entry_class_init (PlumEntryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = plum_entry_finalize;
  object_class->get_property = plum_entry_get_property;

  /**
   * PlumEntry:protocol: (getter get_protocol)
   *
   * The transport protocol.
   *
   * Since: 1.0
   */
  properties[PROP_PROTOCOL] =
    g_param_spec_enum ("protocol", NULL, NULL, PLUM_TYPE_PROTOCOL, PLUM_PROTOCOL_TCP, flags);

  /**
   * PlumEntry:external-port: (getter get_external_port)
   *
   * The port that the router forwards, 1 to 65535; 0 stands for all ports.
   *
   * Since: 1.0
   */
  properties[PROP_EXTERNAL_PORT] =
    g_param_spec_uint ("external-port", NULL, NULL, 0, G_MAXUINT16, 0, flags);

  /**
   * PlumEntry:internal-port: (getter get_internal_port)
   *
   * The port that it is forwarded to.
   *
   * Since: 1.0
   */
  properties[PROP_INTERNAL_PORT] =
    g_param_spec_uint ("internal-port", NULL, NULL, 0, G_MAXUINT16, 0, flags);

  /**
   * PlumEntry:internal-address: (getter get_internal_address)
   *
   * The host that it is forwarded to; %NULL if the router told none that makes sense.
   *
   * Since: 1.0
   */
  properties[PROP_INTERNAL_ADDRESS] =
    g_param_spec_object ("internal-address", NULL, NULL, G_TYPE_INET_ADDRESS, flags);

  /**
   * PlumEntry:description: (getter get_description)
   *
   * What the maker of the entry called it. It comes from the network: show it as plain text.
   *
   * Since: 1.0
   */
  properties[PROP_DESCRIPTION] = g_param_spec_string ("description", NULL, NULL, NULL, flags);

  /**
   * PlumEntry:lifetime: (getter get_lifetime)
   *
   * The seconds that are left, or %PLUM_LIFETIME_FOREVER.
   *
   * Since: 1.0
   */
  properties[PROP_LIFETIME] = g_param_spec_uint ("lifetime", NULL, NULL, 0, G_MAXUINT32, 0, flags);

  /**
   * PlumEntry:enabled: (getter get_enabled)
   *
   * Whether the router forwards it at present.
   *
   * Since: 1.0
   */
  properties[PROP_ENABLED] = g_param_spec_boolean ("enabled", NULL, NULL, FALSE, flags);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
plum_entry_init (PlumEntry *self)
{
}

/**
 * plum_entry_new:
 * @protocol: the transport protocol
 * @external_port: the port that the router forwards, 0 to 65535; 0 for all
 * @internal_port: the port that it is forwarded to, 0 to 65535
 * @internal_address: (nullable): the host that it is forwarded to
 * @description: (nullable): what its maker called it
 * @lifetime: the seconds that are left, or %PLUM_LIFETIME_FOREVER
 * @enabled: whether the router forwards it at present
 *
 * Makes an entry; backends do.
 *
 * Returns: (transfer full): the entry
 *
 * Since: 1.0
 */
PlumEntry *
plum_entry_new (PlumProtocol protocol,
                guint external_port,
                guint internal_port,
                GInetAddress *internal_address,
                const char *description,
                guint lifetime,
                gboolean enabled)
{
  PlumEntry *self;

  g_return_val_if_fail (external_port <= G_MAXUINT16, NULL);
  g_return_val_if_fail (internal_port <= G_MAXUINT16, NULL);
  g_return_val_if_fail (internal_address == NULL || G_IS_INET_ADDRESS (internal_address), NULL);

  self = g_object_new (PLUM_TYPE_ENTRY, NULL);
  self->protocol = protocol;
  self->external_port = external_port;
  self->internal_port = internal_port;
  g_set_object (&self->internal_address, internal_address);
  self->description = g_strdup (description);
  self->lifetime = lifetime;
  self->enabled = enabled;
  return self;
}

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
 * Gets the port that the router forwards.
 *
 * Returns: the port, 1 to 65535, or 0 for all
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
 * Gets the port that it is forwarded to.
 *
 * Returns: the port
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
 * Gets the host that it is forwarded to.
 *
 * Returns: (transfer none) (nullable): the address
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
 * Gets what its maker called it.
 *
 * Returns: (nullable): the description
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
 * Gets the time that is left.
 *
 * Returns: seconds, or %PLUM_LIFETIME_FOREVER
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
 * Tells if the router forwards it at present.
 *
 * Returns: %TRUE if it does
 *
 * Since: 1.0
 */
gboolean
plum_entry_get_enabled (PlumEntry *self)
{
  g_return_val_if_fail (PLUM_IS_ENTRY (self), FALSE);

  return self->enabled;
}
