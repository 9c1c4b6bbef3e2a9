/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ssdp-codec.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* A version 2 device must answer a search for version 1, but some devices answer only their own
 * version, or only the name of a service (quirk 20). */
static const char *const ipv4_targets[] = {
  "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
  "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
  "urn:schemas-upnp-org:service:WANIPConnection:1",
  "urn:schemas-upnp-org:service:WANIPConnection:2",
  "urn:schemas-upnp-org:service:WANPPPConnection:1",
  NULL,
};

/* Only version 2 has WANIPv6FirewallControl. */
static const char *const ipv6_targets[] = {
  "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1",
  "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
  "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
  NULL,
};

void
upnp_ssdp_message_free (UpnpSsdpMessage *self)
{
  g_free (self->target);
  g_free (self->location);
  g_free (self->server);
  g_free (self);
}

const char *const *
upnp_ssdp_targets (GSocketFamily family)
{
  return family == G_SOCKET_FAMILY_IPV6 ? ipv6_targets : ipv4_targets;
}

GBytes *
upnp_ssdp_encode_search (const char *host, const char *target)
{
  /* MX 0 crashes some devices (quirk 26). */
  char *text = g_strdup_printf ("M-SEARCH * HTTP/1.1\r\n"
                                "HOST: %s\r\n"
                                "MAN: \"ssdp:discover\"\r\n"
                                "MX: 1\r\n"
                                "ST: %s\r\n"
                                "\r\n",
                                host, target);

  return g_bytes_new_take (text, strlen (text));
}

/* Converts the datagram to valid UTF-8. Replaces NUL bytes and control characters other than line
 * ends by blanks, as parts of it appear in messages. */
static char *
to_text (const char *data, gsize len)
{
  GString *text = g_string_sized_new (len);
  char *valid;

  for (const char *p = data; p < data + len; p++)
    g_string_append_c (text, *p == '\n' || !g_ascii_iscntrl (*p) ? *p : ' ');
  valid = g_utf8_make_valid (text->str, (gssize) text->len);
  g_string_free (text, TRUE);

  return valid;
}

/* The value if line is “name: value”; the name starts the line (quirk 27). */
static const char *
match_header (const char *line, const char *name)
{
  gsize length = strlen (name);

  if (g_ascii_strncasecmp (line, name, length) != 0)
    return NULL;

  line += length;
  line += strspn (line, " \t");
  if (*line != ':')
    return NULL;

  line++;
  return line + strspn (line, " \t");
}

/* The first header of a name counts; an empty one does not. */
static void
keep_header (char **field, const char *line, const char *name)
{
  const char *value = match_header (line, name);

  if (value != NULL && *value != '\0' && *field == NULL)
    *field = g_strdup (value);
}

static gboolean
is_http_url (const char *text)
{
  return g_ascii_strncasecmp (text, "http://", strlen ("http://")) == 0;
}

/* Without the brackets or quotes around it. (transfer full) */
static char *
dup_unwrapped (const char *value)
{
  gsize length = strlen (value);
  gboolean wrapped = length >= 2 && ((value[0] == '<' && value[length - 1] == '>') ||
                                     (value[0] == '"' && value[length - 1] == '"'));

  return wrapped ? g_strstrip (g_strndup (value + 1, length - 2)) : g_strdup (value);
}

/* The first http URL counts: others cannot be fetched. */
static void
keep_location (char **field, const char *line)
{
  const char *value = match_header (line, "LOCATION");
  g_autofree char *url = value != NULL ? dup_unwrapped (value) : NULL;

  if (url == NULL || *url == '\0' ||
      (*field != NULL && (is_http_url (*field) || !is_http_url (url))))
    return;

  g_free (*field);
  *field = g_steal_pointer (&url);
}

/* Whether text continues the value of header. A URL has no blanks, so that it is folded before its
 * start, or is broken; an indented header is no part of it. */
static gboolean
continues_value (const char *header, const char *text)
{
  gsize name_length = strspn (text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-._");

  if (g_str_has_suffix (header, ":"))
    return TRUE;

  return match_header (header, "LOCATION") != NULL && strchr (text, ' ') == NULL &&
         (name_length == 0 || text[name_length] != ':');
}

/* Joins the lines of each header: a line that begins with a blank continues the one before
 * (RFC 7230 3.2.4). The first line is no header. (transfer full) */
static char **
unfold (char **lines)
{
  g_autoptr (GPtrArray) headers = g_ptr_array_new_with_free_func (g_free);
  gboolean open = FALSE; /* the last header may go on */

  for (char **line = lines; *line != NULL; line++)
    {
      gboolean folded = **line == ' ';
      char **last = headers->len > 0 ? (char **) &headers->pdata[headers->len - 1] : NULL;

      g_strstrip (*line);
      if (folded)
        open = open && last != NULL && **line != '\0' && continues_value (*last, *line);
      else
        open = line != lines;
      if (folded && open)
        {
          g_autofree char *start = *last;

          *last = g_strconcat (start, *line, NULL);
        }
      else if (!folded)
        g_ptr_array_add (headers, g_strdup (*line));
    }

  g_ptr_array_add (headers, NULL);
  return (char **) g_ptr_array_steal (headers, NULL);
}

static gboolean
contains_word (const char *text, const char *word)
{
  g_autofree char *lower = g_ascii_strdown (text, -1);

  return strstr (lower, word) != NULL;
}

/* The answer may name another part of the device than the search target (quirk 21). */
static UpnpSsdpClass
classify (const char *target, /* (nullable) */
          const char *usn)    /* (nullable) */
{
  static const char *const gateway[] = {
    "internetgatewaydevice", "wanipconnection", "wanpppconnection",
    "wanconnectiondevice",   "wandevice",       "wanipv6firewallcontrol",
  };
  /* Other services of a gateway, and a bare identifier (quirk 85). Other devices have them too. */
  static const char *const part[] = {
    "wancommoninterfaceconfig", "layer3forwarding",   "wanethernetlinkconfig",
    "wandsllinkconfig",         "wancablelinkconfig", "wanpotslinkconfig",
    "lanhostconfigmanagement",  "landevice",          "rootdevice",
  };
  g_autofree char *both =
    g_strconcat (target != NULL ? target : "", " ", usn != NULL ? usn : "", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (gateway); i++)
    {
      if (contains_word (both, gateway[i]))
        return UPNP_SSDP_GATEWAY;
    }

  /* A truncated datagram may lack a header (quirk 27): a message without a name may be from any
   * root device. */
  if (target == NULL || g_ascii_strncasecmp (target, "uuid:", 5) == 0)
    return UPNP_SSDP_ROOT;
  for (gsize i = 0; i < G_N_ELEMENTS (part); i++)
    {
      if (contains_word (both, part[i]))
        return UPNP_SSDP_ROOT;
    }

  return UPNP_SSDP_OTHER;
}

static gboolean
read_kind (const char *first_line,
           const char *nts, /* (nullable) */
           UpnpSsdpKind *kind)
{
  gsize length = strcspn (first_line, " ");
  const char *rest = first_line + length;

  rest += strspn (rest, " ");
  if (*rest == '\0')
    return FALSE;

  if (g_ascii_strncasecmp (first_line, "HTTP/1.", 7) == 0)
    {
      *kind = UPNP_SSDP_ANSWER;
      return g_str_has_prefix (rest, "200");
    }

  if (length != strlen ("NOTIFY") || g_ascii_strncasecmp (first_line, "NOTIFY", length) != 0 ||
      nts == NULL)
    return FALSE;

  if (g_ascii_strcasecmp (nts, "ssdp:alive") == 0)
    *kind = UPNP_SSDP_ALIVE;
  else if (g_ascii_strcasecmp (nts, "ssdp:byebye") == 0)
    *kind = UPNP_SSDP_BYEBYE;
  else if (g_ascii_strcasecmp (nts, "ssdp:update") == 0)
    *kind = UPNP_SSDP_UPDATE;
  else
    return FALSE;

  return TRUE;
}

static gint64
read_boot_id (const char *text) /* (nullable) */
{
  guint64 value;

  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT32, &value, NULL))
    return -1;

  return (gint64) value;
}

UpnpSsdpMessage *
upnp_ssdp_decode (const char *data, gsize len, GError **error)
{
  g_autoptr (UpnpSsdpMessage) message = g_new0 (UpnpSsdpMessage, 1);
  g_autofree char *text = to_text (data, MIN (len, UPNP_SSDP_MAX_DATAGRAM));
  g_autofree char *usn = NULL;
  g_autofree char *nts = NULL;
  g_autofree char *boot_id = NULL;
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_auto (GStrv) headers = NULL;
  char **line = lines;

  /* Lines end in LF with or without CR; the last line may have no end (quirk 27). */
  while (*line != NULL && *g_strstrip (*line) == '\0')
    line++;
  headers = unfold (line);

  for (char **l = headers; *l != NULL; l++)
    {
      keep_header (&message->target, *l, "ST");
      keep_header (&message->target, *l, "NT");
      keep_location (&message->location, *l);
      keep_header (&message->server, *l, "SERVER");
      keep_header (&usn, *l, "USN");
      keep_header (&nts, *l, "NTS");
      keep_header (&boot_id, *l, "BOOTID.UPNP.ORG");
    }

  if (*headers == NULL || !read_kind (*headers, nts, &message->kind))
    {
      g_set_error (
        error, PLUM_ERROR, PLUM_ERROR_MALFORMED,
        g_dngettext (GETTEXT_PACKAGE,
                     "The datagram of %u byte is neither an answer to a search nor a notification",
                     "The datagram of %u bytes is neither an answer to a search nor a notification",
                     len),
        (guint) len);
      return NULL;
    }

  message->class = classify (message->target, usn);
  message->boot_id = read_boot_id (boot_id);
  return g_steal_pointer (&message);
}
