/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parrot-exchange.h"

#define PARROT_PORT 5999

/* Sent at 0, 250 and 750 ms, timed out at 1750 ms. */
static const guint wait_ms[] = { 250, 500, 1000 };

typedef struct
{
  PlumBackend *backend;
  PlumCall *call;
  guint32 number;
  GBytes *datagram;
  PlumError refusal_code;
  ParrotAnswered answered;

  GSocket *socket;
  GSocketAddress *server;
  GSource *answer_source;
  GSource *timer;
  guint sent;
} Exchange;

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
exchange_free (Exchange *self)
{
  clear_source (&self->answer_source);
  clear_source (&self->timer);
  g_clear_object (&self->socket);
  g_clear_object (&self->server);
  g_clear_pointer (&self->datagram, g_bytes_unref);
  g_clear_object (&self->call);
  g_clear_object (&self->backend);
  g_free (self);
}

static void
exchange_fail (Exchange *self, GError *error)
{
  plum_call_return_error (self->call, error);
  exchange_free (self);
}

static void
exchange_finish (Exchange *self, const ParrotAnswer *answer)
{
  if (answer->refusal != NULL)
    {
      g_autofree char *message = g_strdup_printf ("Parrot: %s", answer->refusal);

      plum_call_fail (self->call, self->refusal_code, message);
    }
  else
    self->answered (self->call, answer);

  exchange_free (self);
}

/* "plumctl doctor" records all traffic. */
static void
exchange_report (Exchange *self, PlumTrafficDirection direction, const char *data, gsize len)
{
  g_autoptr (GBytes) bytes = NULL;

  if (!plum_backend_is_observed (self->backend))
    return;

  bytes = g_bytes_new (data, len);
  plum_backend_report_traffic (self->backend, direction, self->server, bytes);
}

static gboolean
on_answer (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  Exchange *self = user_data;
  g_auto (ParrotAnswer) answer = { NULL };
  g_autoptr (GError) error = NULL;
  char data[PARROT_MAX + 1];
  gssize n;

  /* The source is also dispatched when the call is cancelled. */
  if (plum_call_is_settled (self->call))
    {
      exchange_free (self);
      return G_SOURCE_REMOVE;
    }

  n = g_socket_receive (socket, data, sizeof data, NULL, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;
  if (n < 0)
    {
      g_prefix_error (&error, "Parrot: ");
      exchange_fail (self, g_steal_pointer (&error));
      return G_SOURCE_REMOVE;
    }

  exchange_report (self, PLUM_TRAFFIC_RECEIVED, data, (gsize) n);
  if (!parrot_decode_answer (data, (gsize) n, self->number, &answer, &error))
    {
      /* Any host can send datagrams: log an invalid one, and wait on. */
      plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_DEBUG, "%s", error->message);
      return G_SOURCE_CONTINUE;
    }

  exchange_finish (self, &answer);
  return G_SOURCE_REMOVE;
}

static void exchange_send (Exchange *self);

static gboolean
on_timer (gpointer user_data)
{
  Exchange *self = user_data;

  clear_source (&self->timer);
  if (self->sent < G_N_ELEMENTS (wait_ms))
    exchange_send (self);
  else
    exchange_fail (self, g_error_new (PLUM_ERROR, PLUM_ERROR_TIMED_OUT,
                                      "Parrot: no response to %u datagrams", self->sent));

  return G_SOURCE_REMOVE;
}

/* Fails the exchange if the datagram cannot be sent. */
static void
exchange_send (Exchange *self)
{
  g_autoptr (GError) error = NULL;
  gsize len;
  const char *data = g_bytes_get_data (self->datagram, &len);

  if (g_socket_send (self->socket, data, len, NULL, &error) < 0)
    {
      g_prefix_error (&error, "Parrot: ");
      exchange_fail (self, g_steal_pointer (&error));
      return;
    }

  exchange_report (self, PLUM_TRAFFIC_SENT, data, len);
  self->timer = plum_backend_create_timer (self->backend, wait_ms[self->sent]);
  g_source_set_callback (self->timer, on_timer, self, NULL);
  self->sent++;
}

/* That of the option "port", if a program or a user has set it. */
static guint16
get_server_port (PlumBackend *backend)
{
  g_autoptr (GVariant) option = plum_backend_dup_option (backend, "port", G_VARIANT_TYPE_UINT16);
  guint16 port = option != NULL ? g_variant_get_uint16 (option) : 0;

  return port != 0 ? port : PARROT_PORT;
}

/* The socket is bound to the network's local address, and connected: the kernel drops datagrams of
 * other hosts, and reports a closed port. */
static gboolean
exchange_open (Exchange *self, GError **error)
{
  PlumNetwork *network = plum_backend_get_network (self->backend);
  GInetAddress *gateway = plum_network_get_gateway (network);
  g_autoptr (GSocketAddress) local =
    g_inet_socket_address_new (plum_network_get_local_address (network), 0);

  if (gateway == NULL)
    {
      g_set_error_literal (error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED,
                           "Parrot: a point-to-point link has no gateway");
      return FALSE;
    }

  self->server = g_inet_socket_address_new (gateway, get_server_port (self->backend));
  self->socket = g_socket_new (plum_network_get_family (network), G_SOCKET_TYPE_DATAGRAM,
                               G_SOCKET_PROTOCOL_UDP, error);
  if (self->socket == NULL)
    return FALSE;

  g_socket_set_blocking (self->socket, FALSE);
  return g_socket_bind (self->socket, local, FALSE, error) &&
         g_socket_connect (self->socket, self->server, NULL, error);
}

void
parrot_exchange_start (PlumBackend *backend,
                       PlumCall *call,
                       guint32 number,
                       GBytes *datagram,
                       PlumError refusal_code,
                       ParrotAnswered answered)
{
  Exchange *self = g_new0 (Exchange, 1);
  g_autoptr (GError) error = NULL;

  self->backend = g_object_ref (backend);
  self->call = g_object_ref (call);
  self->number = number;
  self->datagram = g_bytes_ref (datagram);
  self->refusal_code = refusal_code;
  self->answered = answered;

  if (!exchange_open (self, &error))
    {
      exchange_fail (self, g_steal_pointer (&error));
      return;
    }

  /* The library calls with the manager's context as the thread-default one. */
  self->answer_source =
    g_socket_create_source (self->socket, G_IO_IN, plum_call_get_cancellable (call));
  g_source_set_callback (self->answer_source, G_SOURCE_FUNC (on_answer), self, NULL);
  g_source_attach (self->answer_source, g_main_context_get_thread_default ());
  exchange_send (self);
}
