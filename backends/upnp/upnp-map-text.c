/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-map-text.h"

#include "upnp-client.h"
#include "upnp-lookup.h"

#include <glib/gi18n-lib.h>

/* How many characters of a text from the router or another host to show. */
#define MAP_TEXT_MAX_SHOWN 32

static char *
dup_host (const UpnpTableEntry *entry)
{
  g_autoptr (GInetAddress) client = NULL;

  if (!upnp_lookup_has_host (entry))
    /* Translators: in place of an address. */
    return g_strdup (_ ("an unknown host"));

  client = g_inet_address_new_from_string (entry->internal_client);
  return client != NULL ? g_inet_address_to_string (client)
                        : upnp_soap_dup_shown (entry->internal_client, MAP_TEXT_MAX_SHOWN);
}

/* "192.168.1.7", or, for this host, "this host's port 9090". */
static char *
dup_owner (const UpnpTableEntry *entry, const char *local_address)
{
  if (upnp_client_match (entry->internal_client, local_address) == UPNP_MATCH_SAME)
    return g_strdup_printf (_ ("this host's port %u"), entry->internal_port);

  return dup_host (entry);
}

char *
upnp_map_text_dup_target (const UpnpTableEntry *entry)
{
  g_autofree char *host = dup_host (entry);

  if (entry->internal_port == 0)
    return g_steal_pointer (&host);

  /* Translators: a port, a host. */
  return g_strdup_printf (_ ("port %u of %s"), entry->internal_port, host);
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

  if (*name != '\0')
    /* Translators: TCP or UDP, a port, a host or a port of this host, a name. */
    return g_strdup_printf (_ ("external %s port %u belongs to %s (its entry is called “%s”)"),
                            get_protocol_name (protocol), external_port, owner, name);

  /* Translators: TCP or UDP, a port, a host or a port of this host. */
  return g_strdup_printf (_ ("external %s port %u belongs to %s"), get_protocol_name (protocol),
                          external_port, owner);
}

/* A port that the router chose may remain. (transfer full) */
static char *
dup_unknown_leftover (const char *protocol, guint lease)
{
  if (lease == 0)
    /* Translators: TCP or UDP. */
    return g_strdup_printf (
      _ ("a %s port that the router chose may remain on the router until it is "
         "deleted in the router's settings"),
      protocol);

  /* Translators: TCP or UDP, and a time in seconds. */
  return g_strdup_printf (
    _ ("a %s port that the router chose may remain on the router for up to %u s"), protocol, lease);
}

char *
upnp_map_text_dup_leftover (PlumProtocol protocol, guint external_port, guint lease)
{
  const char *name = get_protocol_name (protocol);

  if (external_port == 0)
    return dup_unknown_leftover (name, lease);

  if (lease == 0)
    /* Translators: TCP or UDP, and a port. */
    return g_strdup_printf (
      _ ("%s port %u may remain on the router until it is deleted in the router's settings"), name,
      external_port);

  /* Translators: TCP or UDP, a port, and a time in seconds. */
  return g_strdup_printf (_ ("%s port %u may remain on the router for up to %u s"), name,
                          external_port, lease);
}
