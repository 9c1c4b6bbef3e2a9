/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

gboolean router_entry_is_same_port (PlumEntry *a, PlumEntry *b);
gboolean router_entry_leads_to (PlumEntry *outer, PlumEntry *inner);
