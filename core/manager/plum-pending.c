/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-pending-private.h"

#include "plum-assignment-private.h"
#include "plum-main-context-private.h"
#include "plum-mapping-private.h"

#include <glib/gi18n-lib.h>

/* The pending operations of one mapping. */
typedef struct
{
  PlumPending *pending;
  PlumMapping *mapping;
  GTask *create;   /* (nullable) */
  GTask *destroy;  /* (nullable) */
  GError *failure; /* (nullable): the result of create, once the mapping is destroyed */
  PlumTimer timeout;
  GSource *create_cancel;  /* (nullable) */
  GSource *destroy_cancel; /* (nullable) */
} Operation;

struct _PlumPending
{
  GMainContext *context;
  PlumClock *clock;
  PlumSignalQueue *signals; /* borrowed */
  const PlumPendingClient *client;
  gpointer client_data;

  GHashTable *operations; /* PlumMapping -> Operation */
  gboolean closing;
  GTask *close;          /* (nullable): also NULL after the close was cancelled */
  GSource *close_cancel; /* (nullable) */
  PlumTimer close_timeout;
  GString *left_behind; /* (nullable): the mappings that the close could not delete */
  GHashTable *left;     /* the ports in left_behind, see make_port_key() */
};

static void
operation_clear_create (Operation *operation)
{
  plum_clock_disarm (operation->pending->clock, &operation->timeout);
  plum_main_context_clear_source (&operation->create_cancel);
}

static void
operation_free (Operation *operation)
{
  operation_clear_create (operation);
  plum_main_context_clear_source (&operation->destroy_cancel);
  g_clear_object (&operation->create);
  g_clear_object (&operation->destroy);
  g_clear_error (&operation->failure);
  g_clear_object (&operation->mapping);
  g_free (operation);
}

static void
on_close_timeout (gpointer user_data)
{
  PlumPending *self = user_data;

  self->client->expire (self->client_data);
}

PlumPending *
plum_pending_new (GMainContext *context,
                  PlumClock *clock,
                  PlumSignalQueue *signals,
                  const PlumPendingClient *client,
                  gpointer user_data)
{
  PlumPending *self = g_new0 (PlumPending, 1);

  self->context = context;
  self->clock = clock;
  self->signals = signals;
  self->client = client;
  self->client_data = user_data;
  plum_timer_init (&self->close_timeout, on_close_timeout, self);
  self->left = g_hash_table_new (NULL, NULL);
  self->operations = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) operation_free);
  return self;
}

void
plum_pending_free (PlumPending *self)
{
  g_assert (self->close == NULL); /* the task holds a reference to the manager */

  plum_main_context_clear_source (&self->close_cancel);
  plum_clock_disarm (self->clock, &self->close_timeout);
  g_hash_table_unref (self->operations);
  if (self->left_behind != NULL)
    g_string_free (self->left_behind, TRUE);
  g_hash_table_unref (self->left);
  g_free (self);
}

/* --- Create --- */

/* The mapping is destroyed before the task returns, so that nothing is left behind.
 * failure: (transfer full) */
static void
operation_fail_create (Operation *operation, GError *failure)
{
  operation_clear_create (operation);
  g_clear_error (&operation->failure);
  operation->failure = failure;
  plum_assignment_release_mapping (operation->mapping);
}

static void
on_create_timeout (gpointer user_data)
{
  Operation *operation = user_data;
  PLUM_SIGNAL_SCOPE (operation->pending->signals);
  const GError *error = plum_mapping_get_error (operation->mapping);

  operation->pending->client->hurry (operation->mapping, operation->pending->client_data);
  if (plum_mapping_get_next_state (operation->mapping) == PLUM_STATE_SUCCESS)
    return;

  if (error != NULL)
    operation_fail_create (operation,
                           g_error_new (PLUM_ERROR, PLUM_ERROR_TIMED_OUT,
                                        _ ("The port was not mapped in time: %s"), error->message));
  else
    operation_fail_create (operation, g_error_new_literal (PLUM_ERROR, PLUM_ERROR_TIMED_OUT,
                                                           _ ("The port was not mapped in time")));
}

static void
on_return_cancelled (gpointer object, gpointer data)
{
  g_task_return_error_if_cancelled (object);
}

/* The task returns at once; the mapping is destroyed in the background. */
static void
operation_cancel_create (Operation *operation)
{
  g_autoptr (GTask) task = g_steal_pointer (&operation->create);
  PLUM_SIGNAL_SCOPE (operation->pending->signals);

  operation_clear_create (operation);
  plum_signal_queue_add (operation->pending->signals, task, on_return_cancelled, NULL, NULL);
  plum_assignment_release_mapping (operation->mapping);
}

static gboolean
on_create_cancelled (GCancellable *cancellable, gpointer user_data)
{
  operation_cancel_create (user_data);
  return G_SOURCE_REMOVE;
}

/* A handler of the same change may have destroyed the mapping or cancelled the operation. */
static void
operation_succeed_create (Operation *operation)
{
  g_autoptr (GTask) task = NULL;

  if (plum_mapping_get_next_state (operation->mapping) != PLUM_STATE_SUCCESS)
    return;
  if (g_cancellable_is_cancelled (g_task_get_cancellable (operation->create)))
    {
      operation_cancel_create (operation);
      return;
    }

  task = g_steal_pointer (&operation->create);
  operation_clear_create (operation);
  /* From now on, the program gets the mapping, and must know of it. */
  g_task_set_check_cancellable (task, FALSE);
  g_task_return_pointer (task, g_object_ref (operation->mapping), g_object_unref);
}

static void
operation_finish_create (Operation *operation, PlumState state)
{
  PlumPending *pending = operation->pending;
  g_autoptr (GTask) task = NULL;

  switch (state)
    {
    case PLUM_STATE_SUCCESS:
      operation_succeed_create (operation);
      break;

    case PLUM_STATE_FAILURE:
      operation_fail_create (operation, g_error_copy (plum_mapping_get_error (operation->mapping)));
      break;

    case PLUM_STATE_DESTROYED:
      task = g_steal_pointer (&operation->create);
      operation_clear_create (operation);
      if (operation->failure != NULL ||
          !pending->client->check_open (pending->client_data, &operation->failure))
        g_task_return_error (task, g_steal_pointer (&operation->failure));
      else
        g_task_return_new_error (task, PLUM_ERROR, PLUM_ERROR_DESTROYED,
                                 _ ("The mapping was destroyed before it was up"));
      break;

    case PLUM_STATE_PENDING:
    case PLUM_STATE_DESTROYING:
    default:
      break;
    }
}

static Operation *
plum_pending_ensure (PlumPending *self, PlumMapping *mapping)
{
  Operation *operation = g_hash_table_lookup (self->operations, mapping);

  if (operation != NULL)
    return operation;

  operation = g_new0 (Operation, 1);
  operation->pending = self;
  operation->mapping = g_object_ref (mapping);
  plum_timer_init (&operation->timeout, on_create_timeout, operation);
  g_hash_table_insert (self->operations, mapping, operation);
  return operation;
}

void
plum_pending_add_create (PlumPending *self, PlumMapping *mapping, GTask *task, guint timeout_ms)
{
  Operation *operation = plum_pending_ensure (self, mapping);

  operation->create = g_object_ref (task);
  plum_clock_arm_in_ms (self->clock, &operation->timeout, timeout_ms);
  operation->create_cancel =
    plum_main_context_watch_cancellable (self->context, g_task_get_cancellable (task),
                                         on_create_cancelled, operation);
}

/* --- Destroy --- */

static gboolean
on_destroy_cancelled (GCancellable *cancellable, gpointer user_data)
{
  Operation *operation = user_data;
  g_autoptr (GTask) task = g_steal_pointer (&operation->destroy);

  plum_main_context_clear_source (&operation->destroy_cancel);
  g_task_return_error_if_cancelled (task);

  return G_SOURCE_REMOVE;
}

void
plum_pending_add_destroy (PlumPending *self, PlumMapping *mapping, GTask *task)
{
  Operation *operation = plum_pending_ensure (self, mapping);

  operation->destroy_cancel =
    plum_main_context_watch_cancellable (self->context, g_task_get_cancellable (task),
                                         on_destroy_cancelled, operation);
  operation->destroy = g_object_ref (task);
  plum_assignment_release_mapping (mapping);
}

/* --- Close --- */

static gboolean
on_close_cancelled (GCancellable *cancellable, gpointer user_data)
{
  PlumPending *self = user_data;
  g_autoptr (GTask) task = g_steal_pointer (&self->close);

  plum_main_context_clear_source (&self->close_cancel);
  g_task_return_error_if_cancelled (task);

  return G_SOURCE_REMOVE;
}

void
plum_pending_add_close (PlumPending *self, GTask *task, guint timeout_ms)
{
  plum_clock_arm_in_ms (self->clock, &self->close_timeout, timeout_ms);
  self->closing = TRUE;
  self->close_cancel =
    plum_main_context_watch_cancellable (self->context, g_task_get_cancellable (task),
                                         on_close_cancelled, self);
  self->close = g_object_ref (task);
}

static gpointer
make_port_key (PlumProtocol protocol, guint internal_port)
{
  return GUINT_TO_POINTER (internal_port << 1 | (protocol == PLUM_PROTOCOL_TCP));
}

static void
plum_pending_add_left (PlumPending *self,
                       PlumProtocol protocol,
                       guint internal_port,
                       const char *reason)
{
  const char *name = protocol == PLUM_PROTOCOL_TCP ? "TCP" : "UDP";

  if (self->left_behind == NULL)
    self->left_behind = g_string_new (NULL);
  else
    g_string_append (self->left_behind, ", ");
  /* Translators: TCP or UDP, a port, and an error. */
  g_string_append_printf (self->left_behind, _ ("%s port %u (%s)"), name, internal_port, reason);
  g_hash_table_add (self->left, make_port_key (protocol, internal_port));
}

static void
plum_pending_note_mapping (PlumPending *self, PlumMapping *mapping)
{
  const GError *error = plum_mapping_get_error (mapping);

  /* What is still left at the end of the close is added then. */
  if (self->closing && error != NULL && !plum_mapping_is_left_before (mapping))
    plum_pending_add_left (self, plum_mapping_get_protocol (mapping),
                           plum_mapping_get_internal_port (mapping), error->message);
}

/* Of a mapping that was destroyed, or moved to another router, before the close. */
static void
on_left (PlumProtocol protocol, guint internal_port, gpointer user_data)
{
  PlumPending *self = user_data;

  if (!g_hash_table_contains (self->left, make_port_key (protocol, internal_port)))
    plum_pending_add_left (self, protocol, internal_port, _ ("the deletion was not confirmed"));
}

void
plum_pending_check_close (PlumPending *self)
{
  g_autoptr (GTask) task = NULL;

  if (!self->closing || self->client->is_busy (self->client_data))
    return;

  self->closing = FALSE;
  plum_clock_disarm (self->clock, &self->close_timeout);
  task = g_steal_pointer (&self->close);
  plum_main_context_clear_source (&self->close_cancel);
  self->client->foreach_left (on_left, self, self->client_data);
  {
    PLUM_SIGNAL_SCOPE (self->signals);

    self->client->finish_close (self->client_data);
  }
  if (task == NULL)
    return;

  if (self->left_behind != NULL)
    /* Translators: a list of ports. */
    g_task_return_new_error (task, PLUM_ERROR, PLUM_ERROR_TIMED_OUT,
                             _ ("The router may still have %s"), self->left_behind->str);
  else
    g_task_return_boolean (task, TRUE);
}

/* --- Changes of mappings --- */

void
plum_pending_mapping_changed (PlumPending *self, PlumMapping *mapping, PlumState state)
{
  Operation *operation = g_hash_table_lookup (self->operations, mapping);

  if (state == PLUM_STATE_DESTROYED)
    plum_pending_note_mapping (self, mapping);
  if (operation != NULL && operation->create != NULL)
    operation_finish_create (operation, state);

  if (state != PLUM_STATE_DESTROYED)
    return;

  /* Look up again: callbacks above can have changed the table. */
  operation = g_hash_table_lookup (self->operations, mapping);
  if (operation != NULL && operation->destroy != NULL)
    {
      g_autoptr (GTask) task = g_steal_pointer (&operation->destroy);

      plum_main_context_clear_source (&operation->destroy_cancel);
      g_task_return_boolean (task, TRUE);
    }
  g_hash_table_remove (self->operations, mapping);
  plum_pending_check_close (self);
}
