/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-pinhole.h"

#include "upnp-ladder.h"
#include "upnp-operation.h"
#include "upnp-token.h"

#define MAX_LEASE 86400 /* of WANIPv6FirewallControl:1 */

/* One pinhole: opened, closed, or looked at. */
typedef struct
{
  UpnpOperation operation;
  PlumProtocol protocol;
  guint port;
  UpnpAttempt attempt;
  guint unique_id; /* of an update or a delete */
} UpnpPinholeOperation;

static UpnpPinholeOperation *
upnp_pinhole_operation_new (PlumUpnpBackend *backend, PlumRequest *request, PlumCall *call)
{
  UpnpPinholeOperation *self =
    upnp_operation_new (sizeof (UpnpPinholeOperation), backend, call, NULL);

  self->protocol = plum_request_get_protocol (request);
  self->port = plum_request_get_internal_port (request);
  return self;
}

static UpnpPinholes *
upnp_pinhole_get_held (UpnpPinholeOperation *self)
{
  return plum_upnp_backend_get_pinholes (self->operation.backend);
}

static void
upnp_pinhole_set_doubt (UpnpPinholeOperation *self, gboolean doubt)
{
  upnp_pinholes_set_doubt (upnp_pinhole_get_held (self), self->protocol, self->port, doubt);
}

static void
upnp_pinhole_call (UpnpPinholeOperation *self, UpnpAction action, guint lease, UpnpSoapFunc func)
{
  UpnpSoapRequest request = {
    .action = action,
    .protocol = self->protocol,
    .internal_port = self->port,
    .lease = lease,
    .unique_id = self->unique_id,
  };

  upnp_operation_call (&self->operation, NULL, &request, func);
}

/* An answer in SOAP, whatever it says. */
static gboolean
is_answer (const UpnpSoapReply *reply)
{
  return reply->outcome == UPNP_SOAP_DONE || reply->outcome == UPNP_SOAP_FAULT;
}

static gboolean
is_off (const UpnpSoapReply *reply)
{
  gboolean enabled = TRUE, allowed;

  return reply->outcome == UPNP_SOAP_DONE && upnp_soap_read_firewall (reply, &enabled, &allowed) &&
         !enabled;
}

/* -- Open -- */

static void upnp_pinhole_open (UpnpPinholeOperation *self);

static void
upnp_pinhole_return_lease (UpnpPinholeOperation *self, guint lifetime, int unique_id)
{
  PlumUpnpBackend *backend = self->operation.backend;
  PlumNetwork *network = plum_backend_get_network (PLUM_BACKEND (backend));
  UpnpDevice *device = self->operation.device;
  g_autoptr (PlumLease) lease =
    plum_lease_new (plum_network_get_local_address (network), self->port, lifetime,
                    upnp_token_new_pinhole (device->name, device->service, unique_id));
  g_autoptr (PlumCall) call = upnp_operation_end (&self->operation);

  plum_call_return_lease (call, lease);
  plum_upnp_backend_ports_changed (backend);
}

static void
upnp_pinhole_succeed (UpnpPinholeOperation *self, guint unique_id)
{
  const guint lease = upnp_attempt_get_lease (&self->attempt);
  const UpnpPinhole pinhole = { self->protocol, self->port, unique_id, lease };

  upnp_pinholes_hold (upnp_pinhole_get_held (self), &pinhole);
  upnp_pinhole_set_doubt (self, FALSE);
  upnp_attempt_learn (&self->attempt, TRUE, &self->operation.device->memory);
  upnp_pinhole_return_lease (self, lease, (int) unique_id);
}

/* Without a firewall the port is open as it is, until somebody switches the firewall on: check
 * looks whether that has happened. */
static void
upnp_pinhole_succeed_without (UpnpPinholeOperation *self)
{
  self->operation.device->firewall_off = TRUE;
  upnp_pinhole_set_doubt (self, FALSE);
  upnp_pinholes_release (upnp_pinhole_get_held (self), self->protocol, self->port);
  upnp_pinhole_return_lease (self, PLUM_LIFETIME_FOREVER, UPNP_TOKEN_NO_PINHOLE);
}

/* The next rung after a fault. */
static void
upnp_pinhole_step (UpnpPinholeOperation *self, const UpnpSoapReply *reply, int code)
{
  UpnpStep step = upnp_ladder_next (&self->attempt, code);

  if (step.next == UPNP_NEXT_GIVE_UP)
    {
      upnp_pinhole_set_doubt (self, FALSE);
      upnp_operation_fail_fault (&self->operation, self->attempt.action, reply, step.error,
                                 step.advice);
    }
  else if (step.next == UPNP_NEXT_OPEN)
    {
      upnp_pinhole_succeed_without (self);
    }
  else
    {
      plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_DEBUG, "%s: %s of port %u: error %d, trying otherwise",
                self->operation.device->name, upnp_action_get_name (self->attempt.action),
                self->port, code);
      upnp_attempt_take (&self->attempt, &step);
      upnp_pinhole_open (self);
    }
}

static void
upnp_pinhole_opened (UpnpPinholeOperation *self, const UpnpSoapReply *reply)
{
  int unique_id = (int) self->unique_id;

  if (self->attempt.action == UPNP_ACTION_ADD_PINHOLE)
    unique_id = upnp_soap_read_unique_id (reply);

  /* Without its number it could be neither renewed nor closed. */
  if (unique_id >= 0)
    upnp_pinhole_succeed (self, (guint) unique_id);
  else
    upnp_operation_fail (&self->operation, PLUM_ERROR_MALFORMED,
                         "%s answered AddPinhole without a UniqueID", self->operation.device->name);
}

static void
on_opened (const UpnpSoapReply *reply,
           const char *local_address,
           const GError *error,
           gpointer user_data)
{
  UpnpPinholeOperation *self = user_data;

  if (error != NULL)
    upnp_operation_fail_exchange (&self->operation, self->attempt.action, reply, error);
  else if (reply->outcome == UPNP_SOAP_DONE)
    upnp_pinhole_opened (self, reply);
  else if (reply->outcome == UPNP_SOAP_FAULT)
    upnp_pinhole_step (self, reply, reply->code);
  else if (reply->outcome == UPNP_SOAP_EMPTY || reply->status / 100 == 5)
    upnp_pinhole_step (self, reply, UPNP_CODE_FAILED);
  else
    upnp_operation_fail_exchange (&self->operation, self->attempt.action, reply, NULL);
}

static void
upnp_pinhole_open (UpnpPinholeOperation *self)
{
  if (self->attempt.action == UPNP_ACTION_ADD_PINHOLE)
    {
      upnp_pinholes_release (upnp_pinhole_get_held (self), self->protocol, self->port);
      upnp_pinhole_set_doubt (self, TRUE);
    }
  upnp_pinhole_call (self, self->attempt.action, upnp_attempt_get_lease (&self->attempt),
                     on_opened);
}

static void
on_status_before_open (const UpnpSoapReply *reply,
                       const char *local_address,
                       const GError *error,
                       gpointer user_data)
{
  UpnpPinholeOperation *self = user_data;

  if (error != NULL)
    {
      upnp_operation_fail_exchange (&self->operation, UPNP_ACTION_GET_FIREWALL, reply, error);
    }
  else if (is_off (reply))
    {
      upnp_pinhole_succeed_without (self);
    }
  else
    {
      self->operation.device->firewall_off = FALSE;
      upnp_pinhole_open (self);
    }
}

void
upnp_pinhole_map_start (PlumUpnpBackend *backend, PlumRequest *request, PlumCall *call)
{
  UpnpPinholeOperation *self = upnp_pinhole_operation_new (backend, request, call);
  guint lifetime = plum_request_get_lifetime (request);
  const UpnpPinhole *held;
  UpnpDevice *device;

  /* Nothing is translated: the port outside is the port of the host. */
  if (plum_request_get_require_external_port (request) &&
      plum_request_get_external_port (request) != self->port)
    {
      upnp_operation_fail (&self->operation, PLUM_ERROR_CONFLICT,
                           "an IPv6 pinhole keeps the port: it cannot open port %u as external "
                           "port %u",
                           self->port, plum_request_get_external_port (request));
      return;
    }

  if (!upnp_operation_need_device (&self->operation))
    return;

  device = self->operation.device;
  held = upnp_pinholes_lookup (upnp_pinhole_get_held (self), self->protocol, self->port);
  if (held != NULL)
    self->unique_id = held->unique_id;

  /* There is no pinhole for ever. */
  lifetime = lifetime == 0 ? MAX_LEASE : MIN (lifetime, MAX_LEASE);
  upnp_attempt_init (&self->attempt,
                     held != NULL ? UPNP_ACTION_UPDATE_PINHOLE : UPNP_ACTION_ADD_PINHOLE,
                     &device->memory, self->port, lifetime, FALSE);
  upnp_attempt_set_port (&self->attempt, self->port);

  if (device->firewall_off)
    upnp_pinhole_call (self, UPNP_ACTION_GET_FIREWALL, 0, on_status_before_open);
  else
    upnp_pinhole_open (self);
}

/* -- Close -- */

static void
on_closed (const UpnpSoapReply *reply,
           const char *local_address,
           const GError *error,
           gpointer user_data)
{
  UpnpPinholeOperation *self = user_data;
  UpnpStep step;

  if (error != NULL || (reply->outcome == UPNP_SOAP_NO_ANSWER && reply->status / 100 != 5))
    {
      upnp_operation_fail_exchange (&self->operation, UPNP_ACTION_DELETE_PINHOLE, reply, error);
      return;
    }
  if (reply->outcome == UPNP_SOAP_DONE || reply->outcome == UPNP_SOAP_EMPTY)
    {
      upnp_operation_done (&self->operation);
      return;
    }

  upnp_attempt_init (&self->attempt, UPNP_ACTION_DELETE_PINHOLE, &self->operation.device->memory,
                     self->port, MAX_LEASE, FALSE);
  step = upnp_ladder_next (&self->attempt,
                           reply->outcome == UPNP_SOAP_FAULT ? reply->code : UPNP_CODE_FAILED);
  if (step.next == UPNP_NEXT_DONE)
    upnp_operation_done (&self->operation);
  else
    upnp_operation_fail_fault (&self->operation, UPNP_ACTION_DELETE_PINHOLE, reply, step.error,
                               step.advice);
}

static void
upnp_pinhole_close (UpnpPinholeOperation *self, guint unique_id)
{
  self->unique_id = unique_id;
  upnp_pinhole_call (self, UPNP_ACTION_DELETE_PINHOLE, 0, on_closed);
}

static void
on_learned (const UpnpSoapReply *reply,
            const char *local_address,
            const GError *error,
            gpointer user_data)
{
  UpnpPinholeOperation *self = user_data;
  int unique_id = -1;

  if (error == NULL && reply->outcome == UPNP_SOAP_DONE)
    unique_id = upnp_soap_read_unique_id (reply);

  if (unique_id >= 0)
    upnp_pinhole_close (self, (guint) unique_id);
  else if (error != NULL || !is_answer (reply))
    upnp_operation_fail_exchange (&self->operation, UPNP_ACTION_ADD_PINHOLE, reply, error);
  else
    upnp_operation_fail_fault (&self->operation, UPNP_ACTION_ADD_PINHOLE, reply,
                               PLUM_ERROR_NOT_SUPPORTED, "the pinhole ends by itself");
}

/* Only the number that this process was given is certain. That of another process may be another
 * pinhole's by now, and that of an answer that never came is not known. But who asks for a pinhole
 * that is there is told its number: it is asked for, for one second, and closed. */
static void
upnp_pinhole_learn_and_close (UpnpPinholeOperation *self)
{
  upnp_pinhole_call (self, UPNP_ACTION_ADD_PINHOLE, 1, on_learned);
}

void
upnp_pinhole_unmap_start (PlumUpnpBackend *backend,
                          PlumRequest *request,
                          PlumLease *lease,
                          PlumCall *call)
{
  UpnpPinholes *pinholes = plum_upnp_backend_get_pinholes (backend);
  UpnpPinholeOperation *self = upnp_pinhole_operation_new (backend, request, call);
  g_autoptr (UpnpToken) token =
    lease != NULL ? upnp_token_parse (plum_lease_get_token (lease)) : NULL;
  const UpnpPinhole *held = upnp_pinholes_lookup (pinholes, self->protocol, self->port);
  gboolean doubt = upnp_pinholes_get_doubt (pinholes, self->protocol, self->port);

  if (!upnp_operation_need_device_of (&self->operation, lease))
    return;

  upnp_pinhole_set_doubt (self, FALSE);
  if (held != NULL)
    {
      guint unique_id = held->unique_id;

      upnp_pinholes_release (pinholes, self->protocol, self->port);
      plum_upnp_backend_ports_changed (backend);
      upnp_pinhole_close (self, unique_id);
    }
  else if (token != NULL && token->unique_id == UPNP_TOKEN_NO_PINHOLE)
    upnp_operation_done (&self->operation);
  else if (doubt || lease != NULL) /* without a token: asked for by a program that crashed */
    upnp_pinhole_learn_and_close (self);
  else
    upnp_operation_done (&self->operation);
}

/* -- Check -- */

static void
upnp_pinhole_report_gone (UpnpPinholeOperation *self, const UpnpSoapReply *reply)
{
  upnp_pinholes_release (upnp_pinhole_get_held (self), self->protocol, self->port);
  plum_upnp_backend_ports_changed (self->operation.backend);
  upnp_operation_fail (&self->operation, PLUM_ERROR_DESTROYED,
                       "%s has no pinhole for port %u any more (error %d)",
                       self->operation.device->name, self->port, reply->code);
}

/* What the book says of a number that is not known is 704; 402 is said as well, and 606 where it is
 * another host's now. */
static void
on_updated (const UpnpSoapReply *reply,
            const char *local_address,
            const GError *error,
            gpointer user_data)
{
  UpnpPinholeOperation *self = user_data;

  if (error != NULL || !is_answer (reply))
    upnp_operation_fail_exchange (&self->operation, UPNP_ACTION_UPDATE_PINHOLE, reply, error);
  else if (reply->outcome == UPNP_SOAP_DONE || reply->code == 702)
    upnp_operation_done (&self->operation);
  else if (reply->code == 704 || reply->code == 402 || reply->code == 606 || reply->code == 703)
    upnp_pinhole_report_gone (self, reply);
  else
    upnp_operation_fail_fault (&self->operation, UPNP_ACTION_UPDATE_PINHOLE, reply,
                               PLUM_ERROR_NOT_SUPPORTED, NULL);
}

static void
on_status_checked (const UpnpSoapReply *reply,
                   const char *local_address,
                   const GError *error,
                   gpointer user_data)
{
  UpnpPinholeOperation *self = user_data;
  gboolean enabled, allowed;

  if (error != NULL || !is_answer (reply))
    upnp_operation_fail_exchange (&self->operation, UPNP_ACTION_GET_FIREWALL, reply, error);
  else if (reply->outcome == UPNP_SOAP_FAULT ||
           !upnp_soap_read_firewall (reply, &enabled, &allowed))
    upnp_operation_fail_fault (&self->operation, UPNP_ACTION_GET_FIREWALL, reply,
                               PLUM_ERROR_NOT_SUPPORTED, NULL);
  else if (enabled)
    upnp_operation_fail (&self->operation, PLUM_ERROR_DESTROYED,
                         "%s has switched its IPv6 firewall on", self->operation.device->name);
  else
    upnp_operation_done (&self->operation);
}

/* There is no way to read a pinhole. CheckPinholeWorking looks at traffic (709: there was none),
 * and routers with that pinhole say all kinds of things to it: updating it is the one question that
 * every router answers truthfully, as renewals depend on it. The lease is the one it had. */
void
upnp_pinhole_check_start (PlumUpnpBackend *backend,
                          PlumRequest *request,
                          PlumLease *lease,
                          PlumCall *call)
{
  UpnpPinholeOperation *self = upnp_pinhole_operation_new (backend, request, call);
  g_autoptr (UpnpToken) token = upnp_token_parse (plum_lease_get_token (lease));
  const UpnpPinhole *held;

  if (!upnp_operation_need_device_of (&self->operation, lease))
    return;

  held = upnp_pinholes_lookup (upnp_pinhole_get_held (self), self->protocol, self->port);
  if (held != NULL)
    {
      self->unique_id = held->unique_id;
      upnp_pinhole_call (self, UPNP_ACTION_UPDATE_PINHOLE, held->lease, on_updated);
    }
  else if (token != NULL && token->unique_id == UPNP_TOKEN_NO_PINHOLE)
    upnp_pinhole_call (self, UPNP_ACTION_GET_FIREWALL, 0, on_status_checked);
  else
    upnp_operation_fail (&self->operation, PLUM_ERROR_NOT_SUPPORTED,
                         "the pinhole of another process cannot be looked at");
}
