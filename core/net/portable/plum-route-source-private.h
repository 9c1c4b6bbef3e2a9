/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Sets *source to the address that the system uses for packets to a destination, or to NULL if
 * there is no route: connecting a UDP socket chooses it, and sends nothing. source: (transfer full)
 * (nullable). Errors: no socket is available. */
gboolean plum_route_source_find (GInetAddress *destination,
                                 guint scope_id,
                                 GInetAddress **source,
                                 GError **error);

G_END_DECLS
