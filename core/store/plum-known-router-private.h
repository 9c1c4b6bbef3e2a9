/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-clock-private.h"
#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* The hardware address of a router, for many records that are made at once. */
typedef struct
{
  PlumNetwork *network;         /* (nullable) */
  GRefString *hardware_address; /* (nullable) */
  gint64 until;                 /* on the clock */
} PlumKnownRouter;

/* Looks the address up if it is not known, or was looked up too long ago. (nullable)
 * (transfer none) */
GRefString *plum_known_router_get_hardware_address (PlumKnownRouter *self,
                                                    PlumNetwork *network,
                                                    PlumClock *clock);
void plum_known_router_clear (PlumKnownRouter *self);

G_END_DECLS
