/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-lookup.h"

#include "upnp-client.h"

#include <string.h>

#define NO_SUCH_ENTRY 714
#define INDEX_INVALID 713
#define INVALID_ACTION 401
#define NOT_IMPLEMENTED 602
#define ACTION_FAILED 501

/* The description that replaces a refused one. */
#define SHORT_DESCRIPTION "plum"

gboolean
upnp_lookup_is_possible (UpnpDevice *device)
{
  return device->memory.lookups != UPNP_LOOKUPS_FAIL;
}

void
upnp_lookup_set_impossible (UpnpDevice *device)
{
  if (device->memory.lookups == UPNP_LOOKUPS_FAIL)
    return;

  device->memory.lookups = UPNP_LOOKUPS_FAIL;
  plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_INFO,
            "UPnP: %s does not show the entries of its table: ports of other hosts cannot be "
            "recognized, and mappings cannot be verified",
            device->name);
}

gboolean
upnp_lookup_is_lost (const UpnpSoapReply *reply, const GError *error)
{
  if (error != NULL || reply == NULL)
    return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);

  return upnp_soap_reply_is_gone (reply);
}

gboolean
upnp_lookup_must_repeat (UpnpDevice *device, const UpnpSoapReply *reply, const GError *error)
{
  if (device->memory.lookups != UPNP_LOOKUPS_WORK)
    return FALSE;
  if (error != NULL || reply->outcome != UPNP_SOAP_FAULT)
    return TRUE;

  return device->memory.says_no_entry && reply->code == ACTION_FAILED;
}

gboolean
upnp_lookup_may_hide_entry (UpnpDevice *device, const UpnpSoapReply *reply, const GError *error)
{
  switch (device->memory.lookups)
    {
    case UPNP_LOOKUPS_WORK:
      return TRUE;
    case UPNP_LOOKUPS_UNTRIED:
      return error != NULL || reply->outcome != UPNP_SOAP_FAULT;
    case UPNP_LOOKUPS_FAIL:
    default:
      return FALSE;
    }
}

gboolean
upnp_lookup_has_description (const UpnpTableEntry *entry, const char *description)
{
  const char *text = entry->description;

  if (text == NULL || *text == '\0' || description == NULL)
    return TRUE;

  return g_str_has_prefix (description, text) || g_str_has_prefix (text, description) ||
         g_str_equal (text, SHORT_DESCRIPTION);
}

/* description: (nullable): unknown */
static gboolean
has_own_description (const UpnpTableEntry *entry, const char *description)
{
  return entry->description != NULL && *entry->description != '\0' && description != NULL &&
         *description != '\0' && upnp_lookup_has_description (entry, description);
}

/* “(null)” is what a firmware prints in place of a text that it does not have. */
static gboolean
is_missing (const char *text)
{
  g_autofree char *trimmed = g_strstrip (g_strdup (text != NULL ? text : ""));

  return *trimmed == '\0' || g_ascii_strcasecmp (trimmed, "(null)") == 0;
}

static gboolean
is_no_port (const char *text)
{
  return is_missing (text) || text[strspn (text, "0")] == '\0';
}

static gboolean
is_no_host (const char *text)
{
  static const guint8 any[UPNP_IPV4_SIZE] = { 0 };
  guint8 bytes[UPNP_IPV4_SIZE];

  return is_missing (text) ||
         (upnp_client_read_ipv4 (text, bytes) && memcmp (bytes, any, UPNP_IPV4_SIZE) == 0);
}

gboolean
upnp_lookup_has_host (const UpnpTableEntry *entry)
{
  return !is_no_host (entry->internal_client);
}

/* Some routers answer for a port without an entry with an empty one. One that is enabled and has
 * any value may be another host's, of which the router does not report the host and the port
 * (quirk 100). */
static gboolean
lookup_is_blank (const UpnpTableEntry *entry, const char *description)
{
  if (!is_no_port (entry->internal_port_text) || !is_no_host (entry->internal_client) ||
      has_own_description (entry, description))
    return FALSE;

  return !entry->enabled ||
         (is_missing (entry->description) && entry->lease == 0 &&
          (is_no_host (entry->remote_host) || g_strcmp0 (entry->remote_host, "*") == 0));
}

gboolean
upnp_lookup_is_blank (const UpnpTableEntry *entry, const char *description)
{
  return entry->complete && lookup_is_blank (entry, description);
}

static UpnpMatch
match_port (const UpnpTableEntry *entry, const UpnpLookupOwner *owner)
{
  if (entry->internal_port == 0)
    return UPNP_MATCH_UNKNOWN;

  return entry->internal_port == owner->internal_port ? UPNP_MATCH_SAME : UPNP_MATCH_OTHER;
}

static gboolean
is_former (const UpnpTableEntry *entry, const UpnpLookupOwner *owner)
{
  return owner->former_address != NULL &&
         upnp_client_match (entry->internal_client, owner->former_address) == UPNP_MATCH_SAME;
}

/* Whether the description allows an entry of ours, whose host or port the router does not report.
 */
static gboolean
may_have_own_description (UpnpDevice *device,
                          const UpnpTableEntry *entry,
                          const UpnpLookupOwner *owner)
{
  if (device->memory.replaces_text || upnp_lookup_has_description (entry, owner->description))
    return TRUE;

  device->memory.replaces_text = owner->added;
  return owner->added;
}

static gboolean
is_ours (UpnpDevice *device, const UpnpTableEntry *entry, const UpnpLookupOwner *owner)
{
  UpnpMatch client = upnp_client_match (entry->internal_client, owner->local_address);
  UpnpMatch port = match_port (entry, owner);

  if (port == UPNP_MATCH_OTHER)
    return FALSE;
  if (client == UPNP_MATCH_SAME && port == UPNP_MATCH_SAME)
    return !owner->other_host || upnp_lookup_has_description (entry, owner->description);

  /* Another host may have the former address by now, but does not use this description. */
  if (is_former (entry, owner))
    return port == UPNP_MATCH_SAME ? upnp_lookup_has_description (entry, owner->description)
                                   : has_own_description (entry, owner->description);
  if (client == UPNP_MATCH_OTHER)
    return FALSE;

  /* The same program on another host may have the same port and description. */
  if (owner->expected)
    return may_have_own_description (device, entry, owner);

  return client == UPNP_MATCH_SAME && has_own_description (entry, owner->description);
}

gboolean
upnp_lookup_is_other (const UpnpTableEntry *entry, const UpnpLookupOwner *owner)
{
  if (match_port (entry, owner) == UPNP_MATCH_OTHER ||
      !upnp_lookup_has_description (entry, owner->description))
    return TRUE;

  return !is_former (entry, owner) &&
         upnp_client_match (entry->internal_client, owner->local_address) == UPNP_MATCH_OTHER;
}

gboolean
upnp_lookup_is_misdirected (UpnpDevice *device,
                            const UpnpTableEntry *entry,
                            const UpnpLookupOwner *owner)
{
  return owner->expected && match_port (entry, owner) == UPNP_MATCH_OTHER &&
         upnp_client_match (entry->internal_client, owner->local_address) != UPNP_MATCH_OTHER &&
         (device->memory.replaces_text || upnp_lookup_has_description (entry, owner->description));
}

gboolean
upnp_lookup_says_no_entry (UpnpDevice *device, const UpnpSoapReply *reply)
{
  if (reply->outcome != UPNP_SOAP_FAULT)
    return FALSE;

  /* From a router that does not show its entries, 713 may mean anything. */
  return reply->code == NO_SUCH_ENTRY ||
         (reply->code == INDEX_INVALID && device->memory.lookups == UPNP_LOOKUPS_WORK);
}

UpnpLookupResult
upnp_lookup_read (UpnpDevice *device,
                  const UpnpSoapReply *reply,
                  const GError *error,
                  const UpnpLookupOwner *owner,
                  UpnpTableEntry **entry)
{
  g_autoptr (UpnpTableEntry) found = NULL;

  *entry = NULL;
  if (error != NULL)
    return UPNP_LOOKUP_UNKNOWN;

  if (upnp_lookup_says_no_entry (device, reply))
    {
      device->memory.lookups = UPNP_LOOKUPS_WORK;
      device->memory.says_no_entry = TRUE;
      return UPNP_LOOKUP_FREE;
    }
  if (reply->outcome == UPNP_SOAP_FAULT &&
      (reply->code == INVALID_ACTION || reply->code == NOT_IMPLEMENTED))
    upnp_lookup_set_impossible (device);

  if (reply->outcome == UPNP_SOAP_DONE)
    found = upnp_soap_read_entry (reply);
  if (found == NULL)
    return UPNP_LOOKUP_UNKNOWN;

  device->memory.lookups = UPNP_LOOKUPS_WORK;
  if (lookup_is_blank (found, owner->description))
    return found->complete ? UPNP_LOOKUP_FREE : UPNP_LOOKUP_UNKNOWN;

  *entry = g_steal_pointer (&found);
  if (!is_ours (device, *entry, owner))
    return UPNP_LOOKUP_TAKEN;

  device->memory.disables |= !(*entry)->enabled;
  return UPNP_LOOKUP_OURS;
}
