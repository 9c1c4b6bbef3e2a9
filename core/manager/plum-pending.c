/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-gateway-private.h"
#include "plum-manager-private.h"

#define CREATE_TIMEOUT_MS 30000

/* A mapping that somebody waits for. */
typedef struct
{
  PlumManager *manager;
  guint id;
  GTask *create;   /* (nullable) */
  GTask *destroy;  /* (nullable) */
  GError *failure; /* why create fails, once that is known */
  PlumTimer timeout;
  GSource *cancel_source;  /* (nullable): of create */
  GSource *destroy_cancel; /* (nullable): of destroy */
} Operation;

struct _PlumPending
{
  PlumManager *manager; /* its owner */
  GHashTable *by_id;    /* id -> Operation */
  gboolean closing;
  GTask *close;          /* (nullable): also NULL when nobody waits for the close any more */
  GSource *close_cancel; /* (nullable) */
  GString *left_behind;  /* what the close could not delete */
};

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* Who cancels is told in the next turn, whatever goes on behind. NULL: it cannot be cancelled. */
static GSource *
watch_cancellable (PlumManager *manager,
                   GTask *task,
                   GCancellableSourceFunc func,
                   gpointer user_data)
{
  GCancellable *cancellable = g_task_get_cancellable (task);
  GSource *source;

  if (cancellable == NULL)
    return NULL;

  source = g_cancellable_source_new (cancellable);
  g_source_set_callback (source, G_SOURCE_FUNC (func), user_data, NULL);
  g_source_attach (source, plum_manager_get_main_context (manager));
  return source;
}

static void
operation_stop_create (Operation *operation)
{
  plum_clock_disarm (plum_manager_get_clock (operation->manager), &operation->timeout);
  clear_source (&operation->cancel_source);
}

static void
operation_free (Operation *operation)
{
  operation_stop_create (operation);
  clear_source (&operation->destroy_cancel);
  g_clear_object (&operation->create);
  g_clear_object (&operation->destroy);
  g_clear_error (&operation->failure);
  g_free (operation);
}

PlumPending *
plum_pending_new (PlumManager *manager)
{
  PlumPending *self = g_new0 (PlumPending, 1);

  self->manager = manager;
  self->by_id = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) operation_free);
  return self;
}

void
plum_pending_free (PlumPending *self)
{
  g_assert (self->close == NULL); /* its task would hold the manager */

  clear_source (&self->close_cancel);
  g_hash_table_unref (self->by_id);
  if (self->left_behind != NULL)
    g_string_free (self->left_behind, TRUE);
  g_free (self);
}

/* It fails: what was begun is undone first, so that nothing stays behind. */
static void
operation_fail_create (Operation *operation, GError *failure)
{
  PlumMapping *mapping = plum_manager_lookup_mapping (operation->manager, operation->id);

  operation_stop_create (operation);
  g_clear_error (&operation->failure);
  operation->failure = failure;
  plum_manager_leave_mapping (operation->manager, mapping);
}

static void
on_create_timeout (gpointer user_data)
{
  Operation *operation = user_data;
  PlumMapping *mapping = plum_manager_lookup_mapping (operation->manager, operation->id);
  const GError *error = plum_mapping_get_error (mapping);

  operation_fail_create (operation, g_error_new (PLUM_ERROR, PLUM_ERROR_TIMED_OUT,
                                                 "The port was not mapped in time%s%s",
                                                 error != NULL ? ": " : "",
                                                 error != NULL ? error->message : ""));
}

static gboolean
on_create_cancelled (GCancellable *cancellable, gpointer user_data)
{
  Operation *operation = user_data;
  g_autoptr (GTask) task = g_steal_pointer (&operation->create);
  PlumMapping *mapping = plum_manager_lookup_mapping (operation->manager, operation->id);

  /* The caller is told at once; the mapping goes in the background. */
  operation_stop_create (operation);
  g_task_return_error_if_cancelled (task);
  plum_manager_leave_mapping (operation->manager, mapping);

  return G_SOURCE_REMOVE;
}

static void
operation_end_create (Operation *operation, PlumMapping *mapping, PlumState state)
{
  g_autoptr (GTask) task = NULL;

  switch (state)
    {
    case PLUM_STATE_SUCCESS:
      task = g_steal_pointer (&operation->create);
      operation_stop_create (operation);
      g_task_return_pointer (task, g_object_ref (mapping), g_object_unref);
      break;

    case PLUM_STATE_FAILURE:
      operation_fail_create (operation, g_error_copy (plum_mapping_get_error (mapping)));
      break;

    case PLUM_STATE_DESTROYED:
      task = g_steal_pointer (&operation->create);
      operation_stop_create (operation);
      if (operation->failure != NULL)
        g_task_return_error (task, g_steal_pointer (&operation->failure));
      else if (!plum_manager_check_open (operation->manager, &operation->failure))
        g_task_return_error (task, g_steal_pointer (&operation->failure));
      else
        g_task_return_new_error (task, PLUM_ERROR, PLUM_ERROR_DESTROYED,
                                 "The mapping was destroyed before it was up");
      break;

    case PLUM_STATE_PENDING:
    case PLUM_STATE_DESTROYING:
    default:
      break;
    }
}

static void
plum_pending_note_left_behind (PlumPending *self, PlumMapping *mapping)
{
  const GError *error = plum_mapping_get_error (mapping);
  gboolean tcp = plum_mapping_get_protocol (mapping) == PLUM_PROTOCOL_TCP;

  if (!self->closing || error == NULL)
    return;

  if (self->left_behind == NULL)
    self->left_behind = g_string_new ("The router may still have ");
  else
    g_string_append (self->left_behind, ", ");
  g_string_append_printf (self->left_behind, "%s %u (%s)", tcp ? "TCP" : "UDP",
                          plum_mapping_get_internal_port (mapping), error->message);
}

void
plum_pending_check_close (PlumPending *self)
{
  g_autoptr (GTask) task = NULL;

  if (!self->closing || g_list_model_get_n_items (G_LIST_MODEL (self->manager)) > 0 ||
      plum_manager_is_sweeping (self->manager))
    return;

  self->closing = FALSE;
  task = g_steal_pointer (&self->close);
  clear_source (&self->close_cancel);
  plum_manager_end_close (self->manager);
  if (task == NULL)
    return;

  if (self->left_behind != NULL)
    g_task_return_new_error (task, PLUM_ERROR, PLUM_ERROR_TIMED_OUT, "%s", self->left_behind->str);
  else
    g_task_return_boolean (task, TRUE);
}

void
plum_pending_mapping_changed (PlumPending *self, PlumMapping *mapping, PlumState state)
{
  guint id = plum_mapping_get_id (mapping);
  Operation *operation = g_hash_table_lookup (self->by_id, GUINT_TO_POINTER (id));

  if (operation != NULL && operation->create != NULL)
    operation_end_create (operation, mapping, state);

  if (state != PLUM_STATE_DESTROYED)
    return;

  /* Again: what was returned above may have been answered at once. */
  operation = g_hash_table_lookup (self->by_id, GUINT_TO_POINTER (id));
  if (operation != NULL && operation->destroy != NULL)
    {
      g_autoptr (GTask) task = g_steal_pointer (&operation->destroy);

      g_task_return_boolean (task, TRUE);
    }
  g_hash_table_remove (self->by_id, GUINT_TO_POINTER (id));

  plum_pending_note_left_behind (self, mapping);
  plum_pending_check_close (self);
}

static Operation *
plum_pending_ensure (PlumPending *self, guint id)
{
  Operation *operation = g_hash_table_lookup (self->by_id, GUINT_TO_POINTER (id));

  if (operation != NULL)
    return operation;

  operation = g_new0 (Operation, 1);
  operation->manager = self->manager;
  operation->id = id;
  plum_timer_init (&operation->timeout, on_create_timeout, operation);
  g_hash_table_insert (self->by_id, GUINT_TO_POINTER (id), operation);
  return operation;
}

/* The mapping was added, and its state may already be anything. */
static void
plum_pending_await (PlumPending *self, PlumMapping *mapping, GTask *task, guint timeout_ms)
{
  Operation *operation = plum_pending_ensure (self, plum_mapping_get_id (mapping));

  operation->create = g_object_ref (task);
  plum_clock_arm_in_ms (plum_manager_get_clock (self->manager), &operation->timeout, timeout_ms);
  operation->cancel_source =
    watch_cancellable (self->manager, task, on_create_cancelled, operation);
  operation_end_create (operation, mapping, plum_mapping_get_state (mapping));
}

/**
 * plum_manager_create_mapping_async:
 * @self: a manager
 * @protocol: the transport protocol
 * @internal_port: the port that this host listens on, 1 to 65535
 * @external_port: the port that is wished outside, 1 to 65535, or 0 to leave it to the router
 * @timeout_ms: how long it may take, in milliseconds; 0 stands for 30000
 * @cancellable: (nullable): stops it
 * @callback: (scope async): called when the port is mapped, or is not going to be
 * @user_data: data for @callback
 *
 * Maps a port of IPv4 and waits until it is up. If it does not come up, nothing stays behind: it is
 * not tried again, and what the router may have mapped is deleted. After it is up it is kept
 * up like any other mapping. For more wishes, and to be told of every change, make a
 * [class@Plum.Mapping] and add it.
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
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, plum_manager_create_mapping_async);
  g_task_set_name (task, "[plum] create a mapping");

  if (g_task_return_error_if_cancelled (task))
    return;

  mapping = g_object_new (PLUM_TYPE_MAPPING, "protocol", protocol, "internal-port", internal_port,
                          "requested-external-port", external_port, NULL);

  /* The closed manager and the wrong port come before the missing network. */
  if (!plum_manager_add_mapping (self, mapping, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  if (plum_manager_ensure_gateway (self, G_SOCKET_FAMILY_IPV4, &error) == NULL)
    {
      plum_manager_leave_mapping (self, mapping);
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  plum_pending_await (plum_manager_get_operations (self), mapping, task,
                      timeout_ms != 0 ? timeout_ms : CREATE_TIMEOUT_MS);
}

/**
 * plum_manager_create_mapping_finish:
 * @self: a manager
 * @result: the result
 * @error: return location for an error
 *
 * Finishes [method@Plum.Manager.create_mapping_async].
 *
 * Errors: %PLUM_ERROR_NO_GATEWAY at once if there is no network; %PLUM_ERROR_NO_BACKEND if nobody
 * answers; %PLUM_ERROR_TIMED_OUT; what the router refused with; %G_IO_ERROR_CLOSED;
 * %G_IO_ERROR_CANCELLED; %G_IO_ERROR_INVALID_ARGUMENT if a port is none.
 *
 * Returns: (transfer full): the mapping, up
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

static gboolean
on_destroy_cancelled (GCancellable *cancellable, gpointer user_data)
{
  Operation *operation = user_data;
  g_autoptr (GTask) task = g_steal_pointer (&operation->destroy);

  clear_source (&operation->destroy_cancel);
  g_task_return_error_if_cancelled (task);

  return G_SOURCE_REMOVE;
}

/**
 * plum_manager_destroy_mapping_async:
 * @self: a manager
 * @id: a mapping's id
 * @cancellable: (nullable): stops the waiting, not the destruction
 * @callback: (scope async): called when the router has answered, or will not
 * @user_data: data for @callback
 *
 * Does not want a mapping any more, and removes it from the router.
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
  Operation *operation;

  g_return_if_fail (PLUM_IS_MANAGER (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, plum_manager_destroy_mapping_async);
  g_task_set_name (task, "[plum] destroy a mapping");

  if (!plum_manager_check_open (self, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  mapping = plum_manager_lookup_mapping (self, id);
  if (mapping == NULL || plum_mapping_get_state (mapping) == PLUM_STATE_DESTROYING)
    {
      g_task_return_new_error (task, PLUM_ERROR, PLUM_ERROR_DESTROYED,
                               "There is no mapping %u (any more)", id);
      return;
    }

  operation = plum_pending_ensure (plum_manager_get_operations (self), id);
  operation->destroy_cancel = watch_cancellable (self, task, on_destroy_cancelled, operation);
  operation->destroy = g_steal_pointer (&task);
  plum_manager_leave_mapping (self, mapping);
}

/**
 * plum_manager_destroy_mapping_finish:
 * @self: a manager
 * @result: the result
 * @error: return location for an error
 *
 * Finishes [method@Plum.Manager.destroy_mapping_async].
 *
 * The mapping is destroyed even if the router did not confirm it: then
 * [property@Plum.Mapping:error] of
 * the mapping says why, and the router forgets it when its lifetime is over.
 *
 * Errors: %PLUM_ERROR_DESTROYED if there is no such mapping, or it is being destroyed already;
 * %G_IO_ERROR_CLOSED; %G_IO_ERROR_CANCELLED.
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

/* --- Discovery --- */

typedef struct
{
  GPtrArray *gateways; /* (element-type PlumGateway): that are asked */
  guint n_undecided;
  GSource *cancel_source; /* (nullable) */
} Discovery;

static void
discovery_free (Discovery *discovery)
{
  clear_source (&discovery->cancel_source);
  g_clear_pointer (&discovery->gateways, g_ptr_array_unref);
  g_free (discovery);
}

/* Each gateway that has not decided has a reference to the task. */
static gboolean
on_decided (gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Discovery *discovery = g_task_get_task_data (task);

  if (--discovery->n_undecided > 0)
    return G_SOURCE_REMOVE;

  clear_source (&discovery->cancel_source);
  g_task_return_boolean (task, TRUE);

  return G_SOURCE_REMOVE;
}

static gboolean
on_discover_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (GTask) task = g_object_ref (G_TASK (user_data));
  Discovery *discovery = g_task_get_task_data (task);

  clear_source (&discovery->cancel_source);
  for (unsigned int i = 0; i < discovery->gateways->len; i++)
    if (plum_gateway_remove_decided_func (discovery->gateways->pdata[i], task))
      g_object_unref (task);
  g_task_return_error_if_cancelled (task);

  return G_SOURCE_REMOVE;
}

static void
discover_all (GTask *task, GPtrArray *gateways) /* (transfer full) */
{
  Discovery *discovery = g_new0 (Discovery, 1);

  discovery->gateways = gateways;
  discovery->n_undecided = gateways->len;
  g_task_set_task_data (task, discovery, (GDestroyNotify) discovery_free);
  discovery->cancel_source =
    watch_cancellable (g_task_get_source_object (task), task, on_discover_cancelled, task);

  for (unsigned int i = 0; i < gateways->len; i++)
    {
      plum_gateway_discover (gateways->pdata[i], TRUE);
      plum_gateway_when_decided (gateways->pdata[i], on_decided, g_object_ref (task));
    }
}

/**
 * plum_manager_discover_async:
 * @self: a manager
 * @cancellable: (nullable): stops the waiting
 * @callback: (scope async): called when every backend has found out what it can do
 * @user_data: data for @callback
 *
 * Finds the gateways and asks them what they can do, without mapping anything: fills
 * [property@Plum.Manager:gateways] and their probes and external addresses. Those are the IPv4
 * gateways of all network interfaces with a default route, or
 * [property@Plum.Manager:gateway-address]; those for IPv6 come with the first mapping of that
 * family.
 *
 * Since: 1.0
 */
void
plum_manager_discover_async (PlumManager *self,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GError) error = NULL;
  GPtrArray *gateways = NULL;

  g_return_if_fail (PLUM_IS_MANAGER (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, plum_manager_discover_async);
  g_task_set_name (task, "[plum] discover");

  if (g_task_return_error_if_cancelled (task))
    return;

  if (plum_manager_check_open (self, &error))
    gateways = plum_manager_find_gateways (self, plum_manager_get_main_family (self), &error);
  if (gateways == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    discover_all (task, gateways);
}

/**
 * plum_manager_discover_finish:
 * @self: a manager
 * @result: the result
 * @error: return location for an error
 *
 * Finishes [method@Plum.Manager.discover_async]. That a gateway was found does not say that a
 * backend can map
 * there: see [property@Plum.Gateway:probes].
 *
 * Errors: %PLUM_ERROR_NO_GATEWAY; %G_IO_ERROR_CLOSED; %G_IO_ERROR_CANCELLED.
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

static gboolean
on_close_cancelled (GCancellable *cancellable, gpointer user_data)
{
  PlumPending *self = user_data;
  g_autoptr (GTask) task = g_steal_pointer (&self->close);

  clear_source (&self->close_cancel);
  g_task_return_error_if_cancelled (task);

  return G_SOURCE_REMOVE;
}

/**
 * plum_manager_close_async:
 * @self: a manager
 * @cancellable: (nullable): stops the waiting, not the close
 * @callback: (scope async): called when everything is gone
 * @user_data: data for @callback
 *
 * Removes every mapping of this manager from the router and ends. Creates that still wait fail with
 * %G_IO_ERROR_CLOSED, and so does every later call. It takes no longer than
 * [property@Plum.Manager:mapping-timeout].
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
  PlumPending *pending;

  g_return_if_fail (PLUM_IS_MANAGER (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, plum_manager_close_async);
  g_task_set_name (task, "[plum] close");

  if (!plum_manager_check_open (self, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  pending = plum_manager_get_operations (self);
  pending->closing = TRUE;
  pending->close_cancel = watch_cancellable (self, task, on_close_cancelled, pending);
  pending->close = g_steal_pointer (&task);
  plum_manager_begin_close (self);
  plum_pending_check_close (pending);
}

/**
 * plum_manager_close_finish:
 * @self: a manager
 * @result: the result
 * @error: return location for an error
 *
 * Finishes [method@Plum.Manager.close_async]. The manager is closed even if this gives an error.
 *
 * Errors: %G_IO_ERROR_CLOSED if it was closed before; %PLUM_ERROR_TIMED_OUT with a list of
 * what the router did not confirm to have deleted; %G_IO_ERROR_CANCELLED.
 *
 * Returns: %TRUE if the router confirmed that everything is deleted
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
