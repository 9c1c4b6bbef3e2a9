/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "session.h"

typedef struct _MappingSet MappingSet;

/* The mappings that the command line asks for, and the verdict on their first attempt. */
struct _MappingSet
{
  Session *session;
  GPtrArray *mappings;  /* of PlumMapping */
  gboolean keep_trying; /* no verdict but success */
  gboolean no_ipv4;     /* set before parsing */
  gboolean ipv6;
  gboolean exact; /* no other external port will do; set before parsing */
  guint deadline_id;
  gboolean decided;

  /* Something about a mapping that a user would see. */
  void (*changed) (MappingSet *self, PlumMapping *mapping);
  /* All are up, for the first time. */
  void (*up) (MappingSet *self);
};

gboolean mapping_set_parse (MappingSet *self, char **specs, const char *description);
void mapping_set_clear (MappingSet *self);
gboolean mapping_set_start (MappingSet *self, int *exit_code);
guint mapping_set_count (MappingSet *self, PlumState state);
