/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-search.h"

#include "igd-url.h"
#include "plum-udp.h"

/* How much later an IPv6 search begins, in ms: some routers answer neither family if both searches
 * arrive at the same moment (quirk 31), and a program often starts both at once. */
#define IPV6_DELAY 100

/* What is sent when, in ms. The first message goes to the gateway alone: a router with one thread
 * may take 30 ms for each message, and would serve its description after ten unnecessary
 * answers. */
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

struct _UpnpSearch
{
  PlumBackend *backend; /* borrowed */
  /* Two sockets: the port of the second one is visible to all hosts of the link, which can forge
   * answers to it. The port of the first one is sent only to the gateway. */
  UpnpListener *gateway;
  UpnpListener *answers;
  UpnpListener *group; /* (nullable) */
  UpnpSearchMessageFunc message;
  GSource *timer;
  gint64 due; /* when the timer expires, in µs */
  guint round;
  gboolean paused;
  gboolean finished;
  gboolean sent; /* at least one message */
  GError *error; /* (nullable): why the last message could not be sent */
  UpnpSearchFinishedFunc finished_func;
  gpointer user_data;
};

static gboolean
search_is_ipv6 (PlumNetwork *network)
{
  return plum_network_get_family (network) == G_SOCKET_FAMILY_IPV6;
}

/* A router beyond the first one is not on the link of this host: multicast does not reach it. */
static gboolean
is_beyond (PlumNetwork *network)
{
  return plum_network_get_hop (network) > 1;
}

/* The first message of each round to the gateway is sent from the port that only the gateway is
 * sent. The others open this host's own firewall for the other port (quirk 25). */
static UpnpListener *
upnp_search_choose_socket (UpnpSearch *self, GSocketAddress *to, guint target)
{
  GInetAddress *address = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (to));

  return target == 0 && !g_inet_address_get_is_multicast (address) ? self->gateway : self->answers;
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

      if (!upnp_listener_send (upnp_search_choose_socket (self, to, i), to, bytes, &error))
        {
          plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_DEBUG, "UPnP: cannot send a search to %s: %s",
                    host, error->message);
          g_clear_error (&self->error);
          self->error = g_steal_pointer (&error);
          return;
        }
      self->sent = TRUE;
    }
}

/* Sends what is due. The gateway comes before the group, which also opens this host's own firewall
 * for the gateway's answers (quirk 25). */
static void
upnp_search_send_round (UpnpSearch *self)
{
  PlumNetwork *network = plum_backend_get_network (self->backend);
  g_autoptr (GSocketAddress) group = upnp_ssdp_group_address (network);
  g_autoptr (GSocketAddress) gateway =
    plum_udp_socket_address (network, plum_network_get_gateway (network), UPNP_SSDP_PORT);
  guint at = rounds[self->round].at;

  for (; self->round < G_N_ELEMENTS (rounds) && rounds[self->round].at == at; self->round++)
    if (!rounds[self->round].to_group || !is_beyond (network))
      upnp_search_send (self, rounds[self->round].to_group ? group : gateway,
                        rounds[self->round].first, rounds[self->round].last);
}

static gboolean on_search_timer (gpointer user_data);

static void
upnp_search_start_timer (UpnpSearch *self, guint ms)
{
  self->due = plum_backend_get_time (self->backend) + ms * G_GINT64_CONSTANT (1000);
  self->timer = plum_backend_create_timer (self->backend, ms);
  g_source_set_callback (self->timer, on_search_timer, self, NULL);
}

static void
upnp_search_continue (UpnpSearch *self)
{
  guint last = rounds[self->round - 1].at;
  guint next = self->round < G_N_ELEMENTS (rounds) ? rounds[self->round].at : UPNP_SEARCH_WINDOW;

  upnp_search_start_timer (self, next - last);
}

static void
upnp_search_clear_timer (UpnpSearch *self)
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
      upnp_search_continue (self);
    }
  else
    {
      self->finished = TRUE;
      self->finished_func (self->user_data);
    }

  return G_SOURCE_REMOVE;
}

void
upnp_search_set_paused (UpnpSearch *self, gboolean paused)
{
  if (self->finished || self->paused == paused)
    return;

  self->paused = paused;
  if (paused)
    {
      upnp_search_clear_timer (self);
      return;
    }

  /* The device could not be used. The pause may have been in the first round, in which most targets
   * were left out: they are due at once. Many failures do not repeat what was sent. */
  if (self->round == 1)
    upnp_search_start_timer (self, 0);
  else
    upnp_search_start_timer (self,
                             (guint) (MAX (self->due - plum_backend_get_time (self->backend), 0) /
                                      1000));
}

/* The local address of the search. A router answers from an address of the same scope: an IPv6
 * search from a global address would be answered from the router's global address, which cannot be
 * recognized as the gateway. An unbound socket sends from the link-local address. */
static GSocketAddress *
upnp_search_address (PlumNetwork *network)
{
  g_autoptr (GInetAddress) any = g_inet_address_new_any (G_SOCKET_FAMILY_IPV6);

  return g_inet_socket_address_new (search_is_ipv6 (network)
                                      ? any
                                      : plum_network_get_local_address (network),
                                    0);
}

/* Beyond the first router, only the gateway can answer, and with a description of its own: an
 * answer of another host, or one that names another host, is not used. */
static gboolean
is_acceptable (PlumNetwork *network, const UpnpSsdpMessage *message, GInetAddress *sender)
{
  GInetAddress *gateway = plum_network_get_gateway (network);
  g_autoptr (UpnpUrl) location = NULL;
  g_autoptr (GInetAddress) host = NULL;

  if (!is_beyond (network) || message->location == NULL)
    return TRUE;

  location = upnp_url_parse (message->location, NULL);
  if (location != NULL)
    host = g_inet_address_new_from_string (location->host);
  return g_inet_address_equal (sender, gateway) && host != NULL &&
         g_inet_address_equal (host, gateway);
}

static void
upnp_search_take (UpnpSearch *self,
                  const UpnpSsdpMessage *message,
                  GInetAddress *sender,
                  UpnpOrigin origin)
{
  if (is_acceptable (plum_backend_get_network (self->backend), message, sender))
    self->message (message, sender, origin, self->user_data);
  else
    plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_DEBUG,
              "UPnP: an answer that is not from the router beyond, or names another host, is not "
              "used: %s",
              message->location);
}

static void
on_gateway_message (const UpnpSsdpMessage *message, GInetAddress *sender, gpointer user_data)
{
  upnp_search_take (user_data, message, sender, UPNP_ORIGIN_GATEWAY);
}

static void
on_answer (const UpnpSsdpMessage *message, GInetAddress *sender, gpointer user_data)
{
  upnp_search_take (user_data, message, sender, UPNP_ORIGIN_ANSWER);
}

static void
on_announcement (const UpnpSsdpMessage *message, GInetAddress *sender, gpointer user_data)
{
  UpnpSearch *self = user_data;

  self->message (message, sender, UPNP_ORIGIN_ANNOUNCEMENT, self->user_data);
}

UpnpSearch *
upnp_search_new (PlumBackend *backend,
                 GMainContext *context,
                 UpnpSearchMessageFunc message,
                 UpnpSearchFinishedFunc finished,
                 gpointer user_data,
                 GError **error)
{
  PlumNetwork *network = plum_backend_get_network (backend);
  g_autoptr (GSocketAddress) any_port = upnp_search_address (network);
  g_autoptr (UpnpSearch) self = g_new0 (UpnpSearch, 1);
  g_autoptr (GError) group_error = NULL;

  self->backend = backend;
  self->message = message;
  self->finished_func = finished;
  self->user_data = user_data;
  self->gateway =
    upnp_listener_new_bound (backend, context, any_port, on_gateway_message, self, error);
  if (self->gateway == NULL)
    return NULL;
  self->answers = upnp_listener_new_bound (backend, context, any_port, on_answer, self, error);
  if (self->answers == NULL || !upnp_listener_set_interface (self->answers, error))
    return NULL;

  /* Some routers answer a search with a notification to the group (quirk 24). */
  if (!is_beyond (network))
    self->group =
      upnp_listener_new_for_group (backend, context, on_announcement, self, &group_error);
  if (group_error != NULL)
    plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_DEBUG, "UPnP: cannot receive notifications: %s",
              group_error->message);

  if (search_is_ipv6 (network))
    upnp_search_start_timer (self, IPV6_DELAY);
  else
    on_search_timer (self);
  return g_steal_pointer (&self);
}

const GError *
upnp_search_get_error (UpnpSearch *self)
{
  return self->sent ? NULL : self->error;
}

void
upnp_search_free (UpnpSearch *self)
{
  upnp_search_clear_timer (self);
  g_clear_pointer (&self->gateway, upnp_listener_free);
  g_clear_pointer (&self->answers, upnp_listener_free);
  g_clear_pointer (&self->group, upnp_listener_free);
  g_clear_error (&self->error);
  g_free (self);
}
