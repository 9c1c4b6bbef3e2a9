/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An application that keeps TCP port 8080 of this host reachable until its action "quit". */

#include <glib-unix.h>
#include <plum-glib/plum-glib.h>

typedef struct
{
  GApplication *application;
  PlumManager *manager;
} Program;

static void
on_changed (PlumManager *manager, PlumMapping *mapping, gpointer user_data)
{
  /* NULL: the router has no address at present. */
  const char *host = plum_mapping_get_external_host (mapping);

  if (plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS)
    g_print ("Mapped at %s, port %u\n", host != NULL ? host : "an unknown address",
             plum_mapping_get_external_port (mapping));
}

static void
on_error (PlumMapping *mapping, GParamSpec *pspec, gpointer user_data)
{
  if (plum_mapping_get_error_summary (mapping) != NULL)
    g_print ("Not mapped: %s\n", plum_mapping_get_error_summary (mapping));
}

/* Called once, in the first instance of the application. */
static void
on_startup (GApplication *application, Program *program)
{
  g_autoptr (PlumMapping) mapping = plum_mapping_new (PLUM_PROTOCOL_TCP, 8080);
  g_autoptr (GError) error = NULL;

  program->manager = plum_manager_new ();
  plum_manager_set_application_name (program->manager, "Example");
  g_signal_connect (program->manager, "mapping-changed", G_CALLBACK (on_changed), NULL);
  g_signal_connect (mapping, "notify::error-summary", G_CALLBACK (on_error), NULL);
  if (!plum_manager_add_mapping (program->manager, mapping, &error))
    g_printerr ("%s\n", error->message); /* an argument is invalid */

  /* Until the manager is closed, also without a window. */
  g_application_hold (application);
}

static void
on_activate (GApplication *application, Program *program)
{
  /* Present the window here. */
}

static void
on_closed (GObject *manager, GAsyncResult *result, gpointer user_data)
{
  Program *program = user_data;
  g_autoptr (GError) error = NULL;

  if (!plum_manager_close_finish (PLUM_MANAGER (manager), result, &error))
    g_printerr ("%s\n", error->message);
  g_application_release (program->application); /* ends the application */
}

/* Does not call g_application_quit (), which ends the main loop before the router has answered. */
static void
on_quit (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  Program *program = user_data;

  g_simple_action_set_enabled (action, FALSE);
  plum_manager_close_async (program->manager, NULL, on_closed, program);
}

static gboolean
on_interrupt (gpointer user_data)
{
  g_action_group_activate_action (G_ACTION_GROUP (user_data), "quit", NULL);
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char **argv)
{
  static const GActionEntry actions[] = { { .name = "quit", .activate = on_quit } };
  g_autoptr (GApplication) application =
    g_application_new ("org.example.Application", G_APPLICATION_DEFAULT_FLAGS);
  Program program = { application, NULL };
  int status;

  g_signal_connect (application, "startup", G_CALLBACK (on_startup), &program);
  g_signal_connect (application, "activate", G_CALLBACK (on_activate), &program);
  g_action_map_add_action_entries (G_ACTION_MAP (application), actions, G_N_ELEMENTS (actions),
                                   &program);
  g_unix_signal_add (SIGINT, on_interrupt, application);

  status = g_application_run (application, argc, argv);
  g_clear_object (&program.manager);
  return status;
}
