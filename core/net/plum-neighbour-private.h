/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* The hardware address of a network's gateway, as 02:00:5e:10:00:01, if the kernel knows it just
 * now. Nothing is sent for it. IPv4 only: an IPv6 gateway's link-local address is its own.
 * (nullable) */
char *plum_neighbour_lookup (PlumNetwork *network);

G_END_DECLS
