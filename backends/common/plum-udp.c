/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-udp.h"

#include "plum-backend-log.h"
#include "plum-sockets.h"

/* Longer than any datagram of PCP (1100 bytes) and NAT-PMP. The codecs refuse longer ones. */
#define DATAGRAM_MAX 2048

/* How many datagrams to read at a time, so that other sources are dispatched in between. */
#define DRAIN_MAX 64

struct _PlumUdp
{
  PlumBackend *backend;
  GMainContext *context;
  GSocket *socket; /* NULL: another one could not be opened */
  GSocketAddress *peer;
  GSource *source;
  guint n_awaited; /* sent, and not answered yet; more, if datagrams were lost */
  PlumUdpFuncs funcs;
  gpointer user_data;
};

GSocketAddress *
plum_udp_socket_address (PlumNetwork *network, GInetAddress *address, guint16 port)
{
  guint scope = 0;

  /* Without a scope the kernel does not know the link of fe80:: or ff02::. */
  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6 &&
      (g_inet_address_get_is_link_local (address) || g_inet_address_get_is_mc_link_local (address)))
    scope = plum_network_get_interface_index (network);

  return g_object_new (G_TYPE_INET_SOCKET_ADDRESS, "address", address, "port", (guint) port,
                       "scope-id", scope, NULL);
}

gboolean
plum_udp_is_icmp (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE);
}

/* ENOBUFS and ENOMEM have no code of their own in GIO. */
gboolean
plum_udp_is_transient (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_FAILED);
}

static void
plum_udp_report (PlumUdp *self, PlumTrafficDirection direction, const uint8_t *data, size_t len)
{
  if (plum_backend_is_observed (self->backend))
    {
      g_autoptr (GBytes) bytes = g_bytes_new (data, len);

      plum_backend_report_traffic (self->backend, direction, self->peer, bytes);
    }
}

/* FALSE: there is nothing to read. */
static gboolean
plum_udp_read_one (PlumUdp *self)
{
  g_autoptr (GError) error = NULL;
  uint8_t buffer[DATAGRAM_MAX];
  gssize n;

  n = plum_sockets_receive (self->socket, buffer, sizeof buffer, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return FALSE;

  if (n < 0)
    {
      self->n_awaited = 0;
      self->funcs.failed (error, self->user_data);
      return TRUE;
    }

  if (self->n_awaited > 0)
    self->n_awaited--;
  plum_udp_report (self, PLUM_TRAFFIC_RECEIVED, buffer, (size_t) n);
  if (self->socket != NULL)
    self->funcs.received (buffer, (size_t) n, self->user_data);
  return TRUE;
}

static void
plum_udp_clear (gpointer data)
{
  PlumUdp *self = data;

  g_clear_object (&self->peer);
  g_main_context_unref (self->context);
}

static gboolean on_udp_readable (GSocket *socket, GIOCondition condition, gpointer user_data);

/* If this fails, the socket stays closed. */
static gboolean
plum_udp_open (PlumUdp *self, GError **error)
{
  PlumNetwork *network = plum_backend_get_network (self->backend);
  GInetAddress *local = plum_network_get_local_address (network);
  g_autoptr (GSocketAddress) from = plum_udp_socket_address (network, local, 0);
  g_autoptr (GSocket) socket = g_socket_new (g_inet_address_get_family (local),
                                             G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, error);

  if (socket == NULL)
    return FALSE;

  g_socket_set_blocking (socket, FALSE);
  plum_sockets_report_closed_port (socket);
  if (!g_socket_bind (socket, from, FALSE, error) ||
      !g_socket_connect (socket, self->peer, NULL, error))
    return FALSE;

  self->n_awaited = 0;
  self->source = plum_sockets_create_source (socket);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_udp_readable), self, NULL);
  g_source_attach (self->source, self->context);
  self->socket = g_steal_pointer (&socket);
  return TRUE;
}

static void
plum_udp_close (PlumUdp *self)
{
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_clear_object (&self->socket);
}

/* If no other socket can be opened, the next datagram tries again. */
static void
plum_udp_replace_socket (PlumUdp *self)
{
  g_autoptr (GError) error = NULL;

  plum_udp_close (self);
  if (!plum_udp_open (self, &error))
    plum_log_debug ("Cannot open another socket: %s", error->message);
}

static gboolean
on_udp_readable (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  PlumUdp *self = g_rc_box_acquire (user_data);
  /* A handler may unref the backend, which frees self. */
  G_GNUC_UNUSED g_autoptr (PlumBackend) alive = g_object_ref (self->backend);
  g_autoptr (GError) error = NULL;
  /* The main loop finds what is left. A read that finds nothing would be wasted, and there is one
   * for each answer if the requests are sent one after the other. A datagram that is not awaited
   * may be one of a flood: then an iteration of the main loop for each would be more. */
  const unsigned int max = self->n_awaited > 0 ? MIN (self->n_awaited, DRAIN_MAX) : DRAIN_MAX;
  unsigned int n;

  for (n = 0; n < max && self->socket != NULL; n++)
    {
      if (!plum_udp_read_one (self))
        break;
    }

  if (n == 0 && plum_sockets_is_lost (socket, condition, &error))
    {
      plum_udp_replace_socket (self);
      self->funcs.failed (error, self->user_data);
    }

  g_rc_box_release_full (self, plum_udp_clear);
  return G_SOURCE_CONTINUE;
}

PlumUdp *
plum_udp_new (PlumBackend *backend,
              GMainContext *context,
              guint16 port,
              const PlumUdpFuncs *funcs,
              gpointer user_data,
              GError **error)
{
  PlumNetwork *network = plum_backend_get_network (backend);
  PlumUdp *self = g_rc_box_new0 (PlumUdp);

  self->backend = backend;
  self->context = g_main_context_ref (context != NULL ? context : g_main_context_default ());
  self->funcs = *funcs;
  self->user_data = user_data;
  self->peer = plum_udp_socket_address (network, plum_network_get_gateway (network), port);

  if (!plum_udp_open (self, error))
    {
      plum_udp_free (self);
      return NULL;
    }

  return self;
}

void
plum_udp_free (PlumUdp *self)
{
  plum_udp_close (self);
  g_rc_box_release_full (self, plum_udp_clear);
}

gboolean
plum_udp_send (PlumUdp *self, const uint8_t *data, size_t len, GError **error)
{
  g_autoptr (GError) local_error = NULL;

  if (self->socket == NULL && !plum_udp_open (self, error))
    return FALSE;

  if (plum_sockets_send (self->socket, data, len, &local_error) < 0 &&
      !g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  self->n_awaited++;
  /* A full send buffer is a lost datagram: it will be sent again. */
  plum_udp_report (self, PLUM_TRAFFIC_SENT, data, len);
  return TRUE;
}

GInetAddress *
plum_udp_get_client_address (PlumUdp *self)
{
  return plum_network_get_client_address (plum_backend_get_network (self->backend));
}
