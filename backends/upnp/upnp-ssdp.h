/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "ssdp-codec.h"

G_BEGIN_DECLS

/* How long answers are waited for, in ms. */
#define UPNP_SEARCH_WINDOW 2600

/* Both may end what calls them. message and sender are borrowed. */
typedef void (*UpnpMessageFunc) (const UpnpSsdpMessage *message,
                                 GInetAddress *sender,
                                 gpointer user_data);
typedef void (*UpnpSearchEndFunc) (gpointer user_data);

/* A search: asks the gateway and the group three times over, and hears what comes until the window
 * is over, then calls ended, once. */
typedef struct _UpnpSearch UpnpSearch;

/* backend is borrowed. Error: of the socket. */
UpnpSearch *upnp_search_new (PlumBackend *backend,
                             GMainContext *context,
                             UpnpMessageFunc message,
                             UpnpSearchEndFunc ended,
                             gpointer user_data,
                             GError **error);
/* While quiet, it hears but does not send, and its time stands still. */
void upnp_search_set_quiet (UpnpSearch *self, gboolean quiet);
/* Why not one question could be sent; NULL: one was. */
const GError *upnp_search_get_error (UpnpSearch *self);
void upnp_search_free (UpnpSearch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpSearch, upnp_search_free)

/* Hears what devices say to the group of their own accord. Port 1900 is shared with every other
 * program that listens there; where it cannot be had, there is one source of hints less. */
typedef struct _UpnpListener UpnpListener;

UpnpListener *upnp_listener_new (PlumBackend *backend,
                                 GMainContext *context,
                                 UpnpMessageFunc message,
                                 gpointer user_data,
                                 GError **error);
void upnp_listener_free (UpnpListener *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpListener, upnp_listener_free)

/* May the device at address be contacted? Only the gateway, and hosts on its link; those on the
 * loopback interface only where the gateway is there itself. */
gboolean upnp_may_contact (PlumNetwork *network, GInetAddress *address);

G_END_DECLS
