/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "mapping-set.h"

/* The line at the bottom of a terminal while mappings are asked for and held. */
typedef struct
{
  MappingSet *set;
  guint timer_id;
  guint frame;
  gboolean asking;
} LiveLine;

void live_line_start (LiveLine *self, MappingSet *set);
void live_line_stop (LiveLine *self);
