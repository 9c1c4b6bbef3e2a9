/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-service-worker-private.h"

#include <glib/gi18n-lib.h>

#include "plum-service-watch-private.h"

/* How long the worker waits for the manager after its own limit. */
#define CLOSE_GRACE_MS 1000

/* The maximum of PlumManager:max-hops */
#define MAX_HOPS_LIMIT 3

typedef struct
{
  PlumServiceCommandKind kind;
  PlumServiceEntry *entry; /* (nullable) */
} Command;

typedef struct
{
  GSource source;
  PlumService *service;
} QueueSource;

/* --- Close --- */

static void
on_closed (GObject *object, GAsyncResult *result, gpointer user_data)
{
  PlumService *self = user_data;

  plum_manager_close_finish (PLUM_MANAGER (object), result,
                             self->close_error == NULL ? &self->close_error : NULL);
  g_main_loop_quit (self->loop);
}

/* Removes the entries without a mapping; the manager destroys the others. */
static void
remove_failed (PlumService *self)
{
  g_autoptr (GPtrArray) entries = plum_service_table_copy (&self->table);

  for (guint i = 0; i < entries->len; i++)
    {
      PlumServiceEntry *entry = entries->pdata[i];

      if (entry->mapping == NULL && entry->reported.state != PLUM_SERVICE_DESTROYED)
        plum_service_watch_remove (self, entry);
      plum_service_table_unref (&self->table, entry);
    }
}

/* The manager has not kept its limit. Its mappings become destroyed without an answer. */
static gboolean
on_close_late (gpointer user_data)
{
  PlumService *self = user_data;

  if (self->close_error == NULL)
    g_set_error_literal (&self->close_error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT,
                         _ ("The router may still have mappings of this program"));
  g_object_run_dispose (G_OBJECT (self->manager));
  g_main_loop_quit (self->loop);

  return G_SOURCE_REMOVE;
}

static void
close_manager (PlumService *self)
{
  guint timeout = plum_manager_get_mapping_timeout (self->manager);
  g_autoptr (GSource) late = NULL;

  if (self->close_timeout != 0)
    timeout = CLAMP (self->close_timeout, 100, timeout);
  plum_manager_set_release_timeout (self->manager, timeout);

  late = g_timeout_source_new (MIN (timeout, G_MAXINT - CLOSE_GRACE_MS) + CLOSE_GRACE_MS);
  g_source_set_callback (late, on_close_late, self, NULL);
  g_source_attach (late, self->context);

  g_cancellable_cancel (self->cancellable);
  remove_failed (self);
  plum_manager_close_async (self->manager, NULL, on_closed, self);
}

/* --- Commands --- */

/* A close that another thread has started meanwhile may have reported the end of the mapping. */
static void
map (PlumService *self, PlumServiceEntry *entry)
{
  if (!plum_service_table_is_unmapped (&self->table, entry) &&
      entry->reported.state != PLUM_SERVICE_DESTROYED)
    plum_service_watch_add (self, entry);
}

static void
unmap (PlumService *self, PlumServiceEntry *entry)
{
  if (entry->mapping != NULL)
    plum_manager_destroy_mapping_async (self->manager, plum_mapping_get_id (entry->mapping), NULL,
                                        NULL, NULL);
  else if (entry->reported.state != PLUM_SERVICE_DESTROYED)
    plum_service_watch_remove (self, entry);
}

static Command *
pop_command (PlumService *self)
{
  Command *command;

  plum_service_mutex_lock (&self->queue_mutex);
  command = g_queue_pop_head (&self->commands);
  plum_service_mutex_unlock (&self->queue_mutex);

  return command;
}

static void
execute (PlumService *self, Command *command)
{
  switch (command->kind)
    {
    case PLUM_SERVICE_COMMAND_MAP:
      map (self, command->entry);
      break;
    case PLUM_SERVICE_COMMAND_UNMAP:
      unmap (self, command->entry);
      break;
    case PLUM_SERVICE_COMMAND_CLOSE:
      close_manager (self);
      break;
    default:
      g_assert_not_reached ();
    }

  if (command->entry != NULL)
    plum_service_table_unref (&self->table, command->entry);
  g_free (command);
}

static gboolean
queue_source_prepare (GSource *source, int *timeout)
{
  PlumService *self = ((QueueSource *) source)->service;
  gboolean ready;

  plum_service_mutex_lock (&self->queue_mutex);
  ready = !g_queue_is_empty (&self->commands);
  plum_service_mutex_unlock (&self->queue_mutex);
  *timeout = -1;

  return ready;
}

static gboolean
queue_source_check (GSource *source)
{
  int timeout;

  return queue_source_prepare (source, &timeout);
}

static gboolean
queue_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  PlumService *self = ((QueueSource *) source)->service;
  Command *command = pop_command (self);

  if (command != NULL)
    execute (self, command);

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs queue_source_funcs = {
  .prepare = queue_source_prepare,
  .check = queue_source_check,
  .dispatch = queue_source_dispatch,
};

void
plum_service_worker_push (PlumService *self, PlumServiceCommandKind kind, PlumServiceEntry *entry)
{
  Command *command = g_new0 (Command, 1);

  command->kind = kind;
  command->entry = entry;

  plum_service_mutex_lock (&self->queue_mutex);
  g_queue_push_tail (&self->commands, command);
  /* The worker may free the context as soon as it has the command. */
  g_main_context_wakeup (self->context);
  plum_service_mutex_unlock (&self->queue_mutex);
}

/* --- Thread --- */

/* The service of the current thread, if it is a worker. The ids of threads are reused. */
static _Thread_local PlumService *current;

static void
create_manager (PlumService *self)
{
  const PlumServiceConfig *config = &self->config;
  PlumManager *manager = plum_manager_new ();

  if (config->discover_timeout != 0)
    plum_manager_set_discover_timeout (manager, CLAMP (config->discover_timeout, 100, G_MAXINT));
  if (config->mapping_timeout != 0)
    plum_manager_set_mapping_timeout (manager, CLAMP (config->mapping_timeout, 100, G_MAXINT));
  if (config->recheck_period != 0)
    plum_manager_set_recheck_period (manager, CLAMP (config->recheck_period, 1000, G_MAXINT));
  if (config->lease_duration != 0)
    plum_manager_set_lease_duration (manager, MIN (config->lease_duration, 604800));
  if (config->max_hops != 0)
    plum_manager_set_max_hops (manager, MIN (config->max_hops, MAX_HOPS_LIMIT));
  if (config->backends != NULL)
    plum_manager_set_enabled_backends (manager, config->backends);
  if (config->application_name != NULL)
    plum_manager_set_application_name (manager, config->application_name);
  if (config->state_directory != NULL)
    plum_manager_set_state_directory (manager, config->state_directory);
  plum_manager_set_gateway_address (manager, self->gateway_address);
  plum_manager_set_interface (manager, config->interface_name);

  self->manager = manager;
}

/* Commands that were added during or after the close. */
static void
clear_commands (PlumService *self)
{
  Command *command;

  while ((command = pop_command (self)) != NULL)
    {
      if (command->entry != NULL)
        plum_service_table_unref (&self->table, command->entry);
      g_free (command);
    }
}

static void *
run_worker (void *data)
{
  PlumService *self = data;

  current = self;
  g_main_context_push_thread_default (self->context);
  self->cancellable = g_cancellable_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->source = g_source_new (&queue_source_funcs, sizeof (QueueSource));
  ((QueueSource *) self->source)->service = self;
  g_source_attach (self->source, self->context);
  create_manager (self);

  g_main_loop_run (self->loop);

  remove_failed (self);
  g_clear_object (&self->manager);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_object (&self->cancellable);
  g_main_context_pop_thread_default (self->context);

  if (self->free_at_exit)
    plum_service_dispose (self);
  return NULL;
}

gboolean
plum_service_worker_start (PlumService *self)
{
  return plum_service_thread_start (&self->thread, run_worker, self);
}

gboolean
plum_service_worker_is_current (PlumService *self)
{
  return current == self;
}

void
plum_service_dispose (PlumService *self)
{
  clear_commands (self);
  plum_service_table_clear (&self->table);
  plum_service_mutex_clear (&self->queue_mutex);
  plum_service_cond_clear (&self->joined_changed);
  g_main_context_unref (self->context);
  g_clear_object (&self->gateway_address);
  g_clear_error (&self->close_error);
  g_strfreev ((char **) self->config.backends);
  g_free ((char *) self->config.interface_name);
  g_free ((char *) self->config.application_name);
  g_free ((char *) self->config.state_directory);
  g_free (self);
}
