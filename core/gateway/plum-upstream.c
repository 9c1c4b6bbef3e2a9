/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-upstream-private.h"

#include "plum-backend-private.h"
#include "plum-clock-private.h"
#include "plum-hop-probe-private.h"
#include "plum-log-private.h"
#include "plum-route-private.h"
#include "plum-values-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* A gateway may report one external address after the other: how many datagrams are sent beyond it
 * in this time at most. */
#define PROBES_MAX 3
#define PROBES_TIME (30 * (gint64) G_USEC_PER_SEC)

typedef enum {
  WAY_NONE,    /* there is no next router, or it is not known whether there is one */
  WAY_PRIVATE, /* a router of the home, found by the TTL */
  WAY_SHARED,  /* a server of the provider, at an anycast address */
} Way;

struct _PlumUpstream
{
  PlumNetwork *network;
  GPtrArray *infos;
  GMainContext *context;
  PlumClock *clock;
  const PlumSettings *settings;
  PlumSignalQueue *signals;
  const PlumUpstreamClient *client; /* NULL if closed */
  gpointer user_data;

  gboolean wanted;
  gboolean unserved;
  GInetAddress *address; /* (nullable): the external one of the gateway */

  Way way;
  GInetAddress *searched;    /* (nullable): the external address that the result is for */
  PlumHopProbe *probe;       /* (nullable): pending */
  PlumTimer pause;           /* the next probe */
  gint64 probed[PROBES_MAX]; /* on the clock: the last probes, the latest first; 0: none */
  PlumNetwork *beyond;       /* (nullable): the result */
  gboolean guessed;          /* no router has answered the probe */
  GPtrArray *backends;       /* (nullable): that can ask it */
  GError *reason;            /* (nullable): why there is no result */
};

/* Whether this host itself has an address of its provider, which no router translates. */
gboolean
plum_upstream_may_bypass (PlumUpstream *self)
{
  return self->client != NULL && self->unserved && self->address == NULL &&
         plum_network_get_hop (self->network) == 1 && self->settings->max_hops > 1 &&
         plum_address_get_scope (plum_network_get_local_address (self->network)) ==
           PLUM_ADDRESS_SCOPE_CGNAT;
}

static Way
plum_upstream_find_way (PlumUpstream *self)
{
  GInetAddress *gateway = plum_network_get_gateway (self->network);

  if (plum_upstream_may_bypass (self))
    return WAY_SHARED;
  /* No router is beyond a gateway on this host, such as that of a test. */
  if (self->client == NULL || plum_network_get_hop (self->network) >= self->settings->max_hops ||
      gateway == NULL || g_inet_address_get_is_loopback (gateway) ||
      plum_network_get_family (self->network) != G_SOCKET_FAMILY_IPV4)
    return WAY_NONE;

  switch (plum_address_get_scope (self->address))
    {
    case PLUM_ADDRESS_SCOPE_PRIVATE:
      return WAY_PRIVATE;
    case PLUM_ADDRESS_SCOPE_CGNAT:
      return WAY_SHARED;
    case PLUM_ADDRESS_SCOPE_UNKNOWN:
    case PLUM_ADDRESS_SCOPE_PUBLIC:
    case PLUM_ADDRESS_SCOPE_LOOPBACK:
    case PLUM_ADDRESS_SCOPE_LINK_LOCAL:
    case PLUM_ADDRESS_SCOPE_UNSPECIFIED:
    case PLUM_ADDRESS_SCOPE_MULTICAST:
    case PLUM_ADDRESS_SCOPE_DOCUMENTATION:
    case PLUM_ADDRESS_SCOPE_RESERVED:
    default:
      return WAY_NONE;
    }
}

/* --- The result --- */

/* gateway, backends, reason: (nullable). */
static void
plum_upstream_set_result (PlumUpstream *self,
                          GInetAddress *gateway,
                          GPtrArray *backends,
                          GError *reason)
{
  GInetAddress *client =
    self->address != NULL ? self->address : plum_network_get_local_address (self->network);
  PlumNetwork *beyond = NULL;
  gboolean same;

  if (gateway != NULL)
    beyond = plum_network_new_beyond (self->network, gateway, client);
  same = (beyond == NULL && self->beyond == NULL) ||
         (beyond != NULL && self->beyond != NULL && plum_network_equal (beyond, self->beyond));

  g_clear_error (&self->reason);
  self->reason = reason;
  if (same)
    {
      g_clear_object (&beyond);
    }
  else
    {
      g_clear_object (&self->beyond);
      self->beyond = beyond;
      g_clear_pointer (&self->backends, g_ptr_array_unref);
      self->backends = backends != NULL ? g_ptr_array_ref (backends) : NULL;
    }

  /* Also if only the search has ended. */
  if (self->client != NULL)
    self->client->changed (self->user_data);
}

/* --- A router of the home --- */

/* The address of every router on the way here. */
static gboolean
plum_upstream_is_inner (PlumUpstream *self, GInetAddress *address)
{
  for (PlumNetwork *n = self->network; n != NULL; n = plum_network_get_inner (n))
    if (plum_address_equal (plum_network_get_gateway (n), address) ||
        plum_address_equal (plum_network_get_client_address (n), address) ||
        plum_address_equal (plum_network_get_local_address (n), address))
      return TRUE;

  return plum_address_equal (self->address, address);
}

/* Whether packets to the address pass the first router of the chain, and so neither this host nor a
 * network that it is connected to has the address. */
static gboolean
plum_upstream_is_beyond (PlumUpstream *self, GInetAddress *address)
{
  PlumNetwork *first = self->network;

  while (plum_network_get_inner (first) != NULL)
    first = plum_network_get_inner (first);
  return plum_route_leads_beyond (first, address);
}

/* address: from the network, and possibly forged. */
static gboolean
plum_upstream_may_ask (PlumUpstream *self, GInetAddress *address)
{
  return plum_address_get_scope (address) == PLUM_ADDRESS_SCOPE_PRIVATE &&
         !plum_upstream_is_inner (self, address) && plum_upstream_is_beyond (self, address);
}

/* The first address of the outside network of the gateway, if that has the usual size.
 * (transfer full) */
static GInetAddress *
plum_upstream_guess (PlumUpstream *self)
{
  guint8 bytes[4];

  for (unsigned int i = 0; i < sizeof bytes; i++)
    bytes[i] = g_inet_address_to_bytes (self->address)[i];
  bytes[3] = 1;
  return g_inet_address_new_from_bytes (bytes, G_SOCKET_FAMILY_IPV4);
}

/* Whether the address can only be that of a router of the provider, which is left alone. */
static gboolean
is_provider (GInetAddress *address)
{
  PlumAddressScope scope = plum_address_get_scope (address);

  return scope == PLUM_ADDRESS_SCOPE_PUBLIC || scope == PLUM_ADDRESS_SCOPE_CGNAT;
}

static GError *
plum_upstream_make_reason (PlumUpstream *self, GInetAddress *found)
{
  g_autofree char *external = g_inet_address_to_string (self->address);
  g_autofree char *text = found != NULL ? g_inet_address_to_string (found) : NULL;

  if (found != NULL && is_provider (found))
    return g_error_new (PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
                        _ ("The router beyond %s is %s, which is the provider's: it is not asked"),
                        external, text);
  return g_error_new (PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
                      _ ("The router beyond %s is unknown: no router has answered the probe"),
                      external);
}

static void
on_hop (GInetAddress *hop, gpointer user_data)
{
  PlumUpstream *self = user_data;
  PLUM_SIGNAL_SCOPE (self->signals);
  g_autoptr (GInetAddress) found = hop != NULL ? g_object_ref (hop) : NULL;
  g_autoptr (GInetAddress) guess = plum_upstream_guess (self);
  g_autofree char *text = found != NULL ? g_inet_address_to_string (found) : NULL;

  g_clear_pointer (&self->probe, plum_hop_probe_free);
  self->guessed = found == NULL || !plum_upstream_may_ask (self, found);
  plum_debug ("Router %u on the path to the internet: %s", plum_network_get_hop (self->network) + 1,
              text != NULL ? text : "no answer");

  /* A forged answer must not hide the next router, so that the guess is asked instead. */
  if (found != NULL && plum_upstream_may_ask (self, found))
    plum_upstream_set_result (self, found, self->infos, NULL);
  else if ((found == NULL || !is_provider (found)) && plum_upstream_may_ask (self, guess))
    plum_upstream_set_result (self, guess, self->infos, NULL);
  else
    plum_upstream_set_result (self, NULL, NULL, plum_upstream_make_reason (self, found));
}

static void
plum_upstream_start_probe (PlumUpstream *self)
{
  plum_clock_disarm (self->clock, &self->pause);
  memmove (self->probed + 1, self->probed, sizeof self->probed - sizeof self->probed[0]);
  self->probed[0] = plum_clock_get_time (self->clock);
  self->probe =
    plum_hop_probe_new (plum_network_get_hop (self->network) + 1,
                        plum_network_get_interface (self->network), self->context, on_hop, self);
  if (plum_hop_probe_get_peer (self->probe) != NULL)
    self->client->sent (plum_hop_probe_get_peer (self->probe),
                        plum_hop_probe_get_content (self->probe), self->user_data);
}

static void
on_pause_ended (gpointer user_data)
{
  PlumUpstream *self = user_data;
  PLUM_SIGNAL_SCOPE (self->signals);

  plum_upstream_start_probe (self);
}

/* moved: the gateway has reported another address than in the last search. */
static void
plum_upstream_find_router (PlumUpstream *self, gboolean moved)
{
  gint64 first = self->probed[PROBES_MAX - 1];

  if (!moved || first == 0 || plum_clock_get_time (self->clock) >= first + PROBES_TIME)
    plum_upstream_start_probe (self);
  else
    plum_clock_arm (self->clock, &self->pause, first + PROBES_TIME);
}

/* --- A server of the provider --- */

/* The first IPv4 address that a backend names. (transfer full) (nullable) */
static GInetAddress *
find_anycast (PlumBackendInfo *info)
{
  GType type = plum_backend_info_ensure_type (info, PLUM_TYPE_BACKEND);
  GTypeClass *klass = type != G_TYPE_INVALID ? g_type_class_ref (type) : NULL;
  const char *const *names = klass != NULL ? ((PlumBackendClass *) klass)->anycast : NULL;
  GInetAddress *found = NULL;

  for (guint i = 0; names != NULL && names[i] != NULL && found == NULL; i++)
    {
      found = g_inet_address_new_from_string (names[i]);
      if (found != NULL && g_inet_address_get_family (found) != G_SOCKET_FAMILY_IPV4)
        g_clear_object (&found);
    }

  g_clear_pointer (&klass, g_type_class_unref);
  return found;
}

static void
plum_upstream_find_server (PlumUpstream *self)
{
  g_autoptr (GPtrArray) backends = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GInetAddress) server = NULL;
  g_autofree char *shared = g_inet_address_to_string (
    self->address != NULL ? self->address : plum_network_get_local_address (self->network));

  for (guint i = 0; i < self->infos->len; i++)
    {
      g_autoptr (GInetAddress) address = find_anycast (self->infos->pdata[i]);

      if (address == NULL || (server != NULL && !g_inet_address_equal (address, server)))
        continue;
      g_set_object (&server, address);
      g_ptr_array_add (backends, g_object_ref (self->infos->pdata[i]));
    }

  if (server != NULL && plum_upstream_is_beyond (self, server))
    plum_upstream_set_result (self, server, backends, NULL);
  else
    plum_upstream_set_result (
      self, NULL, NULL,
      g_error_new (PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
                   _ ("The address %s is shared by the provider, and its servers cannot be asked"),
                   shared));
}

/* --- The search --- */

void
plum_upstream_check (PlumUpstream *self)
{
  Way way = plum_upstream_find_way (self);
  gboolean moved = !plum_address_equal (self->address, self->searched);

  if (!self->wanted || self->client == NULL)
    return;
  if (way == self->way && (way == WAY_NONE || !moved))
    {
      /* The host may be connected to the network of the next router by now. */
      gboolean lost = self->beyond != NULL &&
                      !plum_upstream_is_beyond (self, plum_network_get_gateway (self->beyond));

      if (way == WAY_SHARED && (lost || self->beyond == NULL))
        {
          plum_upstream_find_server (self);
        }
      else if (lost)
        {
          g_clear_object (&self->searched);
          plum_upstream_set_result (self, NULL, NULL, plum_upstream_make_reason (self, NULL));
        }
      return;
    }

  self->way = way;
  g_set_object (&self->searched, self->address);
  g_clear_pointer (&self->probe, plum_hop_probe_free);
  plum_clock_disarm (self->clock, &self->pause);

  if (way == WAY_PRIVATE)
    plum_upstream_find_router (self, moved);
  if (way == WAY_SHARED)
    plum_upstream_find_server (self);
  else
    plum_upstream_set_result (self, NULL, NULL, NULL);
}

void
plum_upstream_want (PlumUpstream *self)
{
  if (self->wanted)
    return;

  self->wanted = TRUE;
  plum_upstream_check (self);
}

void
plum_upstream_set_address (PlumUpstream *self, GInetAddress *address)
{
  g_set_object (&self->address, address);
  plum_upstream_check (self);
}

void
plum_upstream_set_unserved (PlumUpstream *self, gboolean unserved)
{
  self->unserved = unserved;
  plum_upstream_check (self);
}

void
plum_upstream_search_again (PlumUpstream *self)
{
  if (self->wanted && self->way == WAY_PRIVATE && self->probe == NULL &&
      !plum_timer_is_armed (&self->pause))
    plum_upstream_start_probe (self);
  else if (self->wanted && self->way == WAY_SHARED && self->beyond == NULL)
    plum_upstream_find_server (self);
}

gboolean
plum_upstream_is_possible (PlumUpstream *self)
{
  return plum_upstream_find_way (self) != WAY_NONE;
}

gboolean
plum_upstream_is_pending (PlumUpstream *self)
{
  return (self->probe != NULL || plum_timer_is_armed (&self->pause)) && self->beyond == NULL;
}

PlumNetwork *
plum_upstream_get_network (PlumUpstream *self)
{
  return self->beyond;
}

GPtrArray *
plum_upstream_get_backends (PlumUpstream *self)
{
  return self->backends;
}

const GError *
plum_upstream_get_reason (PlumUpstream *self)
{
  return self->reason;
}

gboolean
plum_upstream_is_guessed (PlumUpstream *self)
{
  return self->way == WAY_PRIVATE && self->guessed;
}

GError *
plum_upstream_make_refusal (PlumUpstream *self)
{
  GInetAddress *gateway = plum_network_get_gateway (self->network);
  g_autofree char *router =
    gateway != NULL ? g_inet_address_to_string (gateway)
                    /* Translators: inserted into the texts “No router beyond %s is asked”. */
                    : g_strdup (C_ ("beyond", "the gateway"));
  g_autofree char *external =
    self->address != NULL ? g_inet_address_to_string (self->address) : NULL;

  if (plum_network_get_family (self->network) != G_SOCKET_FAMILY_IPV4)
    return g_error_new_literal (PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
                                _ ("Routers beyond the first one are asked for IPv4 only"));
  if (external == NULL)
    return g_error_new (PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
                        _ ("No router beyond %s is asked: its external address is unknown"),
                        router);
  if (plum_address_get_scope (self->address) != PLUM_ADDRESS_SCOPE_PRIVATE &&
      plum_address_get_scope (self->address) != PLUM_ADDRESS_SCOPE_CGNAT)
    return g_error_new (PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
                        _ ("No router beyond %s is asked: its external address %s is not private"),
                        router, external);
  if (plum_network_get_hop (self->network) >= self->settings->max_hops)
    return g_error_new (PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
                        g_dngettext (GETTEXT_PACKAGE,
                                     "No router beyond %s is asked: at most %u router may be",
                                     "No router beyond %s is asked: at most %u routers may be",
                                     self->settings->max_hops),
                        router, self->settings->max_hops);
  return g_error_new (PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
                      _ ("No router beyond %s is asked: it is on this host"), router);
}

/* --- Object --- */

PlumUpstream *
plum_upstream_new (PlumNetwork *network,
                   GPtrArray *backend_infos,
                   GMainContext *context,
                   const PlumSettings *settings,
                   PlumSignalQueue *signals,
                   const PlumUpstreamClient *client,
                   gpointer user_data)
{
  PlumUpstream *self = g_new0 (PlumUpstream, 1);

  self->network = g_object_ref (network);
  self->infos = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < backend_infos->len; i++)
    g_ptr_array_add (self->infos, g_object_ref (backend_infos->pdata[i]));
  self->context = g_main_context_ref (context);
  self->clock = plum_clock_ref_for_context (context);
  plum_timer_init (&self->pause, on_pause_ended, self);
  self->settings = settings;
  self->signals = plum_signal_queue_ref (signals);
  self->client = client;
  self->user_data = user_data;
  return self;
}

void
plum_upstream_close (PlumUpstream *self)
{
  self->client = NULL;
  plum_clock_disarm (self->clock, &self->pause);
  g_clear_pointer (&self->probe, plum_hop_probe_free);
  g_clear_object (&self->beyond);
  g_clear_pointer (&self->backends, g_ptr_array_unref);
}

void
plum_upstream_free (PlumUpstream *self)
{
  plum_upstream_close (self);
  g_clear_error (&self->reason);
  g_clear_object (&self->searched);
  g_clear_object (&self->address);
  g_clear_pointer (&self->infos, g_ptr_array_unref);
  g_clear_object (&self->network);
  g_clear_pointer (&self->signals, plum_signal_queue_unref);
  g_clear_pointer (&self->clock, plum_clock_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self);
}
