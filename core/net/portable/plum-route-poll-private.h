/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Reports changes on systems without a routing socket: compares the addresses of all interfaces,
 * and those that the system uses for the internet, every PLUM_ROUTE_POLL_MS and after each signal
 * of GNetworkMonitor. Nothing else happens if they are the same. */

#define PLUM_ROUTE_POLL_MS 5000

/* Attached to the context. Calls func after a change. (transfer full) */
GSource *plum_route_poll_new (GMainContext *context, GSourceFunc func, gpointer user_data);

G_END_DECLS
