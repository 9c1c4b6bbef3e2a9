/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-negotiation.h"

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
}

void
upnp_negotiation_call (UpnpNegotiation *self, UpnpAction action, UpnpSoapFunc func)
{
  UpnpSoapRequest request = self->methods->make_request (self, action);

  upnp_operation_call (&self->operation, NULL, &request, func);
}

void
upnp_negotiation_set_unconfirmed (UpnpNegotiation *self)
{
  upnp_ports_set_unconfirmed (upnp_session_get_ports (self->operation.session), self->protocol,
                              self->attempt.internal_port, self->attempt.external_port);
}

void
upnp_negotiation_clear_unconfirmed (UpnpNegotiation *self)
{
  upnp_ports_set_unconfirmed (upnp_session_get_ports (self->operation.session), self->protocol,
                              self->attempt.internal_port, 0);
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
upnp_negotiation_accept_empty_delete (UpnpNegotiation *self, const UpnpSoapReply *reply)
{
  upnp_negotiation_accept_delete (self, reply);
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
  upnp_attempt_take (&self->attempt, &step);
  if (self->methods->adapt == NULL || self->methods->adapt (self, &step))
    upnp_negotiation_send (self);
}

static void
on_reply (const UpnpSoapReply *reply,
          const char *local_address,
          const GError *error,
          gpointer user_data)
{
  UpnpNegotiation *self = user_data;

  if (error != NULL || (reply->outcome == UPNP_SOAP_NO_ANSWER && reply->status / 100 != 5))
    upnp_operation_fail_exchange (&self->operation, self->attempt.action, reply, error);
  else if (reply->outcome == UPNP_SOAP_DONE)
    self->methods->accept (self, reply);
  else if (reply->outcome == UPNP_SOAP_FAULT)
    upnp_negotiation_reject (self, reply, reply->code);
  else if (reply->outcome != UPNP_SOAP_EMPTY || self->methods->accept_empty == NULL ||
           !self->methods->accept_empty (self, reply))
    upnp_negotiation_reject (self, reply, UPNP_CODE_FAILED);
}

void
upnp_negotiation_send (UpnpNegotiation *self)
{
  if (self->methods->prepare != NULL)
    self->methods->prepare (self);
  upnp_negotiation_call (self, self->attempt.action, on_reply);
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

gboolean
upnp_negotiation_read_entry (UpnpNegotiation *self,
                             const UpnpSoapReply *reply,
                             const GError *error,
                             UpnpTableEntry **entry)
{
  if (error != NULL)
    {
      upnp_operation_fail_exchange (&self->operation, UPNP_ACTION_GET_SPECIFIC, reply, error);
      return FALSE;
    }

  if (reply->outcome == UPNP_SOAP_DONE)
    *entry = upnp_soap_read_entry (reply);
  return TRUE;
}
