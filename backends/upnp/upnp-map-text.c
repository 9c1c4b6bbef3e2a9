/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-map-text.h"

/* How many characters of a text from the router or another host to show. */
#define MAP_TEXT_MAX_SHOWN 32

/* "192.168.1.7", or, for this host, "this host's port 9090". */
static char *
dup_owner (const UpnpTableEntry *entry, const char *local_address)
{
  g_autoptr (GInetAddress) client = g_inet_address_new_from_string (entry->internal_client);

  if (g_strcmp0 (entry->internal_client, local_address) == 0)
    return g_strdup_printf ("this host's port %u", entry->internal_port);

  return client != NULL ? g_inet_address_to_string (client)
                        : upnp_soap_dup_shown (entry->internal_client, MAP_TEXT_MAX_SHOWN);
}

static const char *
get_protocol_name (PlumProtocol protocol)
{
  return protocol == PLUM_PROTOCOL_TCP ? "TCP" : "UDP";
}

char *
upnp_map_text_dup_taken (PlumProtocol protocol,
                         guint external_port,
                         const UpnpTableEntry *entry,
                         const char *local_address)
{
  g_autofree char *owner = dup_owner (entry, local_address);
  g_autofree char *name = upnp_soap_dup_shown (entry->description, MAP_TEXT_MAX_SHOWN);
  g_autofree char *called = NULL;

  if (*name != '\0')
    called = g_strdup_printf (" (its entry is called “%s”)", name);

  return g_strdup_printf ("external %s port %u belongs to %s%s", get_protocol_name (protocol),
                          external_port, *owner != '\0' ? owner : "another host",
                          called != NULL ? called : "");
}

char *
upnp_map_text_dup_leftover (PlumProtocol protocol, guint external_port, guint lease)
{
  g_autofree char *what =
    g_strdup_printf ("%s port %u", get_protocol_name (protocol), external_port);
  g_autofree char *until = g_strdup_printf ("for up to %u s", lease);

  if (external_port == 0)
    {
      g_free (what);
      what = g_strdup_printf ("a %s port that the router chose", get_protocol_name (protocol));
    }

  return g_strdup_printf ("%s may remain on the router %s", what,
                          lease != 0 ? until : "until it is deleted in the router's settings");
}
