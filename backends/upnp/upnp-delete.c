/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-delete.h"

#include "upnp-client.h"
#include "upnp-lookup.h"
#include "upnp-map-text.h"
#include "upnp-operation.h"

#include <glib/gi18n-lib.h>

/* In ms: how long to look for an entry after a delete without a usable answer. */
#define LOOK_AGAIN 3000

typedef struct
{
  UpnpOperation operation;
  PlumEntry *entry;
  UpnpAttempt attempt;
  gboolean lease_known;
  guint lease;     /* s, as read before the delete */
  guint unique_id; /* of a pinhole */
  gboolean look_repeated;
  GError *reason; /* (nullable): why the delete is not confirmed */
  GSource *deadline;
} UpnpDelete;

static void
upnp_delete_clear (UpnpOperation *operation)
{
  UpnpDelete *self = (UpnpDelete *) operation;

  g_clear_object (&self->entry);
  g_clear_error (&self->reason);
  if (self->deadline != NULL)
    g_source_destroy (self->deadline);
  g_clear_pointer (&self->deadline, g_source_unref);
}

/* NULL: the operation has failed. */
static UpnpDelete *
upnp_delete_new (UpnpSession *session, PlumEntry *entry, UpnpAction action, PlumCall *call)
{
  UpnpDelete *self = upnp_operation_new (sizeof (UpnpDelete), session, call, upnp_delete_clear);

  self->entry = g_object_ref (entry);
  if (!upnp_operation_need_device (&self->operation))
    return NULL;

  upnp_attempt_init (&self->attempt, action, &self->operation.device->memory,
                     plum_entry_get_internal_port (entry), PLUM_LIFETIME_FOREVER, FALSE);
  self->attempt.external_port = plum_entry_get_external_port (entry);
  self->attempt.has_remote = plum_entry_get_remote_host (entry) != NULL;
  return self;
}

static void
upnp_delete_call (UpnpDelete *self, UpnpAction action, UpnpSoapFunc func)
{
  UpnpSoapRequest request = {
    .action = action,
    .protocol = plum_entry_get_protocol (self->entry),
    .external_port = self->attempt.external_port,
    .internal_port = self->attempt.internal_port,
    .unique_id = self->unique_id,
    .lease = 1, /* of a pinhole */
    .remote_host = upnp_attempt_get_remote_host (&self->attempt, action,
                                                 plum_entry_get_remote_host (self->entry)),
  };

  upnp_operation_call (&self->operation, NULL, &request, func);
}

static gboolean
is_usable (const UpnpSoapReply *reply, const GError *error)
{
  return error == NULL && (reply->outcome == UPNP_SOAP_DONE || reply->outcome == UPNP_SOAP_FAULT);
}

/* Whether the router cannot be reached, so that a delete is useless. */
static gboolean
is_lost (const UpnpSoapReply *reply, const GError *error)
{
  if (error != NULL)
    return !g_error_matches (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);

  return upnp_soap_reply_is_gone (reply);
}

/* -- Not confirmed -- */

/* The entry that may be left. (transfer full) */
static char *
describe_left_entry (UpnpDelete *self)
{
  if (!self->lease_known)
    return g_strdup (_ ("it may remain"));
  if (self->lease == 0)
    return g_strdup (_ ("it may remain until it is deleted in the router's settings"));

  return g_strdup_printf (_ ("it may remain for up to %u s"), self->lease);
}

/* The entry that is left. (transfer full) */
static char *
describe_seen_entry (UpnpDelete *self)
{
  if (!self->lease_known)
    return g_strdup (_ ("it is still there"));
  if (self->lease == 0)
    return g_strdup (_ ("it is still there until it is deleted in the router's settings"));

  return g_strdup_printf (_ ("it is still there for up to %u s"), self->lease);
}

/* Frees remains. */
static void
upnp_delete_fail_unconfirmed (UpnpDelete *self, char *remains)
{
  g_autofree char *rest = remains;
  g_autofree char *reason = g_strdup (self->reason->message);
  PlumError code = g_error_matches (self->reason, PLUM_ERROR, PLUM_ERROR_TIMED_OUT)
                     ? PLUM_ERROR_TIMED_OUT
                     : PLUM_ERROR_MALFORMED;

  upnp_operation_fail (&self->operation, code,
                       /* Translators: a router, a port, an error, and whether it may remain. */
                       _ ("%s did not confirm that port %u is deleted (%s): %s"),
                       self->operation.device->name, self->attempt.external_port, reason, rest);
}

static void
upnp_delete_set_reason (UpnpDelete *self, const UpnpSoapReply *reply, const GError *error)
{
  g_clear_error (&self->reason);
  if (error != NULL)
    self->reason = g_error_copy (error);
  else if (reply->outcome == UPNP_SOAP_EMPTY)
    self->reason =
      g_error_new_literal (PLUM_ERROR, PLUM_ERROR_MALFORMED, _ ("the answer is empty"));
  else
    self->reason =
      g_error_new (PLUM_ERROR, PLUM_ERROR_MALFORMED, _ ("HTTP %u without SOAP"), reply->status);
}

/* -- Look -- */

/* Whether the entry that was found leads to the host and the port that are meant. */
static UpnpMatch
upnp_delete_match (UpnpDelete *self, const UpnpTableEntry *found, const char *local_address)
{
  GInetAddress *address = plum_entry_get_internal_address (self->entry);
  g_autofree char *wanted = address != NULL
                              ? g_inet_address_to_string (address)
                              : g_strdup (plum_entry_get_internal_address_text (self->entry));
  g_autoptr (PlumEntry) shown =
    g_object_new (PLUM_TYPE_ENTRY, "internal-address-text", found->internal_client, NULL);
  const char *client = plum_entry_get_internal_address_text (shown); /* cut like the other */

  if (self->attempt.internal_port != 0 && found->internal_port != 0 &&
      self->attempt.internal_port != found->internal_port)
    return UPNP_MATCH_OTHER;

  if (wanted == NULL)
    return upnp_client_match (found->internal_client, local_address);
  if (g_strcmp0 (client, wanted) == 0)
    return UPNP_MATCH_SAME;

  return upnp_client_match (found->internal_client, wanted);
}

/* Whether the user has seen the entry in a list, and named it. Only a host and a port are a guess.
 */
static gboolean
is_named (UpnpDelete *self)
{
  gboolean is_known =
    plum_entry_get_description (self->entry) != NULL || plum_entry_get_lifetime (self->entry) != 0;

  return plum_entry_get_internal_address_text (self->entry) != NULL ||
         (plum_entry_get_internal_address (self->entry) != NULL && is_known);
}

/* Reads the answer to GetSpecificPortMappingEntry: UPNP_LOOKUP_OURS is the entry that is meant.
 * found: set to NULL if the port has no entry, or if the answer is not usable. */
static UpnpLookupResult
upnp_delete_read (UpnpDelete *self,
                  const UpnpSoapReply *reply,
                  const char *local_address,
                  const GError *error,
                  UpnpTableEntry **found)
{
  g_autoptr (UpnpTableEntry) entry = NULL;

  *found = NULL;
  if (error != NULL)
    return UPNP_LOOKUP_UNKNOWN;
  if (upnp_lookup_says_no_entry (self->operation.device, reply))
    return UPNP_LOOKUP_FREE;

  if (reply->outcome == UPNP_SOAP_DONE)
    entry = upnp_soap_read_entry (reply);
  if (entry == NULL && reply->outcome == UPNP_SOAP_DONE)
    entry = upnp_soap_read_any_entry (reply); /* cut, but after the host */
  if (entry == NULL || entry->internal_client == NULL)
    return UPNP_LOOKUP_UNKNOWN;
  if (upnp_lookup_is_blank (entry, plum_entry_get_description (self->entry)))
    return UPNP_LOOKUP_FREE;

  *found = g_steal_pointer (&entry);
  switch (upnp_delete_match (self, *found, local_address))
    {
    case UPNP_MATCH_SAME:
      return UPNP_LOOKUP_OURS;
    case UPNP_MATCH_OTHER:
      return UPNP_LOOKUP_TAKEN;
    case UPNP_MATCH_UNKNOWN:
    default:
      return UPNP_LOOKUP_UNKNOWN;
    }
}

static gboolean
on_look_again_deadline (gpointer user_data)
{
  upnp_delete_fail_unconfirmed (user_data, describe_left_entry (user_data));
  return G_SOURCE_REMOVE;
}

static void
on_looked_again (const UpnpSoapReply *reply,
                 const char *local_address,
                 const GError *error,
                 gpointer user_data)
{
  UpnpDelete *self = user_data;
  g_autoptr (UpnpTableEntry) found = NULL;

  switch (upnp_delete_read (self, reply, local_address, error, &found))
    {
    case UPNP_LOOKUP_FREE:
    case UPNP_LOOKUP_TAKEN: /* an entry of another host has replaced it */
      upnp_operation_succeed (&self->operation);
      break;
    case UPNP_LOOKUP_OURS:
      upnp_delete_fail_unconfirmed (self, describe_seen_entry (self));
      break;
    case UPNP_LOOKUP_UNKNOWN:
    default:
      upnp_delete_fail_unconfirmed (self, describe_left_entry (self));
      break;
    }
}

/* -- Delete -- */

static void upnp_delete_send (UpnpDelete *self);
static void on_looked (const UpnpSoapReply *reply,
                       const char *local_address,
                       const GError *error,
                       gpointer user_data);

/* Takes the step of the ladder for this fault. */
static void
upnp_delete_reject (UpnpDelete *self, const UpnpSoapReply *reply)
{
  UpnpStep step = upnp_ladder_next (&self->attempt, reply->code);

  if (step.next == UPNP_NEXT_DONE)
    upnp_operation_fail (&self->operation, PLUM_ERROR_DESTROYED, _ ("%s has no entry for port %u"),
                         self->operation.device->name, self->attempt.external_port);
  else if (step.next == UPNP_NEXT_FAIL)
    upnp_operation_fail_fault (&self->operation, self->attempt.action, reply, step.error,
                               step.advice);
  else
    {
      upnp_attempt_take (&self->attempt, &step);
      upnp_delete_send (self);
    }
}

static void upnp_delete_verify (UpnpDelete *self);

static gboolean
on_pause_ended (gpointer user_data)
{
  upnp_delete_verify (user_data);
  return G_SOURCE_REMOVE;
}

static void
on_verified (const UpnpSoapReply *reply,
             const char *local_address,
             const GError *error,
             gpointer user_data)
{
  UpnpDelete *self = user_data;
  UpnpMemory *memory = &self->operation.device->memory;
  g_autoptr (UpnpTableEntry) found = NULL;
  UpnpLookupResult result = upnp_delete_read (self, reply, local_address, error, &found);

  if (result == UPNP_LOOKUP_OURS)
    {
      if (!upnp_operation_read_back_later (&self->operation, on_pause_ended))
        upnp_operation_fail_kept (&self->operation, self->attempt.external_port);
      return;
    }

  if (result != UPNP_LOOKUP_UNKNOWN)
    memory->deletes = TRUE;
  upnp_operation_succeed (&self->operation);
}

static void
upnp_delete_verify (UpnpDelete *self)
{
  upnp_delete_call (self, UPNP_ACTION_GET_SPECIFIC, on_verified);
}

/* Some routers answer with success and keep the entry. */
static void
upnp_delete_accept (UpnpDelete *self)
{
  UpnpMemory *memory = &self->operation.device->memory;

  upnp_attempt_learn (&self->attempt, TRUE, memory);
  if (upnp_operation_begin_verification (&self->operation))
    upnp_delete_verify (self);
  else
    upnp_operation_succeed (&self->operation);
}

static void
on_deleted (const UpnpSoapReply *reply,
            const char *local_address,
            const GError *error,
            gpointer user_data)
{
  UpnpDelete *self = user_data;
  UpnpOperation *operation = &self->operation;

  if (!is_usable (reply, error))
    {
      upnp_delete_set_reason (self, reply, error);
      self->deadline =
        plum_backend_create_timer (upnp_session_get_backend (operation->session), LOOK_AGAIN);
      g_source_set_callback (self->deadline, on_look_again_deadline, self, NULL);
      upnp_delete_call (self, UPNP_ACTION_GET_SPECIFIC, on_looked_again);
    }
  else if (reply->outcome == UPNP_SOAP_FAULT)
    {
      upnp_delete_reject (self, reply);
    }
  else
    {
      upnp_delete_accept (self);
    }
}

static void
upnp_delete_send (UpnpDelete *self)
{
  upnp_delete_call (self, UPNP_ACTION_DELETE, on_deleted);
}

static void
upnp_delete_fail_conflict (UpnpDelete *self, const UpnpTableEntry *found)
{
  g_autofree char *target = upnp_map_text_dup_target (found);

  upnp_operation_fail (&self->operation, PLUM_ERROR_CONFLICT,
                       /* Translators: a port, a router, a host or a port of a host. */
                       _ ("port %u of %s now leads to %s: it was not deleted"),
                       self->attempt.external_port, self->operation.device->name, target);
}

/* The router does not show the entry. The user may have seen it in a list. */
static void
upnp_delete_take_unseen (UpnpDelete *self, const UpnpSoapReply *reply, const GError *error)
{
  UpnpOperation *operation = &self->operation;

  if (!self->look_repeated && upnp_lookup_may_hide_entry (operation->device, reply, error))
    {
      self->look_repeated = TRUE;
      upnp_delete_call (self, UPNP_ACTION_GET_SPECIFIC, on_looked);
    }
  else if (operation->device->memory.lookups == UPNP_LOOKUPS_WORK)
    {
      upnp_operation_fail_unseen (operation, reply, self->attempt.external_port);
    }
  else if (!is_named (self))
    {
      upnp_operation_fail (operation, PLUM_ERROR_NOT_SUPPORTED,
                           _ ("%s does not report which host port %u leads to: it was not deleted"),
                           operation->device->name, self->attempt.external_port);
    }
  else
    {
      upnp_delete_send (self);
    }
}

static void
on_looked (const UpnpSoapReply *reply,
           const char *local_address,
           const GError *error,
           gpointer user_data)
{
  UpnpDelete *self = user_data;
  UpnpOperation *operation = &self->operation;
  g_autoptr (UpnpTableEntry) found = NULL;
  UpnpLookupResult result = upnp_delete_read (self, reply, local_address, error, &found);

  if (found != NULL || result == UPNP_LOOKUP_FREE)
    operation->device->memory.lookups = UPNP_LOOKUPS_WORK;

  if (is_lost (reply, error))
    {
      upnp_operation_fail_exchange (operation, UPNP_ACTION_GET_SPECIFIC, reply, error);
    }
  else if (result == UPNP_LOOKUP_FREE)
    {
      upnp_operation_fail (operation, PLUM_ERROR_DESTROYED, _ ("%s has no entry for port %u"),
                           operation->device->name, self->attempt.external_port);
    }
  else if (found == NULL)
    {
      upnp_delete_take_unseen (self, reply, error);
    }
  else if (result == UPNP_LOOKUP_UNKNOWN)
    {
      upnp_operation_fail_unseen (operation, reply, self->attempt.external_port);
    }
  else if (result == UPNP_LOOKUP_TAKEN)
    {
      upnp_delete_fail_conflict (self, found);
    }
  else
    {
      self->lease_known = found->lease_known;
      self->lease = found->lease;
      upnp_delete_send (self);
    }
}

void
upnp_delete_entry_start (UpnpSession *session, PlumEntry *entry, PlumCall *call)
{
  UpnpDelete *self = upnp_delete_new (session, entry, UPNP_ACTION_DELETE, call);

  if (self == NULL)
    return;

  /* Port 0 would mean every port. */
  if (self->attempt.external_port == 0 || plum_entry_get_protocol_text (entry) != NULL)
    {
      upnp_operation_fail (&self->operation, PLUM_ERROR_NOT_SUPPORTED,
                           _ ("the port or the protocol of the entry is unknown"));
      return;
    }

  upnp_delete_call (self, UPNP_ACTION_GET_SPECIFIC, on_looked);
}

/* -- Pinholes -- */

static void
on_closed (const UpnpSoapReply *reply,
           const char *local_address,
           const GError *error,
           gpointer user_data)
{
  UpnpDelete *self = user_data;
  UpnpStep step;

  if (!is_usable (reply, error))
    {
      upnp_delete_set_reason (self, reply, error);
      upnp_delete_fail_unconfirmed (self, g_strdup (_ ("the pinhole may remain until it expires")));
      return;
    }
  if (reply->outcome == UPNP_SOAP_DONE)
    {
      upnp_operation_succeed (&self->operation);
      return;
    }

  step = upnp_ladder_next (&self->attempt, reply->code);
  if (step.next == UPNP_NEXT_DONE)
    upnp_operation_fail (&self->operation, PLUM_ERROR_DESTROYED,
                         _ ("%s has no pinhole for port %u"), self->operation.device->name,
                         self->attempt.internal_port);
  else
    upnp_operation_fail_fault (&self->operation, UPNP_ACTION_DELETE_PINHOLE, reply, step.error,
                               step.advice);
}

static void
upnp_delete_close (UpnpDelete *self, guint unique_id)
{
  self->unique_id = unique_id;
  upnp_delete_call (self, UPNP_ACTION_DELETE_PINHOLE, on_closed);
}

static void
on_number (const UpnpSoapReply *reply,
           const char *local_address,
           const GError *error,
           gpointer user_data)
{
  UpnpDelete *self = user_data;
  UpnpOperation *operation = &self->operation;
  int unique_id = -1;

  if (error == NULL && reply->outcome == UPNP_SOAP_DONE)
    unique_id = upnp_soap_read_unique_id (reply);

  if (unique_id >= 0)
    upnp_delete_close (self, (guint) unique_id);
  else if (error == NULL && reply->outcome == UPNP_SOAP_FAULT && reply->code == 702)
    upnp_operation_fail (operation, PLUM_ERROR_DESTROYED,
                         _ ("the firewall of %s is off: there is no pinhole"),
                         operation->device->name);
  else if (!is_usable (reply, error))
    upnp_operation_fail_exchange (operation, UPNP_ACTION_ADD_PINHOLE, reply, error);
  else
    upnp_operation_fail_fault (operation, UPNP_ACTION_ADD_PINHOLE, reply, PLUM_ERROR_NOT_SUPPORTED,
                               N_ ("the pinhole expires by itself"));
}

/* No action looks for a pinhole. A router answers AddPinhole for an existing one with its number,
 * so request it for one second and close it. This concerns only pinholes of this host's address. */
void
upnp_delete_pinhole_start (UpnpSession *session, PlumEntry *entry, PlumCall *call)
{
  GInetAddress *own = plum_network_get_local_address (upnp_session_get_network (session));
  GInetAddress *address = plum_entry_get_internal_address (entry);
  UpnpDelete *self = upnp_delete_new (session, entry, UPNP_ACTION_DELETE_PINHOLE, call);
  const UpnpHosts hosts = { "" };
  const UpnpPort *held;
  guint unique_id;

  if (self == NULL)
    return;

  if (self->attempt.internal_port == 0 || plum_entry_get_protocol_text (entry) != NULL ||
      address == NULL || !g_inet_address_equal (address, own))
    {
      upnp_operation_fail (&self->operation, PLUM_ERROR_NOT_SUPPORTED,
                           _ ("only pinholes of this host's own address can be closed"));
      return;
    }

  held = upnp_ports_lookup (upnp_session_get_ports (session), plum_entry_get_protocol (entry),
                            self->attempt.internal_port, &hosts);
  if (held == NULL)
    {
      upnp_delete_call (self, UPNP_ACTION_ADD_PINHOLE, on_number);
      return;
    }

  unique_id = held->unique_id;
  upnp_ports_remove (upnp_session_get_ports (session), plum_entry_get_protocol (entry),
                     self->attempt.internal_port, &hosts);
  upnp_session_report_changed (session);
  upnp_delete_close (self, unique_id);
}
