/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* The errors of a route lookup, the same on all systems: %PLUM_ERROR_NO_GATEWAY. interface_name:
 * (nullable): the requested one; gateway: (nullable): the one that the program has set. All return
 * FALSE. */

const char *plum_route_get_family_name (GSocketFamily family);

gboolean plum_route_set_no_route (GError **error,
                                  GSocketFamily family,
                                  const char *interface_name,
                                  GInetAddress *gateway);
gboolean plum_route_set_prohibited (GError **error, GSocketFamily family, GInetAddress *gateway);
gboolean plum_route_set_dropped (GError **error, GSocketFamily family, GInetAddress *gateway);
gboolean plum_route_set_no_interface (GError **error, const char *interface_name);
gboolean plum_route_set_interface_down (GError **error, const char *interface_name);
gboolean plum_route_set_no_address (GError **error,
                                    GSocketFamily family,
                                    const char *interface_name);

/* Checks the gateway that the program has set. */
gboolean plum_route_check_gateway (GSocketFamily family,
                                   const char *interface_name,
                                   GInetAddress *gateway,
                                   GError **error);

/* Checks the local address of a mapping, and that the interface that has it is the requested one.
 * found: (nullable): that interface, or NULL if this host does not have the address */
gboolean plum_route_check_local_address (GInetAddress *local_address,
                                         const char *interface_name,
                                         const char *found,
                                         GError **error);

G_END_DECLS
