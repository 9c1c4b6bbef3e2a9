/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-manager-private.h"

#include "plum-gateway-private.h"
#include "plum-main-context-private.h"
#include "plum-mapping-private.h"
#include "plum-values-private.h"

#include <glib/gi18n-lib.h>

#define CREATE_TIMEOUT_MS 30000

/* --- Create --- */

/**
 * plum_manager_create_mapping_async:
 * @self: a manager
 * @protocol: the transport protocol
 * @internal_port: the port that this host listens on, from 1 to 65535
 * @external_port: the requested external port, from 1 to 65535, or 0 for no preference
 * @timeout_ms: the timeout in milliseconds, or 0 for 30000
 * @cancellable: (nullable): a cancellable; if it is cancelled before the mapping is up, the mapping
 *   is destroyed
 * @callback: (scope async): called when the port is mapped, or the operation has failed
 * @user_data: data for @callback
 *
 * Maps an IPv4 port and waits until the mapping is up.
 *
 * If this fails, the port is not tried again, and a mapping that the router may have made is
 * deleted. If it succeeds, the mapping is kept up like any other.
 *
 * For other options, and to be notified of every change, create a [class@Plum.Mapping] and call
 * [method@Plum.Manager.add_mapping].
 *
 * Since: 1.0
 */
void
plum_manager_create_mapping_async (PlumManager *self,
                                   PlumProtocol protocol,
                                   guint internal_port,
                                   guint external_port,
                                   guint timeout_ms,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GError) error = NULL;

  g_return_if_fail (PLUM_IS_MANAGER (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->context);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = plum_main_context_new_task (self->context, self, cancellable, callback, user_data);
  g_task_set_source_tag (task, plum_manager_create_mapping_async);
  g_task_set_name (task, "[plum] create a mapping");

  if (g_task_return_error_if_cancelled (task))
    return;

  if (!plum_protocol_is_valid (protocol))
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s",
                               _ ("The protocol is neither TCP nor UDP"));
      return;
    }

  PLUM_SIGNAL_SCOPE (self->signals);
  mapping = g_object_new (PLUM_TYPE_MAPPING, "protocol", protocol, "internal-port", internal_port,
                          "requested-external-port", external_port, NULL);

  /* CLOSED and INVALID_ARGUMENT take precedence over a missing network. */
  if (!plum_manager_add_mapping (self, mapping, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  if (plum_manager_ensure_gateway (self, G_SOCKET_FAMILY_IPV4, &error) == NULL)
    {
      plum_assignment_release_mapping (mapping);
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  plum_pending_add_create (self->pending, mapping, task,
                           timeout_ms != 0 ? timeout_ms : CREATE_TIMEOUT_MS);
}

/**
 * plum_manager_create_mapping_finish:
 * @self: a manager
 * @result: the result
 * @error: return location for an error
 *
 * Finishes an operation started with [method@Plum.Manager.create_mapping_async].
 *
 * Errors: %PLUM_ERROR_NO_GATEWAY, without delay, if there is no network; %PLUM_ERROR_NO_BACKEND if
 * no backend gets an answer; %PLUM_ERROR_TIMED_OUT; the error of the router, if it refused the
 * mapping; %G_IO_ERROR_CLOSED if the manager is closed; %G_IO_ERROR_CANCELLED;
 * %G_IO_ERROR_INVALID_ARGUMENT if a port is out of range, or the protocol is invalid.
 *
 * Returns: (transfer full): the mapping, in state %PLUM_STATE_SUCCESS
 *
 * Since: 1.0
 */
PlumMapping *
plum_manager_create_mapping_finish (PlumManager *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, plum_manager_create_mapping_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* --- Destroy --- */

/**
 * plum_manager_destroy_mapping_async:
 * @self: a manager
 * @id: the id of a mapping
 * @cancellable: (nullable): a cancellable; if it is cancelled, the mapping is still destroyed
 * @callback: (scope async): called when the router has answered, or did not answer in time
 * @user_data: data for @callback
 *
 * Destroys a mapping and deletes it from the router.
 *
 * This takes no longer than [property@Plum.Manager:release-timeout]. If the router may still have
 * the mapping afterwards, [property@Plum.Mapping:error] has the reason.
 *
 * Since: 1.0
 */
void
plum_manager_destroy_mapping_async (PlumManager *self,
                                    guint id,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GError) error = NULL;
  PlumMapping *mapping;

  g_return_if_fail (PLUM_IS_MANAGER (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->context);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = plum_main_context_new_task (self->context, self, cancellable, callback, user_data);
  g_task_set_source_tag (task, plum_manager_destroy_mapping_async);
  g_task_set_name (task, "[plum] destroy a mapping");

  if (!plum_manager_check_open (self, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  mapping = plum_manager_lookup_mapping (self, id);
  if (mapping == NULL || plum_mapping_get_next_state (mapping) == PLUM_STATE_DESTROYING)
    {
      g_task_return_new_error (task, PLUM_ERROR, PLUM_ERROR_DESTROYED,
                               _ ("There is no mapping with id %u, or it is being destroyed"), id);
      return;
    }

  PLUM_SIGNAL_SCOPE (self->signals);
  plum_pending_add_destroy (self->pending, mapping, task);
}

/**
 * plum_manager_destroy_mapping_finish:
 * @self: a manager
 * @result: the result
 * @error: return location for an error
 *
 * Finishes an operation started with [method@Plum.Manager.destroy_mapping_async].
 *
 * The mapping is destroyed even if the router did not confirm it. In this case
 * [property@Plum.Mapping:error] of the mapping is set, and the router deletes the mapping when its
 * lifetime expires. A router that maps a range of ports as one (PORT_SET of PCP, RFC 7753) keeps it
 * until the last mapping of the range is destroyed: the error is then %G_IO_ERROR_BUSY.
 *
 * Errors: %PLUM_ERROR_DESTROYED if there is no mapping with this id, or it is already being
 * destroyed; %G_IO_ERROR_CLOSED if the manager is closed; %G_IO_ERROR_CANCELLED.
 *
 * Returns: %TRUE if the mapping is destroyed
 *
 * Since: 1.0
 */
gboolean
plum_manager_destroy_mapping_finish (PlumManager *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, plum_manager_destroy_mapping_async),
                        FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* --- Discover --- */

typedef struct
{
  GPtrArray *gateways; /* (element-type PlumGateway) */
  guint n_undecided;
  GSource *cancel_source; /* (nullable) */
} Discovery;

static void
discovery_free (Discovery *discovery)
{
  plum_main_context_clear_source (&discovery->cancel_source);
  g_clear_pointer (&discovery->gateways, g_ptr_array_unref);
  g_free (discovery);
}

/* Whether the manager is open, and a gateway is still there. */
static gboolean
discovery_check (Discovery *discovery, PlumManager *manager, GError **error)
{
  GSocketFamily family = plum_gateway_get_family (discovery->gateways->pdata[0]);

  return plum_manager_check_open (manager, error) &&
         plum_gateway_set_find (manager->gateways, family, NULL, error) != NULL;
}

/* Each undecided gateway has a reference to the task. */
static gboolean
on_decided (gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Discovery *discovery = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (--discovery->n_undecided > 0)
    return G_SOURCE_REMOVE;

  plum_main_context_clear_source (&discovery->cancel_source);
  if (discovery_check (discovery, g_task_get_source_object (task), &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));

  return G_SOURCE_REMOVE;
}

static gboolean
on_discover_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (GTask) task = g_object_ref (G_TASK (user_data));
  Discovery *discovery = g_task_get_task_data (task);

  plum_main_context_clear_source (&discovery->cancel_source);
  for (unsigned int i = 0; i < discovery->gateways->len; i++)
    if (plum_gateway_remove_decided_func (discovery->gateways->pdata[i], task))
      g_object_unref (task);
  g_task_return_error_if_cancelled (task);

  return G_SOURCE_REMOVE;
}

/* gateways: (transfer full) */
static void
plum_manager_discover_all (PlumManager *self, GTask *task, GPtrArray *gateways)
{
  PLUM_SIGNAL_SCOPE (self->signals);
  Discovery *discovery = g_new0 (Discovery, 1);

  discovery->gateways = gateways;
  discovery->n_undecided = gateways->len;
  g_task_set_task_data (task, discovery, (GDestroyNotify) discovery_free);
  discovery->cancel_source =
    plum_main_context_watch_cancellable (self->context, g_task_get_cancellable (task),
                                         on_discover_cancelled, task);

  for (unsigned int i = 0; i < gateways->len; i++)
    {
      plum_gateway_discover (gateways->pdata[i], TRUE);
      plum_gateway_when_decided (gateways->pdata[i], on_decided, g_object_ref (task));
    }
}

/* tag: the public function. */
static void
plum_manager_start_discovery (PlumManager *self,
                              GSocketFamily family,
                              gpointer tag,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task =
    plum_main_context_new_task (self->context, self, cancellable, callback, user_data);
  g_autoptr (GError) error = NULL;
  GPtrArray *gateways = NULL;

  g_task_set_source_tag (task, tag);
  g_task_set_name (task, "[plum] discover");

  if (g_task_return_error_if_cancelled (task))
    return;

  if (plum_manager_check_open (self, &error))
    gateways = plum_manager_find_gateways (self, family, &error);
  if (gateways == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    plum_manager_discover_all (self, task, gateways);
}

/**
 * plum_manager_discover_async:
 * @self: a manager
 * @cancellable: (nullable): a cancellable; cancels the wait, and the discovery continues
 * @callback: (scope async): called when it is known which backends can map ports
 * @user_data: data for @callback
 *
 * Finds the gateways and discovers what they support, without mapping a port.
 *
 * This fills [property@Plum.Manager:gateways], with the probes and external addresses of the
 * gateways. These are the IPv4 gateways of all network interfaces with a default route, or the one
 * in [property@Plum.Manager:gateway-address]. IPv6 gateways are added with the first IPv6 mapping,
 * or by [method@Plum.Manager.discover_family_async].
 *
 * This ends when all backends have finished their discovery. If one of them can map ports, it ends
 * after three seconds at most: the others continue, and their probes are pending.
 *
 * Since: 1.0
 */
void
plum_manager_discover_async (PlumManager *self,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_return_if_fail (PLUM_IS_MANAGER (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->context);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  plum_manager_start_discovery (self, plum_manager_get_main_family (self),
                                plum_manager_discover_async, cancellable, callback, user_data);
}

/**
 * plum_manager_discover_family_async:
 * @self: a manager
 * @family: %G_SOCKET_FAMILY_IPV4 or %G_SOCKET_FAMILY_IPV6
 * @cancellable: (nullable): a cancellable; cancels the wait, and the discovery continues
 * @callback: (scope async): called when it is known which backends can map ports
 * @user_data: data for @callback
 *
 * Finds the gateways of one address family and discovers what they support, without mapping a port.
 *
 * It differs from [method@Plum.Manager.discover_async] only in the address family.
 *
 * Since: 1.0
 */
void
plum_manager_discover_family_async (PlumManager *self,
                                    GSocketFamily family,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_return_if_fail (PLUM_IS_MANAGER (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->context);
  g_return_if_fail (family == G_SOCKET_FAMILY_IPV4 || family == G_SOCKET_FAMILY_IPV6);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  plum_manager_start_discovery (self, family, plum_manager_discover_family_async, cancellable,
                                callback, user_data);
}

/**
 * plum_manager_discover_family_finish:
 * @self: a manager
 * @result: the result
 * @error: return location for an error
 *
 * Finishes an operation started with [method@Plum.Manager.discover_family_async].
 *
 * Success means that there is a gateway of the address family. Whether a backend can map ports on
 * it is reported in [property@Plum.Gateway:probes].
 *
 * Errors: %PLUM_ERROR_NO_GATEWAY if there is no network of the address family; %G_IO_ERROR_CLOSED
 * if the manager is closed; %G_IO_ERROR_CANCELLED.
 *
 * Returns: %TRUE if there is a gateway
 *
 * Since: 1.0
 */
gboolean
plum_manager_discover_family_finish (PlumManager *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, plum_manager_discover_family_async),
                        FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * plum_manager_discover_finish:
 * @self: a manager
 * @result: the result
 * @error: return location for an error
 *
 * Finishes an operation started with [method@Plum.Manager.discover_async].
 *
 * Success means that there is a gateway. Whether a backend can map ports on it is reported in
 * [property@Plum.Gateway:probes].
 *
 * Errors: %PLUM_ERROR_NO_GATEWAY if there is no network; %G_IO_ERROR_CLOSED if the manager is
 * closed; %G_IO_ERROR_CANCELLED.
 *
 * Returns: %TRUE if there is a gateway
 *
 * Since: 1.0
 */
gboolean
plum_manager_discover_finish (PlumManager *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, plum_manager_discover_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* --- Close --- */

/**
 * plum_manager_close_async:
 * @self: a manager
 * @cancellable: (nullable): a cancellable; if it is cancelled, the manager is still closed
 * @callback: (scope async): called when all mappings are destroyed
 * @user_data: data for @callback
 *
 * Deletes all mappings of this manager from the router and closes the manager.
 *
 * Pending create operations and all later calls fail with %G_IO_ERROR_CLOSED. Closing takes no
 * longer than [property@Plum.Manager:release-timeout].
 *
 * Since: 1.0
 */
void
plum_manager_close_async (PlumManager *self,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GError) error = NULL;

  g_return_if_fail (PLUM_IS_MANAGER (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->context);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = plum_main_context_new_task (self->context, self, cancellable, callback, user_data);
  g_task_set_source_tag (task, plum_manager_close_async);
  g_task_set_name (task, "[plum] close");

  if (!plum_manager_check_open (self, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  PLUM_SIGNAL_SCOPE (self->signals);
  plum_pending_add_close (self->pending, task, plum_settings_get_release_timeout (&self->settings));
  plum_manager_begin_close (self);
  plum_pending_check_close (self->pending);
}

/**
 * plum_manager_close_finish:
 * @self: a manager
 * @result: the result
 * @error: return location for an error
 *
 * Finishes an operation started with [method@Plum.Manager.close_async].
 *
 * The manager is closed even if this function sets an error.
 *
 * Errors: %G_IO_ERROR_CLOSED if the manager was closed before; %PLUM_ERROR_TIMED_OUT if the router
 * did not confirm all deletes, with a list of the mappings it may still have;
 * %G_IO_ERROR_CANCELLED.
 *
 * Returns: %TRUE if the router confirmed that all mappings are deleted
 *
 * Since: 1.0
 */
gboolean
plum_manager_close_finish (PlumManager *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, plum_manager_close_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
