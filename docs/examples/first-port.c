/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keeps TCP port 8080 of this host reachable from outside until Ctrl-C. */

#include <glib-unix.h>
#include <plum-glib/plum-glib.h>

static void
on_changed (PlumMapping *mapping, gpointer user_data)
{
  /* NULL: the router has no address at present. */
  const char *host = plum_mapping_get_external_host (mapping);

  if (plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS)
    g_print ("Mapped at %s, port %u\n", host != NULL ? host : "an unknown address",
             plum_mapping_get_external_port (mapping));
}

/* The library tries again. */
static void
on_error (PlumMapping *mapping, GParamSpec *pspec, gpointer user_data)
{
  if (plum_mapping_get_error_summary (mapping) != NULL)
    g_print ("Not mapped: %s\n", plum_mapping_get_error_summary (mapping));
}

static void
on_closed (GObject *manager, GAsyncResult *result, gpointer user_data)
{
  GMainLoop *loop = user_data;
  g_autoptr (GError) error = NULL;

  if (!plum_manager_close_finish (PLUM_MANAGER (manager), result, &error))
    g_printerr ("%s\n", error->message);
  g_main_loop_quit (loop);
}

typedef struct
{
  GMainLoop *loop;
  PlumManager *manager;
} Program;

static gboolean
on_interrupt (gpointer user_data)
{
  Program *program = user_data;

  /* Removes the mapping from the router now, not when its lease expires. */
  plum_manager_close_async (program->manager, NULL, on_closed, program->loop);
  return G_SOURCE_REMOVE;
}

int
main (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (PlumManager) manager = plum_manager_new ();
  g_autoptr (PlumMapping) mapping = plum_mapping_new (PLUM_PROTOCOL_TCP, 8080);
  Program program = { loop, manager };
  g_autoptr (GError) error = NULL;

  /* The name in the mapping table of the router. */
  plum_manager_set_application_name (manager, "Example");
  g_signal_connect (mapping, "changed", G_CALLBACK (on_changed), NULL);
  g_signal_connect (mapping, "notify::error-summary", G_CALLBACK (on_error), NULL);
  g_unix_signal_add (SIGINT, on_interrupt, &program);
  if (!plum_manager_add_mapping (manager, mapping, &error))
    {
      g_printerr ("%s\n", error->message); /* an argument is invalid */
      return 1;
    }

  g_main_loop_run (loop);
  return 0;
}
