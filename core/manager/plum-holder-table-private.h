/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-lease-holder-private.h"

G_BEGIN_DECLS

/* The lease holders of a manager. They are found by id, and by internal port without a search of
 * all of them. Owns the holders. */
typedef struct _PlumHolderTable PlumHolderTable;

PlumHolderTable *plum_holder_table_new (void);
void plum_holder_table_free (PlumHolderTable *self);

/* holder: (transfer full). No other holder has the same id. */
void plum_holder_table_add (PlumHolderTable *self, PlumLeaseHolder *holder);
/* Call this before the id changes. (transfer full) */
PlumLeaseHolder *plum_holder_table_steal (PlumHolderTable *self, PlumLeaseHolder *holder);

/* (nullable) */
PlumLeaseHolder *plum_holder_table_lookup (PlumHolderTable *self, const PlumLeaseHolderId *id);
/* (nullable) (element-type PlumLeaseHolder): the holders with this internal port, of all
 * protocols. Valid until the table changes. */
GSList *plum_holder_table_lookup_port (PlumHolderTable *self, guint internal_port);
gboolean plum_holder_table_is_empty (PlumHolderTable *self);
/* For iteration over all: a change of one holder may remove others. (transfer container) */
GPtrArray *plum_holder_table_copy (PlumHolderTable *self);

G_END_DECLS
