/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "session.h"

#include "common-options.h"
#include "describe.h"
#include "exit-code.h"
#include "output.h"
#include "standard-output.h"

#include <glib/gi18n-lib.h>
#include <stdlib.h>

#define APPLICATION_NAME "plumctl"

/* Names the mappings whose removal the router has not confirmed. */
static void
report_unconfirmed (PlumManager *manager)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (manager)); i++)
    {
      g_autoptr (PlumMapping) mapping = g_list_model_get_item (G_LIST_MODEL (manager), i);
      g_autofree char *name = describe_mapping_name (mapping);

      if (plum_mapping_get_state (mapping) == PLUM_STATE_DESTROYING)
        g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", name);
    }

  if (names->len > 0)
    output_error (/* Translators: a list of ports. */
                  _ ("interrupted: the router may still have %s until the lease expires"),
                  names->str);
}

static void
on_interrupt (Interrupt interrupt, gpointer user_data)
{
  Session *self = user_data;

  if (self->closing && self->reloads && interrupt == INTERRUPT_HANGUP)
    return;

  /* On the second request, exit at once: the mappings expire with their leases. */
  if (self->closing)
    {
      report_unconfirmed (self->manager);
      _Exit (PLUMCTL_SIGNALLED + (int) interrupt);
    }

  if (self->interrupted != NULL)
    self->interrupted (self, interrupt);
  else
    session_close (self, self->interrupt_code);
}

/* Creates the manager with the options. If that fails, reports it, sets exit_code and returns
 * FALSE; nothing needs to be cleared then. */
gboolean
session_init (Session *self)
{
  /* The command line takes precedence over the environment. */
  if (common_options.backends != NULL)
    g_unsetenv ("PLUM_BACKENDS");
  if (common_options.verbose)
    plum_log_set_level (PLUM_LOG_LEVEL_DEBUG);
  output_set_quiet (common_options.quiet);

  self->manager = plum_manager_new ();
  plum_manager_set_application_name (self->manager, APPLICATION_NAME);
  if (!common_options_apply (self->manager, &self->exit_code))
    {
      g_clear_object (&self->manager);
      return FALSE;
    }

  self->loop = g_main_loop_new (NULL, FALSE);
  interrupts_watch (on_interrupt, self);

  return TRUE;
}

void
session_clear (Session *self)
{
  interrupts_unwatch ();
  g_clear_handle_id (&self->reader_id, g_source_remove);
  g_clear_object (&self->manager);
  g_clear_pointer (&self->loop, g_main_loop_unref);
}

static gboolean
on_reader_closed (gpointer user_data)
{
  Session *self = user_data;

  self->reader_id = 0;
  session_close (self, PLUMCTL_OK);
  return G_SOURCE_REMOVE;
}

/* Closes the session when the reader of standard output exits: in "plumctl map ... | head -1"
 * the mappings would otherwise be kept unseen. A failed write would be noticed late, or never. */
void
session_close_with_reader (Session *self)
{
  self->reader_id = standard_output_watch_reader (on_reader_closed, self);
}

/* Runs until session_quit() or session_close() ends the session. Returns the exit status. */
int
session_run (Session *self)
{
  g_main_loop_run (self->loop);
  output_live (NULL);
  return self->exit_code;
}

/* Ends the session without removing mappings from the router. */
void
session_quit (Session *self, int exit_code)
{
  self->exit_code = exit_code;
  g_main_loop_quit (self->loop);
}

static void
on_closed (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Session *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!plum_manager_close_finish (PLUM_MANAGER (object), result, &error))
    output_error ("%s", error->message);

  session_quit (self, self->exit_code);
}

/* Ends the session when all mappings have been removed from the router. */
void
session_close (Session *self, int exit_code)
{
  if (self->closing)
    return;

  self->closing = TRUE;
  self->exit_code = exit_code;
  plum_manager_close_async (self->manager, NULL, on_closed, self);
}
