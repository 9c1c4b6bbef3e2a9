/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-gateway-object-private.h"
#include "plum-gateway-query-private.h"
#include "plum-main-context-private.h"

/* Reading and deleting the entries of the router's mapping table. */
typedef struct
{
  GTask *task;
  PlumGatewayQuery *query; /* (nullable): until it is answered */
  PlumEntry *deleted;      /* (nullable): that is to be deleted */
  GListModel *entries;     /* (nullable): the answer */
  GError *error;           /* (nullable): the answer */
  GSource *cancel_source;  /* (nullable): until the answer is queued */
} GatewayEntriesOperation;

static void
gateway_entries_operation_free (GatewayEntriesOperation *operation)
{
  plum_main_context_clear_source (&operation->cancel_source);
  g_clear_object (&operation->deleted);
  g_clear_object (&operation->entries);
  g_clear_error (&operation->error);
  g_clear_object (&operation->task);
  g_free (operation);
}

static void
on_gateway_entries_finish (gpointer object, gpointer data)
{
  GatewayEntriesOperation *operation = data;

  if (operation->error != NULL)
    g_task_return_error (operation->task, g_steal_pointer (&operation->error));
  else if (operation->entries != NULL)
    g_task_return_pointer (operation->task, g_steal_pointer (&operation->entries), g_object_unref);
  else
    g_task_return_boolean (operation->task, TRUE);
}

static void
on_gateway_entries_answered (PlumCall *call, const GError *error, gpointer user_data)
{
  GatewayEntriesOperation *operation = user_data;
  PlumGateway *gateway = g_task_get_source_object (operation->task);

  plum_main_context_clear_source (&operation->cancel_source);
  operation->query = NULL;
  if (operation->deleted != NULL)
    plum_gateway_end_delete (gateway, operation->deleted);
  if (error != NULL)
    operation->error = g_error_copy (error);
  else
    g_set_object (&operation->entries, plum_call_get_entries (call));

  plum_signal_queue_add (plum_gateway_get_signals (gateway), gateway, on_gateway_entries_finish,
                         operation, (GDestroyNotify) gateway_entries_operation_free);
}

static gboolean
on_gateway_entries_decided (gpointer user_data)
{
  GatewayEntriesOperation *operation = user_data;
  PlumGateway *gateway = g_task_get_source_object (operation->task);
  PLUM_SIGNAL_SCOPE (plum_gateway_get_signals (gateway));

  if (operation->deleted != NULL)
    plum_gateway_begin_delete (gateway, operation->deleted);
  plum_gateway_query_start (operation->query);
  return G_SOURCE_REMOVE;
}

static gboolean
on_gateway_entries_cancelled (GCancellable *cancellable, gpointer user_data)
{
  GatewayEntriesOperation *operation = user_data;
  PlumGateway *gateway = g_task_get_source_object (operation->task);
  PLUM_SIGNAL_SCOPE (plum_gateway_get_signals (gateway));
  gboolean has_begun = !plum_gateway_remove_decided_func (gateway, operation);

  plum_gateway_query_cancel (operation->query);
  if (has_begun && operation->deleted != NULL)
    plum_gateway_end_delete (gateway, operation->deleted);
  g_task_return_error_if_cancelled (operation->task);
  gateway_entries_operation_free (operation);

  return G_SOURCE_REMOVE;
}

/* Waits for the race first: it decides which backends to ask. */
static void
plum_gateway_start_operation (PlumGateway *self,
                              PlumCallKind kind,
                              PlumEntry *entry,
                              PlumRequest *request,
                              GTask *task) /* (transfer full) */
{
  PLUM_SIGNAL_SCOPE (plum_gateway_get_signals (self));
  GatewayEntriesOperation *operation = g_new0 (GatewayEntriesOperation, 1);

  operation->task = task;
  operation->query = plum_gateway_query_new (plum_gateway_get_race (self), kind, entry,
                                             plum_gateway_get_settings (self),
                                             on_gateway_entries_answered, operation);
  plum_gateway_query_set_request (operation->query, request);
  g_set_object (&operation->deleted, entry);

  operation->cancel_source =
    plum_main_context_watch_cancellable (plum_gateway_get_context (self),
                                         g_task_get_cancellable (task),
                                         on_gateway_entries_cancelled, operation);

  plum_gateway_discover (self, FALSE);
  plum_gateway_when_decided (self, on_gateway_entries_decided, operation);
}

/**
 * plum_gateway_list_entries_async:
 * @self: a gateway
 * @cancellable: (nullable): a cancellable; the router is not asked any longer
 * @callback: (scope async): called when the operation is finished
 * @user_data: data for @callback
 *
 * Reads the router's mapping table, with the mappings of all hosts.
 *
 * The list includes entries that cannot be read as mappings; see [method@Plum.Entry.is_readable].
 * If the router fails in the middle of its table, the list has the entries before, and its last
 * entry, which is not readable, stands for the rest.
 *
 * The gateways of the host are known after [method@Plum.Manager.discover_async], or when a mapping
 * was added.
 *
 * UPnP IGD supports this operation; PCP and NAT-PMP do not. A router that supports only these, and
 * the gateway of an IPv6 network, whose firewall cannot list its pinholes, fail with
 * %PLUM_ERROR_NOT_SUPPORTED. For the mappings that this program has recorded, see
 * [method@Plum.Manager.dup_recorded_entries].
 *
 * Since: 1.0
 */
void
plum_gateway_list_entries_async (PlumGateway *self,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  GTask *task;

  g_return_if_fail (PLUM_IS_GATEWAY (self));
  PLUM_RETURN_IF_OTHER_THREAD (plum_gateway_get_context (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = plum_main_context_new_task (plum_gateway_get_context (self), self, cancellable, callback,
                                     user_data);
  g_task_set_source_tag (task, plum_gateway_list_entries_async);
  plum_gateway_start_operation (self, PLUM_CALL_LIST, NULL, NULL, task);
}

/**
 * plum_gateway_list_entries_finish:
 * @self: a gateway
 * @result: the result
 * @error: return location for an error
 *
 * Finishes an operation started with [method@Plum.Gateway.list_entries_async].
 *
 * Errors: %PLUM_ERROR_NO_BACKEND if no backend can map ports on the gateway, or the gateway is
 * removed before a backend is asked; %PLUM_ERROR_NOT_SUPPORTED if no such backend supports the
 * operation; the error of the backend that supports it; %G_IO_ERROR_CLOSED if the gateway is
 * removed while a backend is asked; %G_IO_ERROR_CANCELLED.
 *
 * Returns: (transfer full): a list of [class@Plum.Entry]
 *
 * Since: 1.0
 */
GListModel *
plum_gateway_list_entries_finish (PlumGateway *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, plum_gateway_list_entries_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * plum_gateway_delete_entry_async:
 * @self: a gateway
 * @entry: an entry of the router's table
 * @cancellable: (nullable): a cancellable; the router is not asked any longer, but a request that
 * was sent stays in effect
 * @callback: (scope async): called when the operation is finished
 * @user_data: data for @callback
 *
 * Deletes an entry of the router's mapping table, including entries of other programs and hosts.
 *
 * The router is asked first where the external port leads. The entry is deleted only if it leads to
 * the internal address of @entry, or to this host if that address is %NULL. If the router cannot
 * look up an entry, only an entry with an internal address is deleted.
 *
 * On an IPv6 network, closes the pinhole of this host for the internal port of @entry, also if a
 * former process opened it. The internal address of @entry must be the address of this host. No
 * action looks for a pinhole: the operation requests the same pinhole for one second, which returns
 * its number.
 *
 * Most routers allow it only for entries that forward to the requesting host. To delete a mapping
 * of this program, use [method@Plum.Manager.destroy_mapping_async].
 *
 * Since: 1.0
 */
void
plum_gateway_delete_entry_async (PlumGateway *self,
                                 PlumEntry *entry,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  GTask *task;

  g_return_if_fail (PLUM_IS_GATEWAY (self));
  PLUM_RETURN_IF_OTHER_THREAD (plum_gateway_get_context (self));
  g_return_if_fail (PLUM_IS_ENTRY (entry));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = plum_main_context_new_task (plum_gateway_get_context (self), self, cancellable, callback,
                                     user_data);
  g_task_set_source_tag (task, plum_gateway_delete_entry_async);
  plum_gateway_start_operation (self, PLUM_CALL_DELETE_ENTRY, entry, NULL, task);
}

void
plum_gateway_unmap_entry_async (PlumGateway *self,
                                PlumEntry *entry,
                                PlumRequest *request,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  GTask *task = plum_main_context_new_task (plum_gateway_get_context (self), self, cancellable,
                                            callback, user_data);

  g_task_set_source_tag (task, plum_gateway_delete_entry_async);
  plum_gateway_start_operation (self, PLUM_CALL_DELETE_ENTRY, entry, request, task);
}

/**
 * plum_gateway_delete_entry_finish:
 * @self: a gateway
 * @result: the result
 * @error: return location for an error
 *
 * Finishes an operation started with [method@Plum.Gateway.delete_entry_async].
 *
 * Errors: the same as [method@Plum.Gateway.list_entries_finish]; %PLUM_ERROR_REFUSED
 * if the router refuses to delete the entry; %PLUM_ERROR_DESTROYED if nothing was there;
 * %PLUM_ERROR_CONFLICT if the port leads elsewhere now, and nothing was sent;
 * %PLUM_ERROR_TIMED_OUT or %PLUM_ERROR_MALFORMED if the deletion is not confirmed, and the entry
 * may remain. The message says until when, if that is known.
 *
 * Returns: %TRUE if the router has confirmed that the entry is deleted
 *
 * Since: 1.0
 */
gboolean
plum_gateway_delete_entry_finish (PlumGateway *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, plum_gateway_delete_entry_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
