/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-map-hosts.h"

#include "plum-double-nat.h"
#include "upnp-client.h"
#include "upnp-map-grant.h"
#include "upnp-map-text.h"

#include <glib/gi18n-lib.h>

#define OTHER_HOST_REFUSED                                                                         \
  N_ ("it may be in “secure mode”, in which a host can map ports only to itself")

UpnpSoapRequest
upnp_map_make_request (UpnpNegotiation *negotiation, UpnpAction action)
{
  const UpnpAttempt *attempt = &negotiation->attempt;
  UpnpMap *self = (UpnpMap *) negotiation;
  const char *remote =
    upnp_attempt_get_remote_host (attempt, action, upnp_hosts_get_remote (&negotiation->hosts));

  if (action == UPNP_ACTION_GET_SPECIFIC && self->reason == READ_ANY_REMOTE)
    remote = NULL;

  return (UpnpSoapRequest){
    .action = action,
    .protocol = negotiation->protocol,
    .external_port = attempt->external_port,
    .internal_port = attempt->internal_port,
    .lease = upnp_attempt_get_lease (attempt),
    .description = attempt->memory.short_text ? "plum" : self->description,
    .remote_host = remote,
    .client = upnp_hosts_get_other_client (&negotiation->hosts),
  };
}

/* miniupnpd answers 501, which gives no reason, to every request while its own address is private
 * (quirk 65). */
void
upnp_map_explain (UpnpNegotiation *negotiation, const UpnpSoapReply *reply, UpnpStep *step)
{
  GInetAddress *address = negotiation->operation.device->external_address;

  if (reply->outcome == UPNP_SOAP_FAULT && reply->code == CODE_NOT_AUTHORIZED &&
      upnp_hosts_has_client (&negotiation->hosts))
    step->advice = OTHER_HOST_REFUSED;

  if (reply->outcome != UPNP_SOAP_FAULT || reply->code != UPNP_CODE_FAILED ||
      plum_address_get_scope (address) == PLUM_ADDRESS_SCOPE_PUBLIC)
    return;

  step->error = PLUM_ERROR_NO_RESOURCES;
  step->advice = PLUM_NO_PUBLIC_ADDRESS;
}

void
upnp_map_fail_other_host (UpnpMap *self)
{
  UpnpNegotiation *negotiation = &self->negotiation;
  const UpnpSoapReply fault = { .outcome = UPNP_SOAP_FAULT, .code = negotiation->code };

  upnp_negotiation_confirm (negotiation, FALSE);
  upnp_operation_fail_fault (&negotiation->operation, UPNP_ACTION_ADD, &fault, PLUM_ERROR_REFUSED,
                             OTHER_HOST_REFUSED);
}

/* A conflict about a port that was read as free: IGD:1 has no other fault for a refusal. */
gboolean
upnp_map_refuses_other_host (UpnpMap *self, const UpnpStep *step)
{
  const UpnpNegotiation *negotiation = &self->negotiation;

  return upnp_hosts_has_client (&negotiation->hosts) && negotiation->code == CODE_CONFLICT &&
         self->may_delete && step->next != UPNP_NEXT_READ_ENTRY;
}

/* Another host or program has the port, which cannot be replaced by another one: name it. */
void
upnp_map_fail_taken (UpnpMap *self, const UpnpTableEntry *entry, const char *local_address)
{
  UpnpNegotiation *negotiation = &self->negotiation;
  g_autofree char *text =
    upnp_map_text_dup_taken (negotiation->protocol, negotiation->attempt.external_port, entry,
                             local_address);

  upnp_negotiation_confirm (negotiation, FALSE);
  upnp_operation_fail (&negotiation->operation, PLUM_ERROR_CONFLICT, "%s", text);
}

void
upnp_map_note_taken (UpnpMap *self, const UpnpTableEntry *entry, const char *local_address)
{
  UpnpAttempt *attempt = &self->negotiation.attempt;

  attempt->sees_taken = TRUE;
  if (upnp_client_match (entry->internal_client, local_address) != UPNP_MATCH_OTHER)
    attempt->has_others = TRUE;
}

void
upnp_map_avoid_entry (UpnpMap *self, const UpnpTableEntry *entry, const char *local_address)
{
  UpnpNegotiation *negotiation = &self->negotiation;
  const UpnpStep read = { .next = UPNP_NEXT_READ_ENTRY };
  UpnpStep step;

  upnp_map_note_taken (self, entry, local_address);
  upnp_attempt_take (&negotiation->attempt, &read);
  step = upnp_ladder_next (&negotiation->attempt, CODE_CONFLICT);
  if (step.next == UPNP_NEXT_FAIL)
    {
      upnp_map_fail_taken (self, entry, local_address);
      return;
    }

  plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_DEBUG,
            "UPnP: %s: port %u belongs to another host or program; choosing another port",
            negotiation->operation.device->name, negotiation->attempt.external_port);
  negotiation->code = CODE_CONFLICT;
  upnp_negotiation_take_step (negotiation, &step);
}

/* An entry of this mapping that leads to an address which this host had before. */
gboolean
upnp_map_is_former (UpnpMap *self, const UpnpTableEntry *entry)
{
  const UpnpAttempt *attempt = &self->negotiation.attempt;
  const char *client =
    upnp_ports_get_former_client (upnp_map_get_ports (self), self->negotiation.protocol,
                                  attempt->external_port);

  return entry != NULL && client != NULL &&
         upnp_client_match (entry->internal_client, client) == UPNP_MATCH_SAME &&
         entry->internal_port == attempt->internal_port &&
         upnp_lookup_has_description (entry, self->description);
}
