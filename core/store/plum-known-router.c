/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-known-router-private.h"

#include "plum-neighbour-private.h"

/* In microseconds. */
#define VALID G_TIME_SPAN_SECOND

GRefString *
plum_known_router_get_hardware_address (PlumKnownRouter *self,
                                        PlumNetwork *network,
                                        PlumClock *clock)
{
  gint64 now = plum_clock_get_time (clock);
  g_autofree char *address = NULL;

  if (self->network == network && self->hardware_address != NULL && now < self->until)
    return self->hardware_address;

  g_clear_pointer (&self->hardware_address, g_ref_string_release);
  address = plum_neighbour_lookup (network);
  self->hardware_address = address != NULL ? g_ref_string_new (address) : NULL;
  g_set_object (&self->network, network);
  self->until = now + VALID;
  return self->hardware_address;
}

void
plum_known_router_clear (PlumKnownRouter *self)
{
  g_clear_object (&self->network);
  g_clear_pointer (&self->hardware_address, g_ref_string_release);
}
