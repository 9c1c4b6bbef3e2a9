/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-watch.h"

#include "upnp-listener.h"
#include "upnp-lookup.h"
#include "upnp-operation.h"

/* Between two queries, if the device has announced something new. Any host can forge that. */
#define WATCH_MIN_INTERVAL (10 * G_USEC_PER_SEC)

/* The same, if it has only announced that it is still there: miniupnpd does so every 30 s. */
#define WATCH_ROUTINE_INTERVAL (60 * G_USEC_PER_SEC)

/* An announcement consists of several messages, and each is sent more than once. */
#define WATCH_REPEAT_INTERVAL (3 * G_USEC_PER_SEC)

struct _UpnpWatch
{
  UpnpSession *session; /* borrowed */
  UpnpDevice *device;
  UpnpListener *listener;  /* (nullable) */
  GSource *timer;          /* (nullable): until the device may be queried again */
  gint64 timer_end;        /* in µs */
  UpnpDeviceCall *pending; /* (nullable) */
  gint64 query_time;       /* when it was queried, in µs; 0: never */
  char *hint;              /* what the device announced */
  gboolean departed;       /* it has announced its departure, and not itself since */
  char *location;          /* (nullable): the last one that a gateway announced */
  gboolean has_news;       /* the next query is for more than a routine announcement */
  gboolean asks_address;   /* the pending query is followed by one for the address */
  guint internal_port;     /* of the query */
  UpnpHosts hosts;
};

static void
upnp_watch_lose (UpnpWatch *self, const char *what)
{
  g_autofree char *reason = g_strdup_printf ("%s %s, and %s", self->device->name, self->hint, what);
  g_autoptr (UpnpDevice) device = upnp_device_ref (self->device);

  /* Frees self. */
  upnp_session_report_lost (self->session, device, reason);
}

static void
on_no_answer (UpnpWatch *self, const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    upnp_watch_lose (self, "it refuses connections to its control port");
}

static void
on_watch_address (const UpnpSoapReply *reply,
                  const char *local_address,
                  const GError *error,
                  gpointer user_data)
{
  UpnpWatch *self = user_data;
  g_autoptr (GInetAddress) address = NULL;

  self->pending = NULL;
  if (error == NULL && upnp_soap_reply_is_gone (reply))
    {
      upnp_watch_lose (self, "its control URL no longer exists");
      return;
    }
  if (error != NULL || reply->outcome != UPNP_SOAP_DONE)
    return;

  /* NULL: the device has no address at present. The report comes last: its handler may free
   * self. */
  address = upnp_soap_read_address (reply);
  if (upnp_device_set_address (self->device, address))
    plum_backend_report_external_address (upnp_session_get_backend (self->session), address);
}

/* A router that announces a change may have got a new address. */
static void
upnp_watch_query_address (UpnpWatch *self)
{
  static const UpnpSoapRequest request = { .action = UPNP_ACTION_GET_ADDRESS };

  self->pending = upnp_device_call (self->device, NULL, &request, on_watch_address, self);
}

/* Whether the router did not answer the pending query. If its control URL does not exist, the
 * device is lost. */
static gboolean
upnp_watch_take_failure (UpnpWatch *self, const UpnpSoapReply *reply, const GError *error)
{
  self->pending = NULL;
  if (error != NULL)
    on_no_answer (self, error);
  else if (upnp_soap_reply_is_gone (reply))
    upnp_watch_lose (self, "its control URL no longer exists");
  else
    return FALSE;

  return TRUE;
}

static void
on_watch_answer (const UpnpSoapReply *reply,
                 const char *local_address,
                 const GError *error,
                 gpointer user_data)
{
  UpnpWatch *self = user_data;
  g_autoptr (UpnpTableEntry) entry = NULL;

  if (upnp_watch_take_failure (self, reply, error))
    return;

  if (reply->outcome == UPNP_SOAP_DONE)
    entry = upnp_soap_read_entry (reply);

  if ((reply->outcome == UPNP_SOAP_FAULT && reply->code == 714) ||
      (entry != NULL && upnp_lookup_is_blank (entry, NULL)))
    upnp_watch_lose (self, "it no longer has the mappings");
  else if (entry != NULL &&
           !upnp_entry_is_ours (entry, upnp_hosts_get_client (&self->hosts, local_address),
                                self->internal_port))
    upnp_watch_lose (self, "one of the external ports belongs to another host");
  else if (self->asks_address)
    upnp_watch_query_address (self);
}

/* The router lacks UpdatePinhole, or its control URL no longer exists. */
static void
on_watch_firewall (const UpnpSoapReply *reply,
                   const char *local_address,
                   const GError *error,
                   gpointer user_data)
{
  upnp_watch_take_failure (user_data, reply, error);
}

static void
upnp_watch_query_firewall (UpnpWatch *self)
{
  static const UpnpSoapRequest request = { .action = UPNP_ACTION_GET_FIREWALL };

  self->pending = upnp_device_call (self->device, NULL, &request, on_watch_firewall, self);
}

static void
on_watch_updated (const UpnpSoapReply *reply,
                  const char *local_address,
                  const GError *error,
                  gpointer user_data)
{
  UpnpWatch *self = user_data;

  if (upnp_watch_take_failure (self, reply, error))
    return;

  if (reply->outcome == UPNP_SOAP_FAULT && (reply->code == 704 || reply->code == 402))
    upnp_watch_lose (self, "it no longer has the mappings");
  else if (reply->outcome == UPNP_SOAP_FAULT && reply->code == 606)
    upnp_watch_lose (self, "one of the pinholes belongs to another host");
  else if (upnp_soap_reply_may_be_gone (reply))
    upnp_watch_query_firewall (self);
}

/* Chooses a port or a pinhole of this process, and the action that checks it. FALSE: there is
 * none. */
static gboolean
upnp_watch_choose (UpnpWatch *self, UpnpSoapRequest *request)
{
  const UpnpPort *port = upnp_ports_peek (upnp_session_get_ports (self->session));

  if (port == NULL)
    return FALSE;

  self->internal_port = port->internal_port;
  self->hosts = port->hosts;
  *request = (UpnpSoapRequest){
    .action =
      upnp_session_is_ipv6 (self->session) ? UPNP_ACTION_UPDATE_PINHOLE : UPNP_ACTION_GET_SPECIFIC,
    .protocol = port->protocol,
    .external_port = port->external_port,
    .unique_id = port->unique_id,
    .lease = port->lease,
    .remote_host = upnp_hosts_get_remote (&self->hosts),
  };
  return TRUE;
}

static void
upnp_watch_query (UpnpWatch *self)
{
  UpnpSoapRequest request = { 0 };

  if (!upnp_watch_choose (self, &request))
    return;

  self->query_time = plum_backend_get_time (upnp_session_get_backend (self->session));
  self->asks_address = self->has_news;
  self->has_news = FALSE;
  self->pending = upnp_device_call (self->device, NULL, &request,
                                    request.action == UPNP_ACTION_UPDATE_PINHOLE ? on_watch_updated
                                                                                 : on_watch_answer,
                                    self);
}

static gboolean on_watch_timer (gpointer user_data);

static void
upnp_watch_clear_timer (UpnpWatch *self)
{
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

/* An earlier end replaces a later one. */
static void
upnp_watch_start_timer (UpnpWatch *self, gint64 end)
{
  PlumBackend *backend = upnp_session_get_backend (self->session);
  gint64 now = plum_backend_get_time (backend);

  /* A pending query may have ended by then. */
  if (self->pending != NULL)
    end = MAX (end, now + G_USEC_PER_SEC);
  if (self->timer != NULL && self->timer_end <= end)
    return;

  upnp_watch_clear_timer (self);
  self->timer_end = end;
  self->timer = plum_backend_create_timer (backend, (guint) (MAX (end - now, 0) / 1000 + 1));
  g_source_set_callback (self->timer, on_watch_timer, self, NULL);
}

static gboolean
on_watch_timer (gpointer user_data)
{
  UpnpWatch *self = user_data;

  g_clear_pointer (&self->timer, g_source_unref);
  if (self->pending == NULL)
    upnp_watch_query (self);
  else
    upnp_watch_start_timer (self, 0);
  return G_SOURCE_REMOVE;
}

/* Queries the device now, or as soon as it may be queried again: after a restart, the announcement
 * of the new start counts, not the one of the departure. news: not a routine announcement;
 * repeated: it says what is known already. */
static void
upnp_watch_take_hint (UpnpWatch *self, const char *hint, gboolean news, gboolean repeated)
{
  gint64 now = plum_backend_get_time (upnp_session_get_backend (self->session));
  gint64 next = 0;

  if (self->query_time != 0)
    {
      if (repeated && now - self->query_time < WATCH_REPEAT_INTERVAL)
        return;
      next = self->query_time + (news ? WATCH_MIN_INTERVAL : WATCH_ROUTINE_INTERVAL);
    }

  plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_DEBUG, "UPnP: %s %s", self->device->name, hint);
  if (news || !self->has_news)
    {
      g_free (self->hint);
      self->hint = g_strdup (hint);
    }
  self->has_news = self->has_news || news;

  if (self->pending == NULL && now >= next)
    {
      upnp_watch_clear_timer (self);
      upnp_watch_query (self);
      return;
    }

  upnp_watch_start_timer (self, next);
}

/* Whether the device has announced another description than it has, and not only repeated that. */
static gboolean
upnp_watch_note_location (UpnpWatch *self, const UpnpSsdpMessage *message)
{
  UpnpDevice *device = self->device;
  g_autoptr (UpnpUrl) location = NULL;

  if (message->class != UPNP_SSDP_GATEWAY || message->location == NULL ||
      device->location == NULL || g_strcmp0 (message->location, self->location) == 0)
    return FALSE;

  g_free (self->location);
  self->location = g_strdup (message->location);
  location = upnp_url_parse (message->location, NULL);
  return location != NULL && (location->port != device->location->port ||
                              !g_str_equal (location->target, device->location->target));
}

static void
upnp_watch_take_alive (UpnpWatch *self, const UpnpSsdpMessage *message)
{
  gint64 known = self->device->boot_id;
  gboolean moved = upnp_watch_note_location (self, message);
  gboolean returned = self->departed;

  self->departed = FALSE;
  if (message->boot_id >= 0)
    self->device->boot_id = message->boot_id;

  if (message->boot_id >= 0 && known >= 0 && message->boot_id != known)
    upnp_watch_take_hint (self, "has restarted", TRUE, FALSE);
  else if (moved)
    upnp_watch_take_hint (self, "has announced another description", TRUE, FALSE);
  else if (returned)
    upnp_watch_take_hint (self, "has announced itself", TRUE, FALSE);
  /* Some routers announce a restart with the same BOOTID (quirk 88). */
  else
    upnp_watch_take_hint (self, "has announced itself", FALSE, TRUE);
}

static void
on_watch_message (const UpnpSsdpMessage *message, GInetAddress *sender, gpointer user_data)
{
  UpnpWatch *self = user_data;
  gboolean departed = self->departed;

  if (!g_inet_address_equal (sender, self->device->address) || message->class == UPNP_SSDP_OTHER)
    return;

  if (message->kind == UPNP_SSDP_ALIVE)
    {
      upnp_watch_take_alive (self, message);
    }
  else if (message->kind == UPNP_SSDP_BYEBYE)
    {
      self->departed = TRUE;
      upnp_watch_take_hint (self, "has announced its departure", TRUE, departed);
    }
}

UpnpWatch *
upnp_watch_new (UpnpSession *session, UpnpDevice *device)
{
  UpnpWatch *self = g_new0 (UpnpWatch, 1);
  g_autoptr (GError) error = NULL;

  self->session = session;
  self->device = upnp_device_ref (device);
  self->listener = upnp_listener_new_for_group (upnp_session_get_backend (session),
                                                upnp_session_get_context (session),
                                                on_watch_message, self, &error);
  if (self->listener == NULL)
    plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_DEBUG, "UPnP: cannot receive notifications: %s",
              error->message);

  return self;
}

UpnpDevice *
upnp_watch_get_device (UpnpWatch *self)
{
  return self->device;
}

void
upnp_watch_free (UpnpWatch *self)
{
  g_clear_pointer (&self->listener, upnp_listener_free);
  g_clear_pointer (&self->pending, upnp_device_call_cancel);
  upnp_watch_clear_timer (self);
  g_clear_pointer (&self->device, upnp_device_unref);
  g_free (self->hint);
  g_free (self->location);
  g_free (self);
}
