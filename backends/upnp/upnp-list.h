/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-backend.h"

G_BEGIN_DECLS

/* Reads the router's table: in one go where it can, else entry by entry. */
void upnp_list_start (PlumUpnpBackend *backend, PlumCall *call);

G_END_DECLS
