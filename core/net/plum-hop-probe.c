/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-hop-probe-private.h"

#include "plum-hop-socket.h"

static const char content[] = "plum-glib";

struct _PlumHopProbe
{
  PlumClock *clock;
  PlumHopProbeFunc func;
  gpointer user_data;

  GBytes *content;
  GSocket *socket;      /* (nullable) */
  GSocketAddress *peer; /* (nullable) */
  GSource *source;      /* (nullable) */
  PlumTimer deadline;
};

static void
plum_hop_probe_finish (PlumHopProbe *self, GInetAddress *hop)
{
  plum_clock_disarm (self->clock, &self->deadline);
  if (self->source != NULL)
    g_source_destroy (self->source);
  self->func (hop, self->user_data); /* may free self */
}

/* Any message ends the probe: an unreachable network or a host that was reached is not a hop. */
static gboolean
on_ready (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  g_autoptr (GInetAddress) hop = plum_hop_socket_read (socket);

  plum_hop_probe_finish (user_data, hop);
  return G_SOURCE_REMOVE;
}

static void
on_deadline (gpointer user_data)
{
  plum_hop_probe_finish (user_data, NULL);
}

PlumHopProbe *
plum_hop_probe_new (guint ttl,
                    const char *interface_name,
                    GMainContext *context,
                    PlumHopProbeFunc func,
                    gpointer user_data)
{
  PlumHopProbe *self = g_new0 (PlumHopProbe, 1);

  self->clock = plum_clock_ref_for_context (context);
  self->func = func;
  self->user_data = user_data;
  self->content = g_bytes_new_static (content, sizeof content - 1);
  plum_timer_init (&self->deadline, on_deadline, self);

  self->socket = plum_hop_socket_new (ttl, interface_name, self->content, &self->peer);
  if (self->socket != NULL)
    {
      self->source = g_socket_create_source (self->socket, G_IO_IN | G_IO_ERR, NULL);
      g_source_set_callback (self->source, G_SOURCE_FUNC (on_ready), self, NULL);
      g_source_attach (self->source, context);
    }
  plum_clock_arm_in_ms (self->clock, &self->deadline,
                        self->socket != NULL ? PLUM_HOP_SOCKET_WAIT_MS : 0);
  return self;
}

GSocketAddress *
plum_hop_probe_get_peer (PlumHopProbe *self)
{
  return self->peer;
}

GBytes *
plum_hop_probe_get_content (PlumHopProbe *self)
{
  return self->content;
}

void
plum_hop_probe_free (PlumHopProbe *self)
{
  plum_clock_disarm (self->clock, &self->deadline);
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_clear_object (&self->socket);
  g_clear_object (&self->peer);
  g_clear_pointer (&self->content, g_bytes_unref);
  g_clear_pointer (&self->clock, plum_clock_unref);
  g_free (self);
}
