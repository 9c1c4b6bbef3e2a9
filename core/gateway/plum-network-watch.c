/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-network-watch-private.h"

#include "plum-clock-private.h"
#include "plum-log-private.h"
#include "plum-route-private.h"

/* Links, addresses and routes change in bursts. */
#define DEBOUNCE_MS 250
#define RETRY_MS 15000
#define START_MS 250

struct _PlumNetworkWatch
{
  GMainContext *context;
  PlumClock *clock;
  PlumNetworkWatchFunc func;
  gpointer user_data;

  GSource *source; /* (nullable): of the kernel's notifications */
  guint resume_id; /* 0: not added */
  PlumTimer start;
  PlumTimer debounce;
  PlumTimer retry;
};

static gboolean
on_network_changed (gpointer user_data)
{
  PlumNetworkWatch *self = user_data;

  if (!plum_timer_is_armed (&self->debounce))
    plum_clock_arm_in_ms (self->clock, &self->debounce, DEBOUNCE_MS);

  return G_SOURCE_CONTINUE;
}

static void
on_debounced (gpointer user_data)
{
  PlumNetworkWatch *self = user_data;

  self->func (PLUM_NETWORK_WATCH_CHANGED, self->user_data);
}

static void
on_resumed (gpointer user_data)
{
  PlumNetworkWatch *self = user_data;

  self->func (PLUM_NETWORK_WATCH_RESUMED, self->user_data);
}

/* Without the source, changes are detected by retries only. */
static void
plum_network_watch_ensure_source (PlumNetworkWatch *self)
{
  g_autoptr (GError) error = NULL;

  if (self->resume_id == 0)
    self->resume_id = plum_clock_add_resume_func (self->clock, on_resumed, self);
  if (self->source != NULL)
    return;

  self->source = plum_route_watch_new (self->context, on_network_changed, self, &error);
  if (self->source != NULL)
    return;

  plum_warn ("Cannot watch for network changes: %s", error->message);
  plum_network_watch_retry (self);
}

static void
on_start (gpointer user_data)
{
  PlumNetworkWatch *self = user_data;

  plum_network_watch_ensure_source (self);
  self->func (PLUM_NETWORK_WATCH_STARTED, self->user_data);
}

static void
on_retry (gpointer user_data)
{
  PlumNetworkWatch *self = user_data;

  plum_network_watch_ensure_source (self);
  self->func (PLUM_NETWORK_WATCH_CHANGED, self->user_data);
}

PlumNetworkWatch *
plum_network_watch_new (GMainContext *context, PlumNetworkWatchFunc func, gpointer user_data)
{
  PlumNetworkWatch *self = g_new0 (PlumNetworkWatch, 1);

  self->context = g_main_context_ref (context);
  self->clock = plum_clock_ref_for_context (context);
  self->func = func;
  self->user_data = user_data;
  plum_timer_init (&self->start, on_start, self);
  plum_timer_init (&self->debounce, on_debounced, self);
  plum_timer_init (&self->retry, on_retry, self);
  return self;
}

void
plum_network_watch_free (PlumNetworkWatch *self)
{
  plum_network_watch_close (self);
  g_clear_pointer (&self->clock, plum_clock_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self);
}

void
plum_network_watch_close (PlumNetworkWatch *self)
{
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  if (self->resume_id != 0)
    plum_clock_remove_resume_func (self->clock, self->resume_id);
  self->resume_id = 0;
  plum_clock_disarm (self->clock, &self->start);
  plum_clock_disarm (self->clock, &self->debounce);
  plum_clock_disarm (self->clock, &self->retry);
}

void
plum_network_watch_start (PlumNetworkWatch *self)
{
  plum_clock_arm_in_ms (self->clock, &self->start, START_MS);
}

void
plum_network_watch_retry (PlumNetworkWatch *self)
{
  plum_clock_arm_in_ms (self->clock, &self->retry, RETRY_MS);
}
