/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-listener.h"

#include "plum-sockets.h"
#include "plum-udp.h"

#include <gio/gnetworking.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#define MULTICAST_TTL 2  /* UPnP Device Architecture 1.1 */
#define MAX_DATAGRAMS 64 /* read in one iteration of the loop */

struct _UpnpListener
{
  PlumBackend *backend; /* borrowed */
  GSocket *socket;      /* NULL: freed while it reads */
  GSource *source;
  UpnpMessageFunc message;
  gpointer user_data;
};

static gboolean
is_ipv6 (PlumNetwork *network)
{
  return plum_network_get_family (network) == G_SOCKET_FAMILY_IPV6;
}

GSocketAddress *
upnp_ssdp_group_address (PlumNetwork *network)
{
  g_autoptr (GInetAddress) group =
    g_inet_address_new_from_string (is_ipv6 (network) ? UPNP_SSDP_GROUP6 : UPNP_SSDP_GROUP);

  return plum_udp_socket_address (network, group, UPNP_SSDP_PORT);
}

/* The link-local addresses of another link belong to other hosts. */
static gboolean
is_of_other_link (UpnpListener *self, GInetSocketAddress *from)
{
  PlumNetwork *network = plum_backend_get_network (self->backend);
  guint32 scope;

  if (g_socket_address_get_family (G_SOCKET_ADDRESS (from)) != G_SOCKET_FAMILY_IPV6)
    return FALSE;

  scope = g_inet_socket_address_get_scope_id (from);
  return scope != 0 && scope != plum_network_get_interface_index (network);
}

static void
upnp_listener_receive (UpnpListener *self, const char *data, gsize len, GSocketAddress *from)
{
  GInetAddress *sender = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (from));
  g_autoptr (UpnpSsdpMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  if (plum_backend_is_observed (self->backend))
    {
      g_autoptr (GBytes) bytes = g_bytes_new (data, len);

      plum_backend_report_traffic (self->backend, PLUM_TRAFFIC_RECEIVED, from, bytes);
    }

  message = upnp_ssdp_decode (data, len, &error);
  if (message != NULL)
    self->message (message, sender, self->user_data);
  else
    {
      g_autofree char *name = g_inet_address_to_string (sender);

      plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_VERBOSE, "UPnP: SSDP message from %s: %s", name,
                error->message);
    }
}

static gboolean
on_datagram (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  /* The callback may free the listener. */
  UpnpListener *self = g_rc_box_acquire (user_data);
  char buffer[UPNP_SSDP_MAX_DATAGRAM];

  for (guint i = 0; i < MAX_DATAGRAMS && self->socket != NULL; i++)
    {
      g_autoptr (GSocketAddress) from = NULL;
      gssize n = g_socket_receive_from (self->socket, &from, buffer, sizeof buffer, NULL, NULL);

      if (n < 0)
        break;
      if (G_IS_INET_SOCKET_ADDRESS (from) && !is_of_other_link (self, G_INET_SOCKET_ADDRESS (from)))
        upnp_listener_receive (self, buffer, (gsize) n, from);
    }

  g_rc_box_release (self);
  return G_SOURCE_CONTINUE;
}

/* Takes the socket. */
static UpnpListener *
upnp_listener_new (PlumBackend *backend,
                   GMainContext *context,
                   GSocket *socket,
                   UpnpMessageFunc message,
                   gpointer user_data)
{
  UpnpListener *self = g_rc_box_new0 (UpnpListener);

  self->backend = backend;
  self->message = message;
  self->user_data = user_data;
  self->socket = socket;
  self->source = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_datagram), self, NULL);
  g_source_attach (self->source, context);
  return self;
}

UpnpListener *
upnp_listener_new_bound (PlumBackend *backend,
                         GMainContext *context,
                         GSocketAddress *address,
                         UpnpMessageFunc message,
                         gpointer user_data,
                         GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new (g_socket_address_get_family (address),
                                             G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, error);

  if (socket == NULL || !g_socket_bind (socket, address, FALSE, error))
    return NULL;

  g_socket_set_blocking (socket, FALSE);
  return upnp_listener_new (backend, context, g_steal_pointer (&socket), message, user_data);
}

UpnpListener *
upnp_listener_new_for_group (PlumBackend *backend,
                             GMainContext *context,
                             UpnpMessageFunc message,
                             gpointer user_data,
                             GError **error)
{
  PlumNetwork *network = plum_backend_get_network (backend);
  g_autoptr (GSocketAddress) address = upnp_ssdp_group_address (network);
  GSocket *socket = plum_sockets_new_for_group (network, G_INET_SOCKET_ADDRESS (address), error);

  return socket != NULL ? upnp_listener_new (backend, context, socket, message, user_data) : NULL;
}

/* The option has an address in IPv4, whose bytes are in network order, and an index in IPv6. */
static gboolean
set_multicast_interface (GSocket *socket, PlumNetwork *network, GError **error)
{
  int address;

  if (is_ipv6 (network))
    return g_socket_set_option (socket, IPPROTO_IPV6, IPV6_MULTICAST_IF,
                                (int) plum_network_get_interface_index (network), error);

  memcpy (&address, g_inet_address_to_bytes (plum_network_get_local_address (network)),
          sizeof address);
  return g_socket_set_option (socket, IPPROTO_IP, IP_MULTICAST_IF, address, error);
}

gboolean
upnp_listener_set_interface (UpnpListener *self, GError **error)
{
  PlumNetwork *network = plum_backend_get_network (self->backend);
  g_autoptr (GError) local = NULL;

  g_socket_set_multicast_ttl (self->socket, MULTICAST_TTL);
  if (set_multicast_interface (self->socket, network, &local))
    return TRUE;

  g_set_error (error, local->domain, local->code, _ ("cannot select the interface “%s”: %s"),
               plum_network_get_interface (network), local->message);
  return FALSE;
}

gboolean
upnp_listener_send (UpnpListener *self, GSocketAddress *to, GBytes *datagram, GError **error)
{
  gsize len;
  const char *data = g_bytes_get_data (datagram, &len);

  if (g_socket_send_to (self->socket, to, data, len, NULL, error) < 0)
    return FALSE;

  if (plum_backend_is_observed (self->backend))
    plum_backend_report_traffic (self->backend, PLUM_TRAFFIC_SENT, to, datagram);
  return TRUE;
}

void
upnp_listener_free (UpnpListener *self)
{
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_clear_object (&self->socket);
  g_rc_box_release (self);
}
