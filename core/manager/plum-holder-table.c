/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-holder-table-private.h"

struct _PlumHolderTable
{
  GHashTable *by_id;   /* PlumLeaseHolderId of the holder -> PlumLeaseHolder */
  GHashTable *by_port; /* internal port -> GPtrArray of borrowed holders */
};

PlumHolderTable *
plum_holder_table_new (void)
{
  PlumHolderTable *self = g_new0 (PlumHolderTable, 1);

  self->by_id = g_hash_table_new_full (plum_lease_holder_id_hash, plum_lease_holder_id_equal, NULL,
                                       (GDestroyNotify) plum_lease_holder_free);
  self->by_port = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_ptr_array_unref);
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
  GPtrArray *same_port = plum_holder_table_lookup_port (self, id->internal_port);

  if (same_port == NULL)
    {
      same_port = g_ptr_array_new ();
      g_hash_table_insert (self->by_port, GUINT_TO_POINTER (id->internal_port), same_port);
    }
  g_ptr_array_add (same_port, holder);

  if (!g_hash_table_insert (self->by_id, (gpointer) id, holder))
    g_assert_not_reached ();
}

PlumLeaseHolder *
plum_holder_table_steal (PlumHolderTable *self, PlumLeaseHolder *holder)
{
  const PlumLeaseHolderId *id = plum_lease_holder_get_id (holder);
  GPtrArray *same_port = plum_holder_table_lookup_port (self, id->internal_port);

  if (!g_hash_table_steal (self->by_id, id) || !g_ptr_array_remove_fast (same_port, holder))
    g_assert_not_reached ();
  if (same_port->len == 0)
    g_hash_table_remove (self->by_port, GUINT_TO_POINTER (id->internal_port));

  return holder;
}

PlumLeaseHolder *
plum_holder_table_lookup (PlumHolderTable *self, const PlumLeaseHolderId *id)
{
  return g_hash_table_lookup (self->by_id, id);
}

GPtrArray *
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
