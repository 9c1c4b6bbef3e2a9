/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-entry-private.h"
#include "plum-values-private.h"

/* How many characters of a router's text to keep: entries of a table are kept by the thousand. */
#define MAX_DESCRIPTION 128
#define MAX_VALUE 64
#define MAX_PROBLEM 200

typedef enum {
  ENTRY_PROP_PROTOCOL = 1,
  ENTRY_PROP_EXTERNAL_PORT,
  ENTRY_PROP_INTERNAL_PORT,
  ENTRY_PROP_INTERNAL_ADDRESS,
  ENTRY_PROP_DESCRIPTION,
  ENTRY_PROP_LIFETIME,
  ENTRY_PROP_ENABLED,
  ENTRY_PROP_PROTOCOL_TEXT,
  ENTRY_PROP_INTERNAL_PORT_TEXT,
  ENTRY_PROP_INTERNAL_ADDRESS_TEXT,
  ENTRY_PROP_PROBLEM,
  ENTRY_PROP_REMOTE_HOST,
  ENTRY_PROP_REMOTE_ADDRESS,
  ENTRY_PROP_GATEWAY_ADDRESS,
  ENTRY_N_PROPS
} PlumEntryProperty;

static GParamSpec *entry_properties[ENTRY_N_PROPS];

/**
 * PlumEntry:
 *
 * An entry of a router's mapping table.
 *
 * See [method@Plum.Gateway.list_entries_async]. The table contains the entries of all hosts. The
 * object is immutable.
 *
 * Routers report entries that are not mappings of one port to one address: a range of ports, a
 * host name, a protocol that is neither TCP nor UDP. Such an entry is not readable
 * ([method@Plum.Entry.is_readable]): its texts show what the router reported.
 *
 * Since: 1.0
 */
G_DEFINE_FINAL_TYPE (PlumEntry, plum_entry, G_TYPE_OBJECT)

static void
plum_entry_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  PlumEntry *self = PLUM_ENTRY (object);

  switch ((PlumEntryProperty) property_id)
    {
    case ENTRY_PROP_PROTOCOL:
      g_value_set_enum (value, self->protocol);
      break;
    case ENTRY_PROP_EXTERNAL_PORT:
      g_value_set_uint (value, self->external_port);
      break;
    case ENTRY_PROP_INTERNAL_PORT:
      g_value_set_uint (value, self->internal_port);
      break;
    case ENTRY_PROP_INTERNAL_ADDRESS:
      g_value_set_object (value, self->internal_address);
      break;
    case ENTRY_PROP_DESCRIPTION:
      g_value_set_string (value, self->description);
      break;
    case ENTRY_PROP_LIFETIME:
      g_value_set_uint (value, self->lifetime);
      break;
    case ENTRY_PROP_ENABLED:
      g_value_set_boolean (value, self->enabled);
      break;
    case ENTRY_PROP_REMOTE_HOST:
      g_value_set_string (value, self->remote_host);
      break;
    case ENTRY_PROP_REMOTE_ADDRESS:
      g_value_set_object (value, self->remote_address);
      break;
    case ENTRY_PROP_GATEWAY_ADDRESS:
      g_value_set_object (value, self->gateway_address);
      break;
    case ENTRY_PROP_PROTOCOL_TEXT:
      g_value_set_string (value, self->protocol_text);
      break;
    case ENTRY_PROP_INTERNAL_PORT_TEXT:
      g_value_set_string (value, self->internal_port_text);
      break;
    case ENTRY_PROP_INTERNAL_ADDRESS_TEXT:
      g_value_set_string (value, self->internal_address_text);
      break;
    case ENTRY_PROP_PROBLEM:
      g_value_set_string (value, self->problem);
      break;
    case ENTRY_N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

/* The texts come from the network. */
static char *
dup_printable (const GValue *value, guint max_chars)
{
  const char *text = g_value_get_string (value);

  return text != NULL ? plum_text_make_printable (text, max_chars) : NULL;
}

static void
plum_entry_set_remote_host (PlumEntry *self, const GValue *value)
{
  const char *text = g_value_get_string (value);

  if (text == NULL || *text == '\0')
    return;

  self->remote_host = plum_text_make_printable (text, MAX_VALUE);
  self->remote_address = g_inet_address_mask_new_from_string (text, NULL);
}

static void
plum_entry_set_property (GObject *object, guint property_id, const GValue *value, GParamSpec *pspec)
{
  PlumEntry *self = PLUM_ENTRY (object);

  switch ((PlumEntryProperty) property_id)
    {
    case ENTRY_PROP_PROTOCOL:
      self->protocol = g_value_get_enum (value);
      break;
    case ENTRY_PROP_EXTERNAL_PORT:
      self->external_port = g_value_get_uint (value);
      break;
    case ENTRY_PROP_INTERNAL_PORT:
      self->internal_port = g_value_get_uint (value);
      break;
    case ENTRY_PROP_INTERNAL_ADDRESS:
      self->internal_address = g_value_dup_object (value);
      break;
    case ENTRY_PROP_DESCRIPTION:
      self->description = dup_printable (value, MAX_DESCRIPTION);
      break;
    case ENTRY_PROP_LIFETIME:
      self->lifetime = g_value_get_uint (value);
      break;
    case ENTRY_PROP_ENABLED:
      self->enabled = g_value_get_boolean (value);
      break;
    case ENTRY_PROP_REMOTE_HOST:
      plum_entry_set_remote_host (self, value);
      break;
    case ENTRY_PROP_PROTOCOL_TEXT:
      self->protocol_text = dup_printable (value, MAX_VALUE);
      break;
    case ENTRY_PROP_INTERNAL_PORT_TEXT:
      self->internal_port_text = dup_printable (value, MAX_VALUE);
      break;
    case ENTRY_PROP_INTERNAL_ADDRESS_TEXT:
      self->internal_address_text = dup_printable (value, MAX_VALUE);
      break;
    case ENTRY_PROP_PROBLEM:
      self->problem = dup_printable (value, MAX_PROBLEM);
      break;
    case ENTRY_PROP_GATEWAY_ADDRESS:
      self->gateway_address = g_value_dup_object (value);
      break;
    case ENTRY_PROP_REMOTE_ADDRESS:
    case ENTRY_N_PROPS:
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
  g_clear_pointer (&self->protocol_text, g_free);
  g_clear_pointer (&self->internal_port_text, g_free);
  g_clear_pointer (&self->internal_address_text, g_free);
  g_clear_pointer (&self->problem, g_free);
  g_clear_pointer (&self->remote_host, g_free);
  g_clear_object (&self->remote_address);
  g_clear_object (&self->gateway_address);

  G_OBJECT_CLASS (plum_entry_parent_class)->finalize (object);
}

static void
define_endpoint_properties (GParamFlags flags)
{
  /**
   * PlumEntry:protocol: (getter get_protocol)
   *
   * The transport protocol. If the router reported another one than TCP or UDP,
   * [property@Plum.Entry:protocol-text] is set, and this value has no meaning.
   *
   * Since: 1.0
   */
  entry_properties[ENTRY_PROP_PROTOCOL] =
    g_param_spec_enum ("protocol", NULL, NULL, PLUM_TYPE_PROTOCOL, PLUM_PROTOCOL_TCP, flags);

  /**
   * PlumEntry:external-port: (getter get_external_port)
   *
   * The external port, from 1 to 65535, or 0 if the router forwards all ports, or if the entry is
   * not readable.
   *
   * Since: 1.0
   */
  entry_properties[ENTRY_PROP_EXTERNAL_PORT] =
    g_param_spec_uint ("external-port", NULL, NULL, 0, G_MAXUINT16, 0, flags);

  /**
   * PlumEntry:internal-port: (getter get_internal_port)
   *
   * The port on the internal host, from 1 to 65535, or 0 if the router did not report a valid one.
   *
   * Since: 1.0
   */
  entry_properties[ENTRY_PROP_INTERNAL_PORT] =
    g_param_spec_uint ("internal-port", NULL, NULL, 0, G_MAXUINT16, 0, flags);

  /**
   * PlumEntry:internal-address: (getter get_internal_address)
   *
   * The address of the internal host, or %NULL if the router did not report a valid one.
   *
   * Since: 1.0
   */
  entry_properties[ENTRY_PROP_INTERNAL_ADDRESS] =
    g_param_spec_object ("internal-address", NULL, NULL, G_TYPE_INET_ADDRESS, flags);
}

static void
define_text_properties (GParamFlags flags)
{
  /**
   * PlumEntry:protocol-text: (getter get_protocol_text)
   *
   * The protocol as the router reported it, such as “TCP/UDP”, or %NULL if it is TCP or UDP.
   *
   * Since: 1.0
   */
  entry_properties[ENTRY_PROP_PROTOCOL_TEXT] =
    g_param_spec_string ("protocol-text", NULL, NULL, NULL, flags);

  /**
   * PlumEntry:internal-port-text: (getter get_internal_port_text)
   *
   * The internal port as the router reported it, such as “6881-6889”, or %NULL if it is a number
   * from 1 to 65535.
   *
   * Since: 1.0
   */
  entry_properties[ENTRY_PROP_INTERNAL_PORT_TEXT] =
    g_param_spec_string ("internal-port-text", NULL, NULL, NULL, flags);

  /**
   * PlumEntry:internal-address-text: (getter get_internal_address_text)
   *
   * The internal host as the router reported it, such as a host name, or %NULL if it is an address.
   *
   * Since: 1.0
   */
  entry_properties[ENTRY_PROP_INTERNAL_ADDRESS_TEXT] =
    g_param_spec_string ("internal-address-text", NULL, NULL, NULL, flags);

  /**
   * PlumEntry:problem: (getter get_problem)
   *
   * Why the entry is not readable, for a message, or %NULL if it is.
   *
   * Since: 1.0
   */
  entry_properties[ENTRY_PROP_PROBLEM] = g_param_spec_string ("problem", NULL, NULL, NULL, flags);
}

static void
define_remote_properties (GParamFlags flags)
{
  /**
   * PlumEntry:remote-host: (getter get_remote_host)
   *
   * The host from which the router accepts connections, as it reported it: an address, an address
   * and a prefix length such as “203.0.113.0/24”, or other text; %NULL for all hosts.
   *
   * Since: 1.0
   */
  entry_properties[ENTRY_PROP_REMOTE_HOST] =
    g_param_spec_string ("remote-host", NULL, NULL, NULL, flags);

  /**
   * PlumEntry:remote-address: (getter get_remote_address)
   *
   * [property@Plum.Entry:remote-host] as an address, or %NULL if it is %NULL or not an address.
   *
   * Since: 1.0
   */
  entry_properties[ENTRY_PROP_REMOTE_ADDRESS] =
    g_param_spec_object ("remote-address", NULL, NULL, G_TYPE_INET_ADDRESS_MASK,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * PlumEntry:gateway-address: (getter get_gateway_address)
   *
   * The address of the router that has the entry, or %NULL.
   *
   * It is set in the lists of records, such as [method@Plum.Manager.dup_recorded_entries]; an entry
   * of [method@Plum.Gateway.list_entries_async] is one of that gateway.
   *
   * Since: 1.0
   */
  entry_properties[ENTRY_PROP_GATEWAY_ADDRESS] =
    g_param_spec_object ("gateway-address", NULL, NULL, G_TYPE_INET_ADDRESS, flags);
}

static void
plum_entry_class_init (PlumEntryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = plum_entry_finalize;
  object_class->get_property = plum_entry_get_property;
  object_class->set_property = plum_entry_set_property;

  define_endpoint_properties (flags);
  define_text_properties (flags);
  define_remote_properties (flags);

  /**
   * PlumEntry:description: (getter get_description)
   *
   * The description that the creator of the entry chose, or %NULL if there is none.
   *
   * The text comes from the network and is not trusted: display it as plain text, not as markup.
   * It is printable, and at most 128 characters long (see [func@Plum.text_make_printable]).
   *
   * Since: 1.0
   */
  entry_properties[ENTRY_PROP_DESCRIPTION] =
    g_param_spec_string ("description", NULL, NULL, NULL, flags);

  /**
   * PlumEntry:lifetime: (getter get_lifetime)
   *
   * The remaining lifetime in seconds, or %PLUM_LIFETIME_FOREVER if the entry does not expire, or 0
   * if the router did not report a valid one.
   *
   * Since: 1.0
   */
  entry_properties[ENTRY_PROP_LIFETIME] =
    g_param_spec_uint ("lifetime", NULL, NULL, 0, G_MAXUINT32, 0, flags);

  /**
   * PlumEntry:enabled: (getter get_enabled)
   *
   * Whether the entry is enabled. The router does not forward the port of a disabled entry.
   *
   * Since: 1.0
   */
  entry_properties[ENTRY_PROP_ENABLED] = g_param_spec_boolean ("enabled", NULL, NULL, FALSE, flags);

  g_object_class_install_properties (object_class, ENTRY_N_PROPS, entry_properties);
}

static void
plum_entry_init (PlumEntry *self)
{
}

/**
 * plum_entry_new:
 * @protocol: the transport protocol
 * @external_port: the external port, from 1 to 65535, or 0 for all ports
 * @internal_port: the port on the internal host, from 0 to 65535
 * @internal_address: (nullable): the address of the internal host, or %NULL if it is unknown
 * @description: (nullable): the description that the creator of the entry chose
 * @lifetime: the remaining lifetime in seconds, or %PLUM_LIFETIME_FOREVER, or 0 if it is unknown
 * @enabled: whether the entry is enabled
 *
 * Creates an entry. Backends need this function, and programs that delete an entry which they know
 * without a list. For an entry that is not readable, use [ctor@GObject.Object.new].
 *
 * Returns: (transfer full): a new entry
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
  g_return_val_if_fail (plum_protocol_is_valid (protocol), NULL);
  g_return_val_if_fail (external_port <= G_MAXUINT16, NULL);
  g_return_val_if_fail (internal_port <= G_MAXUINT16, NULL);
  g_return_val_if_fail (internal_address == NULL || G_IS_INET_ADDRESS (internal_address), NULL);

  return g_object_new (PLUM_TYPE_ENTRY, "protocol", protocol, "external-port", external_port,
                       "internal-port", internal_port, "internal-address", internal_address,
                       "description", description, "lifetime", lifetime, "enabled", enabled, NULL);
}
