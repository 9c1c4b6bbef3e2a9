/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-operation.h"

#include "upnp-client.h"
#include "upnp-link.h"
#include "upnp-token.h"

#include <glib/gi18n-lib.h>

/* Some routers list an entry for a moment after they have deleted it: when to look again. */
#define LISTED_MS 1000

/* How much of a fault's own text to show. */
#define MAX_FAULT_TEXT 80

static void
on_cancelled (PlumCall *call, gpointer user_data)
{
  g_object_unref (upnp_operation_finish (user_data));
}

gpointer
upnp_operation_new (gsize size, UpnpSession *session, PlumCall *call, UpnpOperationClear clear)
{
  UpnpOperation *self = g_malloc0 (size);

  self->session = session;
  self->call = g_object_ref (call);
  self->clear = clear;
  plum_call_set_cancelled_func (call, on_cancelled, self);
  return self;
}

gboolean
upnp_operation_need_device (UpnpOperation *self)
{
  UpnpDevice *device = upnp_session_get_device (self->session);

  if (device == NULL)
    {
      upnp_operation_fail (self, PLUM_ERROR_NO_GATEWAY,
                           _ ("no router is known; a new search is necessary"));
      return FALSE;
    }

  self->device = upnp_device_ref (device);
  return TRUE;
}

/* NULL: the address may not be contacted. */
static UpnpDevice *
device_from_token (UpnpSession *session, GInetAddress *address, UpnpToken *token)
{
  UpnpDevice *device;

  if (!upnp_may_contact (upnp_session_get_network (session), address))
    return NULL;

  device = upnp_device_new (upnp_session_get_backend (session), upnp_session_get_context (session),
                            address);
  device->service = g_steal_pointer (&token->service);
  return device;
}

static void
upnp_operation_take_token (UpnpOperation *self, UpnpToken *token)
{
  UpnpDevice *current = upnp_session_get_device (self->session);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (token->address);

  /* What is known of one service does not hold for another one of the same router. */
  if (current != NULL && upnp_device_uses_service (current, address, token->service))
    self->device = upnp_device_ref (current);
  else if (current == NULL || !g_inet_address_equal (current->address, address) ||
           upnp_device_has_service (current, token->service))
    self->device = device_from_token (self->session, address, token);
  self->substitute = self->device == NULL;
}

gboolean
upnp_operation_need_device_of (UpnpOperation *self, PlumLease *lease)
{
  /* The number of a pinhole is held for the device of the session. */
  gboolean needed =
    upnp_session_get_device (self->session) == NULL || !upnp_session_is_ipv6 (self->session);
  g_autoptr (UpnpToken) token =
    lease != NULL && needed ? upnp_token_parse (plum_lease_get_token (lease)) : NULL;

  if (token != NULL)
    upnp_operation_take_token (self, token);

  return self->device != NULL || upnp_operation_need_device (self);
}

gboolean
upnp_operation_is_current (UpnpOperation *self)
{
  UpnpDevice *current = upnp_session_get_device (self->session);

  /* Each discovery makes a device of its own. */
  return self->device == current ||
         (current != NULL &&
          upnp_device_uses_service (current, self->device->address, self->device->service));
}

gboolean
upnp_operation_use_substitute (UpnpOperation *self)
{
  UpnpDevice *current = upnp_session_get_device (self->session);

  if (current == NULL || upnp_operation_is_current (self))
    return FALSE;

  upnp_device_unref (self->device);
  self->device = upnp_device_ref (current);
  self->substitute = TRUE;
  return TRUE;
}

static void
on_operation_reply (const UpnpSoapReply *reply,
                    const char *local_address,
                    const GError *error,
                    gpointer user_data)
{
  UpnpOperation *self = user_data;

  self->pending = NULL;
  self->func (reply, local_address, error, self);
}

void
upnp_operation_call (UpnpOperation *self,
                     const UpnpService *service,
                     const UpnpSoapRequest *request,
                     UpnpSoapFunc func)
{
  g_assert (self->pending == NULL);

  self->func = func;
  self->pending = upnp_device_call (self->device, service, request, on_operation_reply, self);
}

PlumCall *
upnp_operation_finish (UpnpOperation *self)
{
  PlumCall *call = g_steal_pointer (&self->call);

  plum_call_set_cancelled_func (call, NULL, NULL);
  g_clear_pointer (&self->pending, upnp_device_call_cancel);
  if (self->clear != NULL)
    self->clear (self);
  if (self->verifies)
    self->device->memory.verifies_delete = FALSE;
  if (self->pause != NULL)
    g_source_destroy (self->pause);
  g_clear_pointer (&self->pause, g_source_unref);
  g_clear_pointer (&self->device, upnp_device_unref);
  g_free (self->leftover);
  g_free (self);
  return call;
}

void
upnp_operation_set_leftover (UpnpOperation *self, char *text)
{
  g_free (self->leftover);
  self->leftover = text;
}

void
upnp_operation_succeed (UpnpOperation *self)
{
  g_autoptr (PlumCall) call = upnp_operation_finish (self);

  plum_call_return_done (call);
}

void
upnp_operation_fail (UpnpOperation *self, PlumError code, const char *format, ...)
{
  g_autoptr (PlumCall) call = NULL;
  g_autofree char *text = NULL;
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  /* Two sentences: what failed, and what may be left. */
  message = self->leftover != NULL ? g_strdup_printf ("UPnP: %s; %s", text, self->leftover)
                                   : g_strdup_printf ("UPnP: %s", text);

  call = upnp_operation_finish (self);
  plum_call_fail (call, code, message);
}

void
upnp_operation_fail_fault (UpnpOperation *self,
                           UpnpAction action,
                           const UpnpSoapReply *reply,
                           PlumError code,
                           const char *advice)
{
  const char *name = upnp_action_get_fault_name (action, reply->code);
  g_autofree char *text = upnp_soap_dup_shown (reply->message, MAX_FAULT_TEXT);
  g_autofree char *fault = NULL;

  if (reply->outcome == UPNP_SOAP_DONE)
    fault = g_strdup (_ ("the answer lacks the requested value"));
  else if (reply->outcome != UPNP_SOAP_FAULT)
    fault = g_strdup_printf (_ ("HTTP %u without a reason"), reply->status);
  else if (name != NULL)
    fault = g_strdup_printf (_ ("error %d, %s"), reply->code, name);
  else if (*text != '\0')
    fault = g_strdup_printf (_ ("error %d, %s"), reply->code, text);
  else
    fault = g_strdup_printf (_ ("error %d"), reply->code);

  if (advice != NULL)
    /* Translators: a router, an action such as AddPortMapping, an error, an explanation. */
    upnp_operation_fail (self, code, _ ("%s refused %s (%s): %s"), self->device->name,
                         upnp_action_get_name (action), fault, _ (advice));
  else
    /* Translators: a router, an action such as AddPortMapping, an error. */
    upnp_operation_fail (self, code, _ ("%s refused %s (%s)"), self->device->name,
                         upnp_action_get_name (action), fault);
}

/* Why the service is lost: the router was restarted, or UPnP was switched off. NULL: it is not. */
static char *
dup_loss (UpnpDevice *device, const UpnpSoapReply *reply, const GError *error)
{
  if (error != NULL && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    return g_strdup_printf ("%s refuses connections to its control port", device->name);
  if (reply != NULL && upnp_soap_reply_is_gone (reply))
    return g_strdup_printf ("%s answers HTTP %u for its control URL", device->name, reply->status);

  return NULL;
}

void
upnp_operation_fail_exchange (UpnpOperation *self,
                              UpnpAction action,
                              const UpnpSoapReply *reply,
                              const GError *error)
{
  UpnpSession *session = self->session;
  g_autoptr (PlumBackend) backend = g_object_ref (upnp_session_get_backend (session));
  g_autoptr (UpnpDevice) device = upnp_device_ref (self->device);
  g_autofree char *loss = upnp_operation_is_current (self) ? dup_loss (device, reply, error) : NULL;

  if (error != NULL)
    {
      g_autofree char *leftover = g_steal_pointer (&self->leftover);
      g_autoptr (PlumCall) call = upnp_operation_finish (self);

      g_autofree char *message = leftover != NULL
                                   ? g_strdup_printf ("%s; %s", error->message, leftover)
                                   : g_strdup (error->message);

      plum_call_return_error (call, g_error_new (error->domain, error->code, "UPnP: %s: %s",
                                                 upnp_action_get_name (action), message));
    }
  else if (reply->outcome == UPNP_SOAP_EMPTY)
    upnp_operation_fail (self, PLUM_ERROR_MALFORMED, _ ("%s sent an empty answer to %s"),
                         device->name, upnp_action_get_name (action));
  else if (reply->status == 401 || reply->status == 403)
    upnp_operation_fail (self, PLUM_ERROR_REFUSED, _ ("%s requires a login for %s (HTTP %u)"),
                         device->name, upnp_action_get_name (action), reply->status);
  else
    upnp_operation_fail (self, PLUM_ERROR_MALFORMED, _ ("%s answered %s with HTTP %u without SOAP"),
                         device->name, upnp_action_get_name (action), reply->status);

  /* Last: core may start a discovery in the handler. */
  if (loss != NULL)
    upnp_session_report_lost (session, device, loss);
}

/* Not as a final error: the mapping stays recorded, and is deleted later. */
void
upnp_operation_fail_unseen (UpnpOperation *self, const UpnpSoapReply *reply, guint external_port)
{
  if (reply != NULL && (reply->status == 401 || reply->status == 403))
    upnp_operation_fail (self, PLUM_ERROR_MALFORMED, _ ("%s requires a login for %s (HTTP %u)"),
                         self->device->name, upnp_action_get_name (UPNP_ACTION_GET_SPECIFIC),
                         reply->status);
  else
    upnp_operation_fail (self, PLUM_ERROR_MALFORMED,
                         _ ("%s does not show at present which host port %u leads to: its entry "
                            "was not deleted"),
                         self->device->name, external_port);
}

gboolean
upnp_operation_begin_verification (UpnpOperation *self)
{
  UpnpMemory *memory = &self->device->memory;

  if (memory->lookups != UPNP_LOOKUPS_WORK ||
      (!memory->keeps_deleted && (memory->deletes || memory->verifies_delete)))
    return FALSE;

  self->verifies = TRUE;
  memory->verifies_delete = TRUE;
  return TRUE;
}

gboolean
upnp_operation_read_back_later (UpnpOperation *self, GSourceFunc func)
{
  if (self->pause != NULL)
    return FALSE;

  self->pause = plum_backend_create_timer (upnp_session_get_backend (self->session), LISTED_MS);
  g_source_set_callback (self->pause, func, self, NULL);
  return TRUE;
}

void
upnp_operation_fail_kept (UpnpOperation *self, guint external_port)
{
  self->device->memory.keeps_deleted = TRUE;
  upnp_operation_fail (self, PLUM_ERROR_MALFORMED,
                       _ ("%s answered that it deleted the entry for port %u, but still lists it"),
                       self->device->name, external_port);
}

gboolean
upnp_entry_is_ours (const UpnpTableEntry *entry, const char *local_address, guint internal_port)
{
  return (entry->internal_port == internal_port || entry->internal_port == 0) &&
         upnp_client_match (entry->internal_client, local_address) != UPNP_MATCH_OTHER;
}
