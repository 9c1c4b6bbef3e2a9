/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-list.h"

#include "upnp-operation.h"

#include <glib/gi18n-lib.h>

#define LIST_MAX_ENTRIES 4096

/* How much of a router's own text to show. */
#define MAX_SHOWN 40

/* Some routers return an empty entry, or fault 402 or 501, beyond the end of the table. */
#define CODE_EMPTY_ENTRY (-1)
#define CODE_NO_ANSWER 0

typedef struct
{
  UpnpOperation operation;
  GListStore *entries;
  UpnpSoapRequest request;
  UpnpTableEntry *last;
  GListStore *listed; /* (nullable): the entries of a list that was cut */
  gboolean empty;     /* a list had no entries */
  gboolean all_empty; /* all lists were read, and had none */
  char *failure;      /* (nullable): why the entry before this index could not be read */
  int failure_code;   /* of its fault, or CODE_ */
} UpnpList;

static void upnp_list_continue (UpnpList *self);

static void
upnp_list_clear (UpnpOperation *operation)
{
  UpnpList *self = (UpnpList *) operation;

  g_clear_object (&self->entries);
  g_clear_object (&self->listed);
  g_clear_pointer (&self->last, upnp_table_entry_free);
  g_clear_pointer (&self->failure, g_free);
}

/* -- Entries -- */

static GInetAddress *
read_client (const UpnpTableEntry *entry)
{
  g_autoptr (GInetAddress) client =
    entry->internal_client != NULL ? g_inet_address_new_from_string (entry->internal_client) : NULL;

  return client != NULL && !g_inet_address_get_is_any (client) ? g_steal_pointer (&client) : NULL;
}

static void
append_problem (
  GString *problem, gboolean valid, const char *name, const char *text, const char *missing)
{
  g_autofree char *shown = upnp_soap_dup_shown (text, MAX_SHOWN);

  if (valid)
    return;

  if (problem->len > 0)
    g_string_append (problem, ", ");
  if (text == NULL)
    g_string_append (problem, missing);
  else
    g_string_append_printf (problem, "%s ‘%s’", name, shown);
}

static guint
read_lifetime (const UpnpTableEntry *entry)
{
  if (!entry->lease_known)
    return 0;

  return entry->lease != 0 ? entry->lease : PLUM_LIFETIME_FOREVER;
}

static const char *
text_unless (gboolean valid, const char *text)
{
  if (valid)
    return NULL;

  return text != NULL ? text : "";
}

/* NULL: all hosts. */
static const char *
read_remote (const UpnpTableEntry *entry)
{
  static const char *const any[] = { "", "*", "0.0.0.0", "::", NULL };

  return entry->remote_host != NULL && !g_strv_contains (any, entry->remote_host)
           ? entry->remote_host
           : NULL;
}

static void
upnp_list_add (UpnpList *self, const UpnpTableEntry *entry)
{
  g_autoptr (GInetAddress) client = read_client (entry);
  g_autoptr (GString) problem = g_string_new (NULL);
  g_autoptr (PlumEntry) item = NULL;
  gboolean has_protocol = upnp_table_entry_has_protocol (entry);

  /* All ports to one host: not a mapping. */
  if (g_strcmp0 (entry->external_port_text, "0") == 0)
    return;

  append_problem (problem, entry->external_port != 0, _ ("external port"),
                  entry->external_port_text, _ ("external port missing"));
  append_problem (problem, has_protocol, _ ("protocol"), entry->protocol_text,
                  _ ("protocol missing"));
  append_problem (problem, client != NULL, _ ("internal host"), entry->internal_client,
                  _ ("internal host missing"));
  append_problem (problem, entry->internal_port != 0, _ ("internal port"),
                  entry->internal_port_text, _ ("internal port missing"));

  item =
    g_object_new (PLUM_TYPE_ENTRY, "protocol", entry->protocol, "external-port",
                  entry->external_port, "internal-port", entry->internal_port, "internal-address",
                  client, "description", entry->description, "lifetime", read_lifetime (entry),
                  "enabled", entry->enabled, "protocol-text",
                  text_unless (has_protocol, entry->protocol_text), "internal-port-text",
                  text_unless (entry->internal_port != 0, entry->internal_port_text),
                  "internal-address-text", text_unless (client != NULL, entry->internal_client),
                  "remote-host", read_remote (entry), "problem",
                  problem->len > 0 ? problem->str : NULL, NULL);
  g_list_store_append (self->entries, item);
}

/* Adds an entry in place of one or more that the router did not report. */
static void
upnp_list_add_problem (UpnpList *self, const char *problem)
{
  g_autoptr (PlumEntry) item =
    g_object_new (PLUM_TYPE_ENTRY, "protocol-text", "", "internal-port-text", "",
                  "internal-address-text", "", "enabled", TRUE, "problem", problem, NULL);

  g_list_store_append (self->entries, item);
}

/* The entry before this one could not be read, but the table goes on. */
static void
upnp_list_take_failure (UpnpList *self)
{
  g_autofree char *failure = g_steal_pointer (&self->failure);
  g_autofree char *problem = NULL;

  if (failure == NULL)
    return;

  problem =
    g_strdup_printf (_ ("entry %u could not be read: %s"), self->request.index - 1, failure);
  upnp_list_add_problem (self, problem);
}

static void
upnp_list_finish (UpnpList *self)
{
  g_autoptr (GListStore) entries = g_object_ref (self->entries);
  g_autoptr (PlumCall) call = upnp_operation_finish (&self->operation);

  plum_call_return_entries (call, G_LIST_MODEL (entries));
}

/* Keeps what was read. The last entry says that the table goes on. */
static void
upnp_list_finish_incomplete (UpnpList *self, const char *reason)
{
  g_autofree char *problem =
    g_strdup_printf (_ ("the rest of the table could not be read: %s"), reason);

  if (self->listed != NULL && self->request.index <= 1)
    g_set_object (&self->entries, self->listed);

  upnp_list_add_problem (self, problem);
  upnp_list_finish (self);
}

/* The last entry gives way to the one that says that there are more. */
static void
upnp_list_finish_too_long (UpnpList *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->entries));

  if (n > 0)
    g_list_store_remove (self->entries, n - 1);
  upnp_list_finish_incomplete (self, _ ("it has too many entries"));
}

/* -- Entry by entry -- */

/* Some routers return the same entry for every index. Its lease may differ. */
static gboolean
is_repeated (UpnpList *self, const UpnpTableEntry *entry)
{
  const UpnpTableEntry *last = self->last;

  return last != NULL && g_strcmp0 (last->external_port_text, entry->external_port_text) == 0 &&
         g_strcmp0 (last->protocol_text, entry->protocol_text) == 0 &&
         g_strcmp0 (last->internal_client, entry->internal_client) == 0 &&
         g_strcmp0 (last->internal_port_text, entry->internal_port_text) == 0 &&
         g_strcmp0 (last->remote_host, entry->remote_host) == 0 &&
         g_strcmp0 (last->description, entry->description) == 0;
}

static gboolean
is_empty (const char *text)
{
  return text == NULL || *text == '\0';
}

static gboolean
is_empty_entry (const UpnpTableEntry *entry)
{
  return is_empty (entry->external_port_text) && is_empty (entry->internal_port_text) &&
         is_empty (entry->internal_client);
}

static char *
describe_failure (const UpnpSoapReply *reply, const GError *error)
{
  if (error != NULL)
    return g_strdup (error->message);
  if (reply->outcome == UPNP_SOAP_FAULT)
    return g_strdup_printf (_ ("error %d"), reply->code);
  if (reply->outcome == UPNP_SOAP_DONE)
    return g_strdup (_ ("the answer is empty or cut"));

  return g_strdup_printf (_ ("HTTP %u without SOAP"), reply->status);
}

/* Whether a router that fails in this way for two entries in a row has no more entries. UPnP IGD:1
 * defines only 713. */
static gboolean
is_end_if_repeated (int code)
{
  return code == 402 || code == 501 || code == CODE_EMPTY_ENTRY;
}

static gboolean
is_nothing_read (UpnpList *self)
{
  return self->last == NULL && self->listed == NULL;
}

static void
upnp_list_fail (UpnpList *self, const UpnpSoapReply *reply, const GError *error)
{
  if (error != NULL || reply->outcome == UPNP_SOAP_NO_ANSWER)
    upnp_operation_fail_exchange (&self->operation, self->request.action, reply, error);
  else if (reply->code == 401 || reply->code == 602)
    upnp_operation_fail_fault (&self->operation, self->request.action, reply,
                               PLUM_ERROR_NOT_SUPPORTED, NULL);
  else
    upnp_operation_fail_fault (&self->operation, self->request.action, reply, PLUM_ERROR_REFUSED,
                               NULL);
}

/* One entry may be unreadable for the router itself: continue after it. Two in a row end the list:
 * each may take the whole timeout. */
static void
upnp_list_skip (UpnpList *self, const UpnpSoapReply *reply, const GError *error)
{
  g_autofree char *failure = describe_failure (reply, error);
  gboolean is_bad = g_error_matches (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
  int code = CODE_NO_ANSWER;

  if (error == NULL && reply->outcome == UPNP_SOAP_FAULT)
    code = reply->code;
  else if (error == NULL && reply->outcome == UPNP_SOAP_DONE)
    code = CODE_EMPTY_ENTRY;

  if (self->failure != NULL && self->failure_code == code && is_end_if_repeated (code) &&
      self->listed == NULL)
    upnp_list_finish (self);
  else if (self->all_empty && is_nothing_read (self) && (code == 401 || code == 602))
    upnp_list_finish (self); /* only the list shows what the table has */
  else if (is_nothing_read (self) &&
           (self->failure != NULL || (!is_end_if_repeated (code) && !is_bad)))
    upnp_list_fail (self, reply, error);
  else if (self->failure != NULL || (error != NULL && !is_bad) || code == 401 || code == 602)
    upnp_list_finish_incomplete (self, failure);
  else
    {
      self->failure = g_steal_pointer (&failure);
      self->failure_code = code;
      self->request.index++;
      upnp_list_continue (self);
    }
}

static void
on_list_entry (const UpnpSoapReply *reply,
               const char *local_address,
               const GError *error,
               gpointer user_data)
{
  UpnpList *self = user_data;
  g_autoptr (UpnpTableEntry) entry = NULL;

  if (error == NULL && reply->outcome == UPNP_SOAP_DONE)
    entry = upnp_soap_read_any_entry (reply);

  if (error == NULL && reply->outcome == UPNP_SOAP_FAULT &&
      (reply->code == 713 || reply->code == 714))
    {
      upnp_list_take_failure (self);
      upnp_list_finish (self);
      return;
    }
  if (entry == NULL || is_empty_entry (entry))
    {
      upnp_list_skip (self, reply, error);
      return;
    }

  upnp_list_take_failure (self);
  if (is_repeated (self, entry))
    {
      upnp_list_finish (self);
      return;
    }

  if (self->request.index + 1 >= LIST_MAX_ENTRIES)
    {
      upnp_list_finish_too_long (self);
      return;
    }

  upnp_list_add (self, entry);
  self->request.index++;
  g_clear_pointer (&self->last, upnp_table_entry_free);
  self->last = g_steal_pointer (&entry);
  upnp_list_continue (self);
}

/* -- The whole table at once -- */

/* Reads entry by entry from the start. */
static void
upnp_list_fall_back (UpnpList *self)
{
  g_list_store_remove_all (self->entries);
  self->request.action = UPNP_ACTION_GET_GENERIC;
  upnp_list_continue (self);
}

static void
upnp_list_add_all (UpnpList *self, const UpnpSoapReply *reply)
{
  g_autoptr (GPtrArray) entries = upnp_soap_read_list (reply);

  self->empty |= entries->len == 0;

  for (guint i = 0; i < entries->len && i < LIST_MAX_ENTRIES; i++)
    upnp_list_add (self, g_ptr_array_index (entries, i));
}

/* UPnP WANIPConnection:2 specifies fault 730 for a range without entries. If an empty list came
 * instead, the first entry shows whether the table is empty. */
static void
upnp_list_finish_listing (UpnpList *self)
{
  self->all_empty = self->empty && g_list_model_get_n_items (G_LIST_MODEL (self->entries)) == 0;
  if (self->all_empty)
    upnp_list_fall_back (self);
  else
    upnp_list_finish (self);
}

static void
on_listing (const UpnpSoapReply *reply,
            const char *local_address,
            const GError *error,
            gpointer user_data)
{
  UpnpList *self = user_data;

  /* A list may be too long to be read at once. */
  if (error != NULL && !g_error_matches (error, PLUM_ERROR, PLUM_ERROR_MALFORMED))
    {
      upnp_operation_fail_exchange (&self->operation, self->request.action, reply, error);
      return;
    }

  if (error == NULL && reply->outcome == UPNP_SOAP_DONE)
    upnp_list_add_all (self, reply);

  if (error == NULL && reply->outcome == UPNP_SOAP_DONE && !upnp_soap_list_is_complete (reply))
    {
      self->listed = g_steal_pointer (&self->entries);
      self->entries = g_list_store_new (PLUM_TYPE_ENTRY);
      upnp_list_fall_back (self);
      return;
    }

  /* 730: the range has no entries. After any other fault, read entry by entry. */
  if (error != NULL ||
      (reply->outcome != UPNP_SOAP_DONE &&
       (reply->outcome != UPNP_SOAP_FAULT || (reply->code != 730 && reply->code != 714))))
    {
      upnp_list_fall_back (self);
      return;
    }

  if (self->request.protocol == PLUM_PROTOCOL_UDP)
    {
      upnp_list_finish_listing (self);
      return;
    }

  self->request.protocol = PLUM_PROTOCOL_UDP;
  upnp_list_continue (self);
}

static void
upnp_list_continue (UpnpList *self)
{
  upnp_operation_call (&self->operation, NULL, &self->request,
                       self->request.action == UPNP_ACTION_GET_LIST ? on_listing : on_list_entry);
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
