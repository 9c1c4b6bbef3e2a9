/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-map-added.h"

#include "upnp-map-grant.h"
#include "upnp-map-hosts.h"
#include "upnp-map-port.h"
#include "upnp-map-replace.h"
#include "upnp-map-unknown.h"

#include <glib/gi18n-lib.h>

#define CODE_NO_ENTRY 714
#define CODE_SAME_PORT 724
#define CODE_CONFLICT_V2 729

/* -- An entry that leads to another port -- */

static void
upnp_map_fail_misdirected (UpnpMap *self)
{
  UpnpNegotiation *negotiation = &self->negotiation;
  UpnpAttempt *attempt = &negotiation->attempt;

  upnp_negotiation_confirm (negotiation, FALSE);
  upnp_operation_fail (&negotiation->operation, PLUM_ERROR_NOT_SUPPORTED,
                       /* Translators: a router, and three ports. */
                       _ ("%s led external port %u to internal port %u instead of %u"),
                       negotiation->operation.device->name, attempt->external_port,
                       self->shown_port, attempt->internal_port);
}

static void
on_misdirected_deleted (const UpnpSoapReply *reply,
                        const char *local_address,
                        const GError *error,
                        gpointer user_data)
{
  UpnpMap *self = user_data;
  UpnpNegotiation *negotiation = &self->negotiation;
  guint port = negotiation->attempt.external_port;
  gboolean keeps = negotiation->operation.device->memory.keeps_deleted;
  gboolean deleted =
    error == NULL && ((reply->outcome == UPNP_SOAP_DONE && !keeps) ||
                      (reply->outcome == UPNP_SOAP_FAULT && reply->code == CODE_NO_ENTRY));
  UpnpStep step = upnp_ladder_next (&negotiation->attempt, CODE_SAME_PORT);

  if (!deleted)
    upnp_map_set_leftover (self, port);
  if (step.next != UPNP_NEXT_SAME_PORT)
    {
      upnp_map_fail_misdirected (self);
      return;
    }

  negotiation->code = CODE_SAME_PORT;
  upnp_negotiation_take_step (negotiation, &step);
}

void
upnp_map_undo_misdirected (UpnpMap *self)
{
  UpnpNegotiation *negotiation = &self->negotiation;

  plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_INFO,
            "UPnP: %s led external port %u to internal port %u instead of %u; deleting the entry",
            negotiation->operation.device->name, negotiation->attempt.external_port,
            self->shown_port, negotiation->attempt.internal_port);
  upnp_map_port_remove (negotiation, negotiation->attempt.external_port);
  upnp_negotiation_delete (negotiation, negotiation->attempt.external_port, on_misdirected_deleted);
}

/* -- Success -- */

void
upnp_map_take_read_back (UpnpMap *self,
                         UpnpLookupResult result,
                         const UpnpTableEntry *entry,
                         const char *local_address)
{
  UpnpNegotiation *negotiation = &self->negotiation;
  UpnpDevice *device = negotiation->operation.device;
  guint port = negotiation->attempt.external_port;

  if (result == UPNP_LOOKUP_OURS)
    {
      upnp_map_set_kept (self, entry);
      device->memory.keeps_ports |= entry->internal_port != 0 && port != entry->internal_port;
    }
  if (result == UPNP_LOOKUP_OURS && !entry->enabled)
    {
      upnp_map_take_disabled (self);
      return;
    }

  /* Neither this answer nor the one before the add was usable. */
  if (result == UPNP_LOOKUP_UNKNOWN && device->memory.lookups == UPNP_LOOKUPS_UNTRIED)
    upnp_lookup_set_impossible (device);

  if (result == UPNP_LOOKUP_OURS || result == UPNP_LOOKUP_UNKNOWN)
    {
      upnp_map_succeed (self, port,
                        result == UPNP_LOOKUP_OURS ? upnp_map_get_shown_lifetime (self, entry)
                                                   : upnp_map_get_lifetime (self));
      return;
    }

  if (self->misdirected)
    {
      upnp_map_undo_misdirected (self);
      return;
    }
  if (result == UPNP_LOOKUP_TAKEN)
    {
      upnp_map_avoid_entry (self, entry, local_address);
      return;
    }

  plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_INFO,
            "UPnP: %s reports success, but its table has no entry for port %u", device->name, port);
  if (upnp_map_try_permanent (self))
    return;

  upnp_negotiation_confirm (negotiation, FALSE);
  upnp_operation_fail (&negotiation->operation, PLUM_ERROR_MALFORMED,
                       _ ("%s reports success for AddPortMapping, but does not keep the entry for "
                          "port %u"),
                       device->name, port);
}

/* -- A fault -- */

/* Whether the step gives up the port. A router that refuses one lease may accept another one for
 * the same port; 501, however, gives no reason. */
static gboolean
gives_up_port (UpnpNext next, int code)
{
  switch (next)
    {
    case UPNP_NEXT_FAIL:
    case UPNP_NEXT_OTHER_PORT:
    case UPNP_NEXT_FRESH_PORT:
    case UPNP_NEXT_HIGH_PORT:
    case UPNP_NEXT_SAME_PORT:
    case UPNP_NEXT_ADD_ANY:
      return TRUE;
    case UPNP_NEXT_LEASE:
    case UPNP_NEXT_SHORT_TEXT:
      return code == UPNP_CODE_FAILED;
    case UPNP_NEXT_DONE:
    case UPNP_NEXT_READ_ENTRY:
    case UPNP_NEXT_ADD_PLAIN:
    case UPNP_NEXT_STAR:
    case UPNP_NEXT_ADD_PINHOLE:
    case UPNP_NEXT_NO_FIREWALL:
    default:
      return FALSE;
    }
}

gboolean
upnp_map_may_be_added (UpnpMap *self, const UpnpSoapReply *fault)
{
  UpnpNegotiation *negotiation = &self->negotiation;
  UpnpStep step = upnp_ladder_next (&negotiation->attempt, fault->code);

  if (negotiation->attempt.action != UPNP_ACTION_ADD || self->refusal_read ||
      !(self->may_delete || self->look_refused || self->renewal) ||
      !upnp_lookup_is_possible (negotiation->operation.device))
    return FALSE;
  if (fault->code == CODE_CONFLICT || fault->code == CODE_CONFLICT_V2 ||
      !gives_up_port (step.next, fault->code))
    return FALSE;
  /* It was so for another port. */
  if (fault->code == self->honest_code &&
      (self->honest_leases & (1u << negotiation->attempt.lease)) != 0)
    return FALSE;

  self->refusal_read = TRUE;
  g_free (self->refusal.message);
  self->refusal = (UpnpSoapReply){ .outcome = UPNP_SOAP_FAULT,
                                   .status = fault->status,
                                   .code = fault->code,
                                   .message = g_strdup (fault->message) };
  return TRUE;
}

/* The entry of a renewal may be the old one, which was not renewed. */
static gboolean
upnp_map_is_renewed (UpnpMap *self, const UpnpTableEntry *entry)
{
  guint lease = upnp_attempt_get_lease (&self->negotiation.attempt);

  return lease == 0 ? entry->lease == 0 : entry->lease > lease / 2;
}

void
upnp_map_take_refusal (UpnpMap *self, UpnpLookupResult result, const UpnpTableEntry *entry)
{
  if (result == UPNP_LOOKUP_FREE)
    {
      if (self->honest_code != self->refusal.code)
        self->honest_leases = 0;
      self->honest_code = self->refusal.code;
      self->honest_leases |= 1u << self->negotiation.attempt.lease;
    }

  if (result == UPNP_LOOKUP_OURS && (!self->renewal || upnp_map_is_renewed (self, entry)))
    upnp_map_take_unknown (self, entry);
  else if (self->misdirected)
    upnp_map_undo_misdirected (self);
  else
    upnp_negotiation_reject (&self->negotiation, &self->refusal, self->refusal.code);
}
