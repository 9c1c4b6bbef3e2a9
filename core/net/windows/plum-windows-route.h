/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-windows-adapters.h"

G_BEGIN_DECLS

/* One route of this host. */
typedef struct
{
  guint interface_index;
  guint prefix_length;
  GInetAddress *next_hop; /* (nullable): NULL on the link */
  GInetAddress *source;   /* the address of this host that Windows uses */
} PlumWindowsRoute;

void plum_windows_route_free (PlumWindowsRoute *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlumWindowsRoute, plum_windows_route_free)

/* Finds the route to a host. interface_index: the interface to use, or 0 for any. Returns NULL
 * without a route, and sets code. (nullable) (transfer full) */
PlumWindowsRoute *plum_windows_route_find (GInetAddress *destination,
                                           guint interface_index,
                                           DWORD *code);

/* The interfaces with a route to the internet, ordered by the metric of the route. NULL on error,
 * and sets code. (element-type guint) (transfer full) */
GArray *plum_windows_route_list_interfaces (GSocketFamily family, DWORD *code);

G_END_DECLS
