/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-announcements.h"

#include "upnp-link.h"
#include "upnp-listener.h"

/* How often an announcement is reported. A device announces each of its parts, several times. */
#define MIN_INTERVAL G_USEC_PER_SEC

struct _UpnpAnnouncements
{
  PlumBackend *backend;   /* borrowed */
  UpnpListener *listener; /* (nullable) */
  gint64 reported;        /* in µs; 0: never */
};

static void
on_message (const UpnpSsdpMessage *message, GInetAddress *sender, gpointer user_data)
{
  UpnpAnnouncements *self = user_data;
  PlumNetwork *network = plum_backend_get_network (self->backend);
  GInetAddress *gateway = plum_network_get_gateway (network);
  gboolean from_gateway = gateway != NULL && g_inet_address_equal (sender, gateway);
  gint64 now = plum_backend_get_time (self->backend);
  g_autofree char *name = NULL;
  g_autofree char *reason = NULL;

  /* Another device than the gateway is believed only if it says what it is. */
  if (message->kind != UPNP_SSDP_ALIVE || message->class == UPNP_SSDP_OTHER ||
      (!from_gateway && message->class != UPNP_SSDP_GATEWAY))
    return;
  if (self->reported != 0 && now - self->reported < MIN_INTERVAL)
    return;
  if (!upnp_may_contact (network, sender))
    return;

  self->reported = now;
  name = g_inet_address_to_string (sender);
  reason = g_strdup_printf ("UPnP: %s has announced itself", name);
  /* Last: core may stop listening. */
  plum_backend_report_announced (self->backend, reason);
}

UpnpAnnouncements *
upnp_announcements_new (PlumBackend *backend, GMainContext *context)
{
  UpnpAnnouncements *self = g_new0 (UpnpAnnouncements, 1);
  g_autoptr (GError) error = NULL;

  self->backend = backend;
  /* Multicast does not pass the first router. */
  if (plum_network_get_hop (plum_backend_get_network (backend)) > 1)
    return self;

  self->listener = upnp_listener_new_for_group (backend, context, on_message, self, &error);
  if (self->listener == NULL)
    plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_DEBUG, "UPnP: cannot receive announcements: %s",
              error->message);

  return self;
}

void
upnp_announcements_free (UpnpAnnouncements *self)
{
  g_clear_pointer (&self->listener, upnp_listener_free);
  g_free (self);
}
