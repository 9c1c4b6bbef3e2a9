/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* Returns the hardware address of the gateway of a network, such as 02:00:5e:10:00:01, or NULL if
 * the kernel does not know it. Sends nothing. IPv4 only. (nullable) (transfer full) */
char *plum_neighbour_lookup (PlumNetwork *network);

G_END_DECLS
