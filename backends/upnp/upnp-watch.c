/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-watch.h"

#include "upnp-operation.h"
#include "upnp-listener.h"

#define WATCH_MIN_INTERVAL (10 * G_USEC_PER_SEC)

struct _UpnpWatch
{
  UpnpSession *session; /* borrowed */
  UpnpDevice *device;
  UpnpListener *listener;  /* (nullable) */
  GSource *timer;          /* (nullable): until the device may be queried again */
  UpnpDeviceCall *pending; /* (nullable) */
  gint64 query_time;       /* when it was queried, in µs; 0: never */
  char *hint;              /* what the device announced */
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

static gboolean
is_gone (const UpnpSoapReply *reply)
{
  return reply->status == 404 || reply->status == 410;
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
  if (error != NULL || reply->outcome != UPNP_SOAP_DONE)
    return;

  /* NULL: the device has no address at present. The report comes last: its handler may free
   * self. */
  address = upnp_soap_read_address (reply);
  if (upnp_device_set_address (self->device, address))
    plum_backend_report_external_address (upnp_session_get_backend (self->session), address);
}

/* A router that announces itself may have got a new address. */
static void
upnp_watch_query_address (UpnpWatch *self)
{
  static const UpnpSoapRequest request = { .action = UPNP_ACTION_GET_ADDRESS };

  self->pending = upnp_device_call (self->device, NULL, &request, on_watch_address, self);
}

static void
on_watch_answer (const UpnpSoapReply *reply,
                 const char *local_address,
                 const GError *error,
                 gpointer user_data)
{
  UpnpWatch *self = user_data;
  g_autoptr (UpnpTableEntry) entry = NULL;

  self->pending = NULL;
  if (error != NULL)
    {
      on_no_answer (self, error);
      return;
    }

  if (reply->outcome == UPNP_SOAP_DONE)
    entry = upnp_soap_read_entry (reply);

  if (is_gone (reply))
    upnp_watch_lose (self, "its control URL no longer exists");
  else if (reply->outcome == UPNP_SOAP_FAULT && reply->code == 714)
    upnp_watch_lose (self, "it no longer has the mappings");
  else if (entry != NULL &&
           !upnp_entry_is_ours (entry, upnp_hosts_get_client (&self->hosts, local_address),
                                self->internal_port))
    upnp_watch_lose (self, "one of the external ports belongs to another host");
  else
    upnp_watch_query_address (self);
}

static void
on_watch_updated (const UpnpSoapReply *reply,
                  const char *local_address,
                  const GError *error,
                  gpointer user_data)
{
  UpnpWatch *self = user_data;

  self->pending = NULL;
  if (error != NULL)
    on_no_answer (self, error);
  else if (is_gone (reply))
    upnp_watch_lose (self, "its control URL no longer exists");
  else if (reply->outcome == UPNP_SOAP_FAULT && (reply->code == 704 || reply->code == 402))
    upnp_watch_lose (self, "it no longer has the mappings");
  else if (reply->outcome == UPNP_SOAP_FAULT && reply->code == 606)
    upnp_watch_lose (self, "one of the pinholes belongs to another host");
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
  self->pending = upnp_device_call (self->device, NULL, &request,
                                    request.action == UPNP_ACTION_UPDATE_PINHOLE ? on_watch_updated
                                                                                 : on_watch_answer,
                                    self);
}

static gboolean on_watch_timer (gpointer user_data);

/* Until the device may be queried again, and a pending query may have ended. */
static void
upnp_watch_start_timer (UpnpWatch *self)
{
  PlumBackend *backend = upnp_session_get_backend (self->session);
  gint64 wait = self->query_time + WATCH_MIN_INTERVAL - plum_backend_get_time (backend);

  if (self->pending != NULL)
    wait = MAX (wait, G_USEC_PER_SEC);
  self->timer = plum_backend_create_timer (backend, (guint) (MAX (wait, 0) / 1000 + 1));
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
    upnp_watch_start_timer (self);
  return G_SOURCE_REMOVE;
}

/* Queries the device now, or as soon as it may be queried again: after a restart, the announcement
 * of the new start counts, not the one of the departure. */
static void
upnp_watch_take_hint (UpnpWatch *self, const char *hint)
{
  gint64 now = plum_backend_get_time (upnp_session_get_backend (self->session));

  plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_DEBUG, "UPnP: %s %s", self->device->name, hint);
  g_free (self->hint);
  self->hint = g_strdup (hint);

  if (self->timer != NULL)
    return;
  if (self->pending == NULL &&
      (self->query_time == 0 || now - self->query_time >= WATCH_MIN_INTERVAL))
    {
      upnp_watch_query (self);
      return;
    }

  upnp_watch_start_timer (self);
}

static gboolean
has_moved (UpnpDevice *device, const UpnpSsdpMessage *message)
{
  g_autoptr (UpnpUrl) location = NULL;

  if (message->class != UPNP_SSDP_GATEWAY || message->location == NULL || device->location == NULL)
    return FALSE;

  location = upnp_url_parse (message->location, NULL);
  return location != NULL && (location->port != device->location->port ||
                              !g_str_equal (location->target, device->location->target));
}

static void
on_watch_message (const UpnpSsdpMessage *message, GInetAddress *sender, gpointer user_data)
{
  UpnpWatch *self = user_data;
  gint64 known = self->device->boot_id;

  if (!g_inet_address_equal (sender, self->device->address) || message->class == UPNP_SSDP_OTHER)
    return;

  if (message->kind == UPNP_SSDP_BYEBYE)
    {
      upnp_watch_take_hint (self, "has announced its departure");
      return;
    }
  if (message->kind != UPNP_SSDP_ALIVE)
    return;

  if (message->boot_id >= 0)
    self->device->boot_id = message->boot_id;
  if (message->boot_id >= 0 && known >= 0 && message->boot_id != known)
    upnp_watch_take_hint (self, "has restarted");
  else if (has_moved (self->device, message))
    upnp_watch_take_hint (self, "has announced another description");
  /* Some routers announce a restart with the same BOOTID (quirk 88). */
  else
    upnp_watch_take_hint (self, "has announced itself");
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
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
  g_clear_pointer (&self->device, upnp_device_unref);
  g_free (self->hint);
  g_free (self);
}
