/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-metered-private.h"

/* GIO has one monitor for the process, which follows changes in the context that is thread-default
 * when it is created. The program expects that to be the global default context. */
static GNetworkMonitor *
create_monitor (void)
{
  GNetworkMonitor *monitor;

  if (!g_main_context_acquire (NULL))
    return NULL;

  g_main_context_push_thread_default (NULL);
  monitor = g_network_monitor_get_default ();
  g_main_context_pop_thread_default (NULL);
  g_main_context_release (NULL);
  return monitor;
}

GNetworkMonitor *
plum_metered_get_monitor (void)
{
  static GNetworkMonitor *known; /* owned by GIO, never freed */
  GNetworkMonitor *monitor = g_atomic_pointer_get (&known);

  if (monitor == NULL)
    {
      monitor = create_monitor ();
      g_atomic_pointer_set (&known, monitor);
    }

  return monitor;
}

gboolean
plum_metered_read (void)
{
  GNetworkMonitor *monitor = plum_metered_get_monitor ();

  return monitor != NULL && g_network_monitor_get_network_metered (monitor);
}
