/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-backend.h"

G_BEGIN_DECLS

/* Finds the device and the service that map: the gateway's own at once, else the best of all. */
void upnp_discovery_start (PlumUpnpBackend *backend, PlumCall *call);

G_END_DECLS
