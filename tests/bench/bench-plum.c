/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * bench-plum map N RUNS [BACKEND...]: prints the time from the creation of a manager until N
 * mappings are up in µs, one line per run.
 *
 * bench-plum scale N [BACKEND...]: prints the times with a state file, in µs, one per line: until N
 * mappings are up, until one more is up, until one is removed, until all are removed.
 *
 * bench-plum cold N [BACKEND...]: like map, for one manager, with the time in which the modules are
 * loaded.
 *
 * bench-plum backends: creates a manager and gets its backends.
 *
 * bench-plum verdict: prints the time until the mapping fails because no router answers, and the
 * error message.
 *
 * bench-plum idle N SECONDS [BACKEND...]: prints the memory per mapping, and the wake-ups while no
 * timer is due.
 */

#include <malloc.h>
#include <plum-glib/plum-glib.h>
#include <stdlib.h>
#include <sys/resource.h>

static void
on_state (PlumManager *manager, PlumMapping *mapping, PlumState old_state, guint *left)
{
  PlumState state = plum_mapping_get_state (mapping);

  if (state == PLUM_STATE_FAILURE)
    g_error ("%s", plum_mapping_get_error (mapping)->message);
  if (state == PLUM_STATE_SUCCESS)
    --*left;
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_set_object ((GAsyncResult **) user_data, result);
}

static PlumManager *
make_manager (char **backends)
{
  PlumManager *manager = plum_manager_new ();

  if (backends != NULL && *backends != NULL)
    plum_manager_set_enabled_backends (manager, (const char *const *) backends);
  plum_manager_get_backends (manager); /* load the modules before the measurement */
  return manager;
}

static void
map_all (PlumManager *manager, guint first_port, guint n)
{
  guint left = n;
  gulong id = g_signal_connect (manager, "mapping-state-changed", G_CALLBACK (on_state), &left);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (PlumMapping) mapping = plum_mapping_new (PLUM_PROTOCOL_TCP, first_port + i);

      if (!plum_manager_add_mapping (manager, mapping, NULL))
        g_error ("not added");
    }

  while (left > 0)
    g_main_context_iteration (NULL, TRUE);
  g_signal_handler_disconnect (manager, id);
}

static void
close_manager (PlumManager *manager)
{
  g_autoptr (GAsyncResult) result = NULL;

  plum_manager_close_async (manager, NULL, on_done, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_object_unref (manager);
}

static void
bench_map (guint n, guint runs, char **backends)
{
  for (guint run = 0; run < runs; run++)
    {
      PlumManager *manager = make_manager (backends);
      gint64 start = g_get_monotonic_time ();

      map_all (manager, 20000, n);
      g_print ("%" G_GINT64_FORMAT "\n", g_get_monotonic_time () - start);
      close_manager (manager);
    }
}

static void
destroy_mapping (PlumManager *manager, guint id)
{
  g_autoptr (GAsyncResult) result = NULL;

  plum_manager_destroy_mapping_async (manager, id, NULL, on_done, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
}

static void
bench_scale (guint n, char **backends)
{
  g_autofree char *directory = g_dir_make_tmp ("bench-plum-XXXXXX", NULL);
  g_autofree char *command = g_strdup_printf ("rm -r %s", directory);
  PlumManager *manager = make_manager (backends);
  gint64 times[5];

  plum_manager_set_state_directory (manager, directory);
  times[0] = g_get_monotonic_time ();
  map_all (manager, 20000, n);
  times[1] = g_get_monotonic_time ();
  map_all (manager, 20000 + n, 1);
  times[2] = g_get_monotonic_time ();
  {
    g_autoptr (PlumMapping) mapping = g_list_model_get_item (G_LIST_MODEL (manager), n / 2);

    destroy_mapping (manager, plum_mapping_get_id (mapping));
  }
  times[3] = g_get_monotonic_time ();
  close_manager (manager);
  times[4] = g_get_monotonic_time ();

  for (guint i = 1; i < G_N_ELEMENTS (times); i++)
    g_print ("%" G_GINT64_FORMAT "\n", times[i] - times[i - 1]);
  if (system (command) != 0)
    g_error ("cannot remove %s", directory);
}

static void
bench_cold (guint n, char **backends)
{
  gint64 start = g_get_monotonic_time ();
  PlumManager *manager = plum_manager_new ();

  if (*backends != NULL)
    plum_manager_set_enabled_backends (manager, (const char *const *) backends);
  map_all (manager, 20000, n);
  g_print ("%" G_GINT64_FORMAT "\n", g_get_monotonic_time () - start);
  close_manager (manager);
}

static void
bench_verdict (void)
{
  PlumManager *manager = make_manager (NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();
  gint64 took;

  plum_manager_create_mapping_async (manager, PLUM_PROTOCOL_TCP, 20000, 0, 0, NULL, on_done,
                                     &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  took = g_get_monotonic_time () - start;

  mapping = plum_manager_create_mapping_finish (manager, result, &error);
  g_print ("%" G_GINT64_FORMAT "\n%s\n", took, error != NULL ? error->message : "mapped");
  close_manager (manager);
}

static gboolean
on_timeout (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

/* 0 if the C library cannot tell. */
static gsize
memory_in_use (void)
{
#ifdef HAVE_MALLINFO2
  return mallinfo2 ().uordblks;
#else
  return 0;
#endif
}

static void
bench_idle (guint n, guint seconds, char **backends)
{
  PlumManager *manager = make_manager (backends);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  struct rusage before, after;
  gsize used;

  map_all (manager, 20000, 1);
  used = memory_in_use ();
  for (guint i = 1; i < n; i++)
    {
      g_autoptr (PlumMapping) mapping = plum_mapping_new (PLUM_PROTOCOL_UDP, 20000 + i);

      plum_manager_add_mapping (manager, mapping, NULL);
    }
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (PlumMapping) mapping = g_list_model_get_item (G_LIST_MODEL (manager), i);

      while (plum_mapping_get_state (mapping) != PLUM_STATE_SUCCESS)
        g_main_context_iteration (NULL, TRUE);
    }

  /* Wait until the discovery of the other backends has timed out. */
  g_timeout_add_seconds (4, on_timeout, loop);
  g_main_loop_run (loop);
  used = memory_in_use () - used;

  getrusage (RUSAGE_SELF, &before);
  g_timeout_add_seconds (seconds, on_timeout, loop);
  g_main_loop_run (loop);
  getrusage (RUSAGE_SELF, &after);

  g_print ("%" G_GSIZE_FORMAT "\n%ld\n", used / (n - 1), after.ru_nvcsw - before.ru_nvcsw);
  close_manager (manager);
}

int
main (int argc, char **argv)
{
  const char *what = argc > 1 ? argv[1] : "";

  if (g_str_equal (what, "map") && argc >= 4)
    bench_map ((guint) atoi (argv[2]), (guint) atoi (argv[3]), argv + 4);
  else if (g_str_equal (what, "idle") && argc >= 4)
    bench_idle ((guint) atoi (argv[2]), (guint) atoi (argv[3]), argv + 4);
  else if (g_str_equal (what, "scale") && argc >= 3)
    bench_scale ((guint) atoi (argv[2]), argv + 3);
  else if (g_str_equal (what, "cold") && argc >= 3)
    bench_cold ((guint) atoi (argv[2]), argv + 3);
  else if (g_str_equal (what, "backends"))
    g_object_unref (make_manager (NULL));
  else if (g_str_equal (what, "verdict"))
    bench_verdict ();
  else
    return 2;

  return 0;
}
