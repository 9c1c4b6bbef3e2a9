/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-map-unknown.h"

#include "upnp-map-text.h"

#include <glib/gi18n-lib.h>

#define CODE_ONLY_PERMANENT 725
#define CODE_NO_ENTRY 714

/* FALSE: a permanent lease was requested already. */
gboolean
upnp_map_try_permanent (UpnpMap *self)
{
  UpnpNegotiation *negotiation = &self->negotiation;
  UpnpStep step = upnp_ladder_next (&negotiation->attempt, CODE_ONLY_PERMANENT);

  if (step.next != UPNP_NEXT_LEASE)
    return FALSE;

  upnp_negotiation_take_step (negotiation, &step);
  return TRUE;
}

/* A router that wants a login or does not answer at all gets no other request. */
static gboolean
upnp_map_may_repeat (UpnpMap *self)
{
  const UpnpNegotiation *negotiation = &self->negotiation;
  guint status = negotiation->unknown.status;

  return status != 401 && status != 403 &&
         !g_error_matches (negotiation->unknown_error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
}

void
upnp_map_set_leftover (UpnpMap *self, guint port)
{
  UpnpNegotiation *negotiation = &self->negotiation;
  guint lease = upnp_attempt_get_lease (&negotiation->attempt);

  self->left_port = port;
  upnp_operation_set_leftover (&negotiation->operation,
                               upnp_map_text_dup_leftover (negotiation->protocol, port, lease));
}

/* The add had no effect, or what it did was deleted or noted. */
void
upnp_map_continue_after_unknown (UpnpMap *self, gboolean absent)
{
  UpnpNegotiation *negotiation = &self->negotiation;
  UpnpOperation *operation = &negotiation->operation;
  gboolean left = operation->leftover != NULL;

  /* A router that has never sent a fault may send an error status in place of each. */
  if (negotiation->unknown_error == NULL && negotiation->unknown.status / 100 == 5 &&
      (!left || !operation->device->memory.sends_faults))
    {
      upnp_negotiation_fail_unknown (negotiation);
      return;
    }
  /* What may remain must not become permanent. */
  if (!left && upnp_map_may_repeat (self) && upnp_map_try_permanent (self))
    return;

  if (!left)
    upnp_negotiation_confirm (negotiation, FALSE);
  if (absent && negotiation->unknown_error == NULL &&
      negotiation->unknown.outcome == UPNP_SOAP_EMPTY)
    upnp_operation_fail (operation, PLUM_ERROR_MALFORMED,
                         _ ("%s sent an empty answer to %s, and port %u is not in its table"),
                         operation->device->name,
                         upnp_action_get_name (negotiation->attempt.action),
                         negotiation->attempt.external_port);
  else
    upnp_negotiation_fail_exchange (negotiation);
}

static void
on_unknown_deleted (const UpnpSoapReply *reply,
                    const char *local_address,
                    const GError *error,
                    gpointer user_data)
{
  UpnpMap *self = user_data;
  gboolean keeps = self->negotiation.operation.device->memory.keeps_deleted;
  gboolean deleted =
    error == NULL && ((reply->outcome == UPNP_SOAP_DONE && !keeps) ||
                      (reply->outcome == UPNP_SOAP_FAULT && reply->code == CODE_NO_ENTRY));

  if (!deleted)
    upnp_map_set_leftover (self, self->negotiation.attempt.external_port);
  upnp_map_continue_after_unknown (self, FALSE);
}

/* The entry cannot be read. It is ours if the table had no entry of another host before. After a
 * renewal, the old entry still exists, or the new one does: a request for another port would leave
 * it behind, and one for another lease could make it permanent. */
void
upnp_map_clean_up_unknown (UpnpMap *self)
{
  UpnpNegotiation *negotiation = &self->negotiation;

  if (self->renewal)
    upnp_negotiation_fail_exchange (negotiation);
  else if (self->may_delete)
    upnp_negotiation_delete (negotiation, negotiation->attempt.external_port, on_unknown_deleted);
  else
    {
      upnp_map_set_leftover (self, negotiation->attempt.external_port);
      upnp_map_continue_after_unknown (self, FALSE);
    }
}
