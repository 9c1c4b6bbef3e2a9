/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-route-interfaces-private.h"

#define INTERFACES_MAX 16

void
plum_route_interfaces_add (GArray *indexes, guint index)
{
  for (guint i = 0; i < indexes->len; i++)
    if (g_array_index (indexes, guint, i) == index)
      return;

  if (index != 0 && indexes->len < INTERFACES_MAX)
    g_array_append_val (indexes, index);
}
