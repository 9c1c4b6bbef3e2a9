/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-table.h"

#include "plum-double-nat.h"
#include "upnp-negotiation.h"

/* How long a known external address remains valid for a caller that asks for it, in µs. */
#define ADDRESS_VALID (2 * G_USEC_PER_SEC)

/* How many characters of another host's name to show. */
#define MAX_CLIENT 45

/* Reads or deletes one entry of the table. */
typedef struct
{
  UpnpNegotiation negotiation;
  guint external_port;
  guint internal_port;
  gboolean certain; /* this program made the entry: delete it even if it cannot be read */
  char client[64];  /* the entry's, if that is not the present address of this host */
} UpnpTableOperation;

static UpnpSoapRequest
make_request (UpnpNegotiation *negotiation, UpnpAction action)
{
  return (UpnpSoapRequest){
    .action = action,
    .protocol = negotiation->protocol,
    .external_port = ((UpnpTableOperation *) negotiation)->external_port,
    .remote_host =
      action == UPNP_ACTION_DELETE && negotiation->attempt.memory.star_on_delete ? "*" : NULL,
  };
}

static void
upnp_table_read_entry (UpnpTableOperation *self, UpnpSoapFunc func)
{
  UpnpSoapRequest request = make_request (&self->negotiation, UPNP_ACTION_GET_SPECIFIC);

  upnp_operation_call (&self->negotiation.operation, NULL, &request, func);
}

/* -- Delete -- */

static const UpnpNegotiationMethods delete_methods = {
  .make_request = make_request,
  .accept = upnp_negotiation_accept_delete,
  .accept_empty = upnp_negotiation_accept_empty_delete,
};

static void
upnp_table_delete (UpnpTableOperation *self)
{
  upnp_negotiation_init (&self->negotiation, &delete_methods, UPNP_ACTION_DELETE,
                         self->internal_port, PLUM_LIFETIME_FOREVER);
  self->negotiation.attempt.external_port = self->external_port;
  upnp_negotiation_send (&self->negotiation);
}

static void
on_entry_before_delete (const UpnpSoapReply *reply,
                        const char *local_address,
                        const GError *error,
                        gpointer user_data)
{
  UpnpTableOperation *self = user_data;
  g_autoptr (UpnpTableEntry) entry = NULL;

  if (!upnp_negotiation_read_entry (&self->negotiation, reply, error, &entry))
    return;

  if (*self->client != '\0')
    local_address = self->client;
  if (entry != NULL ? upnp_entry_is_ours (entry, local_address, self->internal_port)
                    : self->certain && reply->code != 714)
    upnp_table_delete (self);
  else if (entry != NULL || reply->code == 714)
    /* it belongs to another host, or does not exist */
    upnp_operation_succeed (&self->negotiation.operation);
  else
    upnp_operation_fail_fault (&self->negotiation.operation, UPNP_ACTION_GET_SPECIFIC, reply,
                               PLUM_ERROR_NOT_SUPPORTED,
                               "it is unknown whether the port was mapped");
}

static UpnpTableOperation *
upnp_table_operation_new (UpnpSession *session,
                          PlumRequest *request,
                          PlumLease *lease,
                          PlumCall *call)
{
  UpnpTableOperation *self = upnp_operation_new (sizeof (UpnpTableOperation), session, call, NULL);

  self->negotiation.protocol = plum_request_get_protocol (request);
  self->internal_port = plum_request_get_internal_port (request);
  if (lease != NULL)
    self->external_port = plum_lease_get_external_port (lease);

  return upnp_operation_need_device_of (&self->negotiation.operation, lease) ? self : NULL;
}

/* Other hosts may have the address now, and the port: the entry is read before it is deleted. */
void
upnp_unmap_moved_start (UpnpSession *session,
                        PlumRequest *request,
                        PlumLease *lease,
                        GInetAddress *local_address,
                        PlumCall *call)
{
  UpnpTableOperation *self = upnp_table_operation_new (session, request, lease, call);
  g_autofree char *client = g_inet_address_to_string (local_address);

  if (self == NULL)
    return;

  g_strlcpy (self->client, client, sizeof self->client);
  upnp_table_read_entry (self, on_entry_before_delete);
}

void
upnp_unmap_start (UpnpSession *session, PlumRequest *request, PlumLease *lease, PlumCall *call)
{
  UpnpPorts *ports = upnp_session_get_ports (session);
  UpnpTableOperation *self = upnp_table_operation_new (session, request, lease, call);
  const UpnpPort *held;
  gboolean ours;

  if (self == NULL)
    return;

  if (lease == NULL)
    self->external_port =
      upnp_ports_get_unconfirmed (ports, self->negotiation.protocol, self->internal_port);
  upnp_ports_set_unconfirmed (ports, self->negotiation.protocol, self->internal_port, 0);

  /* No request is unanswered. */
  if (self->external_port == 0)
    {
      upnp_operation_succeed (&self->negotiation.operation);
      return;
    }

  held = upnp_ports_lookup (ports, self->negotiation.protocol, self->external_port);
  ours = held != NULL && held->internal_port == self->internal_port;
  upnp_ports_remove (ports, self->negotiation.protocol, self->external_port);
  upnp_session_report_changed (session);

  /* An entry of this process is deleted at once. For the lease of another process, or for a mapping
   * that may not exist, read the entry first: it may belong to another host (quirk 49). */
  self->certain = lease != NULL && plum_lease_get_token (lease) != NULL;
  if (lease != NULL && ours)
    upnp_table_delete (self);
  else
    upnp_table_read_entry (self, on_entry_before_delete);
}

/* -- Check -- */

static void
on_checked (const UpnpSoapReply *reply,
            const char *local_address,
            const GError *error,
            gpointer user_data)
{
  UpnpTableOperation *self = user_data;
  UpnpOperation *operation = &self->negotiation.operation;
  g_autoptr (UpnpTableEntry) entry = NULL;
  g_autofree char *client = NULL;

  if (error != NULL || reply->outcome == UPNP_SOAP_NO_ANSWER)
    {
      upnp_operation_fail_exchange (operation, UPNP_ACTION_GET_SPECIFIC, reply, error);
      return;
    }

  if (reply->outcome == UPNP_SOAP_DONE)
    entry = upnp_soap_read_entry (reply);

  if (entry == NULL && reply->outcome == UPNP_SOAP_FAULT && reply->code == 714)
    upnp_operation_fail (operation, PLUM_ERROR_DESTROYED, "%s no longer has an entry for port %u",
                         operation->device->name, self->external_port);
  else if (entry == NULL)
    upnp_operation_fail_fault (operation, UPNP_ACTION_GET_SPECIFIC, reply, PLUM_ERROR_NOT_SUPPORTED,
                               NULL);
  else if (!upnp_entry_is_ours (entry, local_address, self->internal_port))
    {
      client = upnp_soap_dup_shown (entry->internal_client, MAX_CLIENT);
      upnp_operation_fail (operation, PLUM_ERROR_CONFLICT, "port %u of %s now leads to %s port %u",
                           self->external_port, operation->device->name, client,
                           entry->internal_port);
    }
  else if (!entry->enabled)
    upnp_operation_fail (operation, PLUM_ERROR_DESTROYED, "%s has disabled the entry for port %u",
                         operation->device->name, self->external_port);
  else
    upnp_operation_succeed (operation);
}

void
upnp_check_start (UpnpSession *session, PlumRequest *request, PlumLease *lease, PlumCall *call)
{
  UpnpTableOperation *self = upnp_table_operation_new (session, request, lease, call);

  if (self != NULL)
    upnp_table_read_entry (self, on_checked);
}

/* -- The external address -- */

/* Settles the call with the address that the device last reported. */
static void
upnp_address_return (UpnpOperation *self)
{
  g_autoptr (GInetAddress) address = NULL;
  g_autoptr (PlumCall) call = NULL;

  if (self->device->external_address == NULL)
    {
      upnp_operation_fail (self, PLUM_ERROR_NO_RESOURCES,
                           "%s reported no external address: " PLUM_NO_PUBLIC_ADDRESS,
                           self->device->name);
      return;
    }

  address = g_object_ref (self->device->external_address);
  call = upnp_operation_finish (self);
  plum_call_return_address (call, address);
}

static void
on_address (const UpnpSoapReply *reply,
            const char *local_address,
            const GError *error,
            gpointer user_data)
{
  UpnpOperation *self = user_data;
  g_autoptr (GInetAddress) address = NULL;

  if (error != NULL || reply->outcome == UPNP_SOAP_NO_ANSWER)
    {
      upnp_operation_fail_exchange (self, UPNP_ACTION_GET_ADDRESS, reply, error);
      return;
    }
  if (reply->outcome != UPNP_SOAP_DONE)
    {
      upnp_operation_fail_fault (self, UPNP_ACTION_GET_ADDRESS, reply, PLUM_ERROR_NO_RESOURCES,
                                 PLUM_NO_PUBLIC_ADDRESS);
      return;
    }

  address = upnp_soap_read_address (reply);
  upnp_device_set_address (self->device, address);
  upnp_address_return (self);
}

void
upnp_get_address_start (UpnpSession *session, PlumCall *call)
{
  static const UpnpSoapRequest request = { .action = UPNP_ACTION_GET_ADDRESS };
  UpnpOperation *self = upnp_operation_new (sizeof (UpnpOperation), session, call, NULL);

  if (!upnp_operation_need_device (self))
    return;

  /* Discovery has just read it. */
  if (plum_backend_get_time (upnp_session_get_backend (session)) - self->device->address_time <
      ADDRESS_VALID)
    upnp_address_return (self);
  else
    upnp_operation_call (self, NULL, &request, on_address);
}
