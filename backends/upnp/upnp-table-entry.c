/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-table-entry.h"

static void
upnp_table_operation_clear (UpnpOperation *operation)
{
  UpnpTableOperation *self = (UpnpTableOperation *) operation;

  g_free (self->former);
  g_free (self->description);
  upnp_negotiation_clear (operation);
}

UpnpSoapRequest
upnp_table_make_request (UpnpNegotiation *negotiation, UpnpAction action)
{
  return (UpnpSoapRequest){
    .action = action,
    .protocol = negotiation->protocol,
    .external_port = ((UpnpTableOperation *) negotiation)->external_port,
    .remote_host = upnp_attempt_get_remote_host (&negotiation->attempt, action,
                                                 upnp_hosts_get_remote (&negotiation->hosts)),
  };
}

void
upnp_table_read_entry (UpnpTableOperation *self, UpnpSoapFunc func)
{
  UpnpSoapRequest request = upnp_table_make_request (&self->negotiation, UPNP_ACTION_GET_SPECIFIC);

  upnp_operation_call (&self->negotiation.operation, NULL, &request, func);
}

UpnpLookupResult
upnp_table_take_entry (UpnpTableOperation *self,
                       const UpnpSoapReply *reply,
                       const char *local_address,
                       const GError *error,
                       UpnpTableEntry **entry)
{
  const UpnpHosts *hosts = &self->negotiation.hosts;
  const UpnpLookupOwner owner = {
    .internal_port = self->internal_port,
    .local_address = self->moved ? NULL : upnp_hosts_get_client (hosts, local_address),
    .former_address = self->former,
    .other_host = upnp_hosts_has_client (hosts) && !self->held,
    .expected = !self->unanswered && (self->held || self->certain || self->moved || self->no_lease),
    .description = self->description,
  };

  UpnpLookupResult result =
    upnp_lookup_read (self->negotiation.operation.device, reply, error, &owner, entry);

  self->unclear = result == UPNP_LOOKUP_TAKEN && !upnp_lookup_is_other (*entry, &owner);
  return result;
}

gboolean
upnp_table_ask_substitute (UpnpTableOperation *self,
                           const UpnpSoapReply *reply,
                           const GError *error,
                           UpnpSoapFunc func)
{
  UpnpNegotiation *negotiation = &self->negotiation;
  UpnpPorts *ports = upnp_session_get_ports (negotiation->operation.session);
  gboolean unreachable =
    error != NULL ? !upnp_transport_was_cut (error) : upnp_soap_reply_is_gone (reply);

  /* What this process holds there is another entry. */
  if (!unreachable ||
      upnp_ports_lookup (ports, negotiation->protocol, self->external_port, &negotiation->hosts) !=
        NULL ||
      !upnp_operation_use_substitute (&negotiation->operation))
    return FALSE;

  self->unanswered = TRUE;
  self->certain = FALSE;
  upnp_table_read_entry (self, func);
  return TRUE;
}

UpnpTableOperation *
upnp_table_operation_new (UpnpSession *session,
                          PlumRequest *request,
                          PlumLease *lease,
                          PlumCall *call)
{
  UpnpTableOperation *self =
    upnp_operation_new (sizeof (UpnpTableOperation), session, call, upnp_table_operation_clear);

  self->negotiation.protocol = plum_request_get_protocol (request);
  self->internal_port = plum_request_get_internal_port (request);
  upnp_hosts_fill (&self->negotiation.hosts, request);
  self->no_lease = lease == NULL;
  if (lease != NULL)
    self->external_port = plum_lease_get_external_port (lease);

  return upnp_operation_need_device_of (&self->negotiation.operation, lease) ? self : NULL;
}
