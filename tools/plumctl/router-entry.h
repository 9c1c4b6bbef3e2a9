/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

gboolean router_entry_is_same_port (PlumEntry *a, PlumEntry *b);
gboolean router_entry_leads_to (PlumEntry *outer, PlumEntry *inner);
/* (transfer full) (nullable): the entry that outer leads to; the entry that leads to inner. */
PlumEntry *router_entry_find_inner (GListModel *entries, PlumEntry *outer);
gboolean router_entry_has_inner (GListModel *entries, PlumEntry *outer);
PlumEntry *router_entry_find_outer (GListModel *entries, PlumEntry *inner);
