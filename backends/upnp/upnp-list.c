/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-list.h"

#include "upnp-operation.h"

#define MAX_ENTRIES 4096

typedef struct
{
  UpnpOperation operation;
  GListStore *entries;
  UpnpSoapRequest request;
  UpnpTableEntry *last;
} UpnpList;

static void upnp_list_continue (UpnpList *self);

static void
upnp_list_clear (UpnpOperation *operation)
{
  UpnpList *self = (UpnpList *) operation;

  g_clear_object (&self->entries);
  g_clear_pointer (&self->last, upnp_table_entry_free);
}

static void
upnp_list_add (UpnpList *self, const UpnpTableEntry *entry)
{
  g_autoptr (GInetAddress) client = g_inet_address_new_from_string (entry->internal_client);
  g_autoptr (PlumEntry) item = NULL;

  if (entry->external_port == 0)
    return;

  item = plum_entry_new (entry->protocol, entry->external_port, entry->internal_port, client,
                         entry->description,
                         entry->lease != 0 ? entry->lease : PLUM_LIFETIME_FOREVER, entry->enabled);
  g_list_store_append (self->entries, item);
}

static void
upnp_list_finish (UpnpList *self)
{
  g_autoptr (GListStore) entries = g_object_ref (self->entries);
  g_autoptr (PlumCall) call = upnp_operation_finish (&self->operation);

  plum_call_return_entries (call, G_LIST_MODEL (entries));
}

/* Some routers return the same entry for every index. */
static gboolean
is_repeated (UpnpList *self, const UpnpTableEntry *entry)
{
  return self->last != NULL && self->last->external_port == entry->external_port &&
         self->last->protocol == entry->protocol;
}

static void
on_entry (const UpnpSoapReply *reply,
          const char *local_address,
          const GError *error,
          gpointer user_data)
{
  UpnpList *self = user_data;
  g_autoptr (UpnpTableEntry) entry = NULL;

  if (error != NULL || reply->outcome == UPNP_SOAP_NO_ANSWER)
    {
      upnp_operation_fail_exchange (&self->operation, self->request.action, reply, error);
      return;
    }

  if (reply->outcome == UPNP_SOAP_FAULT && (reply->code == 401 || reply->code == 602))
    {
      upnp_operation_fail_fault (&self->operation, self->request.action, reply,
                                 PLUM_ERROR_NOT_SUPPORTED, NULL);
      return;
    }

  if (reply->outcome == UPNP_SOAP_DONE)
    entry = upnp_soap_read_entry (reply);

  /* 713 is the end of the table (UPnP IGD:1); routers also send 714, 402 or 501. */
  if (entry == NULL || is_repeated (self, entry) || self->request.index + 1 >= MAX_ENTRIES)
    {
      upnp_list_finish (self);
      return;
    }

  upnp_list_add (self, entry);
  g_clear_pointer (&self->last, upnp_table_entry_free);
  self->last = g_steal_pointer (&entry);
  self->request.index++;
  upnp_list_continue (self);
}

static void
on_listing (const UpnpSoapReply *reply,
            const char *local_address,
            const GError *error,
            gpointer user_data)
{
  UpnpList *self = user_data;

  if (error != NULL)
    {
      upnp_operation_fail_exchange (&self->operation, self->request.action, reply, error);
      return;
    }

  /* 730: the range has no entries. After any other fault, read entry by entry from the start. */
  if (reply->outcome == UPNP_SOAP_DONE)
    {
      g_autoptr (GPtrArray) entries = upnp_soap_read_list (reply);

      for (guint i = 0; i < entries->len && i < MAX_ENTRIES; i++)
        upnp_list_add (self, g_ptr_array_index (entries, i));
    }
  else if (reply->outcome != UPNP_SOAP_FAULT || (reply->code != 730 && reply->code != 714))
    {
      g_list_store_remove_all (self->entries);
      self->request.action = UPNP_ACTION_GET_GENERIC;
      upnp_list_continue (self);
      return;
    }

  if (self->request.protocol == PLUM_PROTOCOL_UDP)
    {
      upnp_list_finish (self);
      return;
    }

  self->request.protocol = PLUM_PROTOCOL_UDP;
  upnp_list_continue (self);
}

static void
upnp_list_continue (UpnpList *self)
{
  upnp_operation_call (&self->operation, NULL, &self->request,
                       self->request.action == UPNP_ACTION_GET_LIST ? on_listing : on_entry);
}

void
upnp_list_start (UpnpSession *session, PlumCall *call)
{
  UpnpList *self = upnp_operation_new (sizeof (UpnpList), session, call, upnp_list_clear);

  self->entries = g_list_store_new (PLUM_TYPE_ENTRY);
  if (!upnp_operation_need_device (&self->operation))
    return;

  self->request.action = upnp_service_is_v2 (self->operation.device->service)
                           ? UPNP_ACTION_GET_LIST
                           : UPNP_ACTION_GET_GENERIC;
  self->request.protocol = PLUM_PROTOCOL_TCP;
  upnp_list_continue (self);
}
