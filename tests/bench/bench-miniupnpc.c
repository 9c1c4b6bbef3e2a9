/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* bench-miniupnpc N RUNS: prints the time that miniupnpc takes for N mappings in µs, one line per
 * run. The library opens a connection for each request. */

#include <glib.h>
#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpcommands.h>
#include <stdlib.h>

#define DISCOVERY_MS 2000

static void
map_all (guint n)
{
  char local[64];
  struct UPNPUrls urls;
  struct IGDdatas data;
  struct UPNPDev *devices = upnpDiscover (DISCOVERY_MS, NULL, NULL, 0, 0, 2, NULL);

#if MINIUPNPC_API_VERSION >= 18
  if (UPNP_GetValidIGD (devices, &urls, &data, local, sizeof local, NULL, 0) < 1)
#else
  if (UPNP_GetValidIGD (devices, &urls, &data, local, sizeof local) < 1)
#endif
    g_error ("no router");

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *port = g_strdup_printf ("%u", 20000 + i);

      if (UPNP_AddPortMapping (urls.controlURL, data.first.servicetype, port, port, local, "bench",
                               "TCP", NULL, "7200") != 0)
        g_error ("not mapped");
    }

  FreeUPNPUrls (&urls);
  freeUPNPDevlist (devices);
}

int
main (int argc, char **argv)
{
  guint n, runs;

  if (argc != 3)
    return 2;

  n = (guint) atoi (argv[1]);
  runs = (guint) atoi (argv[2]);
  for (guint run = 0; run < runs; run++)
    {
      gint64 start = g_get_monotonic_time ();

      map_all (n);
      g_print ("%" G_GINT64_FORMAT "\n", g_get_monotonic_time () - start);
    }

  return 0;
}
