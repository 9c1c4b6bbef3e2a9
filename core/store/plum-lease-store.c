/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-lease-store-private.h"

#include "plum-known-router-private.h"
#include "plum-lease-file-private.h"
#include "plum-log-private.h"
#include "plum-values-private.h"

#define MS G_GINT64_CONSTANT (1000)

/* The pause between two writes: at least WRITE_PAUSE_MS, and WRITE_SHARE times as long as the last
 * write took, so that a burst of answers does not cause a burst of writes. */
#define WRITE_PAUSE_MS 100
#define WRITE_SHARE 10

/* Records are appended until there are as many as in the last write, or this number if that is
 * more. */
#define APPEND_MIN 64

/* A renewal changes only the end of the lease. If that is lost, the lease expires on its own. */
#define RENEWAL_PAUSE_MS 60000

struct _PlumLeaseStore
{
  PlumClock *clock;
  const PlumLeaseStoreClient *client;
  gpointer client_data;

  PlumLeaseFile *file; /* (nullable) */
  GHashTable *entries; /* holder -> PlumLeaseRecord */
  /* holder -> gboolean, of the entries that are not on disk: whether another entry of the holder
   * is. */
  GHashTable *unsaved;
  GPtrArray *leftovers; /* (element-type PlumLeaseRecord) */
  GPtrArray *deleting;  /* (element-type PlumLeaseRecord): leftovers that the sweeper deletes */

  /* The last query for a hardware address, so that many mappings at once need one. */
  PlumKnownRouter router;

  PlumTimer flush;
  gint64 flush_at;   /* deadline of flush, while it is armed */
  gint64 next_write; /* the earliest time of the next write */
  guint n_written;   /* records in the last write */
  guint n_appended;  /* records appended since then */
  PlumTimer append;
  gboolean warned;
  gboolean closed;
};

/* --- Writing --- */

static GPtrArray *
plum_lease_store_collect (PlumLeaseStore *self)
{
  GPtrArray *records = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (records, value);
  for (unsigned int i = 0; i < self->leftovers->len; i++)
    if (!plum_lease_record_has_expired (self->leftovers->pdata[i]))
      g_ptr_array_add (records, self->leftovers->pdata[i]);
  for (unsigned int i = 0; i < self->deleting->len; i++)
    g_ptr_array_add (records, self->deleting->pdata[i]);

  return records;
}

void
plum_lease_store_flush (PlumLeaseStore *self)
{
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (GError) error = NULL;
  gboolean failed;
  gint64 start;
  gint64 end;

  if (self->file == NULL)
    return;

  records = plum_lease_store_collect (self);
  start = plum_clock_get_time (self->clock);
  failed = !plum_lease_file_write (self->file, records, &error);
  if (failed && !self->warned)
    plum_warn ("Cannot write the lease file; a crash would leave mappings behind: %s",
               error->message);
  self->warned = failed;

  /* Also after a failure: a full disk must not prevent mappings. */
  g_hash_table_remove_all (self->unsaved);

  end = plum_clock_get_time (self->clock);
  self->next_write = end + MAX (WRITE_PAUSE_MS * MS, WRITE_SHARE * (end - start));
  self->n_written = records->len;
  self->n_appended = 0;
  plum_clock_disarm (self->clock, &self->flush);
  plum_clock_disarm (self->clock, &self->append);
}

/* (transfer container) (element-type PlumLeaseHolder) */
static GPtrArray *
plum_lease_store_copy_unsaved (PlumLeaseStore *self)
{
  GPtrArray *holders = g_ptr_array_sized_new (g_hash_table_size (self->unsaved));
  GHashTableIter iter;
  gpointer holder;

  g_hash_table_iter_init (&iter, self->unsaved);
  while (g_hash_table_iter_next (&iter, &holder, NULL))
    g_ptr_array_add (holders, holder);
  return holders;
}

static void
on_flush (gpointer user_data)
{
  PlumLeaseStore *self = user_data;
  g_autoptr (GPtrArray) holders = plum_lease_store_copy_unsaved (self);

  plum_lease_store_flush (self);
  self->client->saved (holders, self->client_data);
}

/* Never in this iteration of the loop, so that one write covers all its changes. */
static void
plum_lease_store_write_soon (PlumLeaseStore *self, gint64 delay_ms)
{
  gint64 when = MAX (plum_clock_get_time (self->clock) + delay_ms * MS, self->next_write);

  if (self->file == NULL || (plum_timer_is_armed (&self->flush) && self->flush_at <= when))
    return;

  self->flush_at = when;
  plum_clock_arm (self->clock, &self->flush, when);
}

/* Returns FALSE if the file must be written instead. */
static gboolean
plum_lease_store_append (PlumLeaseStore *self, GPtrArray *holders)
{
  g_autoptr (GPtrArray) records = g_ptr_array_sized_new (holders->len);
  g_autoptr (GError) error = NULL;

  if (self->n_appended + holders->len > MAX (self->n_written, APPEND_MIN))
    return FALSE;

  for (unsigned int i = 0; i < holders->len; i++)
    {
      if (GPOINTER_TO_INT (g_hash_table_lookup (self->unsaved, holders->pdata[i])))
        return FALSE;
      g_ptr_array_add (records, g_hash_table_lookup (self->entries, holders->pdata[i]));
    }
  if (!plum_lease_file_append (self->file, records, &error))
    {
      plum_debug ("%s", error->message);
      return FALSE;
    }

  self->n_appended += holders->len;
  g_hash_table_remove_all (self->unsaved);
  return TRUE;
}

/* A request must not wait until all other records are written again. */
static void
on_append (gpointer user_data)
{
  PlumLeaseStore *self = user_data;
  g_autoptr (GPtrArray) holders = plum_lease_store_copy_unsaved (self);

  if (holders->len == 0)
    return;

  if (plum_lease_store_append (self, holders))
    self->client->saved (holders, self->client_data);
  else if (plum_clock_get_time (self->clock) >= self->next_write)
    on_flush (self);
  else
    plum_lease_store_write_soon (self, 0);
}

/* is_replaced: the entry is another request than the one before. */
static void
plum_lease_store_save_soon (PlumLeaseStore *self, gconstpointer holder, gboolean is_replaced)
{
  if (self->file == NULL)
    return;

  /* A new entry that is replaced before it was saved is still new in the file. */
  if (!g_hash_table_contains (self->unsaved, holder))
    g_hash_table_insert (self->unsaved, (gpointer) holder, GINT_TO_POINTER (is_replaced));
  if (!plum_timer_is_armed (&self->append))
    plum_clock_arm_in_ms (self->clock, &self->append, 0);
}

/* --- Leftovers --- */

/* record: (transfer full) */
static void
plum_lease_store_add_leftover (PlumLeaseStore *self, PlumLeaseRecord *record)
{
  if (plum_lease_record_has_expired (record))
    {
      plum_lease_record_free (record);
      return;
    }

  g_ptr_array_add (self->leftovers, record);
  self->client->leftover_added (self->client_data);
}

guint
plum_lease_store_get_n_leftovers (PlumLeaseStore *self)
{
  return self->leftovers->len;
}

const PlumLeaseRecord *
plum_lease_store_get_leftover (PlumLeaseStore *self, guint index)
{
  return g_ptr_array_index (self->leftovers, index);
}

void
plum_lease_store_retry (PlumLeaseStore *self, guint index)
{
  ((PlumLeaseRecord *) self->leftovers->pdata[index])->next_delete = 0;
}

void
plum_lease_store_remove_leftover (PlumLeaseStore *self, guint index)
{
  g_ptr_array_remove_index_fast (self->leftovers, index);
  plum_lease_store_write_soon (self, 0);
}

const PlumLeaseRecord *
plum_lease_store_begin_delete (PlumLeaseStore *self, guint index)
{
  PlumLeaseRecord *record = g_ptr_array_steal_index_fast (self->leftovers, index);

  g_ptr_array_add (self->deleting, record);
  plum_lease_store_write_soon (self, 0);
  return record;
}

void
plum_lease_store_finish_delete (PlumLeaseStore *self,
                                const PlumLeaseRecord *record,
                                gboolean keep,
                                gboolean undeletable,
                                gint64 next_delete)
{
  PlumLeaseRecord *stolen;
  guint index;

  if (!g_ptr_array_find (self->deleting, record, &index))
    g_assert_not_reached ();

  stolen = g_ptr_array_steal_index_fast (self->deleting, index);
  stolen->next_delete = next_delete;
  stolen->undeletable = undeletable;
  if (keep)
    plum_lease_store_add_leftover (self, stolen);
  else
    plum_lease_record_free (stolen);
  plum_lease_store_write_soon (self, 0);
}

static gboolean
any_record (GPtrArray *records, PlumLeaseRecordFunc func, gconstpointer user_data)
{
  for (unsigned int i = 0; i < records->len; i++)
    if (func (records->pdata[i], user_data))
      return TRUE;

  return FALSE;
}

gboolean
plum_lease_store_any_left (PlumLeaseStore *self, PlumLeaseRecordFunc func, gconstpointer user_data)
{
  return any_record (self->leftovers, func, user_data) ||
         any_record (self->deleting, func, user_data);
}

const PlumLeaseRecord *
plum_lease_store_recall (PlumLeaseStore *self,
                         PlumProtocol protocol,
                         GSocketFamily family,
                         guint internal_port,
                         const PlumHosts *hosts,
                         PlumNetwork *network)
{
  const PlumLeaseRecord *on_network = NULL;
  const PlumLeaseRecord *found = NULL;

  for (unsigned int i = 0; i < self->leftovers->len; i++)
    {
      const PlumLeaseRecord *record = self->leftovers->pdata[i];

      if (!plum_lease_record_is_of_port (record, protocol, family, internal_port, hosts) ||
          !plum_hosts_equal (&record->hosts, hosts) || plum_lease_record_has_expired (record))
        continue;
      if (network != NULL && plum_lease_store_is_on_network (record, network))
        {
          if (plum_lease_record_has_same_host (record, plum_network_get_client_address (network)))
            return record;
          on_network = record;
        }
      found = record;
    }

  return on_network != NULL ? on_network : found;
}

/* --- Entries --- */

/* The entry of the port of record on its router, from an address of this host. (nullable) */
static const PlumLeaseRecord *
plum_lease_store_find_entry (PlumLeaseStore *self,
                             const PlumLeaseRecord *record,
                             GInetAddress *local_address)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const PlumLeaseRecord *entry = value;

      if (plum_lease_record_has_same_port (entry, record) &&
          plum_lease_record_is_same_router (entry, record) &&
          plum_lease_record_has_same_host (entry, local_address))
        return entry;
    }

  return NULL;
}

gboolean
plum_lease_store_has_entry (PlumLeaseStore *self,
                            const PlumLeaseRecord *record,
                            GInetAddress *local_address)
{
  return plum_lease_store_find_entry (self, record, local_address) != NULL;
}

/* A router has one table for all backends. For some protocols, the internal port alone identifies a
 * mapping. */
gboolean
plum_lease_store_may_delete (PlumLeaseStore *self, guint index, gboolean moved)
{
  const PlumLeaseRecord *record = self->leftovers->pdata[index];
  const PlumLeaseRecord *entry;

  if ((record->undeletable && moved) || plum_clock_get_time (self->clock) < record->next_delete)
    return FALSE;

  entry = plum_lease_store_find_entry (self, record, record->local_address);
  return entry == NULL || (entry->external_port != record->external_port &&
                           !g_str_equal (entry->backend_name, record->backend_name));
}

static void
plum_lease_store_remove_same_leftovers (PlumLeaseStore *self, const PlumLeaseRecord *record)
{
  for (unsigned int i = self->leftovers->len; i > 0; i--)
    if (plum_lease_record_is_same_mapping (self->leftovers->pdata[i - 1], record))
      plum_lease_store_remove_leftover (self, i - 1);
}

/* The entry replaces leftovers of the same mapping as soon as the router has granted it: if it
 * refuses, it may still have what is left. Others on the port of a request are in conflict with it;
 * while the port is mapped, the sweeper decides. */
static void
plum_lease_store_replace_leftovers (PlumLeaseStore *self, const PlumLeaseRecord *record)
{
  if (record->granted)
    {
      plum_lease_store_remove_same_leftovers (self, record);
      return;
    }

  for (unsigned int i = self->leftovers->len; i > 0; i--)
    {
      const PlumLeaseRecord *old = self->leftovers->pdata[i - 1];

      if (!plum_lease_record_has_same_port (old, record) ||
          !plum_lease_record_is_same_router (old, record))
        continue;

      if (!plum_lease_record_is_same_mapping (old, record) && !old->undeletable &&
          plum_clock_get_time (self->clock) >= old->next_delete)
        self->client->leftover_in_conflict (i - 1, record, self->client_data);
    }
}

/* Whether the port of record is being deleted on its router. */
static gboolean
plum_lease_store_is_deleting (PlumLeaseStore *self, const PlumLeaseRecord *record)
{
  for (unsigned int i = 0; i < self->deleting->len; i++)
    {
      const PlumLeaseRecord *old = self->deleting->pdata[i];

      if (plum_lease_record_has_same_port (old, record) &&
          plum_lease_record_is_same_router (old, record))
        return TRUE;
    }

  return FALSE;
}

/* Makes a leftover of the entry. It takes over what is left of the same mapping, whose lease may
 * end later, and which has a token. */
static void
plum_lease_store_leave_entry (PlumLeaseStore *self,
                              const PlumLeaseRecord *entry,
                              gint64 next_delete)
{
  PlumLeaseRecord *left = plum_lease_record_copy_left (entry, next_delete);

  for (unsigned int i = 0; i < self->leftovers->len; i++)
    {
      const PlumLeaseRecord *old = self->leftovers->pdata[i];

      if (!plum_lease_record_is_same_mapping (old, entry))
        continue;

      left->expires = MAX (left->expires, old->expires);
      if (left->token == NULL && old->token != NULL)
        left->token = g_variant_ref (old->token);
      if (left->external_address == NULL)
        g_set_object (&left->external_address, old->external_address);
    }

  plum_lease_store_remove_same_leftovers (self, entry);
  plum_lease_store_add_leftover (self, left);
}

/* record: borrowed, and its fields. */
static void
plum_lease_store_update_entry (PlumLeaseStore *self,
                               gconstpointer holder,
                               PlumLeaseRecord *entry,
                               PlumLeaseRecord *record)
{
  gboolean is_same_request;
  gint64 delay_ms = 0;

  if (record->hardware_address == NULL && plum_lease_record_is_same_router (entry, record))
    record->hardware_address = entry->hardware_address;
  /* The router with that address has been replaced: it may still have the mapping. */
  if (!plum_lease_record_is_same_router (entry, record))
    plum_lease_store_leave_entry (self, entry, 0);

  is_same_request = plum_lease_record_is_same_request (entry, record);
  if (!is_same_request)
    plum_lease_store_save_soon (self, holder, TRUE);
  else if (plum_lease_record_is_same_lease (entry, record))
    delay_ms = RENEWAL_PAUSE_MS;
  if (delay_ms == 0 || entry->expires != record->expires)
    plum_lease_store_write_soon (self, delay_ms);

  if (!is_same_request || !plum_lease_record_take_lease (entry, record))
    g_hash_table_insert (self->entries, (gpointer) holder, plum_lease_record_copy (record));
}

gboolean
plum_lease_store_note (PlumLeaseStore *self,
                       gconstpointer holder,
                       PlumNetwork *network,
                       const PlumLeaseRecord *record)
{
  PlumLeaseRecord *entry = g_hash_table_lookup (self->entries, holder);
  PlumLeaseRecord noted = *record;

  noted.hardware_address =
    plum_known_router_get_hardware_address (&self->router, network, self->clock);
  if (entry != NULL)
    {
      /* The router may have granted another external port than that of the request. In a table of
       * external ports, the requested one may still be that of an earlier mapping. */
      if (noted.granted && noted.one_per_port &&
          g_str_equal (entry->backend_name, noted.backend_name))
        plum_lease_store_remove_same_leftovers (self, entry);
      plum_lease_store_update_entry (self, holder, entry, &noted);
    }
  else
    {
      g_hash_table_insert (self->entries, (gpointer) holder, plum_lease_record_copy (&noted));
      plum_lease_store_save_soon (self, holder, FALSE);
    }

  entry = g_hash_table_lookup (self->entries, holder);
  plum_lease_store_replace_leftovers (self, entry);
  return !g_hash_table_contains (self->unsaved, holder) &&
         !plum_lease_store_is_deleting (self, entry);
}

void
plum_lease_store_remove_entry (PlumLeaseStore *self,
                               gconstpointer holder,
                               PlumLeaseStoreEnd end,
                               gint64 next_delete)
{
  const PlumLeaseRecord *entry = g_hash_table_lookup (self->entries, holder);

  if (entry == NULL)
    return;

  if (end == PLUM_LEASE_STORE_LEFT)
    plum_lease_store_leave_entry (self, entry, next_delete);
  else if (end == PLUM_LEASE_STORE_DELETED)
    plum_lease_store_remove_same_leftovers (self, entry);
  g_hash_table_remove (self->entries, holder);
  g_hash_table_remove (self->unsaved, holder);
  plum_lease_store_write_soon (self, 0);
}

/* --- Object --- */

PlumLeaseStore *
plum_lease_store_new (PlumClock *clock)
{
  PlumLeaseStore *self = g_new0 (PlumLeaseStore, 1);

  self->clock = clock;
  self->entries = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) plum_lease_record_free);
  self->unsaved = g_hash_table_new (NULL, NULL);
  self->leftovers = g_ptr_array_new_with_free_func ((GDestroyNotify) plum_lease_record_free);
  self->deleting = g_ptr_array_new_with_free_func ((GDestroyNotify) plum_lease_record_free);
  plum_timer_init (&self->flush, on_flush, self);
  plum_timer_init (&self->append, on_append, self);
  return self;
}

void
plum_lease_store_close (PlumLeaseStore *self)
{
  self->closed = TRUE;
  plum_clock_disarm (self->clock, &self->flush);
  plum_clock_disarm (self->clock, &self->append);
  g_ptr_array_set_size (self->deleting, 0);
  g_ptr_array_set_size (self->leftovers, 0);
  g_hash_table_remove_all (self->entries);
  g_hash_table_remove_all (self->unsaved);
  g_clear_pointer (&self->file, plum_lease_file_free);
}

void
plum_lease_store_free (PlumLeaseStore *self)
{
  plum_lease_store_close (self);
  plum_known_router_clear (&self->router);
  g_clear_pointer (&self->deleting, g_ptr_array_unref);
  g_clear_pointer (&self->leftovers, g_ptr_array_unref);
  g_clear_pointer (&self->unsaved, g_hash_table_unref);
  g_clear_pointer (&self->entries, g_hash_table_unref);
  g_free (self);
}

void
plum_lease_store_set_client (PlumLeaseStore *self,
                             const PlumLeaseStoreClient *client,
                             gpointer user_data)
{
  self->client = client;
  self->client_data = user_data;
}

void
plum_lease_store_open (PlumLeaseStore *self, const char *directory)
{
  g_autoptr (GError) error = NULL;

  g_assert (self->file == NULL);

  self->file = plum_lease_file_open (directory, self->leftovers, &error);
  if (self->file == NULL)
    plum_warn ("Cannot open a lease file; a crash would leave mappings behind: %s", error->message);
  else if (plum_lease_file_has_inherited (self->file))
    plum_lease_store_write_soon (self, 0);
}

gboolean
plum_lease_store_is_closed (PlumLeaseStore *self)
{
  return self->closed;
}
