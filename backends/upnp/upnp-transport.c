/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-transport.h"

#include "igd-url.h"
#include "plum-udp.h"
#include "upnp-link.h"

#include <glib/gi18n-lib.h>

#define READ_SIZE 16384

struct _UpnpTransport
{
  PlumBackend *backend; /* borrowed */
  GMainContext *context;
  GInetAddress *device;
  GSocketClient *client;
  GQueue queue; /* of UpnpExchange; the head is in progress */
};

/* The queue holds a reference, and so does each pending operation of GIO. */
struct _UpnpExchange
{
  UpnpTransport *transport; /* NULL once the exchange is closed */
  guint16 port;
  guint timeout_ms;
  UpnpWriteFunc write;
  UpnpReplyFunc func;
  gpointer user_data;

  gboolean started;
  GCancellable *cancellable;
  GSource *deadline;
  GSocketConnection *connection;
  GSocketAddress *peer;
  char *local_address;
  GBytes *request;
  UpnpHttpDecoder *reply;
  gsize max_body;
  char *buffer; /* (nullable): of READ_SIZE; allocated when the exchange starts */
};

static void upnp_exchange_start (UpnpExchange *self);
static void upnp_exchange_read (UpnpExchange *self);

UpnpTransport *
upnp_transport_new (PlumBackend *backend, GMainContext *context, GInetAddress *device)
{
  UpnpTransport *self = g_new0 (UpnpTransport, 1);
  GInetAddress *local = plum_network_get_local_address (plum_backend_get_network (backend));
  g_autoptr (GSocketAddress) local_address = g_inet_socket_address_new (local, 0);

  self->backend = backend;
  self->context = g_main_context_ref (context);
  self->device = g_object_ref (device);
  self->client = g_socket_client_new ();
  g_socket_client_set_enable_proxy (self->client, FALSE);
  g_socket_client_set_local_address (self->client, local_address);
  g_queue_init (&self->queue);
  return self;
}

static void
upnp_exchange_clear (gpointer data)
{
  UpnpExchange *self = data;

  g_clear_object (&self->cancellable);
  g_clear_object (&self->connection);
  g_clear_object (&self->peer);
  g_free (self->local_address);
  g_clear_pointer (&self->request, g_bytes_unref);
  g_clear_pointer (&self->reply, upnp_http_decoder_free);
  g_free (self->buffer);
}

static void
upnp_exchange_unref (UpnpExchange *self)
{
  g_rc_box_release_full (self, upnp_exchange_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpExchange, upnp_exchange_unref)

static void
upnp_exchange_clear_deadline (UpnpExchange *self)
{
  if (self->deadline != NULL)
    g_source_destroy (self->deadline);
  g_clear_pointer (&self->deadline, g_source_unref);
}

static void
upnp_exchange_start_deadline (UpnpExchange *self, guint ms, GSourceFunc func)
{
  upnp_exchange_clear_deadline (self);
  self->deadline = plum_backend_create_timer (self->transport->backend, ms);
  g_source_set_callback (self->deadline, func, self, NULL);
}

/* Removes the exchange from the queue. Its function is not called any longer, and pending
 * operations of GIO have no effect. */
static void
upnp_exchange_close (UpnpExchange *self)
{
  UpnpTransport *transport = g_steal_pointer (&self->transport);

  upnp_exchange_clear_deadline (self);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_queue_remove (&transport->queue, self);
  upnp_exchange_unref (self);
}

void
upnp_transport_free (UpnpTransport *self)
{
  while (!g_queue_is_empty (&self->queue))
    upnp_exchange_close (g_queue_peek_tail (&self->queue));

  g_clear_object (&self->client);
  g_clear_object (&self->device);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self);
}

static void
upnp_transport_start_next (UpnpTransport *self)
{
  UpnpExchange *head = g_queue_peek_head (&self->queue);

  if (head != NULL && !head->started)
    upnp_exchange_start (head);
}

/* Closes the exchange and calls its function. The next request starts first: the function may take
 * long, or free the transport. */
static void
upnp_exchange_finish (UpnpExchange *exchange, GError *error) /* (transfer full) (nullable) */
{
  g_autoptr (UpnpExchange) self = g_rc_box_acquire (exchange);
  g_autoptr (GError) owned = error;
  UpnpTransport *transport = self->transport;

  if (transport == NULL)
    return;

  upnp_exchange_close (self);
  upnp_transport_start_next (transport);
  self->func (owned == NULL ? self->reply : NULL, self->local_address, owned, self->user_data);
}

static gboolean
on_deadline (gpointer user_data)
{
  UpnpExchange *self = user_data;
  g_autofree char *device = g_inet_address_to_string (self->transport->device);
  gsize length;

  /* A device may announce a wrong length and keep the connection open (quirk 35). */
  upnp_http_decoder_get_body (self->reply, &length);
  if (length > 0 && upnp_http_decoder_finish (self->reply, NULL))
    upnp_exchange_finish (self, NULL);
  else
    upnp_exchange_finish (self, g_error_new (PLUM_ERROR, PLUM_ERROR_TIMED_OUT,
                                             _ ("no answer from %s port %u in %.1f s"), device,
                                             self->port, self->timeout_ms / 1000.0));

  return G_SOURCE_REMOVE;
}

static void
upnp_exchange_fail (UpnpExchange *self, GError *error) /* (transfer full) */
{
  g_autofree char *device = g_inet_address_to_string (self->transport->device);

  g_prefix_error (&error, _ ("%s port %u: "), device, self->port);
  upnp_exchange_finish (self, error);
}

static void
upnp_exchange_report (UpnpExchange *self, PlumTrafficDirection direction, GBytes *bytes)
{
  if (plum_backend_is_observed (self->transport->backend))
    plum_backend_report_traffic (self->transport->backend, direction, self->peer, bytes);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (UpnpExchange) self = user_data;
  g_autoptr (GError) error = NULL;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (source), result, &error);

  if (self->transport == NULL)
    return;

  if (n > 0)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (self->buffer, (gsize) n);

      upnp_exchange_report (self, PLUM_TRAFFIC_RECEIVED, bytes);
      if (!upnp_http_decoder_feed (self->reply, self->buffer, (gsize) n, &error))
        upnp_exchange_fail (self, g_steal_pointer (&error));
      else if (upnp_http_decoder_is_complete (self->reply))
        upnp_exchange_finish (self, NULL);
      else
        upnp_exchange_read (self);
      return;
    }

  /* A reset after an answer counts as the end of the answer. */
  if (upnp_http_decoder_finish (self->reply, error == NULL ? &error : NULL))
    upnp_exchange_finish (self, NULL);
  else
    upnp_exchange_fail (self, g_steal_pointer (&error));
}

static void
upnp_exchange_read (UpnpExchange *self)
{
  GInputStream *stream = g_io_stream_get_input_stream (G_IO_STREAM (self->connection));

  g_main_context_push_thread_default (self->transport->context);
  g_input_stream_read_async (stream, self->buffer, READ_SIZE, G_PRIORITY_DEFAULT, self->cancellable,
                             on_read, g_rc_box_acquire (self));
  g_main_context_pop_thread_default (self->transport->context);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (UpnpExchange) self = user_data;
  g_autoptr (GError) error = NULL;

  g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, &error);
  if (self->transport == NULL)
    return;

  /* A device that closes the connection early may have answered before. */
  if (error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED))
    {
      upnp_exchange_fail (self, g_steal_pointer (&error));
      return;
    }

  upnp_exchange_report (self, PLUM_TRAFFIC_SENT, self->request);
  upnp_exchange_read (self);
}

static void
upnp_exchange_write (UpnpExchange *self)
{
  GOutputStream *stream = g_io_stream_get_output_stream (G_IO_STREAM (self->connection));
  g_autofree char *host = upnp_url_make_authority (self->transport->device, self->port);
  gconstpointer data;
  gsize len;

  self->request = self->write (host, self->local_address, self->user_data);
  data = g_bytes_get_data (self->request, &len);

  g_main_context_push_thread_default (self->transport->context);
  g_output_stream_write_all_async (stream, data, len, G_PRIORITY_DEFAULT, self->cancellable,
                                   on_written, g_rc_box_acquire (self));
  g_main_context_pop_thread_default (self->transport->context);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (UpnpExchange) self = user_data;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GSocketAddress) local = NULL;
  g_autoptr (GError) error = NULL;
  PlumNetwork *network;
  GInetAddress *address;

  connection = g_socket_client_connect_finish (G_SOCKET_CLIENT (source), result, &error);
  if (self->transport == NULL)
    return;

  if (connection != NULL)
    local = g_socket_connection_get_local_address (connection, &error);
  if (local == NULL)
    {
      upnp_exchange_fail (self, g_steal_pointer (&error));
      return;
    }

  network = plum_backend_get_network (self->transport->backend);
  address = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (local));
  if (plum_network_get_hop (network) > 1)
    address = plum_network_get_client_address (network);
  self->connection = g_steal_pointer (&connection);
  self->local_address = g_inet_address_to_string (address);
  upnp_exchange_start_deadline (self, self->timeout_ms, on_deadline);
  upnp_exchange_write (self);
}

/* The addresses of this host may have changed since the device answered: the refusal is reported
 * from the loop, as every other outcome. */
static gboolean
on_refused (gpointer user_data)
{
  UpnpExchange *self = user_data;
  PlumNetwork *network = plum_backend_get_network (self->transport->backend);
  UpnpLinkVerdict verdict = upnp_link_judge (network, self->transport->device);

  upnp_exchange_fail (self, g_error_new (PLUM_ERROR, PLUM_ERROR_REFUSED, _ ("not contacted: %s"),
                                         verdict != UPNP_LINK_MAY_CONTACT
                                           ? upnp_link_explain (verdict)
                                           : _ ("the addresses of this host are changing")));
  return G_SOURCE_REMOVE;
}

static void
upnp_exchange_start (UpnpExchange *self)
{
  UpnpTransport *transport = self->transport;
  gboolean allowed =
    upnp_may_contact (plum_backend_get_network (transport->backend), transport->device);

  self->started = TRUE;
  self->cancellable = g_cancellable_new ();
  self->reply = upnp_http_decoder_new (self->max_body);
  self->buffer = g_malloc (READ_SIZE);
  self->deadline = plum_backend_create_timer (transport->backend, allowed ? self->timeout_ms : 0);
  g_source_set_callback (self->deadline, allowed ? on_deadline : on_refused, self, NULL);
  if (!allowed)
    return;

  self->peer = plum_udp_socket_address (plum_backend_get_network (transport->backend),
                                        transport->device, self->port);
  g_main_context_push_thread_default (transport->context);
  g_socket_client_connect_async (transport->client, G_SOCKET_CONNECTABLE (self->peer),
                                 self->cancellable, on_connected, g_rc_box_acquire (self));
  g_main_context_pop_thread_default (transport->context);
}

UpnpExchange *
upnp_transport_send (UpnpTransport *self,
                     guint16 port,
                     gsize max_body,
                     guint timeout_ms,
                     UpnpWriteFunc write,
                     UpnpReplyFunc func,
                     gpointer user_data)
{
  UpnpExchange *exchange = g_rc_box_new0 (UpnpExchange);

  exchange->transport = self;
  exchange->port = port;
  exchange->timeout_ms = timeout_ms;
  exchange->write = write;
  exchange->func = func;
  exchange->user_data = user_data;
  exchange->max_body = max_body;

  g_queue_push_tail (&self->queue, exchange);
  upnp_transport_start_next (self);
  return exchange;
}

gboolean
upnp_transport_was_cut (const GError *error)
{
  return g_error_matches (error, PLUM_ERROR, PLUM_ERROR_MALFORMED) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
}

void
upnp_exchange_cancel (UpnpExchange *self)
{
  UpnpTransport *transport = self->transport;

  upnp_exchange_close (self);
  upnp_transport_start_next (transport);
}
