/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

typedef struct _StrayProbe StrayProbe;

/* Asks a silent gateway once more from a socket that hears everybody: some routers answer from
 * another address of theirs than the one that was asked (two routers that share a virtual
 * address), and the backends' sockets do not hear that (RFC 6886 section 3.1 forbids to). */
struct _StrayProbe
{
  GInetAddress *gateway;
  GSocket *socket;
  GSource *source;
  guint deadline_id;
  char *answered_from; /* NULL: nobody, or the gateway itself */
  gpointer user_data;

  void (*done) (StrayProbe *self);
  void (*traffic) (StrayProbe *self,
                   PlumTrafficDirection direction,
                   GSocketAddress *peer,
                   GBytes *bytes);
};

gboolean stray_probe_start (StrayProbe *self, GInetAddress *gateway);
void stray_probe_clear (StrayProbe *self);
