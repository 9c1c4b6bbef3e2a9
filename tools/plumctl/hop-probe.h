/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#define HOP_PROBE_PORT 33434 /* the first port of traceroute: no service uses it */

typedef struct _HopProbe HopProbe;

/* Finds the n-th router on the path to the internet. Sends one datagram with a TTL of n; the
 * n-th router discards it and reports ICMP "time exceeded" (RFC 792, RFC 1812 5.3.1), as with
 * traceroute. Needs no privileges: the kernel passes the ICMP message to the sending socket
 * (ip(7), IP_RECVERR). */
struct _HopProbe
{
  guint ttl;
  GSocket *socket;
  GSource *source;
  guint deadline_id;
  GInetAddress *hop; /* NULL: no router answered in time, or another error was reported */
  gpointer user_data;

  void (*done) (HopProbe *self);
  void (*traffic) (HopProbe *self, GSocketAddress *peer, GBytes *bytes);
};

gboolean hop_probe_start (HopProbe *self, const char *interface);
void hop_probe_clear (HopProbe *self);
