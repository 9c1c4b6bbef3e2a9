/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "http-codec.h"

G_BEGIN_DECLS

/*
 * HTTP with one device: one request after the other, each on a connection of its own from the
 * network's local address, through no proxy, to no other host, within a time and a size.
 */
typedef struct _UpnpTransport UpnpTransport;
typedef struct _UpnpExchange UpnpExchange;

/* Writes the request. host: address and port to be named in it; local_address: this end of the
 * connection that will carry it (quirk 56). */
typedef GBytes *(*UpnpWriteFunc) (const char *host, const char *local_address, gpointer user_data);
/* One of reply and error is NULL; both are borrowed. */
typedef void (*UpnpReplyFunc) (UpnpHttpDecoder *reply,
                               const char *local_address,
                               const GError *error,
                               gpointer user_data);

/* backend is borrowed; device is the one address that will ever be contacted. */
UpnpTransport *upnp_transport_new (PlumBackend *backend,
                                   GMainContext *context,
                                   GInetAddress *device);
/* Exchanges under way are cancelled. */
void upnp_transport_free (UpnpTransport *self);

/* Queues a request. func is called once, from the loop, unless the exchange is cancelled before;
 * the exchange is gone when it is called. timeout_ms counts from when the connection is begun. */
UpnpExchange *upnp_transport_send (UpnpTransport *self,
                                   guint16 port,
                                   gsize max_body,
                                   guint timeout_ms,
                                   UpnpWriteFunc write,
                                   UpnpReplyFunc func,
                                   gpointer user_data);
void upnp_exchange_cancel (UpnpExchange *self);

G_END_DECLS
