/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-table.h"

#include "upnp-find.h"
#include "upnp-map-text.h"
#include "upnp-scan.h"
#include "upnp-table-entry.h"
#include "upnp-token.h"

#include <glib/gi18n-lib.h>

/* -- Delete -- */

/* 0: the outcome of each request for the internal port is certain. */
static void
upnp_table_set_unconfirmed (UpnpTableOperation *self, guint external_port)
{
  UpnpNegotiation *negotiation = &self->negotiation;

  upnp_ports_set_unconfirmed (upnp_session_get_ports (negotiation->operation.session),
                              negotiation->protocol, self->internal_port, &negotiation->hosts,
                              external_port);
}

static guint
upnp_table_get_unconfirmed (UpnpTableOperation *self)
{
  UpnpNegotiation *negotiation = &self->negotiation;

  return upnp_ports_get_unconfirmed (upnp_session_get_ports (negotiation->operation.session),
                                     negotiation->protocol, self->internal_port,
                                     &negotiation->hosts);
}

/* The router has no entry of this host for the port. Until this is certain, a request that was not
 * answered stays recorded, so that the next delete without a lease finds its entry. */
static void
upnp_table_succeed (UpnpTableOperation *self)
{
  if (!self->moved && upnp_table_get_unconfirmed (self) == self->external_port)
    upnp_table_set_unconfirmed (self, 0);
  upnp_operation_succeed (&self->negotiation.operation);
}

/* The router shows no entry of this host. */
static void
upnp_table_take_absent (UpnpTableOperation *self)
{
  if (self->unanswered)
    upnp_operation_fail (&self->negotiation.operation, PLUM_ERROR_NO_GATEWAY,
                         _ ("the router that has added the entry for port %u does not answer"),
                         self->external_port);
  else
    upnp_table_succeed (self);
}

static void
upnp_table_accept_delete (UpnpTableOperation *self)
{
  upnp_negotiation_confirm (&self->negotiation, TRUE);
  upnp_table_succeed (self);
}

static void
upnp_table_fail_delete (UpnpTableOperation *self)
{
  UpnpNegotiation *negotiation = &self->negotiation;
  UpnpDevice *device = negotiation->operation.device;

  if (negotiation->unknown.outcome == UPNP_SOAP_EMPTY)
    upnp_operation_fail (&negotiation->operation, PLUM_ERROR_MALFORMED,
                         _ ("%s sent an empty answer to DeletePortMapping, and still has the entry "
                            "for port %u"),
                         device->name, self->external_port);
  else
    upnp_negotiation_fail_exchange (negotiation);
}

/* An error status without a fault is not a refusal, which would end the record of the mapping. */
static void
upnp_table_resolve_unread (UpnpTableOperation *self)
{
  if (self->negotiation.unknown.outcome == UPNP_SOAP_EMPTY)
    upnp_table_accept_delete (self);
  else
    upnp_negotiation_fail_exchange (&self->negotiation);
}

static void
on_entry_after_delete (const UpnpSoapReply *reply,
                       const char *local_address,
                       const GError *error,
                       gpointer user_data)
{
  UpnpTableOperation *self = user_data;
  g_autoptr (UpnpTableEntry) entry = NULL;
  UpnpLookupResult result = upnp_table_take_entry (self, reply, local_address, error, &entry);

  switch (self->unclear ? UPNP_LOOKUP_UNKNOWN : result)
    {
    case UPNP_LOOKUP_FREE:
    case UPNP_LOOKUP_TAKEN:
      upnp_table_accept_delete (self);
      break;
    case UPNP_LOOKUP_OURS:
      upnp_table_fail_delete (self);
      break;
    case UPNP_LOOKUP_UNKNOWN:
    default:
      upnp_table_resolve_unread (self);
      break;
    }
}

static void upnp_table_read_back (UpnpTableOperation *self);

static gboolean
on_pause_after_success (gpointer user_data)
{
  upnp_table_read_back (user_data);
  return G_SOURCE_REMOVE;
}

static void
on_entry_after_success (const UpnpSoapReply *reply,
                        const char *local_address,
                        const GError *error,
                        gpointer user_data)
{
  UpnpTableOperation *self = user_data;
  UpnpNegotiation *negotiation = &self->negotiation;
  g_autoptr (UpnpTableEntry) entry = NULL;
  UpnpLookupResult result = upnp_table_take_entry (self, reply, local_address, error, &entry);

  if (result == UPNP_LOOKUP_OURS &&
      upnp_operation_read_back_later (&negotiation->operation, on_pause_after_success))
    return;
  if (result == UPNP_LOOKUP_OURS)
    {
      upnp_operation_fail_kept (&negotiation->operation, self->external_port);
      return;
    }

  if (result != UPNP_LOOKUP_UNKNOWN && !self->unclear)
    negotiation->operation.device->memory.deletes = TRUE;
  upnp_table_accept_delete (self);
}

static void
upnp_table_read_back (UpnpTableOperation *self)
{
  upnp_table_read_entry (self, on_entry_after_success);
}

/* Some routers answer with success and keep the entry. */
static void
upnp_table_accept (UpnpNegotiation *negotiation, const UpnpSoapReply *reply)
{
  UpnpTableOperation *self = (UpnpTableOperation *) negotiation;

  if (upnp_operation_begin_verification (&negotiation->operation))
    upnp_table_read_back (self);
  else
    upnp_table_accept_delete (self);
}

/* The router may have deleted the entry or not: read it back. */
static gboolean
upnp_table_resolve (UpnpNegotiation *negotiation)
{
  UpnpTableOperation *self = (UpnpTableOperation *) negotiation;

  if (!self->verified || !upnp_lookup_is_possible (negotiation->operation.device) ||
      g_error_matches (negotiation->unknown_error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT))
    upnp_table_resolve_unread (self);
  else
    upnp_table_read_entry (self, on_entry_after_delete);
  return TRUE;
}

/* The router does not let this host delete the entry of its former address: the next request for
 * the port recognizes it. */
static void
upnp_table_explain (UpnpNegotiation *negotiation, const UpnpSoapReply *reply, UpnpStep *step)
{
  UpnpTableOperation *self = (UpnpTableOperation *) negotiation;

  if (self->former != NULL)
    upnp_ports_set_former_client (upnp_session_get_ports (negotiation->operation.session),
                                  negotiation->protocol, self->external_port, self->former);
}

static const UpnpNegotiationMethods delete_methods = {
  .make_request = upnp_table_make_request,
  .accept = upnp_table_accept,
  .resolve = upnp_table_resolve,
  .explain = upnp_table_explain,
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
upnp_table_delete_unread (UpnpTableOperation *self)
{
  plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_INFO,
            "UPnP: %s does not show the entry for port %u; deleting it without knowing its owner",
            self->negotiation.operation.device->name, self->external_port);
  upnp_table_delete (self);
}

static void
upnp_table_fail_unseen (UpnpTableOperation *self, const UpnpSoapReply *reply)
{
  upnp_operation_fail_unseen (&self->negotiation.operation, reply, self->external_port);
}

static void
on_scanned_before_delete (UpnpNegotiation *negotiation,
                          UpnpLookupResult result,
                          const UpnpSoapReply *reply,
                          const char *local_address)
{
  UpnpTableOperation *self = (UpnpTableOperation *) negotiation;
  g_autoptr (UpnpTableEntry) entry = NULL;

  if (result == UPNP_LOOKUP_TAKEN)
    {
      result = upnp_table_take_entry (self, reply, local_address, NULL, &entry);
      /* An empty entry that is listed has a port nevertheless. */
      if (result == UPNP_LOOKUP_FREE || self->unclear)
        result = UPNP_LOOKUP_UNKNOWN;
    }

  if (result == UPNP_LOOKUP_OURS)
    upnp_table_delete (self);
  else if (result == UPNP_LOOKUP_UNKNOWN)
    upnp_table_fail_unseen (self, NULL);
  else
    upnp_table_take_absent (self);
}

/* The router shows its entries, but not this one. Some routers answer each question for a port
 * without an entry with a fault that may mean anything, such as 501: their list tells whether there
 * is one. Entries for one remote host are not distinguished in it. */
static void
upnp_table_take_unseen (UpnpTableOperation *self, const UpnpSoapReply *reply, const GError *error)
{
  if (error == NULL && reply->outcome == UPNP_SOAP_FAULT &&
      !upnp_hosts_has_remote (&self->negotiation.hosts))
    upnp_scan_start (&self->negotiation, self->external_port, on_scanned_before_delete);
  else
    upnp_table_fail_unseen (self, reply);
}

/* An entry of another host stays, and the call succeeds: this host has nothing left there. Core
 * reads success as “the router no longer has the mapping”. */
static void
on_entry_before_delete (const UpnpSoapReply *reply,
                        const char *local_address,
                        const GError *error,
                        gpointer user_data)
{
  UpnpTableOperation *self = user_data;
  UpnpOperation *operation = &self->negotiation.operation;
  g_autoptr (UpnpTableEntry) entry = NULL;
  UpnpLookupResult result;

  if (upnp_table_ask_substitute (self, reply, error, on_entry_before_delete))
    return;

  result = upnp_table_take_entry (self, reply, local_address, error, &entry);
  self->verified = TRUE;
  if (result == UPNP_LOOKUP_OURS)
    upnp_table_delete (self);
  else if (self->unclear)
    upnp_table_fail_unseen (self, reply);
  else if (result == UPNP_LOOKUP_FREE || result == UPNP_LOOKUP_TAKEN)
    upnp_table_take_absent (self);
  else if (upnp_lookup_is_lost (reply, error) ||
           g_error_matches (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT))
    upnp_operation_fail_exchange (operation, UPNP_ACTION_GET_SPECIFIC, reply, error);
  else if (!self->look_repeated && upnp_lookup_may_hide_entry (operation->device, reply, error))
    {
      self->look_repeated = TRUE;
      upnp_table_read_entry (self, on_entry_before_delete);
    }
  else if (operation->device->memory.lookups == UPNP_LOOKUPS_WORK)
    upnp_table_take_unseen (self, reply, error);
  else if (self->certain)
    upnp_table_delete_unread (self);
  else if (self->unanswered)
    upnp_table_take_absent (self);
  else if (error != NULL || reply->outcome == UPNP_SOAP_NO_ANSWER)
    upnp_operation_fail_exchange (operation, UPNP_ACTION_GET_SPECIFIC, reply, error);
  else
    upnp_operation_fail_fault (operation, UPNP_ACTION_GET_SPECIFIC, reply, PLUM_ERROR_NOT_SUPPORTED,
                               N_ ("it is unknown whether the port was mapped"));
}

/* AddAnyPortMapping was not answered: its entry was searched for. */
static void
on_table_found (UpnpNegotiation *negotiation, UpnpLookupResult result, guint external_port)
{
  UpnpTableOperation *self = (UpnpTableOperation *) negotiation;
  UpnpOperation *operation = &negotiation->operation;

  if (result == UPNP_LOOKUP_OURS)
    {
      self->external_port = external_port;
      upnp_table_set_unconfirmed (self, external_port);
      self->verified = TRUE;
      upnp_table_delete (self);
    }
  else if (result == UPNP_LOOKUP_FREE)
    upnp_table_succeed (self);
  else if (negotiation->find.unclear)
    upnp_operation_fail (
      operation, PLUM_ERROR_NOT_SUPPORTED,
      _ ("%s does not list which hosts its entries lead to: the port that it chose may remain "
         "until its lease expires"),
      operation->device->name);
  else
    upnp_operation_fail (
      operation, PLUM_ERROR_NOT_SUPPORTED,
      _ ("%s does not list its table: the port that it chose may remain until its "
         "lease expires"),
      operation->device->name);
}

/* Another address of this host in the token: the entry is ours nevertheless (quirk 77). */
static void
upnp_table_take_former_address (UpnpTableOperation *self, PlumRequest *request, PlumLease *lease)
{
  g_autoptr (UpnpToken) token =
    lease != NULL ? upnp_token_parse (plum_lease_get_token (lease)) : NULL;
  GInetAddress *local = plum_network_get_client_address (
    upnp_session_get_network (self->negotiation.operation.session));
  g_autofree char *text = local != NULL ? g_inet_address_to_string (local) : NULL;

  self->description = upnp_soap_plain_description (plum_request_get_description (request));
  if (token != NULL && !upnp_hosts_has_client (&self->negotiation.hosts) &&
      g_strcmp0 (token->client, text) != 0)
    self->former = g_steal_pointer (&token->client);
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

  if (self == NULL)
    return;

  self->moved = TRUE;
  self->former = g_inet_address_to_string (local_address);
  if (plum_request_get_description (request) != NULL)
    self->description = upnp_soap_plain_description (plum_request_get_description (request));
  upnp_table_read_entry (self, on_entry_before_delete);
}

void
upnp_unmap_start (UpnpSession *session, PlumRequest *request, PlumLease *lease, PlumCall *call)
{
  UpnpPorts *ports = upnp_session_get_ports (session);
  UpnpTableOperation *self = upnp_table_operation_new (session, request, lease, call);
  const UpnpHosts *hosts;
  const UpnpPort *held = NULL;
  gboolean ours;

  if (self == NULL)
    return;

  hosts = &self->negotiation.hosts;
  if (lease == NULL)
    self->external_port = upnp_table_get_unconfirmed (self);
  upnp_table_take_former_address (self, request, lease);

  /* No request is unanswered. */
  if (self->external_port == 0)
    {
      upnp_table_succeed (self);
      return;
    }
  if (self->external_port == UPNP_UNKNOWN_PORT)
    {
      upnp_find_start (&self->negotiation, self->internal_port, self->description, on_table_found);
      return;
    }

  /* What this process holds is of the service that it uses now. */
  if (upnp_operation_is_current (&self->negotiation.operation))
    held = upnp_ports_lookup (ports, self->negotiation.protocol, self->external_port, hosts);
  ours = held != NULL && held->internal_port == self->internal_port &&
         upnp_hosts_equal (&held->hosts, hosts);
  self->held = ours;
  if (held != NULL)
    {
      upnp_ports_remove (ports, self->negotiation.protocol, self->external_port, hosts);
      upnp_session_report_changed (session);
    }

  /* Another host may have the port by now (quirks 49, 73): read the entry first. */
  self->certain =
    lease != NULL &&
    (ours || (plum_lease_get_token (lease) != NULL && !self->negotiation.operation.substitute));
  if (self->certain && !upnp_lookup_is_possible (self->negotiation.operation.device))
    upnp_table_delete_unread (self);
  else
    upnp_table_read_entry (self, on_entry_before_delete);
}

/* -- Check -- */

/* 0 is a permanent entry (UPnP IGD:1), or a router that does not report the lease. */
static void
upnp_table_return_remaining (UpnpOperation *operation, const UpnpTableEntry *entry)
{
  const guint lease = entry->lease_known ? entry->lease : 0;
  g_autoptr (PlumCall) call = upnp_operation_finish (operation);

  plum_call_return_remaining (call, lease != 0 ? lease : PLUM_LIFETIME_FOREVER);
}

/* The next request for the port is a first one: it has to look which host has the port. */
static void
upnp_table_remove_held (UpnpTableOperation *self)
{
  UpnpSession *session = self->negotiation.operation.session;

  if (!upnp_operation_is_current (&self->negotiation.operation))
    return;

  upnp_ports_remove (upnp_session_get_ports (session), self->negotiation.protocol,
                     self->external_port, &self->negotiation.hosts);
  upnp_session_report_changed (session);
}

static void
on_checked (const UpnpSoapReply *reply,
            const char *local_address,
            const GError *error,
            gpointer user_data)
{
  UpnpTableOperation *self = user_data;
  UpnpOperation *operation = &self->negotiation.operation;
  g_autoptr (UpnpTableEntry) entry = NULL;
  g_autofree char *target = NULL;
  UpnpLookupResult result;

  if (upnp_table_ask_substitute (self, reply, error, on_checked))
    return;
  if (error != NULL || reply->outcome == UPNP_SOAP_NO_ANSWER)
    {
      upnp_operation_fail_exchange (operation, UPNP_ACTION_GET_SPECIFIC, reply, error);
      return;
    }

  result = upnp_table_take_entry (self, reply, local_address, NULL, &entry);
  if (result == UPNP_LOOKUP_FREE || result == UPNP_LOOKUP_TAKEN)
    upnp_table_remove_held (self);

  if (result == UPNP_LOOKUP_FREE)
    upnp_operation_fail (operation, PLUM_ERROR_DESTROYED,
                         _ ("%s no longer has an entry for port %u"), operation->device->name,
                         self->external_port);
  else if (result == UPNP_LOOKUP_UNKNOWN)
    upnp_operation_fail_fault (operation, UPNP_ACTION_GET_SPECIFIC, reply, PLUM_ERROR_NOT_SUPPORTED,
                               NULL);
  else if (result == UPNP_LOOKUP_TAKEN)
    {
      target = upnp_map_text_dup_target (entry);
      upnp_operation_fail (operation, PLUM_ERROR_CONFLICT,
                           /* Translators: a port, a router, a host or a port of a host. */
                           _ ("port %u of %s now leads to %s"), self->external_port,
                           operation->device->name, target);
    }
  else if (!entry->enabled)
    {
      upnp_table_remove_held (self);
      upnp_operation_fail (operation, PLUM_ERROR_DESTROYED,
                           _ ("%s has disabled the entry for port %u"), operation->device->name,
                           self->external_port);
    }
  else
    upnp_table_return_remaining (operation, entry);
}

void
upnp_check_start (UpnpSession *session, PlumRequest *request, PlumLease *lease, PlumCall *call)
{
  UpnpTableOperation *self = upnp_table_operation_new (session, request, lease, call);

  if (self == NULL)
    return;

  self->held = TRUE;
  self->description = upnp_soap_plain_description (plum_request_get_description (request));
  upnp_table_read_entry (self, on_checked);
}
