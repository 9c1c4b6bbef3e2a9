/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "session.h"

typedef struct _MappingSet MappingSet;

/* The mappings of the command line, and the outcome of their first attempt. */
struct _MappingSet
{
  Session *session;
  GPtrArray *mappings;  /* of PlumMapping */
  gboolean keep_trying; /* the first attempt cannot fail */
  gboolean no_ipv4;     /* set before parsing */
  gboolean ipv6;
  gboolean has_family;         /* the command has the option --family */
  gboolean exact;              /* require the requested external port; set before parsing */
  GInetAddress *local_address; /* (nullable): see mapping_set_use_local_address() */
  GListModel *from;            /* (nullable): of --from */
  GInetAddress *host;          /* (nullable): of --for */
  guint deadline_id;
  gboolean decided;

  /* Called when a visible property of a mapping changes. */
  void (*changed) (MappingSet *self, PlumMapping *mapping);
  /* Called when all mappings are up for the first time. */
  void (*up) (MappingSet *self);
};

/* Maps the ports of one address of this host, which selects the family. Call this before parsing.
 * text: (nullable): nothing is changed. family: (nullable): the argument of --family. If an
 * argument is invalid, reports it and returns FALSE. */
gboolean mapping_set_use_local_address (MappingSet *self, const char *text, const char *family);
gboolean mapping_set_parse_hosts (MappingSet *self, gboolean family_given);
gboolean mapping_set_parse (MappingSet *self, char **specs, const char *description);
void mapping_set_clear (MappingSet *self);
gboolean mapping_set_start (MappingSet *self, int *exit_code);
guint mapping_set_count (MappingSet *self, PlumState state);
