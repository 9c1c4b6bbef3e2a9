/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-hop-socket.h"

typedef struct _HopProbe HopProbe;

/* Finds the n-th router on the path to the internet; see plum-hop-socket.h. */
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
