/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib-unix.h>
#include <plum-glib/plum-glib.h>

/* Instead of GUPnPSimpleIgd::mapped-external-port. */
static void
on_changed (PlumMapping *mapping, gpointer user_data)
{
  /* NULL: the router has no address at present. */
  const char *host = plum_mapping_get_external_host (mapping);

  if (plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS)
    g_print ("Mapped at %s, port %u\n", host != NULL ? host : "an unknown address",
             plum_mapping_get_external_port (mapping));
}

/* Instead of GUPnPSimpleIgd::error-mapping-port. */
static void
on_error (PlumMapping *mapping, GParamSpec *pspec, gpointer user_data)
{
  if (plum_mapping_get_error_summary (mapping) != NULL)
    g_print ("Not mapped: %s\n", plum_mapping_get_error_summary (mapping));
}

static void
on_destroyed (GObject *manager, GAsyncResult *result, gpointer user_data)
{
  plum_manager_destroy_mapping_finish (PLUM_MANAGER (manager), result, NULL);
  g_main_loop_quit (user_data);
}

typedef struct
{
  GMainLoop *loop;
  PlumManager *manager;
  PlumMapping *mapping;
} Program;

/* Instead of gupnp_simple_igd_remove_port(), and waits for the router. */
static gboolean
on_interrupt (gpointer user_data)
{
  Program *program = user_data;

  plum_manager_destroy_mapping_async (program->manager, plum_mapping_get_id (program->mapping),
                                      NULL, on_destroyed, program->loop);
  return G_SOURCE_REMOVE;
}

int
main (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (PlumManager) manager = plum_manager_new ();
  g_autoptr (PlumMapping) mapping =
    g_object_new (PLUM_TYPE_MAPPING, "protocol", PLUM_PROTOCOL_TCP, "internal-port", 8080,
                  "requested-external-port", 8080, "description", "chat", NULL);
  Program program = { loop, manager, mapping };

  g_signal_connect (mapping, "changed", G_CALLBACK (on_changed), NULL);
  g_signal_connect (mapping, "notify::error-summary", G_CALLBACK (on_error), NULL);
  g_unix_signal_add (SIGINT, on_interrupt, &program);

  /* Instead of gupnp_simple_igd_add_port(). */
  if (!plum_manager_add_mapping (manager, mapping, NULL))
    return 1;

  g_main_loop_run (loop);
  return 0;
}
