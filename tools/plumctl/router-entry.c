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

PlumEntry *
router_entry_find_inner (GListModel *entries, PlumEntry *outer)
{
  for (guint i = 0; i < g_list_model_get_n_items (entries); i++)
    {
      g_autoptr (PlumEntry) inner = g_list_model_get_item (entries, i);

      if (router_entry_leads_to (outer, inner))
        return g_steal_pointer (&inner);
    }

  return NULL;
}

gboolean
router_entry_has_inner (GListModel *entries, PlumEntry *outer)
{
  g_autoptr (PlumEntry) inner = router_entry_find_inner (entries, outer);

  return inner != NULL;
}

PlumEntry *
router_entry_find_outer (GListModel *entries, PlumEntry *inner)
{
  for (guint i = 0; i < g_list_model_get_n_items (entries); i++)
    {
      g_autoptr (PlumEntry) outer = g_list_model_get_item (entries, i);

      if (router_entry_leads_to (outer, inner))
        return g_steal_pointer (&outer);
    }

  return NULL;
}
