/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* bench-libnatpmp N RUNS: prints the time that libnatpmp takes for N mappings in µs, one line per
 * run. The library has one request at a time. */

#include <glib.h>
#include <natpmp.h>
#include <stdlib.h>
#include <sys/select.h>

static void
map_one (natpmp_t *natpmp, guint16 port)
{
  natpmpresp_t response;
  int result;

  if (sendnewportmappingrequest (natpmp, NATPMP_PROTOCOL_TCP, port, port, 7200) < 0)
    g_error ("cannot send");

  do
    {
      struct timeval timeout;
      fd_set fds;

      FD_ZERO (&fds);
      FD_SET (natpmp->s, &fds);
      getnatpmprequesttimeout (natpmp, &timeout);
      select (FD_SETSIZE, &fds, NULL, NULL, &timeout);
      result = readnatpmpresponseorretry (natpmp, &response);
    }
  while (result == NATPMP_TRYAGAIN);

  if (result != 0)
    g_error ("not mapped: %d", result);
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
      natpmp_t natpmp;

      if (initnatpmp (&natpmp, 0, 0) != 0)
        g_error ("cannot start");
      for (guint i = 0; i < n; i++)
        map_one (&natpmp, (guint16) (20000 + i));
      g_print ("%" G_GINT64_FORMAT "\n", g_get_monotonic_time () - start);
      closenatpmp (&natpmp);
    }

  return 0;
}
