/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-find.h"

/* Each entry is one request. */
#define MAX_ENTRIES 128

#define INDEX_INVALID 713

static void upnp_find_continue (UpnpNegotiation *negotiation);

static gboolean
is_wanted (UpnpNegotiation *negotiation, const UpnpTableEntry *entry, const char *local_address)
{
  UpnpPorts *ports = upnp_session_get_ports (negotiation->operation.session);

  return entry->external_port != 0 && entry->protocol == negotiation->protocol &&
         upnp_entry_is_ours (entry, local_address, negotiation->find.internal_port) &&
         upnp_lookup_has_description (entry, negotiation->find.description) &&
         upnp_ports_lookup (ports, entry->protocol, entry->external_port) == NULL;
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

  if (error == NULL && reply->outcome == UPNP_SOAP_DONE)
    entry = upnp_soap_read_entry (reply);

  if (entry != NULL && is_wanted (negotiation, entry, local_address))
    self->func (negotiation, UPNP_LOOKUP_OURS, entry->external_port);
  else if (error == NULL && reply->outcome == UPNP_SOAP_DONE && self->index + 1 < MAX_ENTRIES)
    {
      /* An entry that cannot be read is not ours. */
      self->index++;
      upnp_find_continue (negotiation);
    }
  else if (error == NULL && reply->outcome == UPNP_SOAP_FAULT &&
           (reply->code == INDEX_INVALID || self->index > 0)) /* any fault ends a table */
    self->func (negotiation, UPNP_LOOKUP_FREE, 0);
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
