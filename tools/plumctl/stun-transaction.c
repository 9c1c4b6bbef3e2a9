/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "stun-transaction.h"

#include "endpoint.h"
#include "plum-system.h"

/* How many datagrams to read at a time. */
#define DRAIN_MAX 16

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

/* FALSE: there is nothing to read, or the transaction is finished. */
static gboolean
read_one (StunTransaction *self)
{
  g_autoptr (GSocketAddress) peer = NULL;
  g_autoptr (GError) error = NULL;
  GInetSocketAddress *from;
  StunResponse response;
  guint8 data[STUN_MESSAGE_MAX];
  gssize size =
    g_socket_receive_from (self->socket, &peer, (char *) data, sizeof data, NULL, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return FALSE;
  if (size < 0 || !G_IS_INET_SOCKET_ADDRESS (peer) ||
      !stun_decode_response (data, (size_t) size, self->id, &response, NULL))
    return TRUE;

  from = G_INET_SOCKET_ADDRESS (peer);
  self->from_other = endpoint_equal (from, self->other);
  if (!self->from_other && !endpoint_equal (from, self->server))
    {
      g_set_object (&self->stray, from);
      return TRUE;
    }

  self->answered = TRUE;
  self->response = response;
  stun_transaction_finish (self);
  return FALSE;
}

/* All that has arrived: on Windows, the source is not always ready again for the next datagram. Not
 * more at a time, so that a flood does not delay the timer. */
static gboolean
on_readable (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  for (guint i = 0; i < DRAIN_MAX && read_one (user_data); i++)
    ;
  return G_SOURCE_CONTINUE;
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
