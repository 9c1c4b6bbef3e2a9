/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(PLUM_INSIDE) && !defined(PLUM_COMPILATION)
#  error "Only <plum-glib/plum-glib.h> can be included directly."
#endif

#include <gio/gio.h>
#include <plum-glib/plum-version-macros.h>

G_BEGIN_DECLS

#define PLUM_TYPE_HOP (plum_hop_get_type ())

PLUM_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (PlumHop, plum_hop, PLUM, HOP, GObject)

PLUM_AVAILABLE_IN_1_0
GInetAddress *plum_hop_get_address (PlumHop *self);
PLUM_AVAILABLE_IN_1_0
GInetAddress *plum_hop_get_external_address (PlumHop *self);
PLUM_AVAILABLE_IN_1_0
guint plum_hop_get_external_port (PlumHop *self);
PLUM_AVAILABLE_IN_1_0
const char *plum_hop_get_backend_name (PlumHop *self);
PLUM_AVAILABLE_IN_1_0
guint plum_hop_get_lifetime (PlumHop *self);

G_END_DECLS
