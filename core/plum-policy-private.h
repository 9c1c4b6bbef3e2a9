/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* After a loss or a sleep everybody asks again within this time, not all at once (RFC 6887 8.5,
 * RFC 6886 3.6). */
#define PLUM_SPREAD_MS 5000

/* What the program set on the manager, for those who act on it. The manager owns it and outlives
 * its gateways and claims. */
typedef struct
{
  guint discover_timeout; /* ms */
  guint mapping_timeout;  /* ms */
  guint recheck_period;   /* ms */
  guint lease_duration;   /* s */
  char *application_name; /* (nullable) */
} PlumPolicy;

/* What the router's table shall say: the mapping's wish, or a text of our own, as routers take
 * it. */
char *plum_policy_make_description (const PlumPolicy *self, PlumMapping *mapping);

G_END_DECLS
