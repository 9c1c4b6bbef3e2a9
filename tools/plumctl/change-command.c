/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "change-command.h"

#include "describe.h"
#include "mapping-environment.h"
#include "output.h"
#include "standard-output.h"

#include <glib/gi18n-lib.h>

struct _ChangeCommand
{
  char **arguments;     /* (nullable) */
  PlumMapping *mapping; /* (nullable): to run the command for, when the present run has ended */
  gboolean running;
  gboolean freed;
};

/* A run of the command, which may outlive its ChangeCommand. */
typedef struct
{
  ChangeCommand *command;
  char *name;
  GSubprocess *child;
  guint timeout_id;
} Run;

static void start (ChangeCommand *self);

static void
change_command_destroy (ChangeCommand *self)
{
  g_clear_pointer (&self->arguments, g_strfreev);
  g_clear_object (&self->mapping);
  g_free (self);
}

static void
on_exited (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;
  ChangeCommand *self = run->command;
  GSubprocess *child = G_SUBPROCESS (object);

  g_subprocess_wait_finish (child, result, NULL);
  if (g_subprocess_get_if_signaled (child))
    output_error (_ ("the command “%s” was ended by signal %d"), run->name,
                  g_subprocess_get_term_sig (child));
  else if (g_subprocess_get_exit_status (child) != 0)
    output_error (_ ("the command “%s” ended with status %d"), run->name,
                  g_subprocess_get_exit_status (child));

  g_clear_handle_id (&run->timeout_id, g_source_remove);
  g_clear_object (&run->child);
  g_free (run->name);
  g_free (run);

  self->running = FALSE;
  if (self->freed)
    change_command_destroy (self);
  else
    start (self);
}

static gboolean
on_change_command_timeout (gpointer user_data)
{
  Run *run = user_data;

  run->timeout_id = 0;
  output_error (_ ("the command “%s” runs longer than %d s and is killed"), run->name,
                CHANGE_COMMAND_TIMEOUT_S);
  g_subprocess_force_exit (run->child);
  return G_SOURCE_REMOVE;
}

static GSubprocess *
spawn (ChangeCommand *self, PlumMapping *mapping)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autoptr (GError) error = NULL;
  GSubprocess *child;

  standard_output_divert (launcher);
  g_subprocess_launcher_unsetenv (launcher, "PLUM_EXTERNAL_ADDRESS");
  mapping_environment_set (launcher, mapping);
  g_subprocess_launcher_setenv (launcher, "PLUM_STATE",
                                describe_enum (PLUM_TYPE_STATE, plum_mapping_get_state (mapping)),
                                TRUE);
  child = g_subprocess_launcher_spawnv (launcher, (const char *const *) self->arguments, &error);
  if (child == NULL)
    output_error (_ ("the command “%s” was not started: %s"), self->arguments[0], error->message);
  return child;
}

static void
start (ChangeCommand *self)
{
  g_autoptr (PlumMapping) mapping = g_steal_pointer (&self->mapping);
  g_autoptr (GSubprocess) child = NULL;
  Run *run;

  if (mapping == NULL || self->arguments == NULL)
    return;

  child = spawn (self, mapping);
  if (child == NULL)
    return;

  run = g_new0 (Run, 1);
  run->command = self;
  run->name = g_strdup (self->arguments[0]);
  run->child = g_object_ref (child);
  run->timeout_id =
    g_timeout_add_seconds (CHANGE_COMMAND_TIMEOUT_S, on_change_command_timeout, run);
  self->running = TRUE;
  g_subprocess_wait_async (child, NULL, on_exited, run);
}

ChangeCommand *
change_command_new (void)
{
  return g_new0 (ChangeCommand, 1);
}

void
change_command_free (ChangeCommand *self)
{
  self->freed = TRUE;
  if (!self->running)
    change_command_destroy (self);
}

void
change_command_set (ChangeCommand *self, char **arguments)
{
  g_strfreev (self->arguments);
  self->arguments = g_strdupv (arguments);
}

void
change_command_run (ChangeCommand *self, PlumMapping *mapping)
{
  g_set_object (&self->mapping, mapping);
  if (!self->running)
    start (self);
}
