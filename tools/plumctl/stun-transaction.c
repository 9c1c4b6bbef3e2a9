/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "stun-transaction.h"

#include "endpoint.h"
#include "plum-system.h"

static gboolean on_timeout (gpointer user_data);

static gboolean
send_request (StunTransaction *self, GError **error)
{
  guint8 request[STUN_REQUEST_MAX];
  size_t size = stun_encode_binding (self->id, self->other != NULL, request);

  self->n_sent++;
  return g_socket_send_to (self->socket, G_SOCKET_ADDRESS (self->server), (const char *) request,
                           size, NULL, error) >= 0;
}

static void
stun_transaction_finish (StunTransaction *self)
{
  g_clear_handle_id (&self->timer_id, g_source_remove);
  g_source_destroy (self->source);
  self->done (self);
}

/* A failed repetition is like a lost one. */
static gboolean
on_timeout (gpointer user_data)
{
  StunTransaction *self = user_data;

  self->timer_id = 0;
  if (self->n_sent == STUN_MAX_REQUESTS)
    {
      stun_transaction_finish (self);
      return G_SOURCE_REMOVE;
    }

  send_request (self, NULL);
  self->timer_id = g_timeout_add (self->rto_ms << (self->n_sent - 1), on_timeout, self);
  return G_SOURCE_REMOVE;
}

/* How many errors, such as of datagrams that are too long, to skip at a time. */
#define ERRORS_MAX 16

/* After an error, the source of a socket of Windows is not ready again before another read, even if
 * there is a datagram. */
static gssize
receive (GSocket *socket, GSocketAddress **peer, guint8 *data, gsize size)
{
  gssize n = -1;

  for (guint i = 0; i < ERRORS_MAX && n < 0; i++)
    {
      g_autoptr (GError) error = NULL;

      n = g_socket_receive_from (socket, peer, (char *) data, size, NULL, &error);
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        break;
    }

  return n;
}

/* One datagram for each iteration of the main loop, so that a flood does not delay the timer. */
static gboolean
on_readable (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  StunTransaction *self = user_data;
  g_autoptr (GSocketAddress) peer = NULL;
  GInetSocketAddress *from;
  StunResponse response;
  guint8 data[STUN_MESSAGE_MAX];
  gssize size = receive (socket, &peer, data, sizeof data);

  if (size < 0 || !G_IS_INET_SOCKET_ADDRESS (peer) ||
      !stun_decode_response (data, (size_t) size, self->id, &response, NULL))
    return G_SOURCE_CONTINUE;

  from = G_INET_SOCKET_ADDRESS (peer);
  self->from_other = endpoint_equal (from, self->other);
  if (!self->from_other && !endpoint_equal (from, self->server))
    {
      g_set_object (&self->stray, from);
      return G_SOURCE_CONTINUE;
    }

  self->answered = TRUE;
  self->response = response;
  stun_transaction_finish (self);
  return G_SOURCE_REMOVE;
}

/* FALSE: the request cannot be sent, and done() is not called. */
gboolean
stun_transaction_start (StunTransaction *self, GError **error)
{
  if (!plum_system_fill_random (self->id, sizeof self->id, error) || !send_request (self, error))
    return FALSE;

  self->source = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_readable), self, NULL);
  g_source_attach (self->source, NULL);
  self->timer_id = g_timeout_add (self->rto_ms, on_timeout, self);
  return TRUE;
}

void
stun_transaction_clear (StunTransaction *self)
{
  g_clear_handle_id (&self->timer_id, g_source_remove);
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_clear_object (&self->stray);
}
