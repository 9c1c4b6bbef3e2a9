/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-clock-private.h"

G_BEGIN_DECLS

/* Finds the n-th router on the path to the internet; see plum-hop-socket.h. */
typedef struct _PlumHopProbe PlumHopProbe;

/* hop: (nullable): no router has answered in time. May free the probe. */
typedef void (*PlumHopProbeFunc) (GInetAddress *hop, gpointer user_data);

/* Sends the one datagram of the probe. Calls func once, in a later iteration of context, also if
 * the datagram could not be sent. */
PlumHopProbe *plum_hop_probe_new (guint ttl,
                                  const char *interface_name,
                                  GMainContext *context,
                                  PlumHopProbeFunc func,
                                  gpointer user_data);
/* The destination and the content of the datagram, for a report of the traffic. peer: (nullable):
 * NULL if nothing was sent. (transfer none) */
GSocketAddress *plum_hop_probe_get_peer (PlumHopProbe *self);
GBytes *plum_hop_probe_get_content (PlumHopProbe *self);
/* func is no longer called. */
void plum_hop_probe_free (PlumHopProbe *self);

G_END_DECLS
