/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-service-table-private.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <time.h>

void
plum_service_table_init (PlumServiceTable *self)
{
  pthread_condattr_t attributes;

  pthread_condattr_init (&attributes);
  pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC);
  pthread_cond_init (&self->changed, &attributes);
  pthread_condattr_destroy (&attributes);
  pthread_mutex_init (&self->mutex, NULL);
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
  pthread_cond_destroy (&self->changed);
  pthread_mutex_destroy (&self->mutex);
}

gboolean
plum_service_table_close (PlumServiceTable *self)
{
  gboolean first;

  pthread_mutex_lock (&self->mutex);
  first = !self->closed;
  self->closed = TRUE;
  pthread_cond_broadcast (&self->changed);
  pthread_mutex_unlock (&self->mutex);

  return first;
}

gboolean
plum_service_table_is_closed (PlumServiceTable *self)
{
  gboolean closed;

  pthread_mutex_lock (&self->mutex);
  closed = self->closed;
  pthread_mutex_unlock (&self->mutex);

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

  pthread_mutex_lock (&self->mutex);
  if (!self->closed && self->last_id < INT_MAX)
    {
      entry->id = ++self->last_id;
      entry->snapshot.id = entry->id;
      entry->reported = entry->snapshot;
      g_hash_table_insert (self->entries, GINT_TO_POINTER (entry->id), entry);
      added = TRUE;
    }
  pthread_mutex_unlock (&self->mutex);

  if (!added)
    g_clear_pointer (&entry, entry_free);
  return entry;
}

PlumServiceEntry *
plum_service_table_lookup (PlumServiceTable *self, int id)
{
  PlumServiceEntry *entry;

  pthread_mutex_lock (&self->mutex);
  entry = g_hash_table_lookup (self->entries, GINT_TO_POINTER (id));
  if (entry != NULL)
    entry->ref_count++;
  pthread_mutex_unlock (&self->mutex);

  return entry;
}

void
plum_service_table_unref (PlumServiceTable *self, PlumServiceEntry *entry)
{
  gboolean last;

  pthread_mutex_lock (&self->mutex);
  last = --entry->ref_count == 0;
  pthread_mutex_unlock (&self->mutex);

  if (last)
    entry_free (entry);
}

void
plum_service_table_remove (PlumServiceTable *self, PlumServiceEntry *entry)
{
  gboolean removed;

  pthread_mutex_lock (&self->mutex);
  removed = g_hash_table_remove (self->entries, GINT_TO_POINTER (entry->id));
  pthread_mutex_unlock (&self->mutex);

  if (removed)
    plum_service_table_unref (self, entry);
}

PlumServiceEntry *
plum_service_table_unmap (PlumServiceTable *self, int id)
{
  PlumServiceEntry *entry;

  pthread_mutex_lock (&self->mutex);
  entry = g_hash_table_lookup (self->entries, GINT_TO_POINTER (id));
  if (entry != NULL && entry->unmapped)
    entry = NULL;
  if (entry != NULL)
    {
      entry->ref_count++;
      entry->unmapped = TRUE;
      entry->snapshot.state = PLUM_SERVICE_DESTROYING;
      pthread_cond_broadcast (&self->changed);
    }
  pthread_mutex_unlock (&self->mutex);

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

  pthread_mutex_lock (&self->mutex);
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (!((PlumServiceEntry *) value)->unmapped)
      g_array_append_val (all, ((PlumServiceEntry *) value)->id);
  pthread_mutex_unlock (&self->mutex);

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

  pthread_mutex_lock (&self->mutex);
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      ((PlumServiceEntry *) value)->ref_count++;
      g_ptr_array_add (all, value);
    }
  pthread_mutex_unlock (&self->mutex);

  return all;
}

void
plum_service_table_read (PlumServiceTable *self,
                         PlumServiceEntry *entry,
                         PlumServiceMapping *snapshot)
{
  pthread_mutex_lock (&self->mutex);
  *snapshot = entry->snapshot;
  pthread_mutex_unlock (&self->mutex);
}

gboolean
plum_service_table_is_unmapped (PlumServiceTable *self, PlumServiceEntry *entry)
{
  gboolean unmapped;

  pthread_mutex_lock (&self->mutex);
  unmapped = entry->unmapped;
  pthread_mutex_unlock (&self->mutex);

  return unmapped;
}

void
plum_service_table_write (PlumServiceTable *self,
                          PlumServiceEntry *entry,
                          PlumServiceMapping *snapshot)
{
  pthread_mutex_lock (&self->mutex);
  if (entry->unmapped && snapshot->state != PLUM_SERVICE_DESTROYED)
    snapshot->state = PLUM_SERVICE_DESTROYING;
  entry->snapshot = *snapshot;
  pthread_cond_broadcast (&self->changed);
  pthread_mutex_unlock (&self->mutex);
}

static struct timespec
get_deadline (guint timeout)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC, &time);
  time.tv_sec += timeout / 1000;
  time.tv_nsec += (long) (timeout % 1000) * 1000000;
  if (time.tv_nsec >= 1000000000)
    {
      time.tv_sec++;
      time.tv_nsec -= 1000000000;
    }

  return time;
}

gboolean
plum_service_table_wait (PlumServiceTable *self,
                         PlumServiceEntry *entry,
                         PlumServiceCondition condition,
                         guint timeout,
                         PlumServiceMapping *snapshot)
{
  struct timespec deadline = get_deadline (timeout);
  gboolean met;

  pthread_mutex_lock (&self->mutex);
  while (!(met = condition (entry)))
    if (pthread_cond_timedwait (&self->changed, &self->mutex, &deadline) == ETIMEDOUT)
      {
        met = condition (entry);
        break;
      }
  *snapshot = entry->snapshot;
  pthread_mutex_unlock (&self->mutex);

  return met;
}
