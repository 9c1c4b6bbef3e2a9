/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-negotiation.h"

#include <glib/gi18n-lib.h>

gboolean
upnp_negotiation_set_hosts (UpnpNegotiation *self, PlumRequest *request)
{
  if (upnp_hosts_fill (&self->hosts, request))
    return TRUE;

  upnp_operation_fail (&self->operation, PLUM_ERROR_NOT_SUPPORTED,
                       _ ("the protocol can restrict a mapping to one remote host, but not to "
                          "several or to a network; PCP can"));
  return FALSE;
}

void
upnp_negotiation_init (UpnpNegotiation *self,
                       const UpnpNegotiationMethods *methods,
                       UpnpAction action,
                       guint internal_port,
                       guint lifetime)
{
  UpnpDevice *device = self->operation.device;

  self->methods = methods;
  upnp_attempt_init (&self->attempt, action, &device->memory, internal_port, lifetime,
                     action == UPNP_ACTION_ADD && upnp_service_is_v2 (device->service));
  self->attempt.has_remote = upnp_hosts_has_remote (&self->hosts);
}

void
upnp_negotiation_clear (UpnpOperation *operation)
{
  UpnpNegotiation *self = (UpnpNegotiation *) operation;

  g_clear_error (&self->unknown_error);
  g_clear_pointer (&self->local_address, g_free);
}

void
upnp_negotiation_note_local_address (UpnpNegotiation *self, const char *local_address)
{
  if (local_address == NULL || g_strcmp0 (local_address, self->local_address) == 0)
    return;

  g_free (self->local_address);
  self->local_address = g_strdup (local_address);
}

void
upnp_negotiation_call (UpnpNegotiation *self, UpnpAction action, UpnpSoapFunc func)
{
  UpnpSoapRequest request = self->methods->make_request (self, action);

  upnp_operation_call (&self->operation, NULL, &request, func);
}

static void upnp_negotiation_send_delete (UpnpNegotiation *self);

static void
on_negotiation_deleted (const UpnpSoapReply *reply,
                        const char *local_address,
                        const GError *error,
                        gpointer user_data)
{
  UpnpNegotiation *self = user_data;
  UpnpMemory *memory = &self->operation.device->memory;
  UpnpAttempt attempt = self->attempt;
  UpnpStep step = { .next = UPNP_NEXT_FAIL };

  attempt.action = UPNP_ACTION_DELETE;
  if (error == NULL && reply->outcome == UPNP_SOAP_FAULT)
    step = upnp_ladder_next (&attempt, reply->code);
  if (step.next == UPNP_NEXT_STAR)
    {
      upnp_attempt_take (&self->attempt, &step);
      upnp_negotiation_send_delete (self);
      return;
    }

  /* The outcome of the add says nothing about the delete. */
  if (error == NULL && reply->outcome == UPNP_SOAP_DONE)
    memory->star_on_delete |= attempt.memory.star_on_delete;
  else
    self->attempt.memory.star_on_delete = memory->star_on_delete;
  self->deleted_func (reply, local_address, error, self);
}

static void
upnp_negotiation_send_delete (UpnpNegotiation *self)
{
  UpnpSoapRequest request = self->methods->make_request (self, UPNP_ACTION_DELETE);

  request.external_port = self->deleted_port;
  upnp_operation_call (&self->operation, NULL, &request, on_negotiation_deleted);
}

void
upnp_negotiation_delete (UpnpNegotiation *self, guint external_port, UpnpSoapFunc func)
{
  self->deleted_port = external_port;
  self->deleted_func = func;
  upnp_negotiation_send_delete (self);
}

void
upnp_negotiation_set_unconfirmed (UpnpNegotiation *self)
{
  gboolean any = self->attempt.action == UPNP_ACTION_ADD_ANY;

  upnp_ports_set_unconfirmed (upnp_session_get_ports (self->operation.session), self->protocol,
                              self->attempt.internal_port, &self->hosts,
                              any ? UPNP_UNKNOWN_PORT : self->attempt.external_port);
}

void
upnp_negotiation_clear_unconfirmed (UpnpNegotiation *self)
{
  upnp_ports_set_unconfirmed (upnp_session_get_ports (self->operation.session), self->protocol,
                              self->attempt.internal_port, &self->hosts, 0);
}

void
upnp_negotiation_confirm (UpnpNegotiation *self, gboolean success)
{
  if (self->methods->confirm != NULL)
    self->methods->confirm (self);
  upnp_attempt_learn (&self->attempt, success, &self->operation.device->memory);
}

void
upnp_negotiation_accept_delete (UpnpNegotiation *self, const UpnpSoapReply *reply)
{
  upnp_negotiation_confirm (self, TRUE);
  upnp_operation_succeed (&self->operation);
}

gboolean
upnp_negotiation_resolve_delete (UpnpNegotiation *self)
{
  if (self->unknown.outcome != UPNP_SOAP_EMPTY)
    return FALSE;

  upnp_negotiation_accept_delete (self, NULL);
  return TRUE;
}

static void
upnp_negotiation_fail (UpnpNegotiation *self, const UpnpSoapReply *reply, UpnpStep *step)
{
  if (self->methods->explain != NULL)
    self->methods->explain (self, reply, step);

  upnp_negotiation_confirm (self, FALSE);
  upnp_operation_fail_fault (&self->operation, self->attempt.action, reply, step->error,
                             step->advice);
}

void
upnp_negotiation_reject (UpnpNegotiation *self, const UpnpSoapReply *reply, int code)
{
  UpnpStep step = upnp_ladder_next (&self->attempt, code);

  if (step.next == UPNP_NEXT_FAIL)
    {
      upnp_negotiation_fail (self, reply, &step);
      return;
    }
  if (step.next == UPNP_NEXT_DONE || step.next == UPNP_NEXT_NO_FIREWALL)
    {
      self->methods->accept (self, NULL);
      return;
    }

  plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_DEBUG,
            "UPnP: %s: error %d for %s of port %u; adapting the request",
            self->operation.device->name, code, upnp_action_get_name (self->attempt.action),
            self->attempt.external_port);
  self->code = code;
  upnp_negotiation_take_step (self, &step);
}

void
upnp_negotiation_take_step (UpnpNegotiation *self, const UpnpStep *step)
{
  upnp_attempt_take (&self->attempt, step);
  if (self->methods->adapt == NULL || self->methods->adapt (self, step))
    upnp_negotiation_send (self);
}

void
upnp_negotiation_fail_exchange (UpnpNegotiation *self)
{
  g_autoptr (GError) error = g_steal_pointer (&self->unknown_error);
  UpnpSoapReply reply = self->unknown; /* failing frees self */

  upnp_operation_fail_exchange (&self->operation, self->attempt.action, &reply, error);
}

void
upnp_negotiation_fail_unknown (UpnpNegotiation *self)
{
  UpnpSoapReply reply = self->unknown;

  if (self->unknown_error == NULL && (reply.outcome == UPNP_SOAP_DONE || reply.status / 100 == 5))
    upnp_negotiation_reject (self, &reply, UPNP_CODE_FAILED);
  else
    upnp_negotiation_fail_exchange (self);
}

static gboolean
upnp_negotiation_resolve (UpnpNegotiation *self, const UpnpSoapReply *reply, const GError *error)
{
  g_clear_error (&self->unknown_error);
  self->unknown_error = error != NULL ? g_error_copy (error) : NULL;
  self->unknown = (UpnpSoapReply){ .outcome = UPNP_SOAP_NO_ANSWER };
  if (reply != NULL)
    {
      self->unknown.outcome = reply->outcome;
      self->unknown.status = reply->status;
    }

  return !upnp_lookup_is_lost (reply, error) && self->methods->resolve != NULL &&
         self->methods->resolve (self);
}

static void
on_negotiation_reply (const UpnpSoapReply *reply,
                      const char *local_address,
                      const GError *error,
                      gpointer user_data)
{
  UpnpNegotiation *self = user_data;

  upnp_negotiation_note_local_address (self, local_address);
  if (error == NULL && reply->outcome == UPNP_SOAP_DONE)
    self->methods->accept (self, reply);
  else if (error == NULL && reply->outcome == UPNP_SOAP_FAULT)
    {
      if (self->methods->refuse == NULL || !self->methods->refuse (self, reply))
        upnp_negotiation_reject (self, reply, reply->code);
    }
  else if (!upnp_negotiation_resolve (self, reply, error))
    upnp_negotiation_fail_unknown (self);
}

void
upnp_negotiation_send (UpnpNegotiation *self)
{
  if (self->methods->prepare != NULL)
    self->methods->prepare (self);
  upnp_negotiation_call (self, self->attempt.action, on_negotiation_reply);
}

void
upnp_negotiation_return_lease (UpnpNegotiation *self,
                               GInetAddress *external_address,
                               guint external_port,
                               guint lifetime,
                               GVariant *token)
{
  UpnpSession *session = self->operation.session;
  g_autoptr (PlumLease) lease = plum_lease_new (external_address, external_port, lifetime, token);
  g_autoptr (PlumCall) call = upnp_operation_finish (&self->operation);

  plum_call_return_lease (call, lease);
  upnp_session_report_changed (session);
}
