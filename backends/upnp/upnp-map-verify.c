/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-map-verify.h"

#include "upnp-find.h"
#include "upnp-map-port.h"
#include "upnp-map-replace.h"
#include "upnp-map-text.h"
#include "upnp-map-unknown.h"

#include <glib/gi18n-lib.h>

#define CODE_NO_ENTRY 714

static void upnp_map_verify_delete (UpnpMap *self);

/* Core deletes what may remain after MALFORMED. */
static void
upnp_map_verify_fail (UpnpMap *self, gboolean deleted)
{
  UpnpNegotiation *negotiation = &self->negotiation;
  UpnpDevice *device = negotiation->operation.device;

  if (deleted)
    {
      upnp_map_port_remove (negotiation, self->granted_port);
      upnp_negotiation_confirm (negotiation, FALSE);
    }
  else
    upnp_operation_set_leftover (&negotiation->operation,
                                 upnp_map_text_dup_leftover (negotiation->protocol,
                                                             self->granted_port,
                                                             upnp_attempt_get_lease (
                                                               &negotiation->attempt)));

  upnp_operation_fail (&negotiation->operation,
                       deleted ? PLUM_ERROR_NOT_SUPPORTED : PLUM_ERROR_MALFORMED,
                       self->remote_ignored
                         ? _ ("%s reports that port %u is open to all hosts, not only to %s")
                         : _ ("%s does not report whether port %u is open only to %s"),
                       device->name, self->granted_port, negotiation->hosts.remote);
}

static void
on_wide_entry_deleted (const UpnpSoapReply *reply,
                       const char *local_address,
                       const GError *error,
                       gpointer user_data)
{
  UpnpMap *self = user_data;
  gboolean answered = error == NULL && reply->outcome != UPNP_SOAP_NO_ANSWER;
  gboolean done = answered && reply->outcome == UPNP_SOAP_DONE &&
                  !self->negotiation.operation.device->memory.keeps_deleted;
  gboolean fault = answered && reply->outcome == UPNP_SOAP_FAULT;

  /* Its key in the table is unknown. */
  if (fault && !self->delete_repeated)
    {
      self->delete_repeated = TRUE;
      self->delete_any = !self->delete_any;
      upnp_map_verify_delete (self);
      return;
    }

  upnp_map_verify_fail (self, done || (fault && reply->code == CODE_NO_ENTRY));
}

static void
upnp_map_verify_delete (UpnpMap *self)
{
  UpnpNegotiation *negotiation = &self->negotiation;
  UpnpSoapRequest request = negotiation->methods->make_request (negotiation, UPNP_ACTION_DELETE);

  request.external_port = self->granted_port;
  if (self->delete_any)
    request.remote_host = NULL;
  upnp_operation_call (&negotiation->operation, NULL, &request, on_wide_entry_deleted);
}

static void
on_map_verify_found (UpnpNegotiation *negotiation, UpnpLookupResult result, guint external_port)
{
  UpnpMap *self = (UpnpMap *) negotiation;

  switch (result)
    {
    case UPNP_LOOKUP_OURS:
      if (negotiation->find.disabled)
        {
          upnp_map_take_disabled (self);
          break;
        }
      self->verified = TRUE;
      self->verified_func (self, self->granted_port, self->granted_lifetime);
      break;
    case UPNP_LOOKUP_FREE:
      upnp_map_port_remove (negotiation, self->granted_port);
      if (upnp_map_try_permanent (self))
        break;
      upnp_negotiation_confirm (negotiation, FALSE);
      upnp_operation_fail (&negotiation->operation, PLUM_ERROR_MALFORMED,
                           _ ("%s reports success, but its table has no entry for port %u from %s"),
                           negotiation->operation.device->name, self->granted_port,
                           negotiation->hosts.remote);
      break;
    case UPNP_LOOKUP_TAKEN:
    case UPNP_LOOKUP_UNKNOWN:
    default:
      self->remote_ignored = self->delete_any = result == UPNP_LOOKUP_TAKEN;
      upnp_map_verify_delete (self);
      break;
    }
}

void
upnp_map_verify_start (UpnpMap *self, guint port, guint lifetime, UpnpMapVerifiedFunc func)
{
  self->verified_func = func;
  self->granted_port = port;
  self->granted_lifetime = lifetime;
  upnp_find_start_port (&self->negotiation, port, on_map_verify_found);
}
