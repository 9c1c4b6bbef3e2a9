/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#define HOP_PROBE_PORT 33434 /* where traceroute begins: nobody listens there */

typedef struct _HopProbe HopProbe;

/* Which router is the n-th on the way to the internet? Sends one datagram that may pass n - 1 of
 * them; the n-th throws it away and says so by ICMP "time exceeded" (RFC 792, RFC 1812 5.3.1), as
 * traceroute has it. Needs no privilege: the kernel gives the ICMP message to the socket that the
 * datagram came from (ip(7), IP_RECVERR). */
struct _HopProbe
{
  guint ttl;
  GSocket *socket;
  GSource *source;
  guint deadline_id;
  GInetAddress *hop; /* NULL: nobody said so in time, or something else came */
  gpointer user_data;

  void (*done) (HopProbe *self);
  void (*traffic) (HopProbe *self, GSocketAddress *peer, GBytes *bytes);
};

gboolean hop_probe_start (HopProbe *self, const char *interface);
void hop_probe_clear (HopProbe *self);
