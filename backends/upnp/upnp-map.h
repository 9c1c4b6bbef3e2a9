/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-backend.h"

G_BEGIN_DECLS

/* Maps a port: up the ladder until the router agrees or there is nothing left to try. */
void upnp_map_start (PlumUpnpBackend *backend, PlumRequest *request, PlumCall *call);

G_END_DECLS
