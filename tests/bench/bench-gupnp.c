/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* bench-gupnp LOCAL-ADDRESS N RUNS: prints the time that gupnp-igd takes for N mappings in µs, one
 * line per run. */

#include <libgupnp-igd/gupnp-simple-igd.h>
#include <stdlib.h>

static void
on_mapped (GUPnPSimpleIgd *igd,
           const char *protocol,
           const char *external_ip,
           const char *replaces,
           guint external_port,
           const char *local_ip,
           guint local_port,
           const char *description,
           guint *left)
{
  --*left;
}

static void
on_error (GUPnPSimpleIgd *igd, GError *error)
{
  g_error ("%s", error->message);
}

int
main (int argc, char **argv)
{
  guint n, runs;

  if (argc != 4)
    return 2;

  n = (guint) atoi (argv[2]);
  runs = (guint) atoi (argv[3]);
  for (guint run = 0; run < runs; run++)
    {
      GUPnPSimpleIgd *igd;
      guint left = n;
      gint64 start = g_get_monotonic_time ();

      igd = gupnp_simple_igd_new ();
      g_signal_connect (igd, "mapped-external-port", G_CALLBACK (on_mapped), &left);
      g_signal_connect (igd, "error-mapping-port", G_CALLBACK (on_error), NULL);
      for (guint i = 0; i < n; i++)
        gupnp_simple_igd_add_port (igd, "TCP", (guint16) (20000 + i), argv[1],
                                   (guint16) (20000 + i), 7200, "bench");
      while (left > 0)
        g_main_context_iteration (NULL, TRUE);
      g_print ("%" G_GINT64_FORMAT "\n", g_get_monotonic_time () - start);
      gupnp_simple_igd_delete_all_mappings (igd);
      g_object_unref (igd);
    }

  return 0;
}
