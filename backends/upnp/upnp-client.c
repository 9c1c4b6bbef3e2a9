/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-client.h"

#include <string.h>

#define MAX_DIGITS 3
#define MAPPED_PREFIX "::ffff:"

/* g_inet_address_new_from_string() does not accept zeros before a number. */
gboolean
upnp_client_read_ipv4 (const char *text, guint8 *bytes)
{
  gboolean mapped = g_ascii_strncasecmp (text, MAPPED_PREFIX, strlen (MAPPED_PREFIX)) == 0;
  g_auto (GStrv) parts =
    g_strsplit (mapped ? text + strlen (MAPPED_PREFIX) : text, ".", UPNP_IPV4_SIZE + 1);
  guint64 value;

  if (g_strv_length (parts) != UPNP_IPV4_SIZE)
    return FALSE;

  for (guint i = 0; i < UPNP_IPV4_SIZE; i++)
    {
      if (strlen (parts[i]) > MAX_DIGITS ||
          !g_ascii_string_to_unsigned (parts[i], 10, 0, G_MAXUINT8, &value, NULL))
        return FALSE;
      bytes[i] = (guint8) value;
    }

  return TRUE;
}

/* Without what routers write around an address. (transfer full) */
static char *
dup_address_part (const char *text)
{
  g_autofree char *part = g_strstrip (g_strdup (*text == '[' ? text + 1 : text));
  const char *start = part;
  char *colon;

  part[strcspn (part, "]/")] = '\0';
  if (g_ascii_strncasecmp (part, MAPPED_PREFIX, strlen (MAPPED_PREFIX)) == 0)
    start += strlen (MAPPED_PREFIX);

  colon = strchr (start, ':');
  if (colon != NULL && strchr (colon + 1, ':') == NULL)
    *colon = '\0';
  return g_strdup (start);
}

UpnpMatch
upnp_client_match (const char *text, const char *address)
{
  static const guint8 any[UPNP_IPV4_SIZE] = { 0 };
  g_autofree char *trimmed = g_strstrip (g_strdup (text != NULL ? text : ""));
  g_autofree char *part = dup_address_part (trimmed);
  guint8 bytes[UPNP_IPV4_SIZE], wanted[UPNP_IPV4_SIZE];

  if (upnp_client_read_ipv4 (part, bytes))
    {
      if (memcmp (bytes, any, UPNP_IPV4_SIZE) == 0)
        return UPNP_MATCH_UNKNOWN;

      return address != NULL && upnp_client_read_ipv4 (address, wanted) &&
                 memcmp (bytes, wanted, UPNP_IPV4_SIZE) == 0
               ? UPNP_MATCH_SAME
               : UPNP_MATCH_OTHER;
    }

  return g_str_equal (part, "::") || !g_hostname_is_ip_address (part) ? UPNP_MATCH_UNKNOWN
                                                                      : UPNP_MATCH_OTHER;
}
