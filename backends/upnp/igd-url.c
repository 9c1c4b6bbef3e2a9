/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "igd-url.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_URL 1024

void
upnp_url_free (UpnpUrl *self)
{
  g_free (self->host);
  g_free (self->target);
  g_free (self);
}

/* RFC 3986 5.2.4, segment by segment. path begins with '/'. */
static char *
remove_dot_segments (const char *path)
{
  g_auto (GStrv) segments = g_strsplit (path + 1, "/", -1);
  g_autoptr (GPtrArray) kept = g_ptr_array_new ();
  GString *out = g_string_new (NULL);

  for (char **s = segments; *s != NULL; s++)
    {
      gboolean last = *(s + 1) == NULL;

      if (g_str_equal (*s, ".."))
        {
          if (kept->len > 0)
            g_ptr_array_set_size (kept, (int) kept->len - 1);
          if (last)
            g_ptr_array_add (kept, "");
        }
      else if (!g_str_equal (*s, "."))
        g_ptr_array_add (kept, *s);
      else if (last)
        g_ptr_array_add (kept, "");
    }

  for (guint i = 0; i < kept->len; i++)
    g_string_append_printf (out, "/%s", (const char *) g_ptr_array_index (kept, i));
  if (out->len == 0)
    g_string_append_c (out, '/');

  return g_string_free (out, FALSE);
}

/* The target is copied into a request line: it must contain neither blanks nor control
 * characters. */
static char *
make_target (const char *path, const char *query) /* (nullable): with its '?' */
{
  g_autofree char *clean = remove_dot_segments (path);
  g_autofree char *raw = g_strconcat (clean, query, NULL);
  GString *out = g_string_new (NULL);

  for (const char *p = raw; *p != '\0' && *p != '#'; p++)
    {
      if ((guchar) *p <= 0x20 || (guchar) *p >= 0x7f)
        g_string_append_printf (out, "%%%02X", (guint) (guchar) *p);
      else
        g_string_append_c (out, *p);
    }

  return g_string_free (out, FALSE);
}

static gboolean
parse_port (const char *text, guint16 *port)
{
  guint64 value;

  /* Some devices send an empty port or port 0 for the default port. */
  *port = 80;
  if (*text == '\0')
    return TRUE;
  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT16, &value, NULL))
    return FALSE;
  if (value != 0)
    *port = (guint16) value;
  return TRUE;
}

/* host[:port] or [host][:port] */
static gboolean
parse_authority (const char *authority, UpnpUrl *url)
{
  const char *host_end;

  if (strchr (authority, '@') != NULL)
    return FALSE;

  if (*authority == '[')
    {
      authority++;
      host_end = strchr (authority, ']');
      if (host_end == NULL || (host_end[1] != ':' && host_end[1] != '\0'))
        return FALSE;
      url->host = g_ascii_strdown (authority, host_end - authority);
      host_end++;
    }
  else
    {
      host_end = authority + strcspn (authority, ":");
      url->host = g_ascii_strdown (authority, host_end - authority);
    }

  return *url->host != '\0' && parse_port (*host_end == ':' ? host_end + 1 : host_end, &url->port);
}

static gboolean
check_length (const char *text, GError **error)
{
  if (strlen (text) <= MAX_URL)
    return TRUE;

  g_set_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED,
               g_dngettext (GETTEXT_PACKAGE, "The URL has %u byte; at most %u are accepted",
                            "The URL has %u bytes; at most %u are accepted", strlen (text)),
               (guint) strlen (text), (guint) MAX_URL);
  return FALSE;
}

static gboolean
is_absolute (const char *text)
{
  return g_ascii_strncasecmp (text, "http://", strlen ("http://")) == 0;
}

UpnpUrl *
upnp_url_parse (const char *text, GError **error)
{
  g_autofree char *stripped = g_strstrip (g_strdup (text));
  g_autoptr (UpnpUrl) url = g_new0 (UpnpUrl, 1);
  g_autofree char *authority = NULL;
  g_autofree char *path = NULL;
  const char *rest;
  gsize path_length;

  if (!check_length (stripped, error))
    return NULL;
  if (!is_absolute (stripped))
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED, _ ("“%s” is not an http URL"),
                   stripped);
      return NULL;
    }

  rest = stripped + strlen ("http://");
  authority = g_strndup (rest, strcspn (rest, "/?#"));
  rest += strlen (authority);
  if (!parse_authority (authority, url))
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED, _ ("“%s” has no usable host and port"),
                   stripped);
      return NULL;
    }

  path_length = strcspn (rest, "?#");
  path = path_length > 0 ? g_strndup (rest, path_length) : g_strdup ("/");
  url->target = make_target (path, rest + path_length);

  return g_steal_pointer (&url);
}

char *
upnp_url_make_authority (GInetAddress *address, guint16 port)
{
  g_autofree char *text = g_inet_address_to_string (address);

  return g_strdup_printf (strchr (text, ':') != NULL ? "[%s]:%u" : "%s:%u", text, port);
}

/* Whether it is a URL of another scheme. A colon is not sufficient: a path may be
 * “uuid:…/WANIPConnection:1” (quirk 40). */
static gboolean
has_foreign_scheme (const char *reference)
{
  const char *scheme_end = strstr (reference, "://");

  return scheme_end != NULL && scheme_end == reference + strcspn (reference, ":/?#");
}

static char *
merge_path (const UpnpUrl *base, const char *path)
{
  gsize base_length = strcspn (base->target, "?");
  g_autofree char *base_path = g_strndup (base->target, base_length);

  if (*path == '/')
    return g_strdup (path);
  if (*path == '\0')
    return g_steal_pointer (&base_path);

  *(strrchr (base_path, '/') + 1) = '\0';
  return g_strconcat (base_path, path, NULL);
}

UpnpUrl *
upnp_url_resolve (const UpnpUrl *base, const char *reference, GError **error)
{
  g_autofree char *stripped = g_strstrip (g_strdup (reference));
  g_autoptr (UpnpUrl) url = NULL;
  g_autofree char *path = NULL;
  g_autofree char *merged = NULL;
  gsize path_length;

  if (is_absolute (stripped))
    return upnp_url_parse (stripped, error);

  if (g_str_has_prefix (stripped, "//"))
    {
      g_autofree char *absolute = g_strconcat ("http:", stripped, NULL);

      return upnp_url_parse (absolute, error);
    }

  if (!check_length (stripped, error))
    return NULL;
  if (has_foreign_scheme (stripped))
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED, _ ("“%s” is not an http URL"),
                   stripped);
      return NULL;
    }

  path_length = strcspn (stripped, "?#");
  path = g_strndup (stripped, path_length);
  merged = merge_path (base, path);

  url = g_new0 (UpnpUrl, 1);
  url->host = g_strdup (base->host);
  url->port = base->port;
  url->target = make_target (merged, stripped + path_length);
  return g_steal_pointer (&url);
}
