/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

/* From the best to the worst. */
typedef enum {
  UNMAP_REMOVED,       /* the router confirmed it; see may_be_nothing */
  UNMAP_NOT_FOUND,     /* the router has no such mapping */
  UNMAP_OTHER_HOST,    /* the port belongs to another computer */
  UNMAP_NOT_CONFIRMED, /* the router may keep the mapping */
  UNMAP_NO_ROUTER,
  UNMAP_FAILED,
} UnmapOutcome;

const char *unmap_outcome_get_name (UnmapOutcome outcome);
int unmap_outcome_exit_code (UnmapOutcome outcome);
gboolean unmap_outcome_is_replaced (UnmapOutcome outcome,
                                    UnmapOutcome entry,
                                    gboolean has_entry,
                                    gboolean asks_beyond);
