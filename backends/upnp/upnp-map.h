/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-session.h"

G_BEGIN_DECLS

/* Maps a port: adapts the request until the router accepts it or the ladder ends. */
void upnp_map_start (UpnpSession *session, PlumRequest *request, PlumCall *call);

G_END_DECLS
