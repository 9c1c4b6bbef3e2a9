/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-service-thread.h"
#include "plum-service-values-private.h"

G_BEGIN_DECLS

/* A mapping of the program. Any thread may read what is marked as constant; the mutex of the table
 * guards what is marked as shared; the rest belongs to the worker. */
typedef struct
{
  /* Constant */
  int id;
  PlumServiceRequest request; /* owns the strings */

  /* Shared */
  guint ref_count;
  PlumServiceMapping snapshot;
  gboolean unmapped; /* the program has asked for it */

  /* Worker */
  PlumMapping *mapping; /* (nullable) */
  PlumServiceMapping reported;
} PlumServiceEntry;

/* The mappings of a service. The mutex is held for a few instructions only. */
typedef struct
{
  PlumServiceMutex mutex;
  PlumServiceCond changed;
  GHashTable *entries; /* (element-type int PlumServiceEntry) */
  int last_id;
  gboolean closed; /* no more mappings are accepted */
} PlumServiceTable;

typedef gboolean (*PlumServiceCondition) (const PlumServiceEntry *entry);

void plum_service_table_init (PlumServiceTable *self);
void plum_service_table_clear (PlumServiceTable *self);
/* Returns FALSE if it was closed before. */
gboolean plum_service_table_close (PlumServiceTable *self);
gboolean plum_service_table_is_closed (PlumServiceTable *self);

/* Both return a new reference, or NULL. lookup: includes unmapped entries. */
PlumServiceEntry *plum_service_table_add (PlumServiceTable *self,
                                          const PlumServiceRequest *request);
PlumServiceEntry *plum_service_table_lookup (PlumServiceTable *self, int id);
void plum_service_table_unref (PlumServiceTable *self, PlumServiceEntry *entry);
void plum_service_table_remove (PlumServiceTable *self, PlumServiceEntry *entry);

/* Returns a new reference to an entry that was not unmapped before, or NULL. */
PlumServiceEntry *plum_service_table_unmap (PlumServiceTable *self, int id);
int plum_service_table_list (PlumServiceTable *self, int *ids, int n);
/* Returns new references to all entries, also unmapped ones. (element-type PlumServiceEntry) */
GPtrArray *plum_service_table_copy (PlumServiceTable *self);

void plum_service_table_read (PlumServiceTable *self,
                              PlumServiceEntry *entry,
                              PlumServiceMapping *snapshot);
gboolean plum_service_table_is_unmapped (PlumServiceTable *self, PlumServiceEntry *entry);
/* Replaces the snapshot. If the entry is unmapped, changes snapshot accordingly. */
void plum_service_table_write (PlumServiceTable *self,
                               PlumServiceEntry *entry,
                               PlumServiceMapping *snapshot);
/* Waits until the condition is true. Returns FALSE after timeout ms. */
gboolean plum_service_table_wait (PlumServiceTable *self,
                                  PlumServiceEntry *entry,
                                  PlumServiceCondition condition,
                                  guint timeout,
                                  PlumServiceMapping *snapshot);

G_END_DECLS
