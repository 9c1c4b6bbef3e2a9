/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "upnp-listener.h"

G_BEGIN_DECLS

/* How long a search waits for answers before other devices than the gateway are used, in ms. */
#define UPNP_SEARCH_WINDOW 2600

/* A search: sends to the gateway and to the group three times, and passes on each message. Calls
 * the finished function once, at the end of the window, and receives until it is freed. */
typedef struct _UpnpSearch UpnpSearch;

/* How a message reached the search, in the order of trust. */
typedef enum {
  UPNP_ORIGIN_GATEWAY,      /* at a port that only the gateway was sent */
  UPNP_ORIGIN_ANSWER,       /* at the port that every host on the link was sent */
  UPNP_ORIGIN_ANNOUNCEMENT, /* by multicast: nothing was asked, or a router of quirk 24 */
  UPNP_N_ORIGINS
} UpnpOrigin;

/* May free the search. message and sender are borrowed. */
typedef void (*UpnpSearchMessageFunc) (const UpnpSsdpMessage *message,
                                       GInetAddress *sender,
                                       UpnpOrigin origin,
                                       gpointer user_data);

/* May free the search. */
typedef void (*UpnpSearchFinishedFunc) (gpointer user_data);

/* backend is borrowed. Error: of the socket. */
UpnpSearch *upnp_search_new (PlumBackend *backend,
                             GMainContext *context,
                             UpnpSearchMessageFunc message,
                             UpnpSearchFinishedFunc finished,
                             gpointer user_data,
                             GError **error);
/* While paused, the search receives but does not send, and its window does not end. */
void upnp_search_set_paused (UpnpSearch *self, gboolean paused);
/* Why no message could be sent; NULL: at least one was. */
const GError *upnp_search_get_error (UpnpSearch *self);
void upnp_search_free (UpnpSearch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpSearch, upnp_search_free)

G_END_DECLS
