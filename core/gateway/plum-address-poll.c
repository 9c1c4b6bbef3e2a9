/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-address-poll-private.h"

#include "plum-metered-private.h"

/* Providers change addresses at night, and servers have to be reachable again soon. */
#define PERIOD_MS 60000

struct _PlumAddressPoll
{
  PlumClock *clock; /* borrowed */
  PlumSignalQueue *signals;
  PlumAddressPollFunc func;
  gpointer user_data;

  guint n_held;
  PlumTimer timer; /* armed if n_held > 0 */
};

static void
on_timer (gpointer user_data)
{
  PlumAddressPoll *self = user_data;
  PLUM_SIGNAL_SCOPE (self->signals);

  plum_address_poll_restart (self);
  if (!plum_metered_read ())
    self->func (self->user_data);
}

PlumAddressPoll *
plum_address_poll_new (PlumClock *clock,
                       PlumSignalQueue *signals,
                       PlumAddressPollFunc func,
                       gpointer user_data)
{
  PlumAddressPoll *self = g_new0 (PlumAddressPoll, 1);

  self->clock = clock;
  self->signals = plum_signal_queue_ref (signals);
  self->func = func;
  self->user_data = user_data;
  plum_timer_init (&self->timer, on_timer, self);
  return self;
}

void
plum_address_poll_free (PlumAddressPoll *self)
{
  g_assert (self->n_held == 0);

  plum_signal_queue_unref (self->signals);
  g_free (self);
}

void
plum_address_poll_hold (PlumAddressPoll *self)
{
  if (self->n_held++ == 0)
    plum_clock_arm_in_ms (self->clock, &self->timer, PERIOD_MS);
}

void
plum_address_poll_release (PlumAddressPoll *self)
{
  g_assert (self->n_held > 0);

  if (--self->n_held == 0)
    plum_clock_disarm (self->clock, &self->timer);
}

void
plum_address_poll_restart (PlumAddressPoll *self)
{
  if (self->n_held > 0)
    plum_clock_arm_in_ms (self->clock, &self->timer, PERIOD_MS);
}
