/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <plum-glib/plum-glib.h>

static int status = 1;

static void
on_closed (GObject *manager, GAsyncResult *result, gpointer user_data)
{
  plum_manager_close_finish (PLUM_MANAGER (manager), result, NULL);
  g_main_loop_quit (user_data);
}

/* Instead of the return of pcp_wait() and pcp_flow_get_info(). */
static void
on_mapped (GObject *object, GAsyncResult *result, gpointer user_data)
{
  PlumManager *manager = PLUM_MANAGER (object);
  g_autoptr (GError) error = NULL;
  g_autoptr (PlumMapping) mapping = plum_manager_create_mapping_finish (manager, result, &error);

  if (mapping != NULL)
    {
      const char *host = plum_mapping_get_external_host (mapping);

      g_print ("Mapped at %s, port %u\n", host != NULL ? host : "an unknown address",
               plum_mapping_get_external_port (mapping));
      status = 0;
    }
  else
    g_print ("Not mapped: %s\n", error->message);

  /* ... serve ... */

  /* Instead of pcp_terminate (ctx, 1). */
  plum_manager_close_async (manager, NULL, on_closed, user_data);
}

int
main (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (PlumManager) manager = plum_manager_new ();

  /* Instead of pcp_init(), pcp_new_flow() and pcp_wait(). */
  /* No preference for an external port, and a timeout of 10 s. */
  plum_manager_create_mapping_async (manager, PLUM_PROTOCOL_TCP, 8080, 0, 10000, NULL, on_mapped,
                                     loop);
  g_main_loop_run (loop);
  return status;
}
