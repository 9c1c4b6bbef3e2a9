/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Relations of entries of routers' tables, as listed or as recorded. */

#include "router-entry.h"

#include "endpoint.h"

/* Whether both have the same protocol and ports. */
gboolean
router_entry_is_same_port (PlumEntry *a, PlumEntry *b)
{
  return plum_entry_get_protocol (a) == plum_entry_get_protocol (b) &&
         plum_entry_get_internal_port (a) == plum_entry_get_internal_port (b) &&
         plum_entry_get_external_port (a) == plum_entry_get_external_port (b);
}

/* Whether the port of outer leads to that of inner, which is on the router before. The caller knows
 * the routers, or both are recorded with their router. */
gboolean
router_entry_leads_to (PlumEntry *outer, PlumEntry *inner)
{
  return plum_entry_is_readable (outer) && plum_entry_is_readable (inner) &&
         plum_entry_get_protocol (outer) == plum_entry_get_protocol (inner) &&
         plum_entry_get_internal_port (outer) == plum_entry_get_external_port (inner) &&
         !address_equal (plum_entry_get_gateway_address (outer),
                         plum_entry_get_gateway_address (inner));
}
