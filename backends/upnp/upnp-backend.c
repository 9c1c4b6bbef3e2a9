/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-backend.h"

#include "upnp-address.h"
#include "upnp-announcements.h"
#include "upnp-delete.h"
#include "upnp-discovery.h"
#include "upnp-list.h"
#include "upnp-map.h"
#include "upnp-pinhole.h"
#include "upnp-session.h"
#include "upnp-table.h"
#include "upnp-watch.h"

#include <glib/gi18n-lib.h>

#define NO_LIST N_ ("UPnP: an IPv6 firewall cannot list its pinholes")

struct _PlumUpnpBackend
{
  PlumBackend parent_instance;

  UpnpSession *session;
  UpnpWatch *watch;                 /* (nullable): while the device holds a port or a pinhole */
  UpnpAnnouncements *announcements; /* (nullable): while a mapping waits for its next attempt */
};

G_DEFINE_FINAL_TYPE (PlumUpnpBackend, plum_upnp_backend, PLUM_TYPE_BACKEND)

static void
plum_upnp_backend_discover (PlumBackend *backend, PlumCall *call)
{
  upnp_discovery_start (PLUM_UPNP_BACKEND (backend)->session, call);
}

static gboolean
plum_upnp_backend_supports (PlumBackend *backend, PlumRequest *request)
{
  return TRUE;
}

static void
plum_upnp_backend_map (PlumBackend *backend, PlumRequest *request, PlumCall *call)
{
  UpnpSession *session = PLUM_UPNP_BACKEND (backend)->session;

  if (upnp_session_is_ipv6 (session))
    upnp_pinhole_map_start (session, request, call);
  else
    upnp_map_start (session, request, call);
}

static void
plum_upnp_backend_unmap (PlumBackend *backend,
                         PlumRequest *request,
                         PlumLease *lease,
                         PlumCall *call)
{
  UpnpSession *session = PLUM_UPNP_BACKEND (backend)->session;

  if (upnp_session_is_ipv6 (session))
    upnp_pinhole_unmap_start (session, request, lease, call);
  else
    upnp_unmap_start (session, request, lease, call);
}

/* The pinholes of another address cannot be closed. */
static void
plum_upnp_backend_unmap_moved (PlumBackend *backend,
                               PlumRequest *request,
                               PlumLease *lease,
                               GInetAddress *local_address,
                               PlumCall *call)
{
  UpnpSession *session = PLUM_UPNP_BACKEND (backend)->session;

  if (upnp_session_is_ipv6 (session))
    plum_call_fail (
      call, PLUM_ERROR_NOT_SUPPORTED,
      _ ("UPnP: the pinhole of an earlier address of this host stays until it expires"));
  else
    upnp_unmap_moved_start (session, request, lease, local_address, call);
}

static void
plum_upnp_backend_check (PlumBackend *backend,
                         PlumRequest *request,
                         PlumLease *lease,
                         PlumCall *call)
{
  UpnpSession *session = PLUM_UPNP_BACKEND (backend)->session;

  if (upnp_session_is_ipv6 (session))
    upnp_pinhole_check_start (session, request, lease, call);
  else
    upnp_check_start (session, request, lease, call);
}

static void
plum_upnp_backend_get_external_address (PlumBackend *backend, PlumCall *call)
{
  UpnpSession *session = PLUM_UPNP_BACKEND (backend)->session;
  PlumNetwork *network = plum_backend_get_network (backend);

  /* A firewall does not translate: this host's own address is the external one. */
  if (upnp_session_is_ipv6 (session))
    plum_call_return_address (call, plum_network_get_local_address (network));
  else
    upnp_get_address_start (session, call);
}

/* Events need a subscription, which this backend does not make. A firewall does not change the
 * address. */
static PlumAddressSource
plum_upnp_backend_get_address_source (PlumBackend *backend)
{
  return upnp_session_is_ipv6 (PLUM_UPNP_BACKEND (backend)->session) ? PLUM_ADDRESS_SOURCE_QUERY
                                                                     : PLUM_ADDRESS_SOURCE_POLL;
}

static void
plum_upnp_backend_list (PlumBackend *backend, PlumCall *call)
{
  UpnpSession *session = PLUM_UPNP_BACKEND (backend)->session;

  if (upnp_session_is_ipv6 (session))
    plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED, _ (NO_LIST));
  else
    upnp_list_start (session, call);
}

static void
plum_upnp_backend_delete_entry (PlumBackend *backend, PlumEntry *entry, PlumCall *call)
{
  UpnpSession *session = PLUM_UPNP_BACKEND (backend)->session;

  if (upnp_session_is_ipv6 (session))
    upnp_delete_pinhole_start (session, entry, call);
  else
    upnp_delete_entry_start (session, entry, call);
}

static void
plum_upnp_backend_listen (PlumBackend *backend, gboolean listen)
{
  PlumUpnpBackend *self = PLUM_UPNP_BACKEND (backend);

  g_clear_pointer (&self->announcements, upnp_announcements_free);
  if (listen)
    self->announcements =
      upnp_announcements_new (backend, upnp_session_get_context (self->session));
}

/* Keeps a watch while the device holds something for this process. */
static void
on_session_changed (gpointer user_data)
{
  PlumUpnpBackend *self = user_data;
  UpnpDevice *device = upnp_session_get_device (self->session);
  gboolean needed =
    device != NULL && upnp_ports_peek (upnp_session_get_ports (self->session)) != NULL;

  if (self->watch != NULL && (!needed || upnp_watch_get_device (self->watch) != device))
    g_clear_pointer (&self->watch, upnp_watch_free);
  if (self->watch == NULL && needed)
    self->watch = upnp_watch_new (self->session, device);
}

static void
plum_upnp_backend_dispose (GObject *object)
{
  PlumUpnpBackend *self = PLUM_UPNP_BACKEND (object);

  g_clear_pointer (&self->watch, upnp_watch_free);
  g_clear_pointer (&self->announcements, upnp_announcements_free);
  upnp_session_close (self->session);

  G_OBJECT_CLASS (plum_upnp_backend_parent_class)->dispose (object);
}

static void
plum_upnp_backend_finalize (GObject *object)
{
  PlumUpnpBackend *self = PLUM_UPNP_BACKEND (object);

  g_clear_pointer (&self->session, upnp_session_free);

  G_OBJECT_CLASS (plum_upnp_backend_parent_class)->finalize (object);
}

static void
plum_upnp_backend_class_init (PlumUpnpBackendClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  PlumBackendClass *backend_class = PLUM_BACKEND_CLASS (klass);

  object_class->dispose = plum_upnp_backend_dispose;
  object_class->finalize = plum_upnp_backend_finalize;

  backend_class->title = "UPnP IGD";
  backend_class->discover = plum_upnp_backend_discover;
  backend_class->supports = plum_upnp_backend_supports;
  backend_class->map = plum_upnp_backend_map;
  backend_class->unmap = plum_upnp_backend_unmap;
  backend_class->unmap_moved = plum_upnp_backend_unmap_moved;
  backend_class->check = plum_upnp_backend_check;
  backend_class->get_external_address = plum_upnp_backend_get_external_address;
  backend_class->list = plum_upnp_backend_list;
  backend_class->delete_entry = plum_upnp_backend_delete_entry;
  backend_class->listen = plum_upnp_backend_listen;
  backend_class->get_address_source = plum_upnp_backend_get_address_source;
}

static void
plum_upnp_backend_init (PlumUpnpBackend *self)
{
  static const UpnpSessionClient client = { .changed = on_session_changed };

  self->session = upnp_session_new (PLUM_BACKEND (self), &client, self);
}
