/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-find.h"

#include "upnp-client.h"

/* Each entry is one request. */
#define MAX_ENTRIES 128

#define INDEX_INVALID 713

static void upnp_find_continue (UpnpNegotiation *negotiation);

/* UPNP_MATCH_UNKNOWN: the router does not report the host: the same program on another host may
 * have the same port and description. */
static UpnpMatch
find_match_host (UpnpNegotiation *negotiation,
                 const UpnpTableEntry *entry,
                 const char *local_address)
{
  return upnp_client_match (entry->internal_client,
                            upnp_hosts_get_client (&negotiation->hosts, local_address));
}

static gboolean
is_wanted (UpnpNegotiation *negotiation, const UpnpTableEntry *entry)
{
  UpnpPorts *ports = upnp_session_get_ports (negotiation->operation.session);

  return entry->external_port != 0 && entry->protocol == negotiation->protocol &&
         entry->internal_port == negotiation->find.internal_port &&
         upnp_lookup_has_description (entry, negotiation->find.description) &&
         (!upnp_hosts_has_remote (&negotiation->hosts) ||
          upnp_hosts_is_remote (&negotiation->hosts, entry->remote_host)) &&
         upnp_ports_lookup (ports, entry->protocol, entry->external_port, &negotiation->hosts) ==
           NULL;
}

/* Whether it is the entry of the port that is searched for. If its remote host is another one, it
 * may be open to more hosts. */
static gboolean
is_of_port (UpnpNegotiation *negotiation, const UpnpTableEntry *entry, const char *local_address)
{
  return negotiation->find.external_port != 0 &&
         entry->external_port == negotiation->find.external_port &&
         entry->protocol == negotiation->protocol &&
         upnp_entry_is_ours (entry, upnp_hosts_get_client (&negotiation->hosts, local_address),
                             negotiation->find.internal_port);
}

static void
upnp_find_report (UpnpNegotiation *negotiation,
                  UpnpLookupResult result,
                  const UpnpTableEntry *entry)
{
  UpnpFind *self = &negotiation->find;

  self->disabled = !entry->enabled;
  negotiation->operation.device->memory.disables |= self->disabled;
  self->func (negotiation, result, entry->external_port);
}

static UpnpLookupResult
get_port_result (UpnpNegotiation *negotiation, const UpnpTableEntry *entry)
{
  if (entry->remote_host == NULL)
    return UPNP_LOOKUP_UNKNOWN;

  return upnp_hosts_is_remote (&negotiation->hosts, entry->remote_host) ? UPNP_LOOKUP_OURS
                                                                        : UPNP_LOOKUP_TAKEN;
}

static void
on_entry (const UpnpSoapReply *reply,
          const char *local_address,
          const GError *error,
          gpointer user_data)
{
  UpnpNegotiation *negotiation = user_data;
  UpnpFind *self = &negotiation->find;
  g_autoptr (UpnpTableEntry) entry = NULL;
  UpnpMatch host = UPNP_MATCH_OTHER;

  if (error == NULL && reply->outcome == UPNP_SOAP_DONE)
    entry = upnp_soap_read_entry (reply);
  if (entry != NULL && self->external_port == 0 && is_wanted (negotiation, entry))
    host = find_match_host (negotiation, entry, local_address);
  self->unclear |= host == UPNP_MATCH_UNKNOWN;

  if (entry != NULL && is_of_port (negotiation, entry, local_address))
    upnp_find_report (negotiation, get_port_result (negotiation, entry), entry);
  else if (host == UPNP_MATCH_SAME)
    upnp_find_report (negotiation, UPNP_LOOKUP_OURS, entry);
  else if (error == NULL && reply->outcome == UPNP_SOAP_DONE && self->index + 1 < MAX_ENTRIES)
    {
      /* An entry that cannot be read is not ours. */
      self->index++;
      upnp_find_continue (negotiation);
    }
  else if (error == NULL && reply->outcome == UPNP_SOAP_FAULT &&
           (reply->code == INDEX_INVALID || self->index > 0)) /* any fault ends a table */
    self->func (negotiation, self->unclear ? UPNP_LOOKUP_UNKNOWN : UPNP_LOOKUP_FREE, 0);
  else
    self->func (negotiation, UPNP_LOOKUP_UNKNOWN, 0);
}

static void
upnp_find_continue (UpnpNegotiation *negotiation)
{
  const UpnpSoapRequest request = { .action = UPNP_ACTION_GET_GENERIC,
                                    .index = negotiation->find.index };

  upnp_operation_call (&negotiation->operation, NULL, &request, on_entry);
}

void
upnp_find_start (UpnpNegotiation *negotiation,
                 guint internal_port,
                 const char *description,
                 UpnpFindFunc func)
{
  negotiation->find =
    (UpnpFind){ .func = func, .internal_port = internal_port, .description = description };
  upnp_find_continue (negotiation);
}

void
upnp_find_start_port (UpnpNegotiation *negotiation, guint external_port, UpnpFindFunc func)
{
  negotiation->find = (UpnpFind){ .func = func,
                                  .external_port = external_port,
                                  .internal_port = negotiation->attempt.internal_port };
  upnp_find_continue (negotiation);
}
