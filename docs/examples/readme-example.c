#include <plum-glib/plum-glib.h>

static void
on_mapped (GObject *manager, GAsyncResult *result, gpointer loop)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PlumMapping) mapping =
    plum_manager_create_mapping_finish (PLUM_MANAGER (manager), result, &error);

  if (mapping != NULL)
    {
      const char *host = plum_mapping_get_external_host (mapping);

      g_print ("Mapped at %s, port %u\n", host != NULL ? host : "an unknown address",
               plum_mapping_get_external_port (mapping));
      return;
    }

  g_printerr ("Not mapped: %s\n", error->message);
  g_main_loop_quit (loop);
}

int
main (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (PlumManager) manager = plum_manager_new ();

  plum_manager_set_application_name (manager, "Example"); /* in the router's table */
  /* No preference for an external port, and the default timeout of 30 s. */
  plum_manager_create_mapping_async (manager, PLUM_PROTOCOL_TCP, 8080, 0, 0, NULL, on_mapped, loop);
  g_main_loop_run (loop);
  return 1; /* the loop ends only if the port is not mapped */
}
