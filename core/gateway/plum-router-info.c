/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-router-info-private.h"

#include <string.h>

#include "plum-values-private.h"

#define MAX_TEXT 64
#define MAX_URL 256

/* What a URL contains unescaped (RFC 3986), except the quotation mark, which ends it in a shell and
 * in markup. */
#define URL_CHARACTERS "-._~:/?#[]@!$&()*+,;=%"

void
plum_router_info_clear (PlumRouterInfo *self)
{
  g_clear_pointer (&self->manufacturer, g_free);
  g_clear_pointer (&self->model, g_free);
  g_clear_pointer (&self->model_version, g_free);
  g_clear_pointer (&self->presentation_url, g_free);
}

char *
plum_router_info_make_text (const char *text)
{
  g_autofree char *printable = plum_text_make_printable (text, MAX_TEXT - 1);

  return *printable != '\0' ? g_steal_pointer (&printable) : NULL;
}

static gboolean
is_plain_url (const char *url)
{
  for (const char *p = url; *p != '\0'; p++)
    {
      if (!g_ascii_isalnum (*p) && strchr (URL_CHARACTERS, *p) == NULL)
        return FALSE;
    }

  return strlen (url) <= MAX_URL;
}

/* A URL with a user name can look like one of another host. */
char *
plum_router_info_make_url (const char *url, GInetAddress *address)
{
  g_autoptr (GUri) parsed = NULL;
  g_autoptr (GInetAddress) host = NULL;

  if (url == NULL || address == NULL || !is_plain_url (url))
    return NULL;

  parsed = g_uri_parse (url, G_URI_FLAGS_ENCODED, NULL);
  if (parsed == NULL || g_uri_get_userinfo (parsed) != NULL || g_uri_get_host (parsed) == NULL ||
      (!g_str_equal (g_uri_get_scheme (parsed), "http") &&
       !g_str_equal (g_uri_get_scheme (parsed), "https")))
    return NULL;

  host = g_inet_address_new_from_string (g_uri_get_host (parsed));
  return host != NULL && g_inet_address_equal (host, address) ? g_strdup (url) : NULL;
}
