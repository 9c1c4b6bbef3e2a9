/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "upnp-listener.h"

G_BEGIN_DECLS

/* How long a search receives answers, in ms. */
#define UPNP_SEARCH_WINDOW 2600

/* A search: sends to the gateway and to the group three times, passes on each message that
 * arrives within the window, then calls the finished function once. */
typedef struct _UpnpSearch UpnpSearch;

/* May free the search. */
typedef void (*UpnpSearchFinishedFunc) (gpointer user_data);

/* message may also free the search. backend is borrowed. Error: of the socket. */
UpnpSearch *upnp_search_new (PlumBackend *backend,
                             GMainContext *context,
                             UpnpMessageFunc message,
                             UpnpSearchFinishedFunc finished,
                             gpointer user_data,
                             GError **error);
/* While paused, the search receives but does not send, and its time is stopped. */
void upnp_search_set_paused (UpnpSearch *self, gboolean paused);
/* Why no message could be sent; NULL: at least one was. */
const GError *upnp_search_get_error (UpnpSearch *self);
void upnp_search_free (UpnpSearch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpSearch, upnp_search_free)

G_END_DECLS
