/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-table.h"

#include "plum-double-nat.h"
#include "upnp-ladder.h"
#include "upnp-operation.h"

/* An address that was asked for within this, in µs, is not asked for again. */
#define ADDRESS_NEWS (2 * G_USEC_PER_SEC)

/* How much of another host's name is told. */
#define MAX_CLIENT 45

/* One entry of the table: looked at, or deleted. */
typedef struct
{
  UpnpOperation operation;
  PlumProtocol protocol;
  guint external_port;
  guint internal_port;
  gboolean certain;    /* it was made by us: delete it even if it cannot be looked at */
  UpnpAttempt attempt; /* of the delete */
} UpnpTableOperation;

static void
upnp_table_call (UpnpTableOperation *self, UpnpAction action, UpnpSoapFunc func)
{
  UpnpSoapRequest request = {
    .action = action,
    .protocol = self->protocol,
    .external_port = self->external_port,
  };

  if (action == UPNP_ACTION_DELETE && self->attempt.memory.star_on_delete)
    request.remote_host = "*";
  upnp_operation_call (&self->operation, NULL, &request, func);
}

/* -- Delete -- */

static void
upnp_delete_succeed (UpnpTableOperation *self)
{
  upnp_attempt_learn (&self->attempt, TRUE, &self->operation.device->memory);
  upnp_operation_done (&self->operation);
}

static void
on_deleted (const UpnpSoapReply *reply,
            const char *local_address,
            const GError *error,
            gpointer user_data)
{
  UpnpTableOperation *self = user_data;
  UpnpStep step;

  if (error != NULL || (reply->outcome == UPNP_SOAP_NO_ANSWER && reply->status / 100 != 5))
    {
      upnp_operation_fail_exchange (&self->operation, UPNP_ACTION_DELETE, reply, error);
      return;
    }
  if (reply->outcome == UPNP_SOAP_DONE || reply->outcome == UPNP_SOAP_EMPTY)
    {
      upnp_delete_succeed (self);
      return;
    }

  step = upnp_ladder_next (&self->attempt,
                           reply->outcome == UPNP_SOAP_FAULT ? reply->code : UPNP_CODE_FAILED);
  upnp_attempt_take (&self->attempt, &step);
  if (step.next == UPNP_NEXT_DONE)
    upnp_delete_succeed (self);
  else if (step.next == UPNP_NEXT_STAR)
    upnp_table_call (self, UPNP_ACTION_DELETE, on_deleted);
  else
    upnp_operation_fail_fault (&self->operation, UPNP_ACTION_DELETE, reply, step.error,
                               step.advice);
}

static void
upnp_table_delete (UpnpTableOperation *self)
{
  upnp_attempt_init (&self->attempt, UPNP_ACTION_DELETE, &self->operation.device->memory,
                     self->internal_port, PLUM_LIFETIME_FOREVER, FALSE);
  self->attempt.external_port = self->external_port;
  upnp_table_call (self, UPNP_ACTION_DELETE, on_deleted);
}

static void
on_looked_before_delete (const UpnpSoapReply *reply,
                         const char *local_address,
                         const GError *error,
                         gpointer user_data)
{
  UpnpTableOperation *self = user_data;
  g_autoptr (UpnpTableEntry) entry = NULL;

  if (error != NULL)
    {
      upnp_operation_fail_exchange (&self->operation, UPNP_ACTION_GET_SPECIFIC, reply, error);
      return;
    }

  if (reply->outcome == UPNP_SOAP_DONE)
    entry = upnp_soap_read_entry (reply);

  if (entry != NULL ? upnp_entry_is_ours (entry, local_address, self->internal_port)
                    : self->certain && reply->code != 714)
    upnp_table_delete (self);
  else if (entry != NULL || reply->code == 714)
    upnp_operation_done (&self->operation); /* another's, or gone: nothing of ours is there */
  else
    upnp_operation_fail_fault (&self->operation, UPNP_ACTION_GET_SPECIFIC, reply,
                               PLUM_ERROR_NOT_SUPPORTED,
                               "whether the port was mapped is not known");
}

static UpnpTableOperation *
upnp_table_operation_new (PlumUpnpBackend *backend,
                          PlumRequest *request,
                          PlumLease *lease,
                          PlumCall *call)
{
  UpnpTableOperation *self = upnp_operation_new (sizeof (UpnpTableOperation), backend, call, NULL);

  self->protocol = plum_request_get_protocol (request);
  self->internal_port = plum_request_get_internal_port (request);
  if (lease != NULL)
    self->external_port = plum_lease_get_external_port (lease);

  return upnp_operation_need_device_of (&self->operation, lease) ? self : NULL;
}

void
upnp_unmap_start (PlumUpnpBackend *backend, PlumRequest *request, PlumLease *lease, PlumCall *call)
{
  UpnpPorts *ports = plum_upnp_backend_get_ports (backend);
  UpnpTableOperation *self = upnp_table_operation_new (backend, request, lease, call);
  guint holder;

  if (self == NULL)
    return;

  if (lease == NULL)
    self->external_port = upnp_ports_get_doubt (ports, self->protocol, self->internal_port);
  upnp_ports_set_doubt (ports, self->protocol, self->internal_port, 0);

  /* Nothing was asked for that has no answer yet. */
  if (self->external_port == 0)
    {
      upnp_operation_done (&self->operation);
      return;
    }

  holder = upnp_ports_lookup (ports, self->protocol, self->external_port);
  upnp_ports_release (ports, self->protocol, self->external_port);
  plum_upnp_backend_ports_changed (backend);

  /* What this process made is deleted straight away; a lease of another, or a mapping that may
   * never have come to be, is looked at first: others' entries are not ours to delete
   * (quirk 49). */
  self->certain = lease != NULL && plum_lease_get_token (lease) != NULL;
  if (lease != NULL && holder == self->internal_port)
    upnp_table_delete (self);
  else
    upnp_table_call (self, UPNP_ACTION_GET_SPECIFIC, on_looked_before_delete);
}

void
upnp_delete_entry_start (PlumUpnpBackend *backend, PlumEntry *entry, PlumCall *call)
{
  UpnpTableOperation *self = upnp_operation_new (sizeof (UpnpTableOperation), backend, call, NULL);

  if (!upnp_operation_need_device (&self->operation))
    return;

  self->protocol = plum_entry_get_protocol (entry);
  self->external_port = plum_entry_get_external_port (entry);
  self->internal_port = plum_entry_get_internal_port (entry);
  upnp_table_delete (self);
}

/* -- Check -- */

static void
on_checked (const UpnpSoapReply *reply,
            const char *local_address,
            const GError *error,
            gpointer user_data)
{
  UpnpTableOperation *self = user_data;
  UpnpOperation *operation = &self->operation;
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
    upnp_operation_fail (operation, PLUM_ERROR_DESTROYED, "%s has no entry for port %u any more",
                         operation->device->name, self->external_port);
  else if (entry == NULL)
    upnp_operation_fail_fault (operation, UPNP_ACTION_GET_SPECIFIC, reply, PLUM_ERROR_NOT_SUPPORTED,
                               NULL);
  else if (!upnp_entry_is_ours (entry, local_address, self->internal_port))
    {
      client = upnp_soap_dup_shown (entry->internal_client, MAX_CLIENT);
      upnp_operation_fail (operation, PLUM_ERROR_CONFLICT, "port %u of %s leads to %s port %u now",
                           self->external_port, operation->device->name, client,
                           entry->internal_port);
    }
  else if (!entry->enabled)
    upnp_operation_fail (operation, PLUM_ERROR_DESTROYED, "%s has switched off port %u",
                         operation->device->name, self->external_port);
  else
    upnp_operation_done (operation);
}

void
upnp_check_start (PlumUpnpBackend *backend, PlumRequest *request, PlumLease *lease, PlumCall *call)
{
  UpnpTableOperation *self = upnp_table_operation_new (backend, request, lease, call);

  if (self != NULL)
    upnp_table_call (self, UPNP_ACTION_GET_SPECIFIC, on_checked);
}

/* -- The external address -- */

/* Tells the device's address as it was last told. */
static void
upnp_address_settle (UpnpOperation *self)
{
  g_autoptr (GInetAddress) address = NULL;
  g_autoptr (PlumCall) call = NULL;

  if (self->device->external_address == NULL)
    {
      upnp_operation_fail (self, PLUM_ERROR_NO_RESOURCES,
                           "%s told no external address: " PLUM_NO_PUBLIC_ADDRESS,
                           self->device->name);
      return;
    }

  address = g_object_ref (self->device->external_address);
  call = upnp_operation_end (self);
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
  upnp_address_settle (self);
}

void
upnp_get_address_start (PlumUpnpBackend *backend, PlumCall *call)
{
  static const UpnpSoapRequest request = { .action = UPNP_ACTION_GET_ADDRESS };
  UpnpOperation *self = upnp_operation_new (sizeof (UpnpOperation), backend, call, NULL);

  if (!upnp_operation_need_device (self))
    return;

  /* Discovery has just asked. */
  if (plum_backend_get_time (PLUM_BACKEND (backend)) - self->device->asked < ADDRESS_NEWS)
    upnp_address_settle (self);
  else
    upnp_operation_call (self, NULL, &request, on_address);
}
