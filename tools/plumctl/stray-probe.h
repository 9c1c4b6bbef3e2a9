/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

typedef struct _StrayProbe StrayProbe;

/* Queries a silent gateway again, from a socket that receives from every address: some routers
 * answer from another address than the one that was queried (two routers that share a virtual
 * address). The backends' sockets do not receive that, as RFC 6886 3.1 requires. */
struct _StrayProbe
{
  GInetAddress *gateway;
  GSocket *socket;
  GSource *source;
  guint deadline_id;
  char *answered_from; /* NULL: no answer, or an answer from the gateway itself */
  gpointer user_data;

  void (*done) (StrayProbe *self);
  void (*traffic) (StrayProbe *self,
                   PlumTrafficDirection direction,
                   GSocketAddress *peer,
                   GBytes *bytes);
};

gboolean stray_probe_start (StrayProbe *self, GInetAddress *gateway);
void stray_probe_clear (StrayProbe *self);
