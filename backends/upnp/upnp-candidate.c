/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-candidate.h"

#include <glib/gi18n-lib.h>

/* The status counts first, then the scope of the address (quirk 61). */
#define SCORE_CONNECTED 10
#define SCORE_PUBLIC 4
#define SCORE_PRIVATE 2
#define SCORE_UNEXAMINED 1
#define SCORE_FAILS (-1) /* it may map ports all the same */
#define SCORE_BEST (SCORE_CONNECTED + SCORE_PUBLIC)

UpnpCandidate *
upnp_candidate_new (
  UpnpSession *session, GInetAddress *sender, UpnpUrl *location, gint64 boot_id, UpnpOrigin origin)
{
  UpnpCandidate *self = g_new0 (UpnpCandidate, 1);

  self->ipv6 = upnp_session_is_ipv6 (session);
  self->device = upnp_device_new (upnp_session_get_backend (session),
                                  upnp_session_get_context (session), sender);
  self->device->location = location;
  self->device->boot_id = boot_id;
  self->origin = origin;
  self->n_heard = 1;
  self->score = UPNP_SCORE_UNUSABLE;
  return self;
}

void
upnp_candidate_free (UpnpCandidate *self)
{
  g_clear_pointer (&self->device, upnp_device_unref);
  g_free (self->problem);
  g_free (self);
}

GPtrArray *
upnp_candidate_get_services (UpnpCandidate *self)
{
  UpnpDescription *description = self->device->description;

  return self->ipv6 ? description->firewalls : description->services;
}

UpnpService *
upnp_candidate_get_service (UpnpCandidate *self)
{
  GPtrArray *services = upnp_candidate_get_services (self);

  if (self->index >= services->len || self->score >= SCORE_BEST)
    return NULL;

  return g_ptr_array_index (services, self->index);
}

UpnpAction
upnp_candidate_get_action (UpnpCandidate *self)
{
  if (self->ipv6)
    return UPNP_ACTION_GET_FIREWALL;

  return self->status_read ? UPNP_ACTION_GET_ADDRESS : UPNP_ACTION_GET_STATUS;
}

static void
upnp_candidate_next_service (UpnpCandidate *self)
{
  self->index++;
  self->status_read = FALSE;
}

/* Continues with the next service. */
static void
upnp_candidate_skip (UpnpCandidate *self, const char *problem)
{
  if (self->problem == NULL)
    self->problem = g_strdup (problem);
  upnp_candidate_next_service (self);
}

/* A service that answers with a fault may still map ports. So may one that closes the connection or
 * answers with an error that gives no reason: status 0 or 5xx. */
static void
upnp_candidate_take_answer (UpnpCandidate *self, const UpnpSoapReply *reply)
{
  self->answered_soap |= upnp_soap_reply_is_soap (reply);
  self->fails |= reply->status == 0 || reply->status / 100 == 5;
}

static void
upnp_candidate_take_status (UpnpCandidate *self, const UpnpSoapReply *reply)
{
  self->status_read = TRUE;
  self->answered_soap = FALSE;
  self->fails = FALSE;
  upnp_candidate_take_answer (self, reply);
  self->status = PLUM_CONNECTION_STATUS_UNKNOWN;
  self->uptime = 0;
  if (reply->outcome == UPNP_SOAP_DONE)
    {
      self->status = upnp_soap_read_status (reply);
      self->uptime = upnp_soap_read_uptime (reply);
    }
}

static gboolean
upnp_candidate_is_connected (UpnpCandidate *self)
{
  return self->status == PLUM_CONNECTION_STATUS_CONNECTED;
}

/* The present service is the best one so far. */
static void
upnp_candidate_choose_service (UpnpCandidate *self, const UpnpService *service, int score)
{
  UpnpDevice *device = self->device;

  self->score = score;
  g_clear_pointer (&device->service, upnp_service_free);
  device->service = upnp_service_copy (service);
  device->status = self->status;
  device->uptime = self->uptime;
}

static const char *
describe_address (GInetAddress *address)
{
  if (address == NULL)
    return _ ("no external address");

  switch (plum_address_get_scope (address))
    {
    case PLUM_ADDRESS_SCOPE_PUBLIC:
      return _ ("a public address");
    case PLUM_ADDRESS_SCOPE_PRIVATE:
      return _ ("a private address");
    case PLUM_ADDRESS_SCOPE_CGNAT:
      return _ ("a shared address (CGNAT)");
    case PLUM_ADDRESS_SCOPE_UNKNOWN:
    case PLUM_ADDRESS_SCOPE_UNSPECIFIED:
    case PLUM_ADDRESS_SCOPE_LOOPBACK:
    case PLUM_ADDRESS_SCOPE_LINK_LOCAL:
    case PLUM_ADDRESS_SCOPE_DOCUMENTATION:
    case PLUM_ADDRESS_SCOPE_RESERVED:
    case PLUM_ADDRESS_SCOPE_MULTICAST:
    default:
      return _ ("a reserved address");
    }
}

static void
upnp_candidate_note_service (UpnpCandidate *self,
                             const UpnpService *service,
                             GInetAddress *address,
                             int score)
{
  g_autofree char *note = NULL;

  if (!plum_backend_is_observed (self->device->backend))
    return;

  note = g_strdup_printf (
    upnp_candidate_is_connected (self)
      /* Translators: a router, a service, a port and the path after it, an address. */
      ? _ ("UPnP: %s: %s at port %u%s reports connected, %s; rank %d")
      /* Translators: a router, a service, a port and the path after it, an address. */
      : _ ("UPnP: %s: %s at port %u%s reports not connected, %s; rank %d"),
    self->device->name, service->type, service->port, service->target, describe_address (address),
    score);
  plum_backend_report_note (self->device->backend, note);
}

static void
upnp_candidate_take_address (UpnpCandidate *self, const UpnpSoapReply *reply)
{
  UpnpService *service = upnp_candidate_get_service (self);
  g_autoptr (GInetAddress) address = NULL;
  int score = upnp_candidate_is_connected (self) ? SCORE_CONNECTED : 0;

  if (reply->outcome == UPNP_SOAP_DONE)
    address = upnp_soap_read_address (reply);
  upnp_candidate_take_answer (self, reply);

  if (!self->answered_soap && !self->fails)
    {
      g_autofree char *problem =
        g_strdup_printf (_ ("its control URL answers HTTP %u without SOAP"), reply->status);

      upnp_candidate_skip (self, problem);
      return;
    }

  if (!self->answered_soap)
    score = SCORE_FAILS;
  if (address != NULL)
    score +=
      plum_address_get_scope (address) == PLUM_ADDRESS_SCOPE_PUBLIC ? SCORE_PUBLIC : SCORE_PRIVATE;
  upnp_candidate_note_service (self, service, address, score);
  if (score > self->score)
    {
      upnp_candidate_choose_service (self, service, score);
      upnp_device_set_address (self->device, address);
    }

  upnp_candidate_next_service (self);
}

/* Why the firewall cannot be used; NULL: it can. (transfer full) */
static char *
find_firewall_fault (UpnpCandidate *self, const UpnpSoapReply *reply)
{
  gboolean enabled, allowed;

  if (reply->outcome == UPNP_SOAP_FAULT)
    return g_strdup_printf (_ ("it does not report the state of its IPv6 firewall (error %d)"),
                            reply->code);
  if (reply->outcome != UPNP_SOAP_DONE)
    return g_strdup_printf (_ ("its control URL answers HTTP %u without SOAP"), reply->status);
  if (!upnp_soap_read_firewall (reply, &enabled, &allowed))
    return g_strdup (_ ("it does not report the state of its IPv6 firewall"));

  self->device->firewall_off = !enabled;
  self->refuses = enabled && !allowed;
  return self->refuses ? g_strdup (_ ("it does not allow hosts to open its IPv6 firewall")) : NULL;
}

static void
upnp_candidate_take_firewall (UpnpCandidate *self, const UpnpSoapReply *reply)
{
  UpnpService *service = upnp_candidate_get_service (self);
  g_autofree char *fault = find_firewall_fault (self, reply);
  g_autofree char *note = NULL;

  if (fault != NULL)
    {
      upnp_candidate_skip (self, fault);
      return;
    }

  note = g_strdup_printf (
    self->device->firewall_off
      /* Translators: a router, a service, a port and the path after it. */
      ? _ ("UPnP: %s: %s at port %u%s reports that its firewall is off")
      /* Translators: a router, a service, a port and the path after it. */
      : _ ("UPnP: %s: %s at port %u%s reports that its firewall is on and that hosts may open it"),
    self->device->name, service->type, service->port, service->target);
  plum_backend_report_note (self->device->backend, note);
  self->score = SCORE_BEST;
  self->device->service = upnp_service_copy (service);
  upnp_candidate_next_service (self);
}

void
upnp_candidate_take (UpnpCandidate *self, const UpnpSoapReply *reply)
{
  switch (upnp_candidate_get_action (self))
    {
    case UPNP_ACTION_GET_FIREWALL:
      upnp_candidate_take_firewall (self, reply);
      break;

    case UPNP_ACTION_GET_ADDRESS:
      upnp_candidate_take_address (self, reply);
      break;

    default:
      upnp_candidate_take_status (self, reply);
      break;
    }
}

void
upnp_candidate_take_error (UpnpCandidate *self, const GError *error)
{
  const UpnpSoapReply none = { .outcome = UPNP_SOAP_NO_ANSWER };

  if (!self->ipv6 && upnp_transport_was_cut (error))
    upnp_candidate_take (self, &none);
  else
    upnp_candidate_skip (self, error->message);
}

void
upnp_candidate_accept (UpnpCandidate *self)
{
  UpnpService *service = upnp_candidate_get_service (self);

  if (service != NULL && self->score <= SCORE_FAILS)
    upnp_candidate_choose_service (self, service,
                                   upnp_candidate_is_connected (self) ? SCORE_CONNECTED
                                                                      : SCORE_UNEXAMINED);
  self->index = upnp_candidate_get_services (self)->len;
}

void
upnp_candidate_reject (UpnpCandidate *self, const char *problem)
{
  g_free (self->problem);
  self->problem = g_strdup (problem);
  self->done = TRUE;
}
