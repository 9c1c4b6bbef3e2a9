/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-service-table-private.h"

#include <limits.h>
#include <stdlib.h>

void
plum_service_table_init (PlumServiceTable *self)
{
  plum_service_cond_init (&self->changed);
  plum_service_mutex_init (&self->mutex);
  self->entries = g_hash_table_new (NULL, NULL);
}

static void
entry_free (PlumServiceEntry *entry)
{
  g_assert (entry->mapping == NULL);

  g_free ((char *) entry->request.description);
  g_free ((char *) entry->request.local_address);
  g_free (entry);
}

void
plum_service_table_clear (PlumServiceTable *self)
{
  g_assert (g_hash_table_size (self->entries) == 0);

  g_hash_table_unref (self->entries);
  plum_service_cond_clear (&self->changed);
  plum_service_mutex_clear (&self->mutex);
}

gboolean
plum_service_table_close (PlumServiceTable *self)
{
  gboolean first;

  plum_service_mutex_lock (&self->mutex);
  first = !self->closed;
  self->closed = TRUE;
  plum_service_cond_broadcast (&self->changed);
  plum_service_mutex_unlock (&self->mutex);

  return first;
}

gboolean
plum_service_table_is_closed (PlumServiceTable *self)
{
  gboolean closed;

  plum_service_mutex_lock (&self->mutex);
  closed = self->closed;
  plum_service_mutex_unlock (&self->mutex);

  return closed;
}

static PlumServiceEntry *
entry_new (const PlumServiceRequest *request)
{
  PlumServiceEntry *entry = g_new0 (PlumServiceEntry, 1);

  entry->ref_count = 2; /* of the table and the caller */
  entry->request = *request;
  entry->request.description = g_strdup (request->description);
  entry->request.local_address = g_strdup (request->local_address);
  entry->snapshot.size = sizeof entry->snapshot;
  entry->snapshot.state = PLUM_SERVICE_PENDING;
  entry->snapshot.protocol = request->protocol;
  entry->snapshot.family = request->family;
  entry->snapshot.internal_port = request->internal_port;

  return entry;
}

PlumServiceEntry *
plum_service_table_add (PlumServiceTable *self, const PlumServiceRequest *request)
{
  PlumServiceEntry *entry = entry_new (request);
  gboolean added = FALSE;

  plum_service_mutex_lock (&self->mutex);
  if (!self->closed && self->last_id < INT_MAX)
    {
      entry->id = ++self->last_id;
      entry->snapshot.id = entry->id;
      entry->reported = entry->snapshot;
      g_hash_table_insert (self->entries, GINT_TO_POINTER (entry->id), entry);
      added = TRUE;
    }
  plum_service_mutex_unlock (&self->mutex);

  if (!added)
    g_clear_pointer (&entry, entry_free);
  return entry;
}

PlumServiceEntry *
plum_service_table_lookup (PlumServiceTable *self, int id)
{
  PlumServiceEntry *entry;

  plum_service_mutex_lock (&self->mutex);
  entry = g_hash_table_lookup (self->entries, GINT_TO_POINTER (id));
  if (entry != NULL)
    entry->ref_count++;
  plum_service_mutex_unlock (&self->mutex);

  return entry;
}

void
plum_service_table_unref (PlumServiceTable *self, PlumServiceEntry *entry)
{
  gboolean last;

  plum_service_mutex_lock (&self->mutex);
  last = --entry->ref_count == 0;
  plum_service_mutex_unlock (&self->mutex);

  if (last)
    entry_free (entry);
}

void
plum_service_table_remove (PlumServiceTable *self, PlumServiceEntry *entry)
{
  gboolean removed;

  plum_service_mutex_lock (&self->mutex);
  removed = g_hash_table_remove (self->entries, GINT_TO_POINTER (entry->id));
  plum_service_mutex_unlock (&self->mutex);

  if (removed)
    plum_service_table_unref (self, entry);
}

PlumServiceEntry *
plum_service_table_unmap (PlumServiceTable *self, int id)
{
  PlumServiceEntry *entry;

  plum_service_mutex_lock (&self->mutex);
  entry = g_hash_table_lookup (self->entries, GINT_TO_POINTER (id));
  if (entry != NULL && entry->unmapped)
    entry = NULL;
  if (entry != NULL)
    {
      entry->ref_count++;
      entry->unmapped = TRUE;
      entry->snapshot.state = PLUM_SERVICE_DESTROYING;
      plum_service_cond_broadcast (&self->changed);
    }
  plum_service_mutex_unlock (&self->mutex);

  return entry;
}

static int
compare_ids (const void *a, const void *b)
{
  return *(const int *) a < *(const int *) b ? -1 : *(const int *) a > *(const int *) b;
}

int
plum_service_table_list (PlumServiceTable *self, int *ids, int n)
{
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (int));
  GHashTableIter iter;
  gpointer value;

  plum_service_mutex_lock (&self->mutex);
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (!((PlumServiceEntry *) value)->unmapped)
      g_array_append_val (all, ((PlumServiceEntry *) value)->id);
  plum_service_mutex_unlock (&self->mutex);

  g_array_sort (all, compare_ids);
  for (int i = 0; i < n && i < (int) all->len; i++)
    ids[i] = g_array_index (all, int, i);

  return (int) all->len;
}

GPtrArray *
plum_service_table_copy (PlumServiceTable *self)
{
  GPtrArray *all = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;

  plum_service_mutex_lock (&self->mutex);
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      ((PlumServiceEntry *) value)->ref_count++;
      g_ptr_array_add (all, value);
    }
  plum_service_mutex_unlock (&self->mutex);

  return all;
}

void
plum_service_table_read (PlumServiceTable *self,
                         PlumServiceEntry *entry,
                         PlumServiceMapping *snapshot)
{
  plum_service_mutex_lock (&self->mutex);
  *snapshot = entry->snapshot;
  plum_service_mutex_unlock (&self->mutex);
}

gboolean
plum_service_table_is_unmapped (PlumServiceTable *self, PlumServiceEntry *entry)
{
  gboolean unmapped;

  plum_service_mutex_lock (&self->mutex);
  unmapped = entry->unmapped;
  plum_service_mutex_unlock (&self->mutex);

  return unmapped;
}

void
plum_service_table_write (PlumServiceTable *self,
                          PlumServiceEntry *entry,
                          PlumServiceMapping *snapshot)
{
  plum_service_mutex_lock (&self->mutex);
  if (entry->unmapped && snapshot->state != PLUM_SERVICE_DESTROYED)
    snapshot->state = PLUM_SERVICE_DESTROYING;
  entry->snapshot = *snapshot;
  plum_service_cond_broadcast (&self->changed);
  plum_service_mutex_unlock (&self->mutex);
}

gboolean
plum_service_table_wait (PlumServiceTable *self,
                         PlumServiceEntry *entry,
                         PlumServiceCondition condition,
                         guint timeout,
                         PlumServiceMapping *snapshot)
{
  const gint64 end = g_get_monotonic_time () + (gint64) timeout * 1000;
  gboolean met;

  plum_service_mutex_lock (&self->mutex);
  while (!(met = condition (entry)))
    if (!plum_service_cond_wait_until (&self->changed, &self->mutex, end))
      {
        met = condition (entry);
        break;
      }
  *snapshot = entry->snapshot;
  plum_service_mutex_unlock (&self->mutex);

  return met;
}
