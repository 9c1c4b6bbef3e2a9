/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-ssdp.h"

#include "igd-url.h"
#include "plum-udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define MULTICAST_TTL 2 /* UPnP Device Architecture 1.1 */
#define MAX_DRAIN 64    /* datagrams in one turn of the loop */

/* How much later IPv6 begins, in ms: there are routers that answer neither search if both come at
 * one moment (quirk 31), and whoever wants both families starts both at once. */
#define IPV6_LATER 100

/* When what is sent, in ms. It begins with one question to the gateway alone: there are routers
 * whose one thread takes some 30 ms for each, and would keep the description waiting for ten
 * answers that nobody needs. */
static const struct
{
  guint at;
  gboolean to_group;
  guint first; /* of the targets */
  guint last;
} rounds[] = {
  { 0, FALSE, 0, 0 },           { 200, FALSE, 1, G_MAXUINT }, { 200, TRUE, 0, G_MAXUINT },
  { 500, FALSE, 0, G_MAXUINT }, { 500, TRUE, 0, G_MAXUINT },  { 1500, FALSE, 0, G_MAXUINT },
  { 1500, TRUE, 0, G_MAXUINT },
};

/* A socket that takes datagrams from anybody. */
struct _UpnpListener
{
  PlumBackend *backend; /* borrowed */
  GSocket *socket;      /* NULL: it was freed while it was reading */
  GSource *source;
  UpnpMessageFunc message;
  gpointer user_data;
};

struct _UpnpSearch
{
  PlumBackend *backend; /* borrowed */
  UpnpListener *answers;
  UpnpListener *group; /* (nullable) */
  GSource *timer;
  guint round;
  gboolean quiet;
  gboolean over;
  gboolean sent; /* something has left */
  GError *error; /* why nothing has; (nullable) */
  UpnpSearchEndFunc ended;
  gpointer user_data;
};

static gboolean
is_ipv6 (PlumNetwork *network)
{
  return plum_network_get_family (network) == G_SOCKET_FAMILY_IPV6;
}

static GSocketAddress *
upnp_group_address (PlumNetwork *network)
{
  g_autoptr (GInetAddress) group =
    g_inet_address_new_from_string (is_ipv6 (network) ? UPNP_SSDP_GROUP6 : UPNP_SSDP_GROUP);

  return plum_udp_socket_address (network, group, UPNP_SSDP_PORT);
}

/* A link-local address of another link is somebody else's. */
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
upnp_listener_take (UpnpListener *self, const char *data, gsize len, GSocketAddress *from)
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

      plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_VERBOSE, "SSDP from %s: %s", name, error->message);
    }
}

static gboolean
on_datagram (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  /* Whoever hears of a datagram may free the listener. */
  UpnpListener *self = g_rc_box_acquire (user_data);
  char buffer[UPNP_SSDP_MAX_DATAGRAM];

  for (guint i = 0; i < MAX_DRAIN && self->socket != NULL; i++)
    {
      g_autoptr (GSocketAddress) from = NULL;
      gssize n = g_socket_receive_from (self->socket, &from, buffer, sizeof buffer, NULL, NULL);

      if (n < 0)
        break;
      if (G_IS_INET_SOCKET_ADDRESS (from) && !is_of_other_link (self, G_INET_SOCKET_ADDRESS (from)))
        upnp_listener_take (self, buffer, (gsize) n, from);
    }

  g_rc_box_release (self);
  return G_SOURCE_CONTINUE;
}

static UpnpListener *
upnp_listener_new_bound (PlumBackend *backend,
                         GMainContext *context,
                         GSocketAddress *address,
                         gboolean shared,
                         UpnpMessageFunc message,
                         gpointer user_data,
                         GError **error)
{
  g_autoptr (UpnpListener) self = g_rc_box_new0 (UpnpListener);

  self->backend = backend;
  self->message = message;
  self->user_data = user_data;
  self->socket = g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_DATAGRAM,
                               G_SOCKET_PROTOCOL_UDP, error);
  if (self->socket == NULL || !g_socket_bind (self->socket, address, shared, error))
    return NULL;

  g_socket_set_blocking (self->socket, FALSE);
  self->source = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_datagram), self, NULL);
  g_source_attach (self->source, context);
  return g_steal_pointer (&self);
}

UpnpListener *
upnp_listener_new (PlumBackend *backend,
                   GMainContext *context,
                   UpnpMessageFunc message,
                   gpointer user_data,
                   GError **error)
{
  PlumNetwork *network = plum_backend_get_network (backend);
  /* Bound to the group: what others are sent on port 1900 must not come to us. */
  g_autoptr (GSocketAddress) address = upnp_group_address (network);
  GInetAddress *group = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address));
  g_autoptr (UpnpListener) self =
    upnp_listener_new_bound (backend, context, address, TRUE, message, user_data, error);

  if (self == NULL || !g_socket_join_multicast_group (self->socket, group, FALSE,
                                                      plum_network_get_interface (network), error))
    return NULL;

  return g_steal_pointer (&self);
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

static gboolean
set_interface_ipv4 (GSocket *socket, PlumNetwork *network)
{
  g_autoptr (GSocketAddress) address =
    g_inet_socket_address_new (plum_network_get_local_address (network), 0);
  struct sockaddr_in native = { 0 };

  return g_socket_address_to_native (address, &native, sizeof native, NULL) &&
         setsockopt (g_socket_get_fd (socket), IPPROTO_IP, IP_MULTICAST_IF, &native.sin_addr,
                     sizeof native.sin_addr) == 0;
}

static gboolean
set_interface_ipv6 (GSocket *socket, PlumNetwork *network)
{
  const int index = (int) plum_network_get_interface_index (network);

  return setsockopt (g_socket_get_fd (socket), IPPROTO_IPV6, IPV6_MULTICAST_IF, &index,
                     sizeof index) == 0;
}

/* To the interface that the gateway is behind, not to the one that the routing table has for
 * multicast (quirk 33). */
static gboolean
upnp_search_set_interface (UpnpListener *listener, PlumNetwork *network, GError **error)
{
  int saved_errno;

  g_socket_set_multicast_ttl (listener->socket, MULTICAST_TTL);
  if (is_ipv6 (network) ? set_interface_ipv6 (listener->socket, network)
                        : set_interface_ipv4 (listener->socket, network))
    return TRUE;

  saved_errno = errno;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
               "the interface “%s” cannot be chosen: %s", plum_network_get_interface (network),
               g_strerror (saved_errno));
  return FALSE;
}

static void
upnp_search_send (UpnpSearch *self, GSocketAddress *to, guint first, guint last)
{
  const char *const *targets = upnp_ssdp_targets (g_socket_address_get_family (to));
  GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS (to);
  g_autofree char *host = upnp_url_make_authority (g_inet_socket_address_get_address (inet),
                                                   g_inet_socket_address_get_port (inet));

  for (guint i = first; i <= last && targets[i] != NULL; i++)
    {
      g_autoptr (GBytes) bytes = upnp_ssdp_encode_search (host, targets[i]);
      g_autoptr (GError) error = NULL;
      gsize len;
      const char *data = g_bytes_get_data (bytes, &len);

      if (g_socket_send_to (self->answers->socket, to, data, len, NULL, &error) < 0)
        {
          plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_DEBUG, "search to %s: %s", host, error->message);
          g_clear_error (&self->error);
          self->error = g_steal_pointer (&error);
          return;
        }
      self->sent = TRUE;
      if (plum_backend_is_observed (self->backend))
        plum_backend_report_traffic (self->backend, PLUM_TRAFFIC_SENT, to, bytes);
    }
}

/* What is due by now. The gateway is asked before the group: that also opens this host's own
 * firewall for its answers (quirk 25). */
static void
upnp_search_send_round (UpnpSearch *self)
{
  PlumNetwork *network = plum_backend_get_network (self->backend);
  g_autoptr (GSocketAddress) group = upnp_group_address (network);
  g_autoptr (GSocketAddress) gateway =
    plum_udp_socket_address (network, plum_network_get_gateway (network), UPNP_SSDP_PORT);
  guint at = rounds[self->round].at;

  for (; self->round < G_N_ELEMENTS (rounds) && rounds[self->round].at == at; self->round++)
    upnp_search_send (self, rounds[self->round].to_group ? group : gateway,
                      rounds[self->round].first, rounds[self->round].last);
}

static gboolean on_search_timer (gpointer user_data);

static void
upnp_search_wait (UpnpSearch *self, guint ms)
{
  self->timer = plum_backend_create_timer (self->backend, ms);
  g_source_set_callback (self->timer, on_search_timer, self, NULL);
}

static void
upnp_search_arm (UpnpSearch *self)
{
  guint last = rounds[self->round - 1].at;
  guint next = self->round < G_N_ELEMENTS (rounds) ? rounds[self->round].at : UPNP_SEARCH_WINDOW;

  upnp_search_wait (self, next - last);
}

static void
upnp_search_disarm (UpnpSearch *self)
{
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

static gboolean
on_search_timer (gpointer user_data)
{
  UpnpSearch *self = user_data;

  g_clear_pointer (&self->timer, g_source_unref);
  if (self->round < G_N_ELEMENTS (rounds))
    {
      upnp_search_send_round (self);
      upnp_search_arm (self);
    }
  else
    {
      self->over = TRUE;
      self->ended (self->user_data);
    }

  return G_SOURCE_REMOVE;
}

void
upnp_search_set_quiet (UpnpSearch *self, gboolean quiet)
{
  if (self->over || self->quiet == quiet)
    return;

  self->quiet = quiet;
  if (quiet)
    {
      upnp_search_disarm (self);
      return;
    }

  /* Nothing came of it: what was left out is made up for. */
  if (self->round < G_N_ELEMENTS (rounds))
    {
      self->round = 1;
      upnp_search_send_round (self);
    }
  upnp_search_arm (self);
}

/* Where answers come to. A router answers with the address that fits the asker's: a question from
 * the global address would be answered from the router's own global one, which nobody could tell
 * from another host's. Unbound, it goes out from the link-local address to the link. */
static GSocketAddress *
upnp_search_address (PlumNetwork *network)
{
  g_autoptr (GInetAddress) any = g_inet_address_new_any (G_SOCKET_FAMILY_IPV6);

  return g_inet_socket_address_new (is_ipv6 (network) ? any
                                                      : plum_network_get_local_address (network),
                                    0);
}

UpnpSearch *
upnp_search_new (PlumBackend *backend,
                 GMainContext *context,
                 UpnpMessageFunc message,
                 UpnpSearchEndFunc ended,
                 gpointer user_data,
                 GError **error)
{
  PlumNetwork *network = plum_backend_get_network (backend);
  g_autoptr (GSocketAddress) any_port = upnp_search_address (network);
  g_autoptr (UpnpListener) answers =
    upnp_listener_new_bound (backend, context, any_port, FALSE, message, user_data, error);
  g_autoptr (GError) group_error = NULL;
  UpnpSearch *self;

  if (answers == NULL || !upnp_search_set_interface (answers, network, error))
    return NULL;

  self = g_new0 (UpnpSearch, 1);
  self->backend = backend;
  self->ended = ended;
  self->user_data = user_data;
  self->answers = g_steal_pointer (&answers);

  /* Some answer a search with a notification to all (quirk 24). */
  self->group = upnp_listener_new (backend, context, message, user_data, &group_error);
  if (self->group == NULL)
    plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_DEBUG, "no ear for notifications: %s",
              group_error->message);

  if (is_ipv6 (network))
    upnp_search_wait (self, IPV6_LATER);
  else
    on_search_timer (self);
  return self;
}

const GError *
upnp_search_get_error (UpnpSearch *self)
{
  return self->sent ? NULL : self->error;
}

void
upnp_search_free (UpnpSearch *self)
{
  upnp_search_disarm (self);
  g_clear_pointer (&self->answers, upnp_listener_free);
  g_clear_pointer (&self->group, upnp_listener_free);
  g_clear_error (&self->error);
  g_free (self);
}

static gboolean
is_same_network (GInetAddress *a, GInetAddress *b, GInetAddress *netmask)
{
  const guint8 *x = g_inet_address_to_bytes (a);
  const guint8 *y = g_inet_address_to_bytes (b);
  const guint8 *mask = g_inet_address_to_bytes (netmask);

  for (gsize i = 0; i < g_inet_address_get_native_size (netmask); i++)
    {
      if ((x[i] & mask[i]) != (y[i] & mask[i]))
        return FALSE;
    }

  return TRUE;
}

static GInetAddress *
from_native (struct sockaddr *native)
{
  const gsize size =
    native->sa_family == AF_INET6 ? sizeof (struct sockaddr_in6) : sizeof (struct sockaddr_in);
  g_autoptr (GSocketAddress) address = g_socket_address_new_from_native (native, size);

  return g_object_ref (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
}

/* Are both addresses within a network of one of this host's interfaces? */
static gboolean
shares_link (GInetAddress *local, GInetAddress *other)
{
  const int family = (int) g_inet_address_get_family (local);
  struct ifaddrs *list = NULL;
  gboolean shared = FALSE;

  if (getifaddrs (&list) != 0)
    return FALSE;

  for (struct ifaddrs *i = list; i != NULL && !shared; i = i->ifa_next)
    {
      g_autoptr (GInetAddress) base = NULL;
      g_autoptr (GInetAddress) netmask = NULL;

      if (i->ifa_addr == NULL || i->ifa_netmask == NULL || i->ifa_addr->sa_family != family)
        continue;

      /* The mask's family is not always filled in. */
      i->ifa_netmask->sa_family = (sa_family_t) family;
      base = from_native (i->ifa_addr);
      netmask = from_native (i->ifa_netmask);
      shared = is_same_network (base, local, netmask) && is_same_network (base, other, netmask);
    }

  freeifaddrs (list);
  return shared;
}

gboolean
upnp_may_contact (PlumNetwork *network, GInetAddress *address)
{
  GInetAddress *gateway = plum_network_get_gateway (network);

  if (gateway == NULL || g_inet_address_get_family (address) != plum_network_get_family (network))
    return FALSE;
  if (g_inet_address_equal (gateway, address))
    return TRUE;
  if (g_inet_address_get_is_loopback (address) && !g_inet_address_get_is_loopback (gateway))
    return FALSE;
  if (g_inet_address_get_is_multicast (address) || g_inet_address_get_is_any (address))
    return FALSE;
  /* It is connected to on the network's own link, and on no other. */
  if (is_ipv6 (network) && g_inet_address_get_is_link_local (address))
    return TRUE;

  return shares_link (plum_network_get_local_address (network), address);
}
