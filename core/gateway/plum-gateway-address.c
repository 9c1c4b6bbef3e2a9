/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The external address, for a program that asks for it. */

#include "plum-gateway-object-private.h"
#include "plum-gateway-query-private.h"
#include "plum-main-context-private.h"

typedef struct
{
  GTask *task;
  PlumGatewayQuery *query; /* (nullable): until it is answered */
  gboolean was_known;      /* the address, when the operation was started */
  GInetAddress *address;   /* (nullable): the result */
  GError *error;           /* (nullable): the result */
  GSource *cancel_source;  /* (nullable): until the result is queued */
} Operation;

static PlumGateway *
operation_get_gateway (Operation *operation)
{
  return g_task_get_source_object (operation->task);
}

static void
operation_free (Operation *operation)
{
  plum_main_context_clear_source (&operation->cancel_source);
  g_clear_object (&operation->address);
  g_clear_error (&operation->error);
  g_clear_object (&operation->task);
  g_free (operation);
}

static void
on_finish (gpointer object, gpointer data)
{
  Operation *operation = data;

  if (operation->address != NULL)
    g_task_return_pointer (operation->task, g_steal_pointer (&operation->address), g_object_unref);
  else
    g_task_return_error (operation->task, g_steal_pointer (&operation->error));
}

/* address: (nullable): NULL if the operation has failed. */
static void
operation_finish (Operation *operation, GInetAddress *address)
{
  PlumGateway *gateway = operation_get_gateway (operation);

  plum_main_context_clear_source (&operation->cancel_source);
  g_set_object (&operation->address, address);
  plum_signal_queue_add (gateway->signals, gateway, on_finish, operation,
                         (GDestroyNotify) operation_free);
}

/* A failure of the probe takes precedence, unless no backend can probe. */
static void
on_probed (PlumBackend *backend, GInetAddress *address, const GError *error, gpointer user_data)
{
  Operation *operation = user_data;

  if (address != NULL)
    plum_gateway_learn_address (operation_get_gateway (operation), backend, address);
  else if (!g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED))
    {
      g_clear_error (&operation->error);
      operation->error = g_error_copy (error);
    }

  operation_finish (operation, address);
}

static void
on_answered (PlumCall *call, const GError *error, gpointer user_data)
{
  Operation *operation = user_data;
  PlumGateway *gateway = operation_get_gateway (operation);
  PLUM_SIGNAL_SCOPE (gateway->signals);

  operation->query = NULL;
  if (error == NULL)
    {
      plum_gateway_learn_address (gateway, plum_call_get_owner (call),
                                  plum_call_get_address (call));
      operation_finish (operation, plum_call_get_address (call));
      return;
    }

  /* The router has said that it has no address: a mapping would not say more. The port that leads
   * from a router beyond is one of the router before it, and may lead to another program. */
  operation->error = g_error_copy (error);
  if (!g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NO_RESOURCES) && !gateway->closed &&
      plum_network_get_hop (gateway->network) == 1)
    plum_address_probe_add (gateway->probe, on_probed, operation);
  else
    operation_finish (operation, NULL);
}

/* The discovery asks for an address that is not known. */
static gboolean
on_decided (gpointer user_data)
{
  Operation *operation = user_data;
  PlumGateway *gateway = operation_get_gateway (operation);
  PLUM_SIGNAL_SCOPE (gateway->signals);

  if (!operation->was_known && gateway->external_address != NULL)
    {
      operation_finish (operation, gateway->external_address);
      return G_SOURCE_REMOVE;
    }

  operation->query = plum_gateway_query_new (gateway->race, PLUM_CALL_GET_EXTERNAL_ADDRESS, NULL,
                                             gateway->settings, on_answered, operation);
  plum_gateway_query_start (operation->query);
  return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  Operation *operation = user_data;
  PlumGateway *gateway = operation_get_gateway (operation);

  plum_gateway_remove_decided_func (gateway, operation);
  plum_address_probe_remove (gateway->probe, operation);
  g_clear_pointer (&operation->query, plum_gateway_query_cancel);
  g_task_return_error_if_cancelled (operation->task);
  operation_free (operation);

  return G_SOURCE_REMOVE;
}

/**
 * plum_gateway_query_external_address_async:
 * @self: a gateway
 * @cancellable: (nullable): a cancellable; cancels the wait and the request
 * @callback: (scope async): called when the operation is finished
 * @user_data: data for @callback
 *
 * Queries the external address of the gateway, and updates
 * [property@Plum.Gateway:external-address].
 *
 * If no backend answers, a backend whose protocol reports the address only with a mapping, such as
 * PCP, maps an unused UDP port for at most two minutes, and deletes the mapping at once. The
 * library does that only in this function. Meanwhile it has bound the port on this host, so that
 * the mapping leads to no program. The library does not request such a mapping from a router beyond
 * the first one. If the router does not confirm the delete, the mapping stays until it expires.
 *
 * Cancelling stops the waiting: a short mapping is deleted all the same.
 *
 * Since: 1.0
 */
void
plum_gateway_query_external_address_async (PlumGateway *self,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback,
                                           gpointer user_data)
{
  Operation *operation;

  g_return_if_fail (PLUM_IS_GATEWAY (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->context);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  PLUM_SIGNAL_SCOPE (self->signals);
  operation = g_new0 (Operation, 1);
  operation->task =
    plum_main_context_new_task (self->context, self, cancellable, callback, user_data);
  g_task_set_source_tag (operation->task, plum_gateway_query_external_address_async);
  operation->was_known = self->external_address != NULL;

  operation->cancel_source =
    plum_main_context_watch_cancellable (self->context, cancellable, on_cancelled, operation);

  plum_gateway_discover (self, FALSE);
  plum_gateway_when_decided (self, on_decided, operation);
}

/**
 * plum_gateway_query_external_address_finish:
 * @self: a gateway
 * @result: the result
 * @error: return location for an error
 *
 * Finishes an operation started with [method@Plum.Gateway.query_external_address_async].
 *
 * Errors: %PLUM_ERROR_NO_BACKEND if no backend can map ports on the gateway, or the gateway is
 * removed before a backend is asked; %PLUM_ERROR_NO_RESOURCES if the router has no external
 * address; the error of the best backend that supports the operation; %G_IO_ERROR_CLOSED if the
 * gateway is removed while a backend is asked; %G_IO_ERROR_CANCELLED.
 *
 * Returns: (transfer full): the external address
 *
 * Since: 1.0
 */
GInetAddress *
plum_gateway_query_external_address_finish (PlumGateway *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result,
                                                  plum_gateway_query_external_address_async),
                        NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
