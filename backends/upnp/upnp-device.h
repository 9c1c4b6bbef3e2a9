/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "igd-description.h"
#include "soap-codec.h"
#include "upnp-ladder.h"
#include "upnp-transport.h"

G_BEGIN_DECLS

/* One device at the address that its answer came from: its services, and what is known about its
 * behavior. Reference-counted: an operation may outlive its use by the backend. */
typedef struct
{
  PlumBackend *backend; /* borrowed */
  GInetAddress *address;
  char *name; /* the address, for messages */
  gboolean is_gateway;
  UpnpUrl *location;            /* (nullable): of its description */
  gint64 boot_id;               /* -1: unknown */
  UpnpDescription *description; /* (nullable) */
  UpnpService *service;         /* (nullable): the chosen one */
  PlumConnectionStatus status;  /* as its service reported it during the discovery */
  guint uptime;                 /* the same, in s; 0: unknown */
  UpnpMemory memory;
  gboolean firewall_off;          /* its IPv6 firewall is off */
  GInetAddress *external_address; /* (nullable): as last reported */
  gint64 address_time;            /* when that was, in µs */
  GHashTable *controls;           /* what its control URLs have shown */
  UpnpTransport *transport;
} UpnpDevice;

/* A pending request. */
typedef struct _UpnpDeviceCall UpnpDeviceCall;

/* One of reply and error is NULL; both are borrowed. The call is invalid by then. */
typedef void (*UpnpSoapFunc) (const UpnpSoapReply *reply,
                              const char *local_address,
                              const GError *error,
                              gpointer user_data);
typedef void (*UpnpGetFunc) (const GError *error, gpointer user_data);

UpnpDevice *upnp_device_new (PlumBackend *backend, GMainContext *context, GInetAddress *address);
UpnpDevice *upnp_device_ref (UpnpDevice *self);
void upnp_device_unref (UpnpDevice *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpDevice, upnp_device_unref)

/* Reads the description from the location of the device. */
UpnpDeviceCall *upnp_device_describe (UpnpDevice *self, UpnpGetFunc func, gpointer user_data);
/* Copies the strings in request. service: (nullable): NULL for the chosen service. */
UpnpDeviceCall *upnp_device_call (UpnpDevice *self,
                                  const UpnpService *service,
                                  const UpnpSoapRequest *request,
                                  UpnpSoapFunc func,
                                  gpointer user_data);
void upnp_device_call_cancel (UpnpDeviceCall *self);

/* Whether the description lists this service. */
gboolean upnp_device_has_service (UpnpDevice *self, const UpnpService *service);
/* Whether the chosen service is this one at this address. The control URL may be another one since
 * a restart. */
gboolean upnp_device_uses_service (UpnpDevice *self,
                                   GInetAddress *address,
                                   const UpnpService *service);

/* Reports to core what the device is and how it is connected, as far as that was read. */
void upnp_device_report (UpnpDevice *self);

/* Records the answer to GetExternalIPAddress. TRUE: the address has changed. */
gboolean upnp_device_set_address (UpnpDevice *self, GInetAddress *address);

G_END_DECLS
