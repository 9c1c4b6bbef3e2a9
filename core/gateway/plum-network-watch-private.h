/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* When to look up the gateways again: after changes of links, addresses and routes, after a failed
 * lookup, and after a suspend of the system. */
typedef struct _PlumNetworkWatch PlumNetworkWatch;

typedef enum {
  PLUM_NETWORK_WATCH_STARTED, /* a change before the watch started went unnoticed */
  PLUM_NETWORK_WATCH_CHANGED, /* the network has changed, or a retry is due */
  PLUM_NETWORK_WATCH_RESUMED, /* the system was suspended */
} PlumNetworkWatchEvent;

/* May free the watch. */
typedef void (*PlumNetworkWatchFunc) (PlumNetworkWatchEvent event, gpointer user_data);

PlumNetworkWatch *plum_network_watch_new (GMainContext *context,
                                          PlumNetworkWatchFunc func,
                                          gpointer user_data);
void plum_network_watch_free (PlumNetworkWatch *self);
void plum_network_watch_close (PlumNetworkWatch *self);

/* Starts the watch after a short delay: setting it up must not delay a first mapping. */
void plum_network_watch_start (PlumNetworkWatch *self);
/* Call it if the kernel could not be queried: func is called again later. */
void plum_network_watch_retry (PlumNetworkWatch *self);

G_END_DECLS
