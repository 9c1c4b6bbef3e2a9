/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "hop-probe.h"

static const char content[] = "plumctl doctor";

static void
finish (HopProbe *self)
{
  g_clear_handle_id (&self->deadline_id, g_source_remove);
  g_source_destroy (self->source);
  self->done (self);
}

static gboolean
on_deadline (gpointer user_data)
{
  HopProbe *self = user_data;

  self->deadline_id = 0;
  finish (self);
  return G_SOURCE_REMOVE;
}

/* Any message ends the probe: an unreachable network or a host that was reached is not a hop. */
static gboolean
on_ready (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  HopProbe *self = user_data;

  self->hop = plum_hop_socket_read (socket);
  finish (self);
  return G_SOURCE_REMOVE;
}

/* FALSE: the probe cannot be sent, and done() is not called. @interface: the only interface that
 * the probe may use; nullable. */
gboolean
hop_probe_start (HopProbe *self, const char *interface)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (content, sizeof content - 1);
  g_autoptr (GSocketAddress) internet = NULL;

  self->socket = plum_hop_socket_new (self->ttl, interface, bytes, &internet);
  if (self->socket == NULL)
    return FALSE;

  if (self->traffic != NULL)
    self->traffic (self, internet, bytes);
  self->source = g_socket_create_source (self->socket, G_IO_IN | G_IO_ERR, NULL);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_ready), self, NULL);
  g_source_attach (self->source, NULL);
  self->deadline_id = g_timeout_add (PLUM_HOP_SOCKET_WAIT_MS, on_deadline, self);
  return TRUE;
}

void
hop_probe_clear (HopProbe *self)
{
  g_clear_handle_id (&self->deadline_id, g_source_remove);
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_clear_object (&self->socket);
  g_clear_object (&self->hop);
}
