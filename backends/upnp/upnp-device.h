/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "igd-description.h"
#include "soap-codec.h"
#include "upnp-ladder.h"
#include "upnp-transport.h"

G_BEGIN_DECLS

/* One device, reached at the one address it spoke from: what it offers, and what it has taught us.
 * Reference-counted: an operation may outlive the backend's interest in it. */
typedef struct
{
  PlumBackend *backend; /* borrowed */
  GInetAddress *address;
  char *name; /* the address, for messages */
  gboolean is_gateway;
  UpnpUrl *location;            /* (nullable): of its description */
  gint64 boot_id;               /* -1: not told */
  UpnpDescription *description; /* (nullable) */
  UpnpService *service;         /* (nullable): the chosen one */
  UpnpMemory memory;
  gboolean firewall_off;          /* it said so of its IPv6 firewall */
  GInetAddress *external_address; /* (nullable): as last told */
  gint64 address_time;            /* when that was, in µs */
  gboolean m_post;                /* it wants M-POST */
  UpnpTransport *transport;
} UpnpDevice;

/* A request under way. */
typedef struct _UpnpDeviceCall UpnpDeviceCall;

/* One of reply and error is NULL; both are borrowed. The call is gone when this is called. */
typedef void (*UpnpSoapFunc) (const UpnpSoapReply *reply,
                              const char *local_address,
                              const GError *error,
                              gpointer user_data);
typedef void (*UpnpGetFunc) (const GError *error, gpointer user_data);

UpnpDevice *upnp_device_new (PlumBackend *backend, GMainContext *context, GInetAddress *address);
UpnpDevice *upnp_device_ref (UpnpDevice *self);
void upnp_device_unref (UpnpDevice *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpDevice, upnp_device_unref)

/* Reads its description from its location. */
UpnpDeviceCall *upnp_device_describe (UpnpDevice *self, UpnpGetFunc func, gpointer user_data);
/* The strings in request are copied. service: (nullable): not the chosen one. */
UpnpDeviceCall *upnp_device_call (UpnpDevice *self,
                                  const UpnpService *service,
                                  const UpnpSoapRequest *request,
                                  UpnpSoapFunc func,
                                  gpointer user_data);
void upnp_device_call_cancel (UpnpDeviceCall *self);

/* Takes note of what GetExternalIPAddress gave. TRUE: it is another one than before. */
gboolean upnp_device_set_address (UpnpDevice *self, GInetAddress *address);

G_END_DECLS
