/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-map-state.h"

G_BEGIN_DECLS

typedef void (*UpnpMapVerifiedFunc) (UpnpMap *self, guint port, guint lifetime);

/* Reads from the router's table to which remote host an entry that was just added is restricted.
 * Calls func if it is the requested one. Otherwise deletes the entry, which is open to more hosts,
 * and fails the call. */
void upnp_map_verify_start (UpnpMap *self, guint port, guint lifetime, UpnpMapVerifiedFunc func);

G_END_DECLS
