/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-main-context-private.h"
#include "plum-mapping-internal-private.h"

#include <glib/gi18n-lib.h>

static void
plum_mapping_finish_wait (PlumMapping *self, GTask *task)
{
  GSource *cancel_source = g_task_get_task_data (task);

  if (cancel_source != NULL)
    g_source_destroy (cancel_source); /* it has a reference to the task */

  if (self->state == PLUM_STATE_SUCCESS)
    g_task_return_boolean (task, TRUE);
  else if (self->error != NULL && self->state == PLUM_STATE_FAILURE)
    g_task_return_error (task, g_error_copy (self->error));
  else
    g_task_return_new_error (task, PLUM_ERROR, PLUM_ERROR_DESTROYED,
                             _ ("The mapping is destroyed"));
}

static void
plum_mapping_remove_waiter (PlumMapping *self, GTask *task)
{
  g_ptr_array_remove (self->waiters, task);
  if (self->waiters->len == 0)
    g_clear_pointer (&self->waiters, g_ptr_array_unref);
}

/* One after the other: a callback may cancel another wait, and run the main loop until the mapping
 * is pending again. */
void
plum_mapping_finish_waits (PlumMapping *self)
{
  while (self->waiters != NULL && self->state != PLUM_STATE_PENDING)
    {
      g_autoptr (GTask) task = g_object_ref (self->waiters->pdata[0]);

      plum_mapping_remove_waiter (self, task);
      plum_mapping_finish_wait (self, task);
    }
}

static gboolean
on_wait_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (GTask) task = g_object_ref (G_TASK (user_data));
  PlumMapping *self = g_task_get_source_object (task);

  plum_mapping_remove_waiter (self, task);
  g_task_return_error_if_cancelled (task);

  return G_SOURCE_REMOVE;
}

/**
 * plum_mapping_wait_async:
 * @self: a mapping that was added to a manager
 * @cancellable: (nullable): a cancellable; cancels the wait, not the mapping
 * @callback: (scope async): a callback to call when the mapping is no longer pending
 * @user_data: data for @callback
 *
 * Waits until the mapping is up, has failed, or is destroyed.
 *
 * Since: 1.0
 */
void
plum_mapping_wait_async (PlumMapping *self,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (PLUM_IS_MAPPING (self));
  PLUM_RETURN_IF_OTHER_THREAD (plum_mapping_get_context (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = plum_main_context_new_task (plum_mapping_get_context (self), self, cancellable, callback,
                                     user_data);
  g_task_set_source_tag (task, plum_mapping_wait_async);
  g_task_set_name (task, "[plum] wait for a mapping");

  if (self->state != PLUM_STATE_PENDING)
    {
      plum_mapping_finish_wait (self, task);
      return;
    }

  if (cancellable != NULL)
    {
      GSource *source = g_cancellable_source_new (cancellable);

      g_task_set_task_data (task, source, (GDestroyNotify) g_source_unref);
      g_task_attach_source (task, source, G_SOURCE_FUNC (on_wait_cancelled));
    }

  if (self->waiters == NULL)
    self->waiters = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (self->waiters, g_steal_pointer (&task));
}

/**
 * plum_mapping_wait_finish:
 * @self: a mapping
 * @result: the result
 * @error: return location for an error
 *
 * Finishes an operation started with [method@Plum.Mapping.wait_async].
 *
 * Errors: %G_IO_ERROR_CANCELLED if the wait was cancelled; %PLUM_ERROR_DESTROYED if the mapping is
 * being destroyed, is destroyed, or was not added; otherwise the error of the last attempt,
 * [property@Plum.Mapping:error].
 *
 * Returns: %TRUE if the mapping is up
 *
 * Since: 1.0
 */
gboolean
plum_mapping_wait_finish (PlumMapping *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, plum_mapping_wait_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
