/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* bench-libplum N RUNS: prints the time that the C library libplum takes for N mappings in µs, from
 * its initialization, one line per run. */

#include <glib.h>
#include <plum/plum.h>
#include <stdlib.h>

/* Each new mapping sends an empty datagram to the socket on which libplum waits for the router.
 * Many at once fill its buffer, and answers of the router are lost. */
#define WINDOW 64

static GMutex mutex;
static GCond cond;
static guint n_pending;

static void
on_state (int id, plum_state_t state, const plum_mapping_t *mapping)
{
  if (state == PLUM_STATE_FAILURE)
    g_error ("not mapped");
  if (state != PLUM_STATE_SUCCESS)
    return;

  g_mutex_lock (&mutex);
  n_pending--;
  g_cond_signal (&cond);
  g_mutex_unlock (&mutex);
}

static void
wait_until_pending_is_less_than (guint n)
{
  g_mutex_lock (&mutex);
  while (n_pending >= n)
    g_cond_wait (&cond, &mutex);
  g_mutex_unlock (&mutex);
}

static int
map_one (guint16 port)
{
  plum_mapping_t mapping = {
    .protocol = PLUM_IP_PROTOCOL_TCP,
    .internal_port = port,
    .external_port = port,
  };
  int id;

  wait_until_pending_is_less_than (WINDOW);
  g_mutex_lock (&mutex);
  n_pending++;
  g_mutex_unlock (&mutex);

  id = plum_create_mapping (&mapping, on_state);
  if (id < 0)
    g_error ("not added");
  return id;
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
      plum_config_t config = { .log_level = PLUM_LOG_LEVEL_NONE };
      g_autofree int *ids = g_new (int, n);

      if (plum_init (&config) != PLUM_ERR_SUCCESS)
        g_error ("cannot start");
      for (guint i = 0; i < n; i++)
        ids[i] = map_one ((guint16) (30000 + i));
      wait_until_pending_is_less_than (1);
      g_print ("%" G_GINT64_FORMAT "\n", g_get_monotonic_time () - start);

      for (guint i = 0; i < n; i++)
        plum_destroy_mapping (ids[i]);
      plum_cleanup ();
    }

  return 0;
}
