/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(PLUM_INSIDE) && !defined(PLUM_COMPILATION)
#  error "Only <plum-glib/plum-glib.h> can be included directly."
#endif

#include <gio/gio.h>
#include <plum-glib/plum-enums.h>
#include <plum-glib/plum-version-macros.h>

G_BEGIN_DECLS

#define PLUM_TYPE_NETWORK (plum_network_get_type ())

PLUM_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (PlumNetwork, plum_network, PLUM, NETWORK, GObject)

PLUM_AVAILABLE_IN_1_0
const char *plum_network_get_interface (PlumNetwork *self);
PLUM_AVAILABLE_IN_1_0
guint plum_network_get_interface_index (PlumNetwork *self);
PLUM_AVAILABLE_IN_1_0
GSocketFamily plum_network_get_family (PlumNetwork *self);
PLUM_AVAILABLE_IN_1_0
GInetAddress *plum_network_get_gateway (PlumNetwork *self);
PLUM_AVAILABLE_IN_1_0
GInetAddress *plum_network_get_local_address (PlumNetwork *self);
PLUM_AVAILABLE_IN_1_0
gboolean plum_network_get_overridden (PlumNetwork *self);
PLUM_AVAILABLE_IN_1_0
GInetAddress *plum_network_get_client_address (PlumNetwork *self);
PLUM_AVAILABLE_IN_1_0
guint plum_network_get_hop (PlumNetwork *self);
PLUM_AVAILABLE_IN_1_0
PlumLocation plum_network_locate (PlumNetwork *self, GInetAddress *address);

G_END_DECLS
