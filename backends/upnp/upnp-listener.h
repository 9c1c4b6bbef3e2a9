/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "ssdp-codec.h"

G_BEGIN_DECLS

/* A UDP socket that receives SSDP messages. */
typedef struct _UpnpListener UpnpListener;

/* May free the listener. message and sender are borrowed. */
typedef void (*UpnpMessageFunc) (const UpnpSsdpMessage *message,
                                 GInetAddress *sender,
                                 gpointer user_data);

/* Receives the datagrams that are sent to address. backend is borrowed. */
UpnpListener *upnp_listener_new_bound (PlumBackend *backend,
                                       GMainContext *context,
                                       GSocketAddress *address,
                                       UpnpMessageFunc message,
                                       gpointer user_data,
                                       GError **error);
/* Receives the notifications that devices send to the group. Other programs share port 1900; if the
 * port is not available, callers do without notifications. backend is borrowed. */
UpnpListener *upnp_listener_new_for_group (PlumBackend *backend,
                                           GMainContext *context,
                                           UpnpMessageFunc message,
                                           gpointer user_data,
                                           GError **error);
void upnp_listener_free (UpnpListener *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpListener, upnp_listener_free)

/* Selects the interface of the gateway for multicast, instead of the one that the routing table
 * names (quirk 33). */
gboolean upnp_listener_set_interface (UpnpListener *self, GError **error);
gboolean upnp_listener_send (UpnpListener *self,
                             GSocketAddress *to,
                             GBytes *datagram,
                             GError **error);

/* The multicast group of the network's family. (transfer full) */
GSocketAddress *upnp_ssdp_group_address (PlumNetwork *network);

G_END_DECLS
