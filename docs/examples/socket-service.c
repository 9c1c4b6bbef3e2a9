/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A server that listens on TCP port 8080, and is reachable from outside until Ctrl-C. */

#include <glib-unix.h>
#include <plum-glib/plum-glib.h>

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

/* Called for each socket of the service. */
static void
on_event (GSocketListener *listener,
          GSocketListenerEvent event,
          GSocket *socket,
          PlumManager *manager)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GError) error = NULL;

  if (event != G_SOCKET_LISTENER_LISTENED)
    return;

  mapping = plum_mapping_new_for_socket (socket, &error);
  if (mapping != NULL)
    g_signal_connect (mapping, "notify::error-summary", G_CALLBACK (on_error), NULL);
  if (mapping == NULL || !plum_manager_add_mapping (manager, mapping, &error))
    g_printerr ("%s\n", error->message); /* such as a socket of the loopback interface */
}

static gboolean
on_incoming (GSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
  GOutputStream *output = g_io_stream_get_output_stream (G_IO_STREAM (connection));

  g_output_stream_write_all (output, "hello\n", 6, NULL, NULL, NULL);
  return TRUE;
}

static void
on_closed (GObject *manager, GAsyncResult *result, gpointer loop)
{
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

  plum_manager_close_async (program->manager, NULL, on_closed, program->loop);
  return G_SOURCE_REMOVE;
}

int
main (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (PlumManager) manager = plum_manager_new ();
  g_autoptr (GSocketService) service = g_socket_service_new ();
  Program program = { loop, manager };
  g_autoptr (GError) error = NULL;

  plum_manager_set_application_name (manager, "Example");
  g_signal_connect (manager, "mapping-changed", G_CALLBACK (on_changed), NULL);
  g_signal_connect (service, "event", G_CALLBACK (on_event), manager);
  g_signal_connect (service, "incoming", G_CALLBACK (on_incoming), NULL);
  g_unix_signal_add (SIGINT, on_interrupt, &program);
  if (!g_socket_listener_add_inet_port (G_SOCKET_LISTENER (service), 8080, NULL, &error))
    {
      g_printerr ("%s\n", error->message); /* such as a port that is in use */
      return 1;
    }

  g_main_loop_run (loop);
  return 0;
}
