/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-map-replace.h"

#include "upnp-map-port.h"
#include "upnp-map-text.h"

#include <glib/gi18n-lib.h>

#define CODE_NO_ENTRY 714

static void
on_deleted_before_add (const UpnpSoapReply *reply,
                       const char *local_address,
                       const GError *error,
                       gpointer user_data)
{
  UpnpNegotiation *self = user_data;

  if (error != NULL)
    upnp_operation_fail_exchange (&self->operation, UPNP_ACTION_DELETE, reply, error);
  else
    upnp_negotiation_send (self);
}

void
upnp_map_replace (UpnpMap *self)
{
  UpnpNegotiation *negotiation = &self->negotiation;

  self->replaced = TRUE;
  upnp_negotiation_delete (negotiation, negotiation->attempt.external_port, on_deleted_before_add);
}

static void
on_disabled_deleted (const UpnpSoapReply *reply,
                     const char *local_address,
                     const GError *error,
                     gpointer user_data)
{
  UpnpMap *self = user_data;
  UpnpNegotiation *negotiation = &self->negotiation;
  UpnpDevice *device = negotiation->operation.device;
  guint port = negotiation->attempt.external_port;
  gboolean done = error == NULL && reply->outcome == UPNP_SOAP_DONE;
  gboolean absent =
    error == NULL && reply->outcome == UPNP_SOAP_FAULT && reply->code == CODE_NO_ENTRY;

  if (!absent && !(done && !device->memory.keeps_deleted))
    upnp_operation_set_leftover (&negotiation->operation,
                                 upnp_map_text_dup_leftover (negotiation->protocol, port,
                                                             upnp_attempt_get_lease (
                                                               &negotiation->attempt)));
  upnp_map_port_remove (negotiation, port);
  upnp_negotiation_confirm (negotiation, FALSE);
  upnp_operation_fail (&negotiation->operation, PLUM_ERROR_REFUSED,
                       _ ("%s has added the entry for port %u, but disabled it"), device->name,
                       port);
}

void
upnp_map_take_disabled (UpnpMap *self)
{
  UpnpNegotiation *negotiation = &self->negotiation;

  plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_INFO, "UPnP: %s has disabled the entry for port %u",
            negotiation->operation.device->name, negotiation->attempt.external_port);
  self->renewal = FALSE; /* the new entry is read back */
  upnp_map_port_remove (negotiation, negotiation->attempt.external_port);
  if (!self->replaced)
    upnp_map_replace (self);
  else
    upnp_negotiation_delete (negotiation, negotiation->attempt.external_port, on_disabled_deleted);
}
