/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "upnp-device.h"
#include "upnp-pinholes.h"
#include "upnp-ports.h"

G_BEGIN_DECLS

#define PLUM_TYPE_UPNP_BACKEND (plum_upnp_backend_get_type ())

G_DECLARE_FINAL_TYPE (PlumUpnpBackend, plum_upnp_backend, PLUM, UPNP_BACKEND, PlumBackend)

GMainContext *plum_upnp_backend_get_context (PlumUpnpBackend *self);
/* An IPv6 network has pinholes in its firewall, an IPv4 network has ports of its router. */
gboolean plum_upnp_backend_is_ipv6 (PlumUpnpBackend *self);
UpnpPorts *plum_upnp_backend_get_ports (PlumUpnpBackend *self);
UpnpPinholes *plum_upnp_backend_get_pinholes (PlumUpnpBackend *self);
/* The device that maps; NULL: none was found, or it was lost. */
UpnpDevice *plum_upnp_backend_get_device (PlumUpnpBackend *self);
void plum_upnp_backend_set_device (PlumUpnpBackend *self, UpnpDevice *device);
/* Forgets the device, if it is still the one that maps, and tells. */
void plum_upnp_backend_lose (PlumUpnpBackend *self, UpnpDevice *device, const char *reason);
/* To be called when a port has been mapped or released, or a pinhole opened or closed. */
void plum_upnp_backend_ports_changed (PlumUpnpBackend *self);

G_END_DECLS
