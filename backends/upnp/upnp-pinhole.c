/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-pinhole.h"

#include "upnp-negotiation.h"
#include "upnp-token.h"

#include <glib/gi18n-lib.h>

/* In s: the longest lease of WANIPv6FirewallControl:1. It has no permanent leases. */
#define MAX_LEASE 86400

#define CODE_INVALID_ACTION 401

typedef struct
{
  UpnpNegotiation negotiation;
  guint port;
  guint unique_id;   /* of an update or a delete */
  gboolean repeated; /* the add was sent again, because its outcome was unknown */
} UpnpPinholeOperation;

static UpnpPinholeOperation *
upnp_pinhole_operation_new (UpnpSession *session, PlumRequest *request, PlumCall *call)
{
  UpnpPinholeOperation *self =
    upnp_operation_new (sizeof (UpnpPinholeOperation), session, call, upnp_negotiation_clear);

  self->negotiation.protocol = plum_request_get_protocol (request);
  upnp_hosts_fill (&self->negotiation.hosts, request);
  self->port = plum_request_get_internal_port (request);
  return self;
}

static UpnpPorts *
upnp_pinhole_get_ports (UpnpPinholeOperation *self)
{
  return upnp_session_get_ports (self->negotiation.operation.session);
}

static const UpnpPort *
upnp_pinhole_lookup (UpnpPinholeOperation *self)
{
  return upnp_ports_lookup (upnp_pinhole_get_ports (self), self->negotiation.protocol, self->port,
                            &self->negotiation.hosts);
}

static void
upnp_pinhole_remove (UpnpPinholeOperation *self)
{
  upnp_ports_remove (upnp_pinhole_get_ports (self), self->negotiation.protocol, self->port,
                     &self->negotiation.hosts);
}

static void
upnp_pinhole_clear_unconfirmed (UpnpPinholeOperation *self)
{
  upnp_ports_set_unconfirmed (upnp_pinhole_get_ports (self), self->negotiation.protocol, self->port,
                              &self->negotiation.hosts, 0);
}

static UpnpSoapRequest
upnp_pinhole_make_request (UpnpPinholeOperation *self, UpnpAction action, guint lease)
{
  return (UpnpSoapRequest){
    .action = action,
    .protocol = self->negotiation.protocol,
    .internal_port = self->port,
    .lease = lease,
    .unique_id = self->unique_id,
    .remote_host = upnp_hosts_get_remote (&self->negotiation.hosts),
    .client = upnp_hosts_get_other_client (&self->negotiation.hosts),
  };
}

static void
upnp_pinhole_call (UpnpPinholeOperation *self, UpnpAction action, guint lease, UpnpSoapFunc func)
{
  UpnpSoapRequest request = upnp_pinhole_make_request (self, action, lease);

  upnp_operation_call (&self->negotiation.operation, NULL, &request, func);
}

/* Whether the router answered in SOAP. */
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

static void
upnp_pinhole_return_lease (UpnpPinholeOperation *self, guint lifetime, int unique_id)
{
  UpnpOperation *operation = &self->negotiation.operation;
  PlumNetwork *network = upnp_session_get_network (operation->session);
  UpnpDevice *device = operation->device;
  GInetAddress *address = plum_network_get_local_address (network);
  g_autoptr (GInetAddress) other = NULL;

  /* The external address of a pinhole is the internal one. */
  if (upnp_hosts_has_client (&self->negotiation.hosts))
    address = other = g_inet_address_new_from_string (self->negotiation.hosts.client);

  upnp_negotiation_return_lease (&self->negotiation, address, self->port, lifetime,
                                 upnp_token_new_pinhole (device->name, device->service, unique_id));
}

/* The port is open without a pinhole until the firewall is switched on, which check notices. */
static void
upnp_pinhole_succeed_without (UpnpPinholeOperation *self)
{
  self->negotiation.operation.device->firewall_off = TRUE;
  upnp_pinhole_clear_unconfirmed (self);
  upnp_pinhole_remove (self);
  upnp_pinhole_return_lease (self, PLUM_LIFETIME_FOREVER, UPNP_TOKEN_NO_PINHOLE);
}

static void
open_prepare (UpnpNegotiation *negotiation)
{
  UpnpPinholeOperation *self = (UpnpPinholeOperation *) negotiation;

  if (negotiation->attempt.action != UPNP_ACTION_ADD_PINHOLE)
    return;

  upnp_pinhole_remove (self);
  upnp_negotiation_set_unconfirmed (negotiation);
}

static UpnpSoapRequest
make_request (UpnpNegotiation *negotiation, UpnpAction action)
{
  return upnp_pinhole_make_request ((UpnpPinholeOperation *) negotiation, action,
                                    upnp_attempt_get_lease (&negotiation->attempt));
}

static gboolean open_resolve (UpnpNegotiation *negotiation);

static void
open_accept (UpnpNegotiation *negotiation, const UpnpSoapReply *reply)
{
  UpnpPinholeOperation *self = (UpnpPinholeOperation *) negotiation;
  UpnpPort pinhole = { .protocol = negotiation->protocol,
                       .external_port = self->port,
                       .internal_port = self->port,
                       .hosts = negotiation->hosts,
                       .lease = upnp_attempt_get_lease (&negotiation->attempt) };
  int unique_id = (int) self->unique_id;

  if (reply == NULL)
    {
      upnp_pinhole_succeed_without (self);
      return;
    }

  if (negotiation->attempt.action == UPNP_ACTION_ADD_PINHOLE)
    unique_id = upnp_soap_read_unique_id (reply);

  /* Without its number the pinhole could be neither renewed nor closed. */
  if (unique_id < 0 && open_resolve (negotiation))
    return;
  if (unique_id < 0)
    {
      upnp_operation_fail (&negotiation->operation, PLUM_ERROR_MALFORMED,
                           _ ("%s answered AddPinhole without a UniqueID"),
                           negotiation->operation.device->name);
      return;
    }

  pinhole.unique_id = (guint) unique_id;
  upnp_ports_add (upnp_pinhole_get_ports (self), &pinhole);
  upnp_negotiation_confirm (negotiation, TRUE);
  upnp_pinhole_return_lease (self, pinhole.lease, unique_id);
}

/* A router answers a second AddPinhole for the same pinhole with its number. No action finds a
 * pinhole, so one whose number remains unknown stays until it expires. */
static gboolean
open_resolve (UpnpNegotiation *negotiation)
{
  UpnpPinholeOperation *self = (UpnpPinholeOperation *) negotiation;
  guint lease = upnp_attempt_get_lease (&negotiation->attempt);
  guint status = negotiation->unknown.status;

  if (negotiation->attempt.action != UPNP_ACTION_ADD_PINHOLE)
    return FALSE;

  if (self->repeated || status == 401 || status == 403 ||
      g_error_matches (negotiation->unknown_error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT))
    {
      upnp_operation_set_leftover (
        &negotiation->operation,
        g_strdup_printf (_ ("a pinhole for port %u may remain on the router for up to %u s"),
                         self->port, lease));
      return FALSE;
    }

  self->repeated = TRUE;
  upnp_negotiation_send (negotiation);
  return TRUE;
}

static const UpnpNegotiationMethods open_methods = {
  .prepare = open_prepare,
  .make_request = make_request,
  .accept = open_accept,
  .resolve = open_resolve,
  .confirm = upnp_negotiation_clear_unconfirmed,
};

static void
on_status_before_open (const UpnpSoapReply *reply,
                       const char *local_address,
                       const GError *error,
                       gpointer user_data)
{
  UpnpPinholeOperation *self = user_data;

  if (error != NULL)
    {
      upnp_operation_fail_exchange (&self->negotiation.operation, UPNP_ACTION_GET_FIREWALL, reply,
                                    error);
    }
  else if (is_off (reply))
    {
      upnp_pinhole_succeed_without (self);
    }
  else
    {
      self->negotiation.operation.device->firewall_off = FALSE;
      upnp_negotiation_send (&self->negotiation);
    }
}

void
upnp_pinhole_map_start (UpnpSession *session, PlumRequest *request, PlumCall *call)
{
  UpnpPinholeOperation *self = upnp_pinhole_operation_new (session, request, call);
  UpnpNegotiation *negotiation = &self->negotiation;
  guint lifetime = plum_request_get_lifetime (request);
  const UpnpPort *held;

  if (!upnp_negotiation_set_hosts (negotiation, request))
    return;

  /* A firewall does not translate: the external port is the internal one. */
  if (plum_request_get_require_external_port (request) &&
      plum_request_get_external_port (request) != self->port)
    {
      upnp_operation_fail (&negotiation->operation, PLUM_ERROR_CONFLICT,
                           _ ("an IPv6 pinhole keeps the port: it cannot open port %u as external "
                              "port %u"),
                           self->port, plum_request_get_external_port (request));
      return;
    }

  if (!upnp_operation_need_device (&negotiation->operation))
    return;

  held = upnp_pinhole_lookup (self);
  if (held != NULL)
    self->unique_id = held->unique_id;

  upnp_negotiation_init (negotiation, &open_methods,
                         held != NULL ? UPNP_ACTION_UPDATE_PINHOLE : UPNP_ACTION_ADD_PINHOLE,
                         self->port, lifetime == 0 ? MAX_LEASE : MIN (lifetime, MAX_LEASE));
  upnp_attempt_set_port (&negotiation->attempt, self->port);

  if (negotiation->operation.device->firewall_off)
    upnp_pinhole_call (self, UPNP_ACTION_GET_FIREWALL, 0, on_status_before_open);
  else
    upnp_negotiation_send (negotiation);
}

/* -- Close -- */

static const UpnpNegotiationMethods close_methods = {
  .make_request = make_request,
  .accept = upnp_negotiation_accept_delete,
  .resolve = upnp_negotiation_resolve_delete,
};

static void
upnp_pinhole_close (UpnpPinholeOperation *self, guint unique_id)
{
  self->unique_id = unique_id;
  upnp_negotiation_init (&self->negotiation, &close_methods, UPNP_ACTION_DELETE_PINHOLE, self->port,
                         PLUM_LIFETIME_FOREVER);
  upnp_negotiation_send (&self->negotiation);
}

static void
on_pinhole_number (const UpnpSoapReply *reply,
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
    upnp_operation_fail_exchange (&self->negotiation.operation, UPNP_ACTION_ADD_PINHOLE, reply,
                                  error);
  else
    upnp_operation_fail_fault (&self->negotiation.operation, UPNP_ACTION_ADD_PINHOLE, reply,
                               PLUM_ERROR_NOT_SUPPORTED, N_ ("the pinhole expires by itself"));
}

/* Only a number that this process was given is certain: the router may have reused the number of
 * another process, and a lost answer leaves it unknown. A router answers AddPinhole for an existing
 * pinhole with its number, so request it for one second and close it. */
static void
upnp_pinhole_find_and_close (UpnpPinholeOperation *self)
{
  upnp_pinhole_call (self, UPNP_ACTION_ADD_PINHOLE, 1, on_pinhole_number);
}

void
upnp_pinhole_unmap_start (UpnpSession *session,
                          PlumRequest *request,
                          PlumLease *lease,
                          PlumCall *call)
{
  UpnpPinholeOperation *self = upnp_pinhole_operation_new (session, request, call);
  g_autoptr (UpnpToken) token =
    lease != NULL ? upnp_token_parse (plum_lease_get_token (lease)) : NULL;
  const UpnpPort *held = upnp_pinhole_lookup (self);
  guint unconfirmed =
    upnp_ports_get_unconfirmed (upnp_pinhole_get_ports (self), self->negotiation.protocol,
                                self->port, &self->negotiation.hosts);

  if (!upnp_operation_need_device_of (&self->negotiation.operation, lease))
    return;

  upnp_pinhole_clear_unconfirmed (self);
  if (held != NULL)
    {
      guint unique_id = held->unique_id;

      upnp_pinhole_remove (self);
      upnp_session_report_changed (session);
      upnp_pinhole_close (self, unique_id);
    }
  else if (token != NULL && token->unique_id == UPNP_TOKEN_NO_PINHOLE)
    upnp_operation_succeed (&self->negotiation.operation);
  else if (unconfirmed != 0 || lease != NULL) /* no token: requested by a program that crashed */
    upnp_pinhole_find_and_close (self);
  else
    upnp_operation_succeed (&self->negotiation.operation);
}

/* -- Check -- */

static void
upnp_pinhole_fail_removed (UpnpPinholeOperation *self, const UpnpSoapReply *reply)
{
  upnp_pinhole_remove (self);
  upnp_session_report_changed (self->negotiation.operation.session);
  upnp_operation_fail (&self->negotiation.operation, PLUM_ERROR_DESTROYED,
                       _ ("%s no longer has a pinhole for port %u (error %d)"),
                       self->negotiation.operation.device->name, self->port, reply->code);
}

static void
upnp_pinhole_fail_unchecked (UpnpPinholeOperation *self, const UpnpSoapReply *reply)
{
  upnp_operation_fail_fault (&self->negotiation.operation, UPNP_ACTION_UPDATE_PINHOLE, reply,
                             PLUM_ERROR_NOT_SUPPORTED, NULL);
}

/* Whether the router answers any action. */
static void
on_firewall_after_update (const UpnpSoapReply *reply,
                          const char *local_address,
                          const GError *error,
                          gpointer user_data)
{
  UpnpPinholeOperation *self = user_data;
  const UpnpSoapReply fault = { .outcome = UPNP_SOAP_FAULT, .code = CODE_INVALID_ACTION };

  if (error != NULL || !is_answer (reply))
    upnp_operation_fail_exchange (&self->negotiation.operation, UPNP_ACTION_GET_FIREWALL, reply,
                                  error);
  else
    upnp_pinhole_fail_unchecked (self, &fault);
}

/* UPnP WANIPv6FirewallControl:1 defines 704 for an unknown number. Routers also send 402, or 606 if
 * the number belongs to another host now. */
static void
on_updated (const UpnpSoapReply *reply,
            const char *local_address,
            const GError *error,
            gpointer user_data)
{
  UpnpPinholeOperation *self = user_data;

  if (error != NULL || !is_answer (reply))
    upnp_operation_fail_exchange (&self->negotiation.operation, UPNP_ACTION_UPDATE_PINHOLE, reply,
                                  error);
  else if (reply->outcome == UPNP_SOAP_DONE || reply->code == 702)
    upnp_operation_succeed (&self->negotiation.operation);
  else if (reply->code == 704 || reply->code == 402 || reply->code == 606 || reply->code == 703)
    upnp_pinhole_fail_removed (self, reply);
  else if (upnp_soap_reply_may_be_gone (reply))
    upnp_pinhole_call (self, UPNP_ACTION_GET_FIREWALL, 0, on_firewall_after_update);
  else
    upnp_pinhole_fail_unchecked (self, reply);
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
    upnp_operation_fail_exchange (&self->negotiation.operation, UPNP_ACTION_GET_FIREWALL, reply,
                                  error);
  else if (reply->outcome == UPNP_SOAP_FAULT ||
           !upnp_soap_read_firewall (reply, &enabled, &allowed))
    upnp_operation_fail_fault (&self->negotiation.operation, UPNP_ACTION_GET_FIREWALL, reply,
                               PLUM_ERROR_NOT_SUPPORTED, NULL);
  else if (enabled)
    upnp_operation_fail (&self->negotiation.operation, PLUM_ERROR_DESTROYED,
                         _ ("%s has enabled its IPv6 firewall"),
                         self->negotiation.operation.device->name);
  else
    upnp_operation_succeed (&self->negotiation.operation);
}

/* No action reads a pinhole. CheckPinholeWorking reports traffic (709: none), and its answers are
 * not reliable. Every router answers UpdatePinhole correctly, as renewals depend on it; the lease
 * stays the same. */
void
upnp_pinhole_check_start (UpnpSession *session,
                          PlumRequest *request,
                          PlumLease *lease,
                          PlumCall *call)
{
  UpnpPinholeOperation *self = upnp_pinhole_operation_new (session, request, call);
  g_autoptr (UpnpToken) token = upnp_token_parse (plum_lease_get_token (lease));
  const UpnpPort *held;

  if (!upnp_operation_need_device_of (&self->negotiation.operation, lease))
    return;

  held = upnp_pinhole_lookup (self);
  if (held != NULL)
    {
      self->unique_id = held->unique_id;
      upnp_pinhole_call (self, UPNP_ACTION_UPDATE_PINHOLE, held->lease, on_updated);
    }
  else if (token != NULL && token->unique_id == UPNP_TOKEN_NO_PINHOLE)
    upnp_pinhole_call (self, UPNP_ACTION_GET_FIREWALL, 0, on_status_checked);
  else
    upnp_operation_fail (&self->negotiation.operation, PLUM_ERROR_NOT_SUPPORTED,
                         _ ("the pinhole of another process cannot be checked"));
}
