/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-lease-codec-private.h"

#include <string.h>

#define HEAD "plum-state 1"
#define RECORD "map"
#define END "end "

/* Longer than any token of the backends in this repository. */
#define TOKEN_MAX 8192

/* In the list of remote hosts. */
#define REMOTE_SEPARATOR ","

/* As in PlumRequest. */
#define NAME_MAX_SIZE 32

typedef enum {
  FIELD_PROTOCOL,
  FIELD_FAMILY,
  FIELD_INTERNAL,
  FIELD_EXTERNAL,
  FIELD_KEY,
  FIELD_ADDRESS,
  FIELD_GATEWAY,
  FIELD_THROUGH,
  FIELD_LOCAL,
  FIELD_HARDWARE,
  FIELD_INTERFACE,
  FIELD_BACKEND,
  FIELD_TOKEN,
  FIELD_UNTIL,
  FIELD_HOST,
  FIELD_REMOTE,
  FIELD_NAME,
  N_FIELDS
} Field;

static const char *const field_names[N_FIELDS] = {
  "protocol", "family",  "internal", "external", "key",       "address",
  "gateway",  "through", "local",    "hardware", "interface", "backend",
  "token",    "until",   "host",     "remote",   "name",
};

#define BIT(field) (1u << (field))
#define REQUIRED                                                                                   \
  (BIT (FIELD_PROTOCOL) | BIT (FIELD_FAMILY) | BIT (FIELD_INTERNAL) | BIT (FIELD_EXTERNAL) |       \
   BIT (FIELD_KEY) | BIT (FIELD_INTERFACE) | BIT (FIELD_BACKEND) | BIT (FIELD_UNTIL))

/* --- Encoding --- */

static void
append_text (GString *line, Field field, const char *value)
{
  /* Names and tokens can contain any character, including separators. */
  g_autofree char *escaped = g_uri_escape_string (value, ":", FALSE);

  g_string_append_printf (line, " %s=%s", field_names[field], escaped);
}

static void
append_address (GString *line, Field field, GInetAddress *address)
{
  g_autofree char *text = NULL;

  if (address == NULL)
    return;

  text = g_inet_address_to_string (address);
  append_text (line, field, text);
}

static void
append_key (GString *line, GBytes *key)
{
  static const char digits[] = "0123456789abcdef";
  gsize size;
  const guint8 *bytes = g_bytes_get_data (key, &size);

  g_assert (size == PLUM_LEASE_RECORD_KEY_SIZE);

  g_string_append_printf (line, " %s=", field_names[FIELD_KEY]);
  for (unsigned int i = 0; i < size; i++)
    {
      g_string_append_c (line, digits[bytes[i] >> 4]);
      g_string_append_c (line, digits[bytes[i] & 15]);
    }
}

static void
append_record (GString *text, const PlumLeaseRecord *record)
{
  g_string_append (text, RECORD);
  append_text (text, FIELD_PROTOCOL, record->protocol == PLUM_PROTOCOL_TCP ? "tcp" : "udp");
  append_text (text, FIELD_FAMILY, record->family == G_SOCKET_FAMILY_IPV6 ? "ipv6" : "ipv4");
  g_string_append_printf (text, " %s=%u", field_names[FIELD_INTERNAL], record->internal_port);
  g_string_append_printf (text, " %s=%u", field_names[FIELD_EXTERNAL], record->external_port);
  append_key (text, record->key);
  append_address (text, FIELD_ADDRESS, record->external_address);
  append_address (text, FIELD_GATEWAY, record->gateway);
  append_address (text, FIELD_THROUGH, record->through);
  append_address (text, FIELD_LOCAL, record->local_address);
  if (record->hardware_address != NULL)
    append_text (text, FIELD_HARDWARE, record->hardware_address);
  append_text (text, FIELD_INTERFACE, record->interface_name);
  append_text (text, FIELD_BACKEND, record->backend_name);

  if (record->token != NULL)
    {
      g_autofree char *token = g_variant_print (record->token, TRUE);

      if (strlen (token) <= TOKEN_MAX)
        append_text (text, FIELD_TOKEN, token);
    }

  if (record->expires == PLUM_LEASE_RECORD_FOREVER)
    append_text (text, FIELD_UNTIL, "never");
  else
    g_string_append_printf (text, " %s=%" G_GINT64_FORMAT, field_names[FIELD_UNTIL],
                            record->expires);

  append_address (text, FIELD_HOST, record->hosts.internal);
  if (record->description != NULL)
    append_text (text, FIELD_NAME, record->description);
  if (record->hosts.remote != NULL)
    {
      g_autofree char *remote = plum_hosts_make_remote_text (&record->hosts, REMOTE_SEPARATOR);

      append_text (text, FIELD_REMOTE, remote);
    }
  g_string_append_c (text, '\n');
}

static void
append_section (GString *text, GPtrArray *records)
{
  for (unsigned int i = 0; i < records->len; i++)
    append_record (text, records->pdata[i]);
  g_string_append_printf (text, END "%u\n", records->len);
}

GString *
plum_lease_codec_encode (GPtrArray *records)
{
  GString *text = g_string_new (HEAD "\n");

  append_section (text, records);
  return text;
}

GString *
plum_lease_codec_encode_addition (GPtrArray *records)
{
  GString *text = g_string_new (NULL);

  append_section (text, records);
  return text;
}

/* --- Decoding --- */

/* Sets *out to 0 for first and to 1 for second. */
static gboolean
read_choice (const char *value, const char *first, const char *second, guint *out)
{
  *out = strcmp (value, second) == 0 ? 1 : 0;
  return *out == 1 || strcmp (value, first) == 0;
}

static gboolean
read_number (const char *value, guint64 least, guint64 most, guint64 *out)
{
  return g_ascii_string_to_unsigned (value, 10, least, most, out, NULL);
}

static gboolean
read_port (const char *value, guint *out)
{
  guint64 port;

  if (!read_number (value, 1, G_MAXUINT16, &port))
    return FALSE;

  *out = (guint) port;
  return TRUE;
}

static gboolean
read_until (const char *value, gint64 *out)
{
  guint64 until = PLUM_LEASE_RECORD_FOREVER;

  if (strcmp (value, "never") != 0 && !read_number (value, 0, G_MAXINT64 - 1, &until))
    return FALSE;

  *out = (gint64) until;
  return TRUE;
}

static gboolean
read_key (const char *value, GBytes **out)
{
  guint8 key[PLUM_LEASE_RECORD_KEY_SIZE];

  if (strlen (value) != 2 * sizeof key)
    return FALSE;

  for (unsigned int i = 0; i < sizeof key; i++)
    {
      int high = g_ascii_xdigit_value (value[2 * i]);
      int low = g_ascii_xdigit_value (value[2 * i + 1]);

      if (high < 0 || low < 0)
        return FALSE;
      key[i] = (guint8) (high << 4 | low);
    }

  *out = g_bytes_new (key, sizeof key);
  return TRUE;
}

static gboolean
read_text (const char *value, char **out)
{
  *out = g_uri_unescape_string (value, NULL);
  return *out != NULL && **out != '\0';
}

static gboolean
read_name (const char *value, char **out)
{
  return read_text (value, out) && strlen (*out) <= NAME_MAX_SIZE && g_str_is_ascii (*out);
}

static gboolean
read_address (const char *value, GInetAddress **out)
{
  g_autofree char *text = NULL;

  if (read_text (value, &text))
    *out = g_inet_address_new_from_string (text);
  return *out != NULL;
}

static gboolean
read_remote (const char *value, PlumHosts *hosts)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) masks = NULL;

  if (!read_text (value, &text))
    return FALSE;

  masks = g_strsplit (text, REMOTE_SEPARATOR, PLUM_HOSTS_REMOTE_MAX + 1);
  for (guint i = 0; masks[i] != NULL; i++)
    {
      g_autoptr (GInetAddressMask) mask = g_inet_address_mask_new_from_string (masks[i], NULL);

      if (mask == NULL)
        return FALSE;
      plum_hosts_add_remote (hosts, mask);
    }
  return TRUE;
}

static gboolean
read_token (const char *value, GVariant **out)
{
  g_autofree char *text = NULL;

  /* g_variant_parse() requires UTF-8. */
  if (read_text (value, &text) && strlen (text) <= TOKEN_MAX && g_utf8_validate (text, -1, NULL))
    *out = g_variant_parse (NULL, text, NULL, NULL, NULL);
  return *out != NULL;
}

static gboolean
read_shared_text (const char *value, GRefString **out)
{
  g_autofree char *text = NULL;

  if (!read_text (value, &text))
    return FALSE;

  *out = g_ref_string_new (text);
  return TRUE;
}

static gboolean
read_interned_text (const char *value, const char **out)
{
  g_autofree char *text = NULL;

  if (!read_text (value, &text))
    return FALSE;

  *out = g_intern_string (text);
  return TRUE;
}

static gboolean
read_field (PlumLeaseRecord *record, Field field, const char *value)
{
  guint choice;
  gboolean ok;

  switch (field)
    {
    case FIELD_PROTOCOL:
      ok = read_choice (value, "tcp", "udp", &choice);
      record->protocol = choice == 0 ? PLUM_PROTOCOL_TCP : PLUM_PROTOCOL_UDP;
      return ok;
    case FIELD_FAMILY:
      ok = read_choice (value, "ipv4", "ipv6", &choice);
      record->family = choice == 0 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6;
      return ok;
    case FIELD_INTERNAL:
      return read_port (value, &record->internal_port);
    case FIELD_EXTERNAL:
      return read_port (value, &record->external_port);
    case FIELD_KEY:
      return read_key (value, &record->key);
    case FIELD_ADDRESS:
      return read_address (value, &record->external_address);
    case FIELD_GATEWAY:
      return read_address (value, &record->gateway);
    case FIELD_THROUGH:
      return read_address (value, &record->through);
    case FIELD_LOCAL:
      return read_address (value, &record->local_address);
    case FIELD_HARDWARE:
      return read_shared_text (value, &record->hardware_address);
    case FIELD_INTERFACE:
      return read_interned_text (value, &record->interface_name);
    case FIELD_BACKEND:
      return read_interned_text (value, &record->backend_name);
    case FIELD_TOKEN:
      return read_token (value, &record->token);
    case FIELD_UNTIL:
      return read_until (value, &record->expires);
    case FIELD_HOST:
      return read_address (value, &record->hosts.internal);
    case FIELD_NAME:
      return read_name (value, &record->description);
    case FIELD_REMOTE:
      return read_remote (value, &record->hosts);
    case N_FIELDS:
    default:
      return FALSE;
    }
}

/* A word is NAME=VALUE; no name may occur twice. */
static gboolean
read_word (PlumLeaseRecord *record, const char *word, guint *seen)
{
  const char *equals = strchr (word, '=');
  Field field = 0;

  if (equals == NULL)
    return FALSE;

  while (field < N_FIELDS && (strncmp (word, field_names[field], (gsize) (equals - word)) != 0 ||
                              field_names[field][equals - word] != '\0'))
    field++;
  if (field == N_FIELDS || (*seen & BIT (field)) != 0)
    return FALSE;

  *seen |= BIT (field);
  return read_field (record, field, equals + 1);
}

static gboolean
has_one_family (const PlumLeaseRecord *record)
{
  GInetAddress *const addresses[] = { record->gateway, record->through, record->local_address };

  for (unsigned int i = 0; i < G_N_ELEMENTS (addresses); i++)
    if (addresses[i] != NULL && g_inet_address_get_family (addresses[i]) != record->family)
      return FALSE;

  return plum_hosts_check (&record->hosts, record->family, NULL);
}

/* Returns NULL if the line is not a valid record. */
static PlumLeaseRecord *
read_record (const char *line)
{
  g_autoptr (PlumLeaseRecord) record = plum_lease_record_new ();
  g_auto (GStrv) words = g_strsplit (line, " ", N_FIELDS + 2);
  guint seen = 0;

  if (words[0] == NULL || strcmp (words[0], RECORD) != 0)
    return NULL;
  for (unsigned int i = 1; words[i] != NULL; i++)
    if (!read_word (record, words[i], &seen))
      return NULL;

  if ((seen & REQUIRED) != REQUIRED)
    return NULL;
  if (record->through != NULL && record->gateway == NULL)
    return NULL;
  return has_one_family (record) ? g_steal_pointer (&record) : NULL;
}

static gboolean
is_end (const char *line)
{
  return g_str_has_prefix (line, END);
}

static gboolean
has_count (const char *end, guint n_records)
{
  g_autofree char *expected = g_strdup_printf (END "%u", n_records);

  return strcmp (end, expected) == 0;
}

static gboolean
set_malformed (GError **error, guint line)
{
  g_set_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED,
               "Line %u is not valid in a lease file of version 1", line);
  return FALSE;
}

/* Returns the index of the line after the last complete section, or 0 without such a section. */
static guint
find_last_end (char **lines, guint n)
{
  /* The text after the last newline is not a line. */
  for (guint i = n - 1; i > 1; i--)
    if (is_end (lines[i - 1]))
      return i;

  return 0;
}

static gboolean
read_lines (GPtrArray *records, char **lines, GError **error)
{
  guint n = g_strv_length (lines);
  guint end;
  guint n_before = 0;

  if (n < 3 || strcmp (lines[0], HEAD) != 0)
    return set_malformed (error, 1);

  end = find_last_end (lines, n);
  if (end == 0)
    return set_malformed (error, n - 1);

  for (guint i = 1; i < end; i++)
    {
      PlumLeaseRecord *record = NULL;

      if (is_end (lines[i]) && has_count (lines[i], records->len - n_before))
        {
          n_before = records->len;
          continue;
        }

      if (records->len < PLUM_LEASE_CODEC_MAX_RECORDS)
        record = read_record (lines[i]);
      if (record == NULL)
        return set_malformed (error, i + 1);
      g_ptr_array_add (records, record);
    }

  return TRUE;
}

static guint
count_lines (const char *data, gsize len)
{
  guint n = 1;

  for (gsize i = 0; i < len; i++)
    n += data[i] == '\n';

  return n;
}

GPtrArray *
plum_lease_codec_decode (const char *data, gsize len, GError **error)
{
  g_autoptr (GPtrArray) records =
    g_ptr_array_new_with_free_func ((GDestroyNotify) plum_lease_record_free);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint n;

  if (len > PLUM_LEASE_CODEC_MAX_SIZE || (len > 0 && memchr (data, '\0', len) != NULL))
    {
      set_malformed (error, 1);
      return NULL;
    }

  text = g_strndup (len > 0 ? data : "", len);
  /* Count first: g_strsplit() allocates memory for the maximum. */
  n = MIN (count_lines (data, len), 2 * PLUM_LEASE_CODEC_MAX_RECORDS + 4);
  lines = g_strsplit (text, "\n", (int) n);
  if (!read_lines (records, lines, error))
    return NULL;

  return g_steal_pointer (&records);
}
