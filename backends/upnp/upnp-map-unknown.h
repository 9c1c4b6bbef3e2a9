/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "upnp-map-state.h"

G_BEGIN_DECLS

/* Requests a permanent lease for the same port. FALSE: that was done already. */
gboolean upnp_map_try_permanent (UpnpMap *self);
/* An add with an unknown outcome (quirk 74). Notes that its entry may remain. port: 0: unknown */
void upnp_map_set_leftover (UpnpMap *self, guint port);
/* The add had no effect, or what it left was deleted or noted. absent: the router's table was read,
 * and has no entry. */
void upnp_map_continue_after_unknown (UpnpMap *self, gboolean absent);
/* The router's table cannot be read. */
void upnp_map_clean_up_unknown (UpnpMap *self);

G_END_DECLS
