/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Whether the network is known to be metered. The caller reads it when it needs it: the signals of
 * GNetworkMonitor come in the global default context, which may not be that of the manager.
 *
 * FALSE also if the state cannot be read without taking the monitor away from that context: another
 * thread runs it, and this function has not created the monitor before. */
gboolean plum_metered_read (void);

/* The monitor of the process, whose signals come in the global default context, or NULL as above.
 * (transfer none) (nullable) */
GNetworkMonitor *plum_metered_get_monitor (void);

G_END_DECLS
