/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-gateway-query-private.h"

/* One question, put to one backend after the other until one can answer it. */
typedef struct
{
  PlumGateway *gateway; /* owned by the query */
  PlumCallKind kind;
  PlumEntry *entry; /* (nullable) */
  guint next;       /* candidate to ask next */
  GError *error;    /* what the last one said */
  GTask *task;      /* (nullable) */
  void (*address_func) (PlumGateway *gateway, GInetAddress *address);
  PlumCall *call;
  GSource *cancel_source; /* (nullable) */
} Query;

static void query_ask_next (Query *query);

static void
query_free (Query *query)
{
  if (query->cancel_source != NULL)
    g_source_destroy (query->cancel_source);
  g_clear_pointer (&query->cancel_source, g_source_unref);
  g_clear_object (&query->call);
  g_clear_object (&query->entry);
  g_clear_error (&query->error);
  g_clear_object (&query->task);
  g_clear_object (&query->gateway);
  g_free (query);
}

static Query *
query_new (PlumGateway *gateway, PlumCallKind kind, PlumEntry *entry)
{
  Query *query = g_new0 (Query, 1);

  query->gateway = g_object_ref (gateway);
  query->kind = kind;
  g_set_object (&query->entry, entry);
  return query;
}

/* Nobody is left to ask. */
static void
query_end (Query *query)
{
  if (query->address_func != NULL)
    query->address_func (query->gateway, NULL);
  else if (query->error != NULL)
    g_task_return_error (query->task, g_steal_pointer (&query->error));
  else
    g_task_return_new_error (query->task, PLUM_ERROR, PLUM_ERROR_NO_BACKEND,
                             "No backend can talk to this gateway");

  query_free (query);
}

static void
on_answered (PlumCall *call, gpointer user_data)
{
  Query *query = user_data;
  const GError *error = plum_call_get_error (call);

  if (error != NULL)
    {
      /* A backend that cannot is no update if another one could but failed. */
      if (query->error == NULL || !g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED))
        {
          g_clear_error (&query->error);
          query->error = g_error_copy (error);
        }
      g_clear_object (&query->call);
      query_ask_next (query);
      return;
    }

  if (query->address_func != NULL)
    query->address_func (query->gateway, plum_call_get_address (call));
  else if (query->kind == PLUM_CALL_LIST)
    g_task_return_pointer (query->task, g_object_ref (plum_call_get_entries (call)),
                           g_object_unref);
  else
    g_task_return_boolean (query->task, TRUE);

  query_free (query);
}

static void
query_ask_next (Query *query)
{
  const PlumCallArgs args = { .entry = query->entry };
  guint index;

  if (plum_gateway_pick (query->gateway, query->next, NULL, &index) != PLUM_PICK_READY)
    {
      query_end (query);
      return;
    }

  query->next = index + 1;
  plum_backend_start_call (&query->call,
                           plum_gateway_get_candidate (query->gateway, index)->backend, query->kind,
                           &args, plum_gateway_get_settings (query->gateway)->mapping_timeout,
                           on_answered, query);
}

void
plum_gateway_query_external_address (PlumGateway *gateway,
                                     void (*func) (PlumGateway *gateway, GInetAddress *address))
{
  Query *query = query_new (gateway, PLUM_CALL_GET_EXTERNAL_ADDRESS, NULL);

  query->address_func = func;
  query_ask_next (query);
}

typedef struct
{
  PlumGateway *gateway;
  PlumBackend *backend;
  void (*func) (PlumBackend *backend, GInetAddress *address, PlumGateway *gateway);
} ServedQuery;

static void
on_served_address (PlumCall *call, gpointer user_data)
{
  g_autofree ServedQuery *query = user_data;
  g_autoptr (GObject) backend = g_object_ref (G_OBJECT (query->backend));

  /* An error is no update: no address is known by it, and none is lost. */
  if (plum_call_get_address (call) != NULL)
    query->func (PLUM_BACKEND (backend), plum_call_get_address (call), query->gateway);
}

void
plum_gateway_query_served_address (PlumGateway *gateway,
                                   void (*func) (PlumBackend *backend,
                                                 GInetAddress *address,
                                                 PlumGateway *gateway))
{
  guint n = plum_gateway_get_n_candidates (gateway);

  for (unsigned int i = 0; i < n; i++)
    {
      PlumCandidate *candidate = plum_gateway_get_candidate (gateway, i);
      ServedQuery *query;

      if (!plum_gateway_is_serving (gateway, candidate->backend))
        continue;

      query = g_new0 (ServedQuery, 1);
      query->gateway = gateway;
      query->backend = candidate->backend;
      query->func = func;
      g_object_unref (plum_backend_call (candidate->backend, PLUM_CALL_GET_EXTERNAL_ADDRESS, NULL,
                                         plum_gateway_get_settings (gateway)->mapping_timeout,
                                         on_served_address, query));
    }
}

static gboolean
on_decided_for_query (gpointer user_data)
{
  query_ask_next (user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
on_query_cancelled (GCancellable *cancellable, gpointer user_data)
{
  Query *query = user_data;

  plum_gateway_forget_func (query->gateway, query);
  if (query->call != NULL)
    plum_call_cancel (query->call);
  g_task_return_error_if_cancelled (query->task);
  query_free (query);

  return G_SOURCE_REMOVE;
}

/* The race comes first: who can be asked is known only after it. */
static void
query_start (Query *query,
             gpointer tag,
             GCancellable *cancellable,
             GAsyncReadyCallback callback,
             gpointer user_data)
{
  query->task = g_task_new (query->gateway, cancellable, callback, user_data);
  g_task_set_source_tag (query->task, tag);

  if (cancellable != NULL)
    {
      query->cancel_source = g_cancellable_source_new (cancellable);
      g_source_set_callback (query->cancel_source, G_SOURCE_FUNC (on_query_cancelled), query, NULL);
      g_source_attach (query->cancel_source, plum_gateway_get_context (query->gateway));
    }

  plum_gateway_discover (query->gateway, FALSE);
  plum_gateway_when_decided (query->gateway, on_decided_for_query, query);
}

/**
 * plum_gateway_list_entries_async:
 * @self: a gateway
 * @cancellable: (nullable): stops the waiting
 * @callback: (scope async): called when the table was read
 * @user_data: data for @callback
 *
 * Reads the router's table of forwarded ports, everybody's, where a backend can: UPnP IGD does,
 * PCP and NAT-PMP have no such question.
 *
 * Since: 1.0
 */
void
plum_gateway_list_entries_async (PlumGateway *self,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_return_if_fail (PLUM_IS_GATEWAY (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  query_start (query_new (self, PLUM_CALL_LIST, NULL), plum_gateway_list_entries_async, cancellable,
               callback, user_data);
}

/**
 * plum_gateway_list_entries_finish:
 * @self: a gateway
 * @result: the result
 * @error: return location for an error
 *
 * Finishes [method@Plum.Gateway.list_entries_async].
 *
 * Errors: %PLUM_ERROR_NOT_SUPPORTED if no backend here can read the table; %PLUM_ERROR_NO_BACKEND;
 * what the backend that could failed with; %G_IO_ERROR_CLOSED if the gateway went away meanwhile;
 * %G_IO_ERROR_CANCELLED.
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
 * @entry: an entry of its table
 * @cancellable: (nullable): stops the waiting
 * @callback: (scope async): called when the router has answered
 * @user_data: data for @callback
 *
 * Deletes an entry of the router's table, whoever made it; most routers allow that only to the host
 * that the entry is for. For a mapping of this program use
 * [method@Plum.Manager.destroy_mapping_async].
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
  g_return_if_fail (PLUM_IS_GATEWAY (self));
  g_return_if_fail (PLUM_IS_ENTRY (entry));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  query_start (query_new (self, PLUM_CALL_DELETE_ENTRY, entry), plum_gateway_delete_entry_async,
               cancellable, callback, user_data);
}

/**
 * plum_gateway_delete_entry_finish:
 * @self: a gateway
 * @result: the result
 * @error: return location for an error
 *
 * Finishes [method@Plum.Gateway.delete_entry_async].
 *
 * Errors: as [method@Plum.Gateway.list_entries_finish]; %PLUM_ERROR_REFUSED.
 *
 * Returns: %TRUE if the entry is gone
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
