/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-backend.h"

#include "upnp-discovery.h"
#include "upnp-list.h"
#include "upnp-map.h"
#include "upnp-pinhole.h"
#include "upnp-table.h"
#include "upnp-watch.h"

#define NO_LIST "UPnP: an IPv6 firewall does not tell its pinholes"

struct _PlumUpnpBackend
{
  PlumBackend parent_instance;

  GMainContext *context;
  UpnpDevice *device;     /* (nullable) */
  UpnpDevice *former;     /* (nullable): the one before, for what it taught us */
  UpnpPorts *ports;       /* of IPv4 */
  UpnpPinholes *pinholes; /* of IPv6 */
  UpnpWatch *watch;       /* (nullable): while ports are mapped */
};

G_DEFINE_FINAL_TYPE (PlumUpnpBackend, plum_upnp_backend, PLUM_TYPE_BACKEND)

static void
plum_upnp_backend_discover (PlumBackend *backend, PlumCall *call)
{
  upnp_discovery_start (PLUM_UPNP_BACKEND (backend), call);
}

static void
plum_upnp_backend_map (PlumBackend *backend, PlumRequest *request, PlumCall *call)
{
  PlumUpnpBackend *self = PLUM_UPNP_BACKEND (backend);

  if (plum_upnp_backend_is_ipv6 (self))
    upnp_pinhole_map_start (self, request, call);
  else
    upnp_map_start (self, request, call);
}

static void
plum_upnp_backend_unmap (PlumBackend *backend,
                         PlumRequest *request,
                         PlumLease *lease,
                         PlumCall *call)
{
  PlumUpnpBackend *self = PLUM_UPNP_BACKEND (backend);

  if (plum_upnp_backend_is_ipv6 (self))
    upnp_pinhole_unmap_start (self, request, lease, call);
  else
    upnp_unmap_start (self, request, lease, call);
}

static void
plum_upnp_backend_check (PlumBackend *backend,
                         PlumRequest *request,
                         PlumLease *lease,
                         PlumCall *call)
{
  PlumUpnpBackend *self = PLUM_UPNP_BACKEND (backend);

  if (plum_upnp_backend_is_ipv6 (self))
    upnp_pinhole_check_start (self, request, lease, call);
  else
    upnp_check_start (self, request, lease, call);
}

static void
plum_upnp_backend_get_external_address (PlumBackend *backend, PlumCall *call)
{
  PlumUpnpBackend *self = PLUM_UPNP_BACKEND (backend);
  PlumNetwork *network = plum_backend_get_network (backend);

  /* Behind a firewall alone, this host's address is the one that is seen outside. */
  if (plum_upnp_backend_is_ipv6 (self))
    plum_call_return_address (call, plum_network_get_local_address (network));
  else
    upnp_get_address_start (self, call);
}

static void
plum_upnp_backend_list (PlumBackend *backend, PlumCall *call)
{
  PlumUpnpBackend *self = PLUM_UPNP_BACKEND (backend);

  if (plum_upnp_backend_is_ipv6 (self))
    plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED, NO_LIST);
  else
    upnp_list_start (self, call);
}

static void
plum_upnp_backend_delete_entry (PlumBackend *backend, PlumEntry *entry, PlumCall *call)
{
  PlumUpnpBackend *self = PLUM_UPNP_BACKEND (backend);

  if (plum_upnp_backend_is_ipv6 (self))
    plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED, NO_LIST);
  else
    upnp_delete_entry_start (self, entry, call);
}

static void
plum_upnp_backend_dispose (GObject *object)
{
  PlumUpnpBackend *self = PLUM_UPNP_BACKEND (object);

  g_clear_pointer (&self->watch, upnp_watch_free);
  g_clear_pointer (&self->device, upnp_device_unref);
  g_clear_pointer (&self->former, upnp_device_unref);

  G_OBJECT_CLASS (plum_upnp_backend_parent_class)->dispose (object);
}

static void
plum_upnp_backend_finalize (GObject *object)
{
  PlumUpnpBackend *self = PLUM_UPNP_BACKEND (object);

  g_clear_pointer (&self->ports, upnp_ports_free);
  g_clear_pointer (&self->pinholes, upnp_pinholes_free);
  g_clear_pointer (&self->context, g_main_context_unref);

  G_OBJECT_CLASS (plum_upnp_backend_parent_class)->finalize (object);
}

static void
plum_upnp_backend_class_init (PlumUpnpBackendClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  PlumBackendClass *backend_class = PLUM_BACKEND_CLASS (klass);

  object_class->dispose = plum_upnp_backend_dispose;
  object_class->finalize = plum_upnp_backend_finalize;

  backend_class->discover = plum_upnp_backend_discover;
  backend_class->map = plum_upnp_backend_map;
  backend_class->unmap = plum_upnp_backend_unmap;
  backend_class->check = plum_upnp_backend_check;
  backend_class->get_external_address = plum_upnp_backend_get_external_address;
  backend_class->list = plum_upnp_backend_list;
  backend_class->delete_entry = plum_upnp_backend_delete_entry;
}

static void
plum_upnp_backend_init (PlumUpnpBackend *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->ports = upnp_ports_new ();
  self->pinholes = upnp_pinholes_new ();
}

GMainContext *
plum_upnp_backend_get_context (PlumUpnpBackend *self)
{
  return self->context;
}

gboolean
plum_upnp_backend_is_ipv6 (PlumUpnpBackend *self)
{
  PlumNetwork *network = plum_backend_get_network (PLUM_BACKEND (self));

  return plum_network_get_family (network) == G_SOCKET_FAMILY_IPV6;
}

UpnpPorts *
plum_upnp_backend_get_ports (PlumUpnpBackend *self)
{
  return self->ports;
}

UpnpPinholes *
plum_upnp_backend_get_pinholes (PlumUpnpBackend *self)
{
  return self->pinholes;
}

UpnpDevice *
plum_upnp_backend_get_device (PlumUpnpBackend *self)
{
  return self->device;
}

static gboolean
is_same_service (UpnpDevice *a, UpnpDevice *b)
{
  return g_inet_address_equal (a->address, b->address) &&
         g_str_equal (a->service->type, b->service->type);
}

void
plum_upnp_backend_set_device (PlumUpnpBackend *self, UpnpDevice *device)
{
  /* A restart does not change a router's ways. */
  if (self->device != NULL)
    {
      g_clear_pointer (&self->former, upnp_device_unref);
      self->former = g_steal_pointer (&self->device);
    }
  if (self->former != NULL && is_same_service (self->former, device))
    device->memory = self->former->memory;

  g_clear_pointer (&self->watch, upnp_watch_free);
  self->device = upnp_device_ref (device);
  plum_upnp_backend_ports_changed (self);
}

void
plum_upnp_backend_lose (PlumUpnpBackend *self, UpnpDevice *device, const char *reason)
{
  if (self->device != device)
    return;

  g_clear_pointer (&self->watch, upnp_watch_free);
  g_clear_pointer (&self->former, upnp_device_unref);
  self->former = g_steal_pointer (&self->device);
  upnp_ports_clear (self->ports);
  upnp_pinholes_clear (self->pinholes);
  plum_backend_report_lost (PLUM_BACKEND (self), reason);
}

void
plum_upnp_backend_ports_changed (PlumUpnpBackend *self)
{
  gboolean idle = upnp_ports_is_empty (self->ports) && upnp_pinholes_peek (self->pinholes) == NULL;

  if (self->device == NULL || idle)
    g_clear_pointer (&self->watch, upnp_watch_free);
  else if (self->watch == NULL)
    self->watch = upnp_watch_new (self, self->device);
}
