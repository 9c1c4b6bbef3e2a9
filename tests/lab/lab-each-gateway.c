/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Maps a TCP port at every gateway of this host, and prints each external endpoint in a line
 * "interface host port". Removes the mappings at the end of standard input. */

#include <plum-glib/plum-glib.h>

#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct
{
  PlumManager *manager;
  GMainLoop *loop;
  guint port;
  int status;
} Run;

static void
fail (Run *run, const GError *error)
{
  fprintf (stderr, "%s\n", error->message);
  run->status = EXIT_FAILURE;
  g_main_loop_quit (run->loop);
}

static void
on_state (PlumManager *manager, PlumMapping *mapping, PlumState old_state, Run *run)
{
  if (plum_mapping_get_state (mapping) == PLUM_STATE_FAILURE)
    fail (run, plum_mapping_get_error (mapping));
  if (plum_mapping_get_state (mapping) != PLUM_STATE_SUCCESS)
    return;

  printf ("%s %s %u\n", plum_gateway_get_interface (plum_mapping_get_gateway (mapping)),
          plum_mapping_get_external_host (mapping), plum_mapping_get_external_port (mapping));
  fflush (stdout);
}

static void
on_discovered (GObject *manager, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;
  GListModel *gateways = plum_manager_get_gateways (run->manager);
  g_autoptr (GError) error = NULL;

  if (!plum_manager_discover_finish (run->manager, result, &error))
    fail (run, error);

  for (guint i = 0; i < g_list_model_get_n_items (gateways); i++)
    {
      g_autoptr (PlumGateway) gateway = g_list_model_get_item (gateways, i);
      g_autoptr (PlumMapping) mapping = g_object_new (PLUM_TYPE_MAPPING, "internal-port", run->port,
                                                      "requested-gateway", gateway, NULL);

      if (!plum_manager_add_mapping (run->manager, mapping, &error))
        {
          fail (run, error);
          return;
        }
    }
}

static void
on_closed (GObject *manager, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;
  g_autoptr (GError) error = NULL;

  if (!plum_manager_close_finish (run->manager, result, &error))
    fail (run, error);
  g_main_loop_quit (run->loop);
}

static gboolean
on_input (int fd, GIOCondition condition, gpointer user_data)
{
  Run *run = user_data;
  char byte;

  if (read (fd, &byte, 1) > 0)
    return G_SOURCE_CONTINUE;

  plum_manager_close_async (run->manager, NULL, on_closed, run);
  return G_SOURCE_REMOVE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (PlumManager) manager = plum_manager_new ();
  Run run = { .manager = manager, .loop = loop };

  if (argc != 2)
    {
      fprintf (stderr, "Usage: lab-each-gateway PORT\n");
      return EXIT_FAILURE;
    }

  run.port = (guint) g_ascii_strtoull (argv[1], NULL, 10);
  g_signal_connect (manager, "mapping-state-changed", G_CALLBACK (on_state), &run);
  g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP, on_input, &run);
  plum_manager_discover_async (manager, NULL, on_discovered, &run);
  g_main_loop_run (loop);
  return run.status;
}
