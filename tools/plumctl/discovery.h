/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "gateway-watch.h"
#include "session.h"

typedef struct _Discovery Discovery;

/* Finds the gateways and asks them all, for the commands that only look. */
struct _Discovery
{
  Session *session;
  GCancellable *cancellable;
  GatewayWatch watch;
  guint deadline_id;
  gboolean first_address; /* an external address is enough: do not wait for all backends */
  gboolean finished;
  gboolean returned; /* the library is done with it */
  GError *error;     /* what discovery ended with */

  /* Called once, at the end, whatever came of it. */
  void (*done) (Discovery *self);
};

int discovery_run (Discovery *self, char **words);
void discovery_start (Discovery *self);
void discovery_clear (Discovery *self);
PlumGateway *discovery_dup_gateway (Discovery *self);
gboolean discovery_is_served (Discovery *self);
void discovery_print_failure (Discovery *self);
