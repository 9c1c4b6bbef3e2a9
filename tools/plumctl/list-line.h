/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

typedef enum {
  MARK_NONE,
  MARK_OURS,
  MARK_MADE_HERE,
} Mark;

/* An entry, and how it is listed. */
typedef struct
{
  PlumEntry *entry;
  GInetAddress *router; /* (nullable) */
  Mark mark;
  gboolean recorded; /* by this computer: the router has not listed it */
  gboolean beyond;   /* the router is not the gateway */
} ListLine;

void list_line_print (const ListLine *line);
/* The hosts that may connect, or NULL. from: (nullable). */
char *list_line_describe_from (const char *from);
