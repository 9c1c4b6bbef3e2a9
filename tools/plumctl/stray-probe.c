/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "stray-probe.h"

#define NATPMP_PORT 5351
#define WAIT_MS 1000

/* RFC 6886 3.2: version 0, opcode 0, external address request. */
static const char request[] = { 0, 0 };

static void
stray_probe_finish (StrayProbe *self)
{
  g_clear_handle_id (&self->deadline_id, g_source_remove);
  g_source_destroy (self->source);
  self->done (self);
}

static void
report_traffic (StrayProbe *self,
                PlumTrafficDirection direction,
                GSocketAddress *peer,
                const char *data,
                gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);

  self->traffic (self, direction, peer, bytes);
}

static gboolean
on_stray_probe_deadline (gpointer user_data)
{
  StrayProbe *self = user_data;

  self->deadline_id = 0;
  stray_probe_finish (self);
  return G_SOURCE_REMOVE;
}

static gboolean
on_stray_probe_answer (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  StrayProbe *self = user_data;
  g_autoptr (GSocketAddress) peer = NULL;
  GInetSocketAddress *from;
  char answer[64];
  gssize size = g_socket_receive_from (socket, &peer, answer, sizeof answer, NULL, NULL);

  if (size < 0)
    return G_SOURCE_CONTINUE;

  from = G_INET_SOCKET_ADDRESS (peer);
  if (g_inet_socket_address_get_port (from) != NATPMP_PORT ||
      g_inet_address_equal (g_inet_socket_address_get_address (from), self->gateway))
    return G_SOURCE_CONTINUE;

  report_traffic (self, PLUM_TRAFFIC_RECEIVED, peer, answer, (gsize) size);
  self->answered_from = g_inet_address_to_string (g_inet_socket_address_get_address (from));
  stray_probe_finish (self);
  return G_SOURCE_REMOVE;
}

/* FALSE: the request cannot be sent, and done() is not called. */
gboolean
stray_probe_start (StrayProbe *self, GInetAddress *gateway)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (gateway, NATPMP_PORT);

  self->gateway = g_object_ref (gateway);
  self->socket = g_socket_new (g_inet_address_get_family (gateway), G_SOCKET_TYPE_DATAGRAM,
                               G_SOCKET_PROTOCOL_UDP, NULL);
  if (self->socket == NULL)
    return FALSE;

  g_socket_set_blocking (self->socket, FALSE);
  if (g_socket_send_to (self->socket, address, request, sizeof request, NULL, NULL) < 0)
    return FALSE;

  report_traffic (self, PLUM_TRAFFIC_SENT, address, request, sizeof request);
  self->source = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_stray_probe_answer), self, NULL);
  g_source_attach (self->source, NULL);
  self->deadline_id = g_timeout_add (WAIT_MS, on_stray_probe_deadline, self);
  return TRUE;
}

void
stray_probe_clear (StrayProbe *self)
{
  g_clear_handle_id (&self->deadline_id, g_source_remove);
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_clear_object (&self->socket);
  g_clear_object (&self->gateway);
  g_clear_pointer (&self->answered_from, g_free);
}
