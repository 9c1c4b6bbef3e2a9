/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-map-state.h"

G_BEGIN_DECLS

/* Deletes the entry of the port, which must be ours, and adds it again. */
void upnp_map_replace (UpnpMap *self);
/* The router has disabled the entry of the port: replaces it once, then deletes it and fails. */
void upnp_map_take_disabled (UpnpMap *self);

G_END_DECLS
