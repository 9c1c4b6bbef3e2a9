/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The file of "plumctl serve": a key file with a group for each port. GKeyFile reports no line
 * numbers, so this reads the lines itself. Pure. */

#include "ports-file.h"

#include "endpoint.h"
#include "port-spec.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* The keys of a group. */
typedef struct
{
  guint line; /* of the group */
  PortSpec spec;
  guint external_port;
  gboolean exact;
  gboolean ipv4;
  gboolean ipv6;
  char *description;
  GInetAddress *local_address;
  guint local_address_line;
  GInetAddress *host;
  guint host_line;
  GListStore *from;
  guint from_line;
  char **on_change;
  guint seen; /* a bit for each key */
} Group;

typedef struct
{
  GPtrArray *mappings;
  GHashTable *lines; /* key of the mapping -> line */
  Group group;
  gboolean in_group;
  guint line;
} Parser;

typedef struct
{
  const char *name;
  gboolean (*read) (Parser *self, const char *value, GError **error);
} Key;

/* --- Mappings --- */

PortsFileMapping *
ports_file_mapping_copy (const PortsFileMapping *self)
{
  PortsFileMapping *copy = g_memdup2 (self, sizeof *self);

  copy->description = g_strdup (self->description);
  copy->local_address = self->local_address != NULL ? g_object_ref (self->local_address) : NULL;
  copy->host = self->host != NULL ? g_object_ref (self->host) : NULL;
  copy->from = self->from != NULL ? g_object_ref (self->from) : NULL;
  copy->on_change = g_strdupv (self->on_change);
  return copy;
}

void
ports_file_mapping_free (PortsFileMapping *self)
{
  g_free (self->description);
  g_clear_object (&self->local_address);
  g_clear_object (&self->host);
  g_clear_object (&self->from);
  g_strfreev (self->on_change);
  g_free (self);
}

static char *
make_address_text (GInetAddress *address)
{
  return address != NULL ? g_inet_address_to_string (address) : g_strdup ("");
}

char *
ports_file_mapping_make_key (const PortsFileMapping *self)
{
  g_autofree char *address = make_address_text (self->local_address);
  g_autofree char *host = make_address_text (self->host);

  return g_strdup_printf ("%s %u %s %s%s%s", self->protocol == PLUM_PROTOCOL_TCP ? "tcp" : "udp",
                          self->internal_port,
                          self->family == G_SOCKET_FAMILY_IPV6 ? "ipv6" : "ipv4", address,
                          self->host != NULL ? " " : "", host);
}

guint
ports_file_mapping_get_external_port (const PortsFileMapping *self)
{
  return self->external_port != 0 ? self->external_port : self->internal_port;
}

static gboolean
is_same_address (GInetAddress *a, GInetAddress *b)
{
  return a == b || address_equal (a, b);
}

/* In the same order. */
static gboolean
is_same_from (GListModel *a, GListModel *b)
{
  guint n = a != NULL ? g_list_model_get_n_items (a) : 0;

  if (n != (b != NULL ? g_list_model_get_n_items (b) : 0))
    return FALSE;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GInetAddressMask) mask = g_list_model_get_item (a, i);
      g_autoptr (GInetAddressMask) other = g_list_model_get_item (b, i);

      if (!g_inet_address_mask_equal (mask, other))
        return FALSE;
    }

  return TRUE;
}

gboolean
ports_file_mapping_is_same_request (const PortsFileMapping *a, const PortsFileMapping *b)
{
  return is_same_address (a->local_address, b->local_address) &&
         is_same_address (a->host, b->host) && is_same_from (a->from, b->from) &&
         a->protocol == b->protocol && a->family == b->family &&
         a->internal_port == b->internal_port && a->external_port == b->external_port &&
         a->exact == b->exact && g_strcmp0 (a->description, b->description) == 0;
}

/* --- Keys --- */

static gboolean G_GNUC_PRINTF (3, 4) set_error (guint line, GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _ ("line %u: %s"), line, message);
  return FALSE;
}

static gboolean
read_boolean (Parser *self, const char *value, const char *key, gboolean *out, GError **error)
{
  *out = g_str_equal (value, "true") || g_str_equal (value, "yes");
  if (*out || g_str_equal (value, "false") || g_str_equal (value, "no"))
    return TRUE;

  return set_error (self->line, error, _ ("%s: “%s” is invalid, must be true or false"), key,
                    value);
}

static gboolean
read_external (Parser *self, const char *value, GError **error)
{
  guint64 port;

  if (self->group.external_port != 0)
    return set_error (self->line, error,
                      _ ("external: the group in line %u has an external port already"),
                      self->group.line);
  if (!g_ascii_string_to_unsigned (value, 10, 1, G_MAXUINT16, &port, NULL))
    return set_error (self->line, error,
                      _ ("external: “%s” is invalid, must be a port from 1 to 65535"), value);
  if (port + self->group.spec.n_ports - 1 > G_MAXUINT16)
    return set_error (self->line, error, _ ("external: %u ports do not fit above %s"),
                      self->group.spec.n_ports, value);

  self->group.external_port = (guint) port;
  return TRUE;
}

static gboolean
read_exact (Parser *self, const char *value, GError **error)
{
  return read_boolean (self, value, "exact", &self->group.exact, error);
}

static gboolean
read_family (Parser *self, const char *value, GError **error)
{
  gboolean both = g_str_equal (value, "both");

  self->group.ipv4 = both || g_str_equal (value, "4");
  self->group.ipv6 = both || g_str_equal (value, "6");
  if (self->group.ipv4 || self->group.ipv6)
    return TRUE;

  return set_error (self->line, error, _ ("family: “%s” is invalid, must be 4, 6 or both"), value);
}

static gboolean
read_description (Parser *self, const char *value, GError **error)
{
  self->group.description = g_strdup (value);
  return TRUE;
}

static gboolean
read_local_address (Parser *self, const char *value, GError **error)
{
  self->group.local_address = g_inet_address_new_from_string (value);
  self->group.local_address_line = self->line;
  if (self->group.local_address != NULL)
    return TRUE;

  return set_error (self->line, error,
                    _ ("local-address: “%s” is not an IP address (such as 192.168.1.23)"), value);
}

static gboolean
read_for (Parser *self, const char *value, GError **error)
{
  self->group.host = g_inet_address_new_from_string (value);
  self->group.host_line = self->line;
  if (self->group.host == NULL)
    return set_error (self->line, error,
                      _ ("for: “%s” is not an IP address (such as 192.168.1.50)"), value);
  if (!address_is_other_host (self->group.host))
    return set_error (self->line, error, _ ("for: “%s” is not the address of another host"), value);

  return TRUE;
}

static gboolean
read_from (Parser *self, const char *value, GError **error)
{
  g_auto (GStrv) words = g_strsplit_set (value, ", ", -1);

  self->group.from = g_list_store_new (G_TYPE_INET_ADDRESS_MASK);
  self->group.from_line = self->line;
  for (guint i = 0; words[i] != NULL; i++)
    {
      g_autoptr (GInetAddressMask) mask = NULL;

      if (*words[i] == '\0')
        continue;

      mask = g_inet_address_mask_new_from_string (words[i], NULL);
      if (mask == NULL || g_inet_address_mask_get_length (mask) == 0)
        return set_error (self->line, error,
                          _ ("from: “%s” is invalid, must be an address or a network such as "
                             "203.0.113.0/24"),
                          words[i]);
      g_list_store_append (self->group.from, mask);
    }

  if (g_list_model_get_n_items (G_LIST_MODEL (self->group.from)) > 0)
    return TRUE;
  return set_error (self->line, error, _ ("from: a value is missing"));
}

static gboolean
read_on_change (Parser *self, const char *value, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (g_shell_parse_argv (value, NULL, &self->group.on_change, &local))
    return TRUE;

  return set_error (self->line, error, _ ("on-change: %s"), local->message);
}

static const Key keys[] = {
  { "external", read_external },
  { "exact", read_exact },
  { "family", read_family },
  { "description", read_description },
  { "local-address", read_local_address },
  { "for", read_for },
  { "from", read_from },
  { "on-change", read_on_change },
};

/* --- Groups --- */

static void
group_clear (Group *group)
{
  g_clear_pointer (&group->description, g_free);
  g_clear_object (&group->local_address);
  g_clear_object (&group->host);
  g_clear_object (&group->from);
  g_clear_pointer (&group->on_change, g_strfreev);
}

static gboolean
parser_add_mapping (Parser *self, guint index, GSocketFamily family, GError **error)
{
  const Group *group = &self->group;
  const PortsFileMapping parts = {
    .protocol = group->spec.protocol,
    .family = family,
    .internal_port = group->spec.first_internal + index,
    .external_port = group->external_port != 0 ? group->external_port + index : 0,
    .exact = group->exact,
    .description = group->description,
    .local_address = group->local_address,
    .host = group->host,
    .from = group->from != NULL ? G_LIST_MODEL (group->from) : NULL,
    .on_change = group->on_change,
    .line = group->line,
  };
  char *key = ports_file_mapping_make_key (&parts);
  gpointer earlier = g_hash_table_lookup (self->lines, key);

  if (earlier != NULL)
    {
      set_error (group->line, error, _ ("%s port %u is also in line %u"),
                 group->spec.protocol == PLUM_PROTOCOL_TCP ? "TCP" : "UDP", parts.internal_port,
                 GPOINTER_TO_UINT (earlier));
      g_free (key);
      return FALSE;
    }

  g_hash_table_insert (self->lines, key, GUINT_TO_POINTER (group->line));
  g_ptr_array_add (self->mappings, ports_file_mapping_copy (&parts));
  if (self->mappings->len > PORTS_FILE_MAX_MAPPINGS)
    return set_error (group->line, error, _ ("the file has more than %u ports"),
                      PORTS_FILE_MAX_MAPPINGS);
  return TRUE;
}

/* An address selects the family. */
static gboolean
parser_choose_family (
  Parser *self, const char *key, guint line, GSocketFamily family, GError **error)
{
  Group *group = &self->group;
  gboolean is_ipv6 = family == G_SOCKET_FAMILY_IPV6;

  if (is_ipv6 ? group->ipv4 : group->ipv6)
    return set_error (line, error, _ ("%s: an IPv%d address does not fit the family"), key,
                      is_ipv6 ? 6 : 4);

  group->ipv4 = !is_ipv6;
  group->ipv6 = is_ipv6;
  return TRUE;
}

static gboolean
parser_choose_families (Parser *self, GError **error)
{
  Group *group = &self->group;
  guint n_from = group->from != NULL ? g_list_model_get_n_items (G_LIST_MODEL (group->from)) : 0;

  if (group->local_address != NULL &&
      !parser_choose_family (self, "local-address", group->local_address_line,
                             g_inet_address_get_family (group->local_address), error))
    return FALSE;
  if (group->host != NULL && !parser_choose_family (self, "for", group->host_line,
                                                    g_inet_address_get_family (group->host), error))
    return FALSE;
  for (guint i = 0; i < n_from; i++)
    {
      g_autoptr (GInetAddressMask) mask = g_list_model_get_item (G_LIST_MODEL (group->from), i);

      if (!parser_choose_family (self, "from", group->from_line,
                                 g_inet_address_mask_get_family (mask), error))
        return FALSE;
    }

  if (!group->ipv4 && !group->ipv6)
    group->ipv4 = TRUE;
  return TRUE;
}

static gboolean
parser_end_group (Parser *self, GError **error)
{
  if (!self->in_group)
    return TRUE;
  if (!parser_choose_families (self, error))
    return FALSE;
  if (self->group.exact && self->group.ipv6 && self->group.external_port != 0 &&
      self->group.external_port != self->group.spec.first_internal)
    return set_error (self->group.line, error,
                      _ ("exact: an IPv6 pinhole keeps the port, so the external port must be the "
                         "internal one"));

  for (guint i = 0; i < self->group.spec.n_ports; i++)
    if ((self->group.ipv4 && !parser_add_mapping (self, i, G_SOCKET_FAMILY_IPV4, error)) ||
        (self->group.ipv6 && !parser_add_mapping (self, i, G_SOCKET_FAMILY_IPV6, error)))
      return FALSE;

  return TRUE;
}

static gboolean
parser_begin_group (Parser *self, const char *line, GError **error)
{
  gsize length = strlen (line);
  g_autofree char *name = NULL;
  g_autoptr (GError) local = NULL;

  if (line[length - 1] != ']')
    return set_error (self->line, error, _ ("“%s” is not a group: the “]” is missing"), line);
  if (!parser_end_group (self, error))
    return FALSE;

  group_clear (&self->group);
  self->group = (Group){ .line = self->line };
  name = g_strndup (line + 1, length - 2);
  if (!port_spec_parse (name, &self->group.spec, &local))
    return set_error (self->line, error, _ ("“%s”: %s"), name, local->message);

  self->group.external_port = self->group.spec.first_external;
  self->in_group = TRUE;
  return TRUE;
}

/* --- Lines --- */

static gboolean
parser_read_key (Parser *self, const char *name, const char *value, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      if (!g_str_equal (name, keys[i].name))
        continue;
      if ((self->group.seen & 1u << i) != 0)
        return set_error (self->line, error, _ ("%s: the key is already in the group of line %u"),
                          name, self->group.line);
      if (*value == '\0')
        return set_error (self->line, error, _ ("%s: a value is missing"), name);

      self->group.seen |= 1u << i;
      return keys[i].read (self, value, error);
    }

  return set_error (self->line, error, _ ("“%s” is not a key"), name);
}

static gboolean
parser_read_line (Parser *self, char *line, GError **error)
{
  char *sign;

  g_strstrip (line);
  if (*line == '\0' || *line == '#' || *line == ';')
    return TRUE;
  if (*line == '[')
    return parser_begin_group (self, line, error);

  sign = strchr (line, '=');
  if (sign == NULL)
    return set_error (self->line, error, _ ("“%s” is neither a group nor KEY=VALUE"), line);
  if (!self->in_group)
    return set_error (self->line, error, _ ("a key before the first group, such as [tcp:8080]"));

  *sign = '\0';
  return parser_read_key (self, g_strstrip (line), g_strstrip (sign + 1), error);
}

static gboolean
parser_read (Parser *self, const char *text, gsize length, GError **error)
{
  gboolean has_mark = length >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0;
  g_autofree char *copy = g_strndup (has_mark ? text + 3 : text, has_mark ? length - 3 : length);
  g_auto (GStrv) lines = NULL;

  lines = g_strsplit (copy, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      self->line = i + 1;
      if (!g_utf8_validate (lines[i], -1, NULL))
        return set_error (self->line, error, _ ("the line is not UTF-8 text"));
      if (!parser_read_line (self, lines[i], error))
        return FALSE;
    }

  return parser_end_group (self, error);
}

GPtrArray *
ports_file_parse (const char *text, gsize length, GError **error)
{
  Parser parser = { 0 };
  gboolean valid;

  if (length > PORTS_FILE_MAX_SIZE)
    {
      set_error (1, error, _ ("the file is longer than %u bytes"), (guint) PORTS_FILE_MAX_SIZE);
      return NULL;
    }
  if (memchr (text, '\0', length) != NULL)
    {
      set_error (1, error, _ ("the file is not a text"));
      return NULL;
    }

  parser.mappings = g_ptr_array_new_with_free_func ((GDestroyNotify) ports_file_mapping_free);
  parser.lines = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  valid = parser_read (&parser, text, length, error);
  group_clear (&parser.group);
  g_hash_table_unref (parser.lines);
  if (!valid)
    g_clear_pointer (&parser.mappings, g_ptr_array_unref);

  return parser.mappings;
}
