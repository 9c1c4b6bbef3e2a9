/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-map.h"

#include "upnp-find.h"
#include "upnp-map-added.h"
#include "upnp-map-grant.h"
#include "upnp-map-hosts.h"
#include "upnp-map-port.h"
#include "upnp-map-replace.h"
#include "upnp-map-unknown.h"

#include <glib/gi18n-lib.h>

/* How long a known external address remains valid, in µs. */
#define ADDRESS_VALID (60 * G_USEC_PER_SEC)

static void upnp_map_send (UpnpMap *self);
static void upnp_map_read_entry (UpnpMap *self, UpnpReadReason reason);

static void
upnp_map_clear (UpnpOperation *operation)
{
  UpnpMap *self = (UpnpMap *) operation;

  g_clear_object (&self->request);
  g_free (self->description);
  g_free (self->refusal.message);
  g_clear_pointer (&self->seen, upnp_table_entry_free);
  upnp_negotiation_clear (operation);
}

/* -- The external port -- */

static void
upnp_map_set_port (UpnpMap *self, guint port)
{
  upnp_attempt_set_port (&self->negotiation.attempt, port);
  if (port == self->negotiation.attempt.internal_port)
    self->internal_tried = TRUE;
}

static guint
upnp_map_choose_port (UpnpMap *self, guint lowest)
{
  return upnp_map_port_choose (&self->negotiation, lowest, self->internal_tried);
}

/* An earlier add of this mapping may have had an effect: if another port is requested, its entry is
 * left behind. Returns 0 if no such port can be requested. */
static guint
upnp_map_get_unconfirmed_port (UpnpMap *self)
{
  UpnpNegotiation *negotiation = &self->negotiation;
  guint port = upnp_ports_get_unconfirmed (upnp_map_get_ports (self), negotiation->protocol,
                                           negotiation->attempt.internal_port, &negotiation->hosts);

  return port != UPNP_UNKNOWN_PORT && upnp_map_port_may_use (negotiation, port) ? port : 0;
}

/* FALSE: another mapping of this process holds the required port, and the operation has failed. */
static gboolean
upnp_map_choose_first_port (UpnpMap *self, guint port)
{
  UpnpAttempt *attempt = &self->negotiation.attempt;
  gboolean usable = upnp_map_port_may_use (&self->negotiation, port);

  if (attempt->exact && !usable)
    {
      upnp_operation_fail (&self->negotiation.operation, PLUM_ERROR_CONFLICT,
                           _ ("external port %u belongs to another mapping of this program"), port);
      return FALSE;
    }

  if (attempt->memory.same_port && !attempt->exact)
    {
      port = attempt->internal_port;
      usable = upnp_map_port_may_use (&self->negotiation, port);
    }
  else if (!attempt->exact && upnp_map_get_unconfirmed_port (self) != 0)
    {
      port = upnp_map_get_unconfirmed_port (self);
      usable = TRUE;
    }
  upnp_map_set_port (self, usable ? port : upnp_map_choose_port (self, 1));
  return TRUE;
}

/* -- Success -- */

/* Reads the entry back after the first success of a device: some routers report success and keep
 * nothing, or no entry with a limited lease (quirk 75). Others shorten the lease of each add and of
 * each renewal (quirk 8). */
static void
upnp_map_take_success (UpnpMap *self, guint port)
{
  UpnpNegotiation *negotiation = &self->negotiation;
  UpnpDevice *device = negotiation->operation.device;
  guint lease = upnp_attempt_get_lease (&negotiation->attempt);
  gboolean keeps_lease =
    lease != 0 ? lease <= device->memory.kept_lease : device->memory.keeps_permanent;
  gboolean kept = keeps_lease && !device->memory.disables;

  if (negotiation->attempt.action == UPNP_ACTION_ADD_ANY)
    {
      negotiation->attempt.action = UPNP_ACTION_ADD;
      negotiation->attempt.external_port = port;
      self->looked_port = port;
      self->may_delete = TRUE;
    }
  /* The router has answered the add, but not the look before it. */
  if (self->look_cut_off && device->memory.lookups == UPNP_LOOKUPS_UNTRIED)
    upnp_lookup_set_impossible (device);

  upnp_map_port_hold (negotiation, port, upnp_map_get_lifetime (self));
  if (port != negotiation->attempt.internal_port && !device->memory.keeps_ports)
    kept = FALSE;

  /* The remote host is read from the table anyway. */
  if (kept || (self->renewal && keeps_lease) || upnp_hosts_has_remote (&negotiation->hosts) ||
      !upnp_lookup_is_possible (device))
    upnp_map_succeed (self, port, upnp_map_get_lifetime (self));
  else
    upnp_map_read_entry (self, READ_BACK);
}

/* -- An add with an unknown outcome -- */

/* AddAnyPortMapping: the entry was searched for. */
static void
on_found (UpnpNegotiation *negotiation, UpnpLookupResult result, guint external_port)
{
  UpnpMap *self = (UpnpMap *) negotiation;

  if (result == UPNP_LOOKUP_OURS)
    {
      upnp_map_take_success (self, external_port);
      return;
    }

  /* Each further request of this kind could leave one more entry. */
  if (result == UPNP_LOOKUP_UNKNOWN)
    {
      negotiation->attempt.memory.no_add_any = TRUE;
      upnp_map_set_leftover (self, 0);
    }
  upnp_negotiation_reject (negotiation, &negotiation->unknown, UPNP_CODE_FAILED);
}

static gboolean
upnp_map_resolve (UpnpNegotiation *negotiation)
{
  UpnpMap *self = (UpnpMap *) negotiation;
  UpnpDevice *device = negotiation->operation.device;

  if (negotiation->attempt.action == UPNP_ACTION_ADD_ANY)
    upnp_find_start (negotiation, negotiation->attempt.internal_port, self->description, on_found);
  else if (self->look_cut_off || !upnp_lookup_is_possible (device))
    upnp_map_clean_up_unknown (self);
  else
    upnp_map_read_entry (self, READ_AFTER_UNKNOWN);
  return TRUE;
}

/* -- The entry of the port -- */

/* An add could overwrite the entry of another host. */
static void
upnp_map_look_again (UpnpMap *self, const UpnpSoapReply *reply, const GError *error)
{
  UpnpOperation *operation = &self->negotiation.operation;
  gboolean repeat =
    !self->look_repeated && !g_error_matches (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);

  self->look_repeated = TRUE;
  if (repeat)
    upnp_map_read_entry (self, READ_BEFORE_ADD);
  else if (error == NULL && reply->outcome == UPNP_SOAP_FAULT)
    upnp_operation_fail_fault (operation, UPNP_ACTION_GET_SPECIFIC, reply, PLUM_ERROR_MALFORMED,
                               NULL);
  else
    upnp_operation_fail_exchange (operation, UPNP_ACTION_GET_SPECIFIC, reply, error);
}

static void
upnp_map_take_look (UpnpMap *self,
                    UpnpLookupResult result,
                    const UpnpTableEntry *entry,
                    const char *local_address)
{
  UpnpNegotiation *negotiation = &self->negotiation;
  const UpnpStep read = { .next = UPNP_NEXT_READ_ENTRY };

  if (result == UPNP_LOOKUP_TAKEN)
    {
      upnp_map_avoid_entry (self, entry, local_address);
      return;
    }

  self->may_delete = result != UPNP_LOOKUP_UNKNOWN;
  /* An entry of ours is read again if the router does not replace it (quirk 10). */
  if (result != UPNP_LOOKUP_OURS)
    upnp_attempt_take (&negotiation->attempt, &read);
  upnp_negotiation_send (negotiation);
}

static void
upnp_map_take_entry_after_fault (UpnpMap *self,
                                 UpnpLookupResult result,
                                 const UpnpTableEntry *entry,
                                 const char *local_address)
{
  UpnpNegotiation *negotiation = &self->negotiation;
  /* The refused request was the add, not the read. */
  const UpnpSoapReply fault = { .outcome = UPNP_SOAP_FAULT, .code = negotiation->code };

  if (result == UPNP_LOOKUP_TAKEN)
    upnp_map_note_taken (self, entry, local_address);
  if (result == UPNP_LOOKUP_OURS)
    upnp_map_adopt_entry (self, entry);
  else if (result == UPNP_LOOKUP_TAKEN && negotiation->attempt.exact)
    upnp_map_fail_taken (self, entry, local_address);
  else if (result == UPNP_LOOKUP_FREE && upnp_hosts_has_client (&negotiation->hosts))
    upnp_map_fail_other_host (self);
  else
    upnp_negotiation_reject (negotiation, &fault, fault.code);
}

static void
upnp_map_take_entry_after_unknown (UpnpMap *self,
                                   UpnpLookupResult result,
                                   const UpnpTableEntry *entry,
                                   const char *local_address)
{
  switch (result)
    {
    case UPNP_LOOKUP_OURS:
      upnp_map_take_unknown (self, entry);
      break;
    case UPNP_LOOKUP_TAKEN:
      if (self->misdirected)
        upnp_map_undo_misdirected (self);
      else
        upnp_map_avoid_entry (self, entry, local_address);
      break;
    case UPNP_LOOKUP_FREE:
      upnp_map_continue_after_unknown (self, TRUE);
      break;
    case UPNP_LOOKUP_UNKNOWN:
    default:
      upnp_map_clean_up_unknown (self);
      break;
    }
}

static void
on_remote_found (UpnpNegotiation *negotiation, UpnpLookupResult result, guint external_port)
{
  UpnpMap *self = (UpnpMap *) negotiation;

  if (result == UPNP_LOOKUP_TAKEN)
    upnp_map_take_look (self, UPNP_LOOKUP_TAKEN, self->seen, negotiation->local_address);
  else
    upnp_map_read_entry (self, READ_BEFORE_ADD);
}

/* A router that does not distinguish entries by their remote hosts would replace this entry. Some
 * look up a port whatever the remote host is, and so may show the restricted entry. */
static void
upnp_map_take_any_remote (UpnpMap *self,
                          UpnpLookupResult result,
                          UpnpTableEntry **entry,
                          const char *local_address)
{
  UpnpNegotiation *negotiation = &self->negotiation;

  if (result == UPNP_LOOKUP_TAKEN)
    {
      upnp_map_take_look (self, result, *entry, local_address);
    }
  else if (result == UPNP_LOOKUP_OURS)
    {
      g_clear_pointer (&self->seen, upnp_table_entry_free);
      self->seen = g_steal_pointer (entry);
      upnp_find_start_port (negotiation, negotiation->attempt.external_port, on_remote_found);
    }
  else
    {
      upnp_map_read_entry (self, READ_BEFORE_ADD);
    }
}

/* Whether the router has added the entry of the port for us: it had none before. */
static gboolean
upnp_map_is_added (UpnpMap *self)
{
  return self->may_delete || (self->look_refused && self->reason == READ_BACK);
}

/* Whether the entry of the port is likely to be ours: an add of this mapping was sent, and there
 * was no entry before it. */
static gboolean
upnp_map_expects_entry (UpnpMap *self)
{
  if (self->reason == READ_BEFORE_ADD || self->reason == READ_ANY_REMOTE)
    return upnp_map_get_unconfirmed_port (self) == self->negotiation.attempt.external_port;

  return upnp_map_is_added (self) || self->renewal;
}

static UpnpLookupResult
upnp_map_read_reply (UpnpMap *self,
                     const UpnpSoapReply *reply,
                     const char *local_address,
                     const GError *error,
                     UpnpTableEntry **entry)
{
  UpnpNegotiation *negotiation = &self->negotiation;
  UpnpDevice *device = negotiation->operation.device;
  gboolean expected = upnp_map_expects_entry (self);
  const UpnpLookupOwner owner = {
    .internal_port = negotiation->attempt.internal_port,
    .local_address = upnp_hosts_get_client (&negotiation->hosts, local_address),
    .other_host = upnp_hosts_has_client (&negotiation->hosts) && !expected,
    .expected = expected,
    .added = expected && self->reason == READ_BACK,
    .description = self->description,
  };
  UpnpLookupResult result = upnp_lookup_read (device, reply, error, &owner, entry);

  /* Another mapping of this program may have replaced ours: only the external port in place of the
   * internal one shows that the router has ignored the internal one (quirk 51). */
  self->misdirected = upnp_map_is_added (self) && result == UPNP_LOOKUP_TAKEN &&
                      (*entry)->internal_port == negotiation->attempt.external_port &&
                      upnp_lookup_is_misdirected (device, *entry, &owner);
  self->shown_port = *entry != NULL ? (*entry)->internal_port : 0;
  if (result == UPNP_LOOKUP_FREE || result == UPNP_LOOKUP_TAKEN)
    upnp_map_remove_held (self, result == UPNP_LOOKUP_FREE);
  return result;
}

static void
on_map_entry (const UpnpSoapReply *reply,
              const char *local_address,
              const GError *error,
              gpointer user_data)
{
  UpnpMap *self = user_data;
  UpnpNegotiation *negotiation = &self->negotiation;
  UpnpOperation *operation = &negotiation->operation;
  g_autoptr (UpnpTableEntry) entry = NULL;
  UpnpLookupResult result;

  if (upnp_lookup_is_lost (reply, error))
    {
      upnp_operation_fail_exchange (operation, UPNP_ACTION_GET_SPECIFIC, reply, error);
      return;
    }

  upnp_negotiation_note_local_address (negotiation, local_address);
  result = upnp_map_read_reply (self, reply, local_address, error, &entry);
  switch (self->reason)
    {
    case READ_ANY_REMOTE:
      upnp_map_take_any_remote (self, result, &entry, local_address);
      break;
    case READ_BEFORE_ADD:
      self->look_cut_off = error != NULL;
      self->look_refused = error == NULL && reply->outcome == UPNP_SOAP_FAULT;
      if (upnp_map_is_former (self, entry))
        result = UPNP_LOOKUP_FREE;
      if (result == UPNP_LOOKUP_UNKNOWN &&
          upnp_lookup_must_repeat (operation->device, reply, error))
        upnp_map_look_again (self, reply, error);
      else
        upnp_map_take_look (self, result, entry, local_address);
      break;
    case READ_AFTER_FAULT:
      upnp_map_take_entry_after_fault (self, result, entry, local_address);
      break;
    case READ_AFTER_REFUSAL:
      upnp_map_take_refusal (self, result, entry);
      break;
    case READ_AFTER_UNKNOWN:
      upnp_map_take_entry_after_unknown (self, result, entry, local_address);
      break;
    case READ_BACK:
    default:
      upnp_map_take_read_back (self, result, entry, local_address);
      break;
    }
}

static void
upnp_map_read_entry (UpnpMap *self, UpnpReadReason reason)
{
  self->reason = reason;
  upnp_negotiation_call (&self->negotiation, UPNP_ACTION_GET_SPECIFIC, on_map_entry);
}

/* -- The negotiation -- */

static void
upnp_map_accept (UpnpNegotiation *negotiation, const UpnpSoapReply *reply)
{
  UpnpMap *self = (UpnpMap *) negotiation;
  guint port = negotiation->attempt.external_port;

  if (negotiation->attempt.action == UPNP_ACTION_ADD_ANY)
    port = upnp_soap_read_port (reply);

  if (port != 0)
    upnp_map_take_success (self, port);
  else
    {
      negotiation->unknown = (UpnpSoapReply){ .outcome = UPNP_SOAP_DONE, .status = reply->status };
      upnp_map_resolve (negotiation);
    }
}

static gboolean
upnp_map_refuse (UpnpNegotiation *negotiation, const UpnpSoapReply *reply)
{
  UpnpMap *self = (UpnpMap *) negotiation;

  if (!upnp_map_may_be_added (self, reply))
    return FALSE;

  upnp_map_read_entry (self, READ_AFTER_REFUSAL);
  return TRUE;
}

static gboolean
upnp_map_adapt (UpnpNegotiation *negotiation, const UpnpStep *step)
{
  UpnpMap *self = (UpnpMap *) negotiation;

  if (upnp_map_refuses_other_host (self, step))
    {
      upnp_map_fail_other_host (self);
      return FALSE;
    }

  switch (step->next)
    {
    case UPNP_NEXT_READ_ENTRY:
      upnp_map_read_entry (self, READ_AFTER_FAULT);
      return FALSE;

    case UPNP_NEXT_OTHER_PORT:
    case UPNP_NEXT_FRESH_PORT:
    case UPNP_NEXT_ADD_PLAIN:
      upnp_map_set_port (self, upnp_map_choose_port (self, 1));
      break;

    case UPNP_NEXT_HIGH_PORT:
      upnp_map_set_port (self, upnp_map_choose_port (self, UPNP_MAP_LOWEST_PORT));
      break;

    case UPNP_NEXT_SAME_PORT:
      upnp_map_set_port (self, negotiation->attempt.internal_port);
      break;

    case UPNP_NEXT_LEASE:
      self->refusal_read = FALSE;
      break;

    case UPNP_NEXT_ADD_ANY:
    case UPNP_NEXT_SHORT_TEXT:
    case UPNP_NEXT_STAR:
    case UPNP_NEXT_ADD_PINHOLE:
    case UPNP_NEXT_NO_FIREWALL:
    case UPNP_NEXT_DONE:
    case UPNP_NEXT_FAIL:
    default:
      break;
    }

  upnp_map_send (self);
  return FALSE;
}

/* What may remain on the router stays marked. */
static void
upnp_map_confirm (UpnpNegotiation *negotiation)
{
  if (negotiation->operation.leftover == NULL)
    upnp_negotiation_clear_unconfirmed (negotiation);
}

static const UpnpNegotiationMethods map_methods = {
  .prepare = upnp_negotiation_set_unconfirmed,
  .make_request = upnp_map_make_request,
  .accept = upnp_map_accept,
  .refuse = upnp_map_refuse,
  .resolve = upnp_map_resolve,
  .adapt = upnp_map_adapt,
  .explain = upnp_map_explain,
  .confirm = upnp_map_confirm,
};

/* -- Start -- */

/* An add must not overwrite the entry of another host: some routers give a port to the last host
 * that asks, and all do so within one host (quirks 49, 50, 73). So the first add of each port is
 * preceded by a look. A port that this process holds needs none. */
static void
upnp_map_send (UpnpMap *self)
{
  UpnpNegotiation *negotiation = &self->negotiation;
  guint port = negotiation->attempt.external_port;

  negotiation->attempt.no_public_address =
    plum_address_get_scope (negotiation->operation.device->external_address) !=
    PLUM_ADDRESS_SCOPE_PUBLIC;

  if (negotiation->attempt.action != UPNP_ACTION_ADD || port == self->looked_port)
    {
      upnp_negotiation_send (negotiation);
      return;
    }

  self->looked_port = port;
  self->may_delete = FALSE;
  self->look_refused = FALSE;
  self->refusal_read = FALSE;
  self->renewal = upnp_map_port_is_renewal (negotiation, port);
  if (!self->renewal && !self->look_cut_off &&
      upnp_lookup_is_possible (negotiation->operation.device))
    upnp_map_read_entry (self, upnp_hosts_has_remote (&negotiation->hosts) ? READ_ANY_REMOTE
                                                                           : READ_BEFORE_ADD);
  else
    upnp_negotiation_send (negotiation);
}

static void
on_address (const UpnpSoapReply *reply,
            const char *local_address,
            const GError *error,
            gpointer user_data)
{
  UpnpMap *self = user_data;
  UpnpOperation *operation = &self->negotiation.operation;

  if (error != NULL && !upnp_transport_was_cut (error))
    {
      upnp_operation_fail_exchange (operation, UPNP_ACTION_GET_ADDRESS, reply, error);
      return;
    }

  /* A router that does not know its address at present may map ports nevertheless. */
  if (reply != NULL && reply->outcome == UPNP_SOAP_DONE)
    {
      g_autoptr (GInetAddress) address = upnp_soap_read_address (reply);
      g_autoptr (PlumCall) call = g_object_ref (operation->call);

      if (upnp_device_set_address (operation->device, address))
        plum_backend_report_external_address (upnp_session_get_backend (operation->session),
                                              address);
      if (plum_call_is_settled (call)) /* a handler has cancelled it and so freed self */
        return;
    }

  upnp_map_send (self);
}

void
upnp_map_start (UpnpSession *session, PlumRequest *request, PlumCall *call)
{
  UpnpMap *self = upnp_operation_new (sizeof (UpnpMap), session, call, upnp_map_clear);
  UpnpNegotiation *negotiation = &self->negotiation;
  gint64 now = plum_backend_get_time (upnp_session_get_backend (session));

  self->request = g_object_ref (request);
  self->description = upnp_soap_plain_description (plum_request_get_description (request));
  negotiation->protocol = plum_request_get_protocol (request);
  if (!upnp_negotiation_set_hosts (negotiation, request) ||
      !upnp_operation_need_device (&negotiation->operation))
    return;

  upnp_negotiation_init (negotiation, &map_methods, UPNP_ACTION_ADD,
                         plum_request_get_internal_port (request),
                         plum_request_get_lifetime (request));
  negotiation->attempt.exact = plum_request_get_require_external_port (request);
  negotiation->attempt.has_others = upnp_ports_peek (upnp_map_get_ports (self)) != NULL;

  if (!upnp_map_choose_first_port (self, plum_request_get_external_port (request)))
    return;

  /* Read the address before adding an entry: if the read failed afterwards, the entry would be left
   * behind and fill the router's table (quirk 60). */
  if (now - negotiation->operation.device->address_time < ADDRESS_VALID)
    upnp_map_send (self);
  else
    upnp_negotiation_call (negotiation, UPNP_ACTION_GET_ADDRESS, on_address);
}
