/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "adversary-device.h"

#include <string.h>

#include "upnp-backend.h"

#define IGD1 "urn:schemas-upnp-org:device:InternetGatewayDevice:1"

/* The limit for the bytes received of one answer, which are more than the bytes that are kept. */
#define MAX_TAKEN (4 * 1024 * 1024)

typedef struct
{
  AdversaryDevice *fixture;
  GSocketConnection *connection;
  gsize n_taken; /* bytes */
  char request[8192];
} Connection;

static void connection_write_piece (Connection *self);

static void
connection_free (Connection *self)
{
  g_object_unref (self->connection);
  g_free (self);
}

static gboolean
on_pause_over (gpointer user_data)
{
  connection_write_piece (user_data);
  return G_SOURCE_REMOVE;
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Connection *self = user_data;
  AdversaryDevice *f = self->fixture;
  gsize n_written;

  if (!g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, &n_written, NULL) ||
      g_cancellable_is_cancelled (f->cancellable) || f->piece == NULL)
    {
      connection_free (self);
      return;
    }

  self->n_taken += n_written;
  g_assert_cmpuint (self->n_taken, <=, MAX_TAKEN);
  if (f->pause_ms == 0)
    connection_write_piece (self);
  else
    {
      g_autoptr (GSource) pause = plum_clock_create_source (f->a.loop.clock, f->pause_ms);

      g_source_set_callback (pause, on_pause_over, self, NULL);
    }
}

static void
connection_write (Connection *self, GBytes *bytes)
{
  GOutputStream *stream = g_io_stream_get_output_stream (G_IO_STREAM (self->connection));
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);

  g_output_stream_write_all_async (stream, data, size, G_PRIORITY_DEFAULT,
                                   self->fixture->cancellable, on_written, self);
}

static void
connection_write_piece (Connection *self)
{
  connection_write (self, self->fixture->piece);
}

static void
on_request (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Connection *self = user_data;

  if (g_input_stream_read_finish (G_INPUT_STREAM (source), result, NULL) > 0)
    connection_write (self, self->fixture->head);
  else
    connection_free (self);
}

static gboolean
on_incoming (GSocketService *service,
             GSocketConnection *connection,
             GObject *source,
             AdversaryDevice *f)
{
  Connection *self = g_new0 (Connection, 1);
  GInputStream *stream = g_io_stream_get_input_stream (G_IO_STREAM (connection));

  f->n_connections++;
  self->fixture = f;
  self->connection = g_object_ref (connection);
  g_input_stream_read_async (stream, self->request, sizeof self->request, G_PRIORITY_DEFAULT,
                             f->cancellable, on_request, self);
  return TRUE;
}

void
adversary_device_answer (AdversaryDevice *f, GSocket *from, const char *location)
{
  g_autofree char *text = g_strdup_printf (DEVICE_OK "ST: " IGD1 "\r\nUSN: uuid:1::" IGD1 "\r\n"
                                                     "LOCATION: %s\r\n\r\n",
                                           location);
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  adversary_send (from, f->client, bytes);
}

static gboolean
on_search (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  AdversaryDevice *f = user_data;
  char search[1024];

  g_clear_object (&f->client);
  if (g_socket_receive_from (socket, &f->client, search, sizeof search, NULL, NULL) > 0)
    adversary_device_answer (f, socket, f->location);
  return G_SOURCE_CONTINUE;
}

static guint16
listen_on (GSocketService *service, const char *host)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string (host, 0);
  g_autoptr (GSocketAddress) effective = NULL;
  g_autoptr (GError) error = NULL;

  g_socket_listener_add_address (G_SOCKET_LISTENER (service), address, G_SOCKET_TYPE_STREAM,
                                 G_SOCKET_PROTOCOL_TCP, NULL, &effective, &error);
  g_assert_no_error (error);
  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (effective));
}

static gboolean
on_counted (GSocketService *service,
            GSocketConnection *connection,
            GObject *source,
            Counter *counter)
{
  counter->n_connections++;
  return TRUE;
}

void
counter_set_up (Counter *self, const char *host)
{
  self->service = g_socket_service_new ();
  self->port = listen_on (self->service, host);
  self->ssdp = adversary_socket_new (host, 1900);
  g_socket_set_blocking (self->ssdp, FALSE);
  g_signal_connect (self->service, "incoming", G_CALLBACK (on_counted), self);
}

void
counter_tear_down (Counter *self)
{
  char byte;

  g_assert_cmpuint (self->n_connections, ==, 0);
  g_assert_cmpint (g_socket_receive (self->ssdp, &byte, 1, NULL, NULL), <, 0);
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_clear_object (&self->service);
  g_clear_object (&self->ssdp);
}

/* Requests go only to the gateway or to the multicast group. */
static void
on_traffic (PlumGateway *gateway,
            const char *backend,
            PlumTrafficDirection direction,
            GSocketAddress *peer,
            GBytes *bytes,
            AdversaryDevice *f)
{
  GInetAddress *address = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (peer));
  g_autofree char *host = g_inet_address_to_string (address);

  if (direction == PLUM_TRAFFIC_SENT && !g_str_equal (host, DEVICE_GATEWAY))
    g_assert_cmpstr (host, ==, "239.255.255.250");
}

void
adversary_device_set_up (AdversaryDevice *f, gconstpointer data)
{
  adversary_set_up (&f->a, DEVICE_GATEWAY);
  plum_manager_add_backend_type (f->a.manager, PLUM_TYPE_UPNP_BACKEND, "upnp", 100, NULL);
  adversary_watch_traffic (&f->a, G_CALLBACK (on_traffic), f);
  counter_set_up (&f->third, DEVICE_THIRD);

  f->cancellable = g_cancellable_new ();
  f->http = g_socket_service_new ();
  f->port = listen_on (f->http, DEVICE_GATEWAY);
  g_signal_connect (f->http, "incoming", G_CALLBACK (on_incoming), f);
  f->location = g_strdup_printf ("http://" DEVICE_GATEWAY ":%u/desc.xml", f->port);

  f->ssdp = adversary_socket_new (DEVICE_GATEWAY, 1900);
  f->ssdp_source = g_socket_create_source (f->ssdp, G_IO_IN, NULL);
  g_source_set_callback (f->ssdp_source, G_SOURCE_FUNC (on_search), f, NULL);
  g_source_attach (f->ssdp_source, f->a.loop.context);
}

void
adversary_device_tear_down (AdversaryDevice *f, gconstpointer data)
{
  adversary_tear_down (&f->a);
  g_cancellable_cancel (f->cancellable);
  while (g_main_context_iteration (f->a.loop.context, FALSE))
    ;
  counter_tear_down (&f->third);
  g_source_destroy (f->ssdp_source);
  g_clear_pointer (&f->ssdp_source, g_source_unref);
  g_clear_object (&f->ssdp);
  g_socket_service_stop (f->http);
  g_socket_listener_close (G_SOCKET_LISTENER (f->http));
  g_clear_object (&f->http);
  g_clear_object (&f->cancellable);
  g_clear_object (&f->client);
  g_clear_pointer (&f->head, g_bytes_unref);
  g_clear_pointer (&f->piece, g_bytes_unref);
  g_free (f->location);
}
