/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "upnp-device.h"
#include "upnp-ports.h"

G_BEGIN_DECLS

/* What the operations of one backend share: the device that maps, and what this process holds on
 * it. */
typedef struct _UpnpSession UpnpSession;

/* The object above. */
typedef struct
{
  /* The device, or what is held on it, has changed. */
  void (*changed) (gpointer user_data);
} UpnpSessionClient;

/* backend, client and user_data are borrowed. Captures the thread-default main context. */
UpnpSession *upnp_session_new (PlumBackend *backend,
                               const UpnpSessionClient *client,
                               gpointer user_data);
/* Clears the device. No further request is sent to it. */
void upnp_session_close (UpnpSession *self);
void upnp_session_free (UpnpSession *self);

PlumBackend *upnp_session_get_backend (UpnpSession *self);
PlumNetwork *upnp_session_get_network (UpnpSession *self);
GMainContext *upnp_session_get_context (UpnpSession *self);
/* Whether the backend opens pinholes in an IPv6 firewall instead of mapping IPv4 ports. */
gboolean upnp_session_is_ipv6 (UpnpSession *self);
UpnpPorts *upnp_session_get_ports (UpnpSession *self);

/* The device that maps; NULL: none was found, or it was lost. */
UpnpDevice *upnp_session_get_device (UpnpSession *self);
void upnp_session_set_device (UpnpSession *self, UpnpDevice *device);
/* Clears the device and what is held on it, and reports the loss to core. Does nothing if another
 * device has replaced it. */
void upnp_session_report_lost (UpnpSession *self, UpnpDevice *device, const char *reason);
/* Call this when a port or a pinhole was added or removed. */
void upnp_session_report_changed (UpnpSession *self);

G_END_DECLS
