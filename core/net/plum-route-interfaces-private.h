/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Adds an interface with a default route to a list, unless the list has it, or is full: a lookup
 * for each interface follows, which is several system calls. 0 is no interface. indexes:
 * (element-type guint) */
void plum_route_interfaces_add (GArray *indexes, guint index);

G_END_DECLS
