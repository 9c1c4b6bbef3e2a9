/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-session.h"

struct _UpnpSession
{
  PlumBackend *backend; /* borrowed */
  GMainContext *context;
  const UpnpSessionClient *client;
  gpointer user_data;
  UpnpDevice *device; /* (nullable) */
  UpnpDevice *former; /* (nullable): the device before, for what is known about it */
  UpnpPorts *ports;
};

UpnpSession *
upnp_session_new (PlumBackend *backend, const UpnpSessionClient *client, gpointer user_data)
{
  UpnpSession *self = g_new0 (UpnpSession, 1);

  self->backend = backend;
  self->client = client;
  self->user_data = user_data;
  self->context = g_main_context_ref_thread_default ();
  return self;
}

void
upnp_session_close (UpnpSession *self)
{
  g_clear_pointer (&self->device, upnp_device_unref);
  g_clear_pointer (&self->former, upnp_device_unref);
}

void
upnp_session_free (UpnpSession *self)
{
  upnp_session_close (self);
  g_clear_pointer (&self->ports, upnp_ports_free);
  g_main_context_unref (self->context);
  g_free (self);
}

PlumBackend *
upnp_session_get_backend (UpnpSession *self)
{
  return self->backend;
}

PlumNetwork *
upnp_session_get_network (UpnpSession *self)
{
  return plum_backend_get_network (self->backend);
}

GMainContext *
upnp_session_get_context (UpnpSession *self)
{
  return self->context;
}

gboolean
upnp_session_is_ipv6 (UpnpSession *self)
{
  return plum_network_get_family (upnp_session_get_network (self)) == G_SOCKET_FAMILY_IPV6;
}

UpnpPorts *
upnp_session_get_ports (UpnpSession *self)
{
  /* The network is not known when the session is created. */
  if (self->ports == NULL)
    self->ports = upnp_ports_new (upnp_session_is_ipv6 (self));

  return self->ports;
}

UpnpDevice *
upnp_session_get_device (UpnpSession *self)
{
  return self->device;
}

void
upnp_session_set_device (UpnpSession *self, UpnpDevice *device)
{
  /* A restart does not change how a router behaves. */
  if (self->device != NULL)
    {
      g_clear_pointer (&self->former, upnp_device_unref);
      self->former = g_steal_pointer (&self->device);
    }
  if (self->former != NULL &&
      upnp_device_uses_service (device, self->former->address, self->former->service))
    device->memory = self->former->memory;
  else if (self->ports != NULL)
    upnp_ports_clear (self->ports);

  self->device = upnp_device_ref (device);
  upnp_device_report (device);
  upnp_session_report_changed (self);
}

void
upnp_session_report_lost (UpnpSession *self, UpnpDevice *device, const char *reason)
{
  if (self->device != device)
    return;

  g_clear_pointer (&self->former, upnp_device_unref);
  self->former = g_steal_pointer (&self->device);
  if (self->ports != NULL)
    upnp_ports_clear (self->ports);
  upnp_session_report_changed (self);
  plum_backend_report_lost (self->backend, reason);
}

void
upnp_session_report_changed (UpnpSession *self)
{
  self->client->changed (self->user_data);
}
