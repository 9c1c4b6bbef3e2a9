/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "stun-server.h"

#include "stun-codec.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* The characters of a name or an IPv4 address, or an IPv6 address. Those that are not ASCII are
 * part of international names.
 */
static gboolean
stun_server_is_host (const char *text)
{
  if (*text == '\0')
    return FALSE;
  if (strchr (text, ':') != NULL)
    return g_hostname_is_ip_address (text);

  for (; *text != '\0'; text++)
    if ((guchar) *text < 0x80 && !g_ascii_isalnum (*text) && strchr ("-._", *text) == NULL)
      return FALSE;

  return TRUE;
}

GSocketConnectable *
stun_server_parse (const char *text, GError **error)
{
  g_autofree char *clean = g_utf8_make_valid (text, -1);
  g_autoptr (GSocketConnectable) server = NULL;

  if (g_str_equal (clean, text) && !g_str_has_suffix (text, ":"))
    server = g_network_address_parse (text, STUN_PORT, NULL);
  if (server == NULL ||
      !stun_server_is_host (g_network_address_get_hostname (G_NETWORK_ADDRESS (server))) ||
      g_network_address_get_port (G_NETWORK_ADDRESS (server)) == 0)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   _ (
                     "“%s” is invalid, must be HOST or HOST:PORT, such as stun.example.org:3478 or "
                     "[2001:db8::1]:3478"),
                   clean);
      return NULL;
    }

  return g_steal_pointer (&server);
}
