/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-holder-table-private.h"

struct _PlumHolderTable
{
  GHashTable *by_id;   /* PlumLeaseHolderId of the holder -> PlumLeaseHolder */
  GHashTable *by_port; /* internal port -> GSList of borrowed holders */
};

PlumHolderTable *
plum_holder_table_new (void)
{
  PlumHolderTable *self = g_new0 (PlumHolderTable, 1);

  self->by_id = g_hash_table_new_full (plum_lease_holder_id_hash, plum_lease_holder_id_equal, NULL,
                                       (GDestroyNotify) plum_lease_holder_free);
  self->by_port = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_slist_free);
  return self;
}

void
plum_holder_table_free (PlumHolderTable *self)
{
  g_hash_table_unref (self->by_port);
  g_hash_table_unref (self->by_id);
  g_free (self);
}

void
plum_holder_table_add (PlumHolderTable *self, PlumLeaseHolder *holder)
{
  const PlumLeaseHolderId *id = plum_lease_holder_get_id (holder);
  gpointer port = GUINT_TO_POINTER (id->internal_port);
  GSList *same_port = g_hash_table_lookup (self->by_port, port);

  if (same_port == NULL)
    g_hash_table_insert (self->by_port, port, g_slist_prepend (NULL, holder));
  else
    same_port = g_slist_append (same_port, holder); /* keeps the head */

  if (!g_hash_table_insert (self->by_id, (gpointer) id, holder))
    g_assert_not_reached ();
}

PlumLeaseHolder *
plum_holder_table_steal (PlumHolderTable *self, PlumLeaseHolder *holder)
{
  const PlumLeaseHolderId *id = plum_lease_holder_get_id (holder);
  gpointer port = GUINT_TO_POINTER (id->internal_port);
  GSList *same_port;

  if (!g_hash_table_steal (self->by_id, id) ||
      !g_hash_table_steal_extended (self->by_port, port, NULL, (gpointer *) &same_port))
    g_assert_not_reached ();
  same_port = g_slist_remove (same_port, holder);
  if (same_port != NULL)
    g_hash_table_insert (self->by_port, port, same_port);

  return holder;
}

PlumLeaseHolder *
plum_holder_table_lookup (PlumHolderTable *self, const PlumLeaseHolderId *id)
{
  return g_hash_table_lookup (self->by_id, id);
}

GSList *
plum_holder_table_lookup_port (PlumHolderTable *self, guint internal_port)
{
  return g_hash_table_lookup (self->by_port, GUINT_TO_POINTER (internal_port));
}

gboolean
plum_holder_table_is_empty (PlumHolderTable *self)
{
  return g_hash_table_size (self->by_id) == 0;
}

GPtrArray *
plum_holder_table_copy (PlumHolderTable *self)
{
  GPtrArray *holders = g_ptr_array_sized_new (g_hash_table_size (self->by_id));
  GHashTableIter iter;
  gpointer holder;

  g_hash_table_iter_init (&iter, self->by_id);
  while (g_hash_table_iter_next (&iter, NULL, &holder))
    g_ptr_array_add (holders, holder);
  return holders;
}
