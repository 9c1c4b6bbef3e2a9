/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "http-codec.h"

G_BEGIN_DECLS

/* HTTP with one device. Sends one request at a time, each on a new connection from the network's
 * local address, without a proxy, and limits the time and the size of each answer. */
typedef struct _UpnpTransport UpnpTransport;
typedef struct _UpnpExchange UpnpExchange;

/* Encodes the request. host: the address and port for the Host header; local_address: this end of
 * the connection that carries the request (quirk 56), as the device sees it. */
typedef GBytes *(*UpnpWriteFunc) (const char *host, const char *local_address, gpointer user_data);
/* One of reply and error is NULL; both are borrowed. */
typedef void (*UpnpReplyFunc) (UpnpHttpDecoder *reply,
                               const char *local_address,
                               const GError *error,
                               gpointer user_data);

/* backend is borrowed. device is the only address that is contacted. */
UpnpTransport *upnp_transport_new (PlumBackend *backend,
                                   GMainContext *context,
                                   GInetAddress *device);
/* Cancels pending exchanges. */
void upnp_transport_free (UpnpTransport *self);

/* Queues a request. func is called once, from the loop, unless the exchange is cancelled first; the
 * exchange is invalid by then. timeout_ms counts for the connection, and again for the answer. */
UpnpExchange *upnp_transport_send (UpnpTransport *self,
                                   guint16 port,
                                   gsize max_body,
                                   guint timeout_ms,
                                   UpnpWriteFunc write,
                                   UpnpReplyFunc func,
                                   gpointer user_data);
/* Whether the device accepted the connection, but sent no answer that can be read: it may answer
 * other requests. */
gboolean upnp_transport_was_cut (const GError *error);
void upnp_exchange_cancel (UpnpExchange *self);

G_END_DECLS
