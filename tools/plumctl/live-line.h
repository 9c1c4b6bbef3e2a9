/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "mapping-set.h"

/* The status line at the bottom of a terminal. */
typedef struct
{
  MappingSet *set;
  guint timer_id;
  guint frame;
  gboolean pending;
} LiveLine;

void live_line_start (LiveLine *self, MappingSet *set);
void live_line_clear (LiveLine *self);
