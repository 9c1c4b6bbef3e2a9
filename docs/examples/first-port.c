/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keeps TCP port 8080 of this host reachable from outside until Ctrl-C. */

#include <glib-unix.h>
#include <plum-glib/plum-glib.h>

static void
on_state (PlumMapping *mapping, GParamSpec *pspec, gpointer user_data)
{
  switch (plum_mapping_get_state (mapping))
    {
    case PLUM_STATE_SUCCESS:
      g_print ("Reachable at %s:%u\n", plum_mapping_get_external_host (mapping),
               plum_mapping_get_external_port (mapping));
      break;

    case PLUM_STATE_FAILURE: /* the library tries again */
      g_print ("Not reachable: %s\n", plum_mapping_get_error (mapping)->message);
      break;

    case PLUM_STATE_PENDING:
    case PLUM_STATE_DESTROYING:
    case PLUM_STATE_DESTROYED:
    default:
      break;
    }
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

  g_signal_connect (mapping, "notify::state", G_CALLBACK (on_state), NULL);
  if (!plum_manager_add_mapping (manager, mapping, &error))
    {
      g_printerr ("%s\n", error->message); /* an argument is invalid */
      return 1;
    }

  g_unix_signal_add (SIGINT, on_interrupt, &program);
  g_main_loop_run (loop);
  return 0;
}
