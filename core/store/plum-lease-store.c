/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-lease-store-private.h"

#include "plum-error-private.h"
#include "plum-log-private.h"
#include "plum-neighbour-private.h"
#include "plum-lease-file-private.h"

#define MS G_GINT64_CONSTANT (1000)

/* How long an earlier run's mapping waits, once there is a gateway, to be wanted again. */
#define GRACE_MS 30000

/* How soon it is looked again whether a backend that is still in the race serves. */
#define RACE_MS 1000

/* How long a mapping waits for the delete of what stands in its place. */
#define MAKE_WAY_MS 2000

/* Between two writes, so that a thousand answers within a second do not cost a thousand writes:
 * this, and so many times what the last one took. */
#define WRITE_PAUSE_MS 100
#define WRITE_SHARE 10

/* A renewal alone moves the end of the lease: if that is lost, the router forgets by itself. */
#define RENEWAL_PAUSE_MS 60000

typedef struct
{
  PlumLeaseRecord *record;
  gboolean saved; /* before it is sent it must be */
} Entry;

/* A leftover that the router is asked to forget. */
typedef struct
{
  PlumLeaseStore *store;
  PlumLeaseRecord *record;
  PlumBackend *backend; /* NULL: it was asked */
  guint timeout_ms;
  PlumCall *call; /* NULL: it will be asked */
} Deletion;

struct _PlumLeaseStore
{
  PlumClock *clock;
  const PlumSettings *settings;
  const PlumLeaseStoreClient *owner;
  gpointer owner_data;

  PlumLeaseFile *file;  /* (nullable) */
  GHashTable *entries;  /* holder -> Entry */
  GPtrArray *leftovers; /* (element-type PlumLeaseRecord) */
  GPtrArray *deletions; /* (element-type Deletion) */

  PlumTimer flush;
  PlumTimer sweep;
  PlumTimer ask;     /* for the deletions */
  gint64 flush_at;   /* of the armed timer */
  gint64 next_write; /* not before */
  gboolean warned;
};

static void plum_lease_store_release (PlumLeaseStore *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlumLeaseStore, plum_lease_store_release)

static void
entry_free (Entry *entry)
{
  plum_lease_record_free (entry->record);
  g_free (entry);
}

static void
deletion_free (Deletion *deletion)
{
  if (deletion->call != NULL)
    plum_call_cancel (deletion->call);
  g_clear_object (&deletion->call);
  g_clear_object (&deletion->backend);
  g_clear_pointer (&deletion->record, plum_lease_record_free);
  g_free (deletion);
}

/* --- Writing --- */

static GPtrArray *
plum_lease_store_collect (PlumLeaseStore *self)
{
  GPtrArray *records = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (records, ((Entry *) value)->record);
  for (unsigned int i = 0; i < self->leftovers->len; i++)
    g_ptr_array_add (records, self->leftovers->pdata[i]);
  for (unsigned int i = 0; i < self->deletions->len; i++)
    g_ptr_array_add (records, ((Deletion *) self->deletions->pdata[i])->record);

  return records;
}

static void
plum_lease_store_write (PlumLeaseStore *self)
{
  g_autoptr (GPtrArray) records = plum_lease_store_collect (self);
  g_autoptr (GError) error = NULL;
  gint64 start = plum_clock_get_time (self->clock);
  gint64 end;
  GHashTableIter iter;
  gpointer value;
  gboolean failed = !plum_lease_file_write (self->file, records, &error);

  if (failed && !self->warned)
    plum_warn ("a crash would leave mappings behind: %s", error->message);
  self->warned = failed;

  /* Also if it failed: a full disk must not keep a port closed. */
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    ((Entry *) value)->saved = TRUE;

  end = plum_clock_get_time (self->clock);
  self->next_write = end + MAX (WRITE_PAUSE_MS * MS, WRITE_SHARE * (end - start));
  plum_clock_disarm (self->clock, &self->flush);
}

static void
on_flush (gpointer user_data)
{
  PlumLeaseStore *self = user_data;

  plum_lease_store_write (self);
  self->owner->go_on (self->owner_data);
}

/* In a later turn of the loop: what else changes in this one is in the same write. */
static void
plum_lease_store_write_soon (PlumLeaseStore *self, gint64 delay_ms)
{
  gint64 when = MAX (plum_clock_get_time (self->clock) + delay_ms * MS, self->next_write);

  if (self->file == NULL || (plum_timer_is_armed (&self->flush) && self->flush_at <= when))
    return;

  self->flush_at = when;
  plum_clock_arm (self->clock, &self->flush, when);
}

/* --- Leftovers --- */

static void
plum_lease_store_sweep_in (PlumLeaseStore *self, gint64 ms)
{
  if (self->file != NULL && self->leftovers->len > 0 && !plum_timer_is_armed (&self->sweep))
    plum_clock_arm_in_ms (self->clock, &self->sweep, ms);
}

static void
plum_lease_store_leave (PlumLeaseStore *self, PlumLeaseRecord *record)
{
  if (plum_lease_record_is_over (record))
    {
      plum_lease_record_free (record);
      return;
    }

  g_ptr_array_add (self->leftovers, record);
  plum_lease_store_sweep_in (self, self->settings->recheck_period);
}

static PlumLeaseRecord *
plum_lease_store_take_leftover (PlumLeaseStore *self, guint index)
{
  plum_lease_store_write_soon (self, 0);
  return g_ptr_array_steal_index_fast (self->leftovers, index);
}

static gboolean
is_on (const PlumLeaseRecord *record, PlumGateway *gateway)
{
  PlumNetwork *network = plum_gateway_get_network (gateway);
  g_autofree char *hardware_address = NULL;

  if (record->hardware_address != NULL)
    hardware_address = plum_neighbour_lookup (network);
  return plum_lease_record_is_on (record, plum_network_get_gateway (network),
                                  plum_network_get_interface (network), hardware_address);
}

/* The gateway within reach that is the one of the record, by the interface that it was then if
 * there are several ways to it. */
static PlumGateway *
plum_lease_store_find_router (PlumLeaseStore *self, const PlumLeaseRecord *record)
{
  g_autoptr (GPtrArray) gateways = self->owner->get_gateways (record->family, self->owner_data);
  PlumGateway *found = NULL;

  for (unsigned int i = 0; i < gateways->len; i++)
    {
      PlumGateway *gateway = gateways->pdata[i]; /* the owner keeps it */

      if (!is_on (record, gateway))
        continue;
      if (g_str_equal (plum_gateway_get_interface (gateway), record->interface_name))
        return gateway;
      if (found == NULL)
        found = gateway;
    }

  return found;
}

static gboolean
plum_lease_store_wants (PlumLeaseStore *self, const PlumLeaseRecord *record)
{
  PlumGateway *gateway = plum_lease_store_find_router (self, record);

  return gateway != NULL && self->owner->is_wanted (record->protocol, record->internal_port,
                                                    gateway, self->owner_data);
}

static PlumCandidate *
find_candidate (PlumGateway *gateway, const char *backend_name)
{
  guint n = plum_gateway_get_n_candidates (gateway);

  for (unsigned int i = 0; i < n; i++)
    {
      PlumCandidate *candidate = plum_gateway_get_candidate (gateway, i);

      if (g_str_equal (plum_probe_get_name (candidate->probe), backend_name))
        return candidate;
    }

  return NULL;
}

static void
on_deleted (PlumCall *call, gpointer user_data)
{
  Deletion *deletion = user_data;
  PlumLeaseStore *self = deletion->store;
  const GError *error = plum_call_get_error (call);
  PlumLeaseRecord *record = g_steal_pointer (&deletion->record);

  g_clear_object (&deletion->call);
  g_ptr_array_remove_fast (self->deletions, deletion);

  if (error != NULL)
    plum_info ("the router may still have a mapping of an earlier run: %s", error->message);

  /* If the port is wanted, the new mapping stands in the place of the old one, deleted or not. */
  if (error == NULL || plum_error_is_final (error) || plum_lease_store_wants (self, record))
    plum_lease_record_free (record);
  else
    plum_lease_store_leave (self, record);

  plum_lease_store_write_soon (self, 0);
  self->owner->go_on (self->owner_data);
}

static void
deletion_ask (Deletion *self)
{
  g_autoptr (PlumBackend) backend = g_steal_pointer (&self->backend);
  g_autoptr (PlumRequest) request = plum_lease_record_make_request (self->record);
  g_autoptr (PlumLease) lease = plum_lease_record_make_lease (self->record);
  const PlumCallArgs args = { .request = request, .lease = lease };

  plum_info ("deleting the mapping of port %u that an earlier run left",
             self->record->internal_port);
  plum_backend_start_call (&self->call, backend, PLUM_CALL_UNMAP, &args, self->timeout_ms,
                           on_deleted, self);
}

static Deletion *
plum_lease_store_find_unasked (PlumLeaseStore *self)
{
  for (unsigned int i = 0; i < self->deletions->len; i++)
    {
      Deletion *deletion = self->deletions->pdata[i];

      if (deletion->backend != NULL)
        return deletion;
    }

  return NULL;
}

/* In a turn of its own: what is sent is told to who listens, and that may end everything. */
static void
on_ask (gpointer user_data)
{
  g_autoptr (PlumLeaseStore) self = g_rc_box_acquire (user_data);
  Deletion *deletion;

  while ((deletion = plum_lease_store_find_unasked (self)) != NULL)
    deletion_ask (deletion);
}

static void
plum_lease_store_delete (PlumLeaseStore *self,
                         PlumLeaseRecord *record,
                         PlumBackend *backend,
                         guint timeout_ms)
{
  Deletion *deletion = g_new0 (Deletion, 1);

  deletion->store = self;
  deletion->record = record;
  deletion->backend = g_object_ref (backend);
  deletion->timeout_ms = timeout_ms;
  g_ptr_array_add (self->deletions, deletion);
  plum_clock_arm_in_ms (self->clock, &self->ask, 0);
}

/* TRUE: its backend is still in the race. */
static gboolean
plum_lease_store_try_delete (PlumLeaseStore *self, guint index, guint timeout_ms)
{
  PlumLeaseRecord *record = self->leftovers->pdata[index];
  PlumGateway *gateway = plum_lease_store_find_router (self, record);
  PlumCandidate *candidate = NULL;

  if (gateway != NULL)
    candidate = find_candidate (gateway, record->backend_name);
  if (candidate == NULL)
    return FALSE;

  if (plum_probe_get_outcome (candidate->probe) == PLUM_PROBE_SUCCESS)
    {
      record = plum_lease_store_take_leftover (self, index);
      plum_lease_store_delete (self, record, candidate->backend, timeout_ms);
    }

  return candidate->call != NULL;
}

/* Finds out what the routers of leftovers can do. Who hears of that may change everything, and end
 * the store's owner. */
static void
plum_lease_store_discover (PlumLeaseStore *self)
{
  g_autoptr (GPtrArray) gateways = g_ptr_array_new_with_free_func (g_object_unref);

  for (unsigned int i = 0; i < self->leftovers->len; i++)
    {
      PlumLeaseRecord *record = self->leftovers->pdata[i];
      PlumGateway *gateway = plum_lease_store_find_router (self, record);

      if (gateway != NULL && find_candidate (gateway, record->backend_name) != NULL &&
          !plum_lease_record_is_over (record) && !plum_lease_store_wants (self, record) &&
          !g_ptr_array_find (gateways, gateway, NULL))
        g_ptr_array_add (gateways, g_object_ref (gateway));
    }

  for (unsigned int i = 0; i < gateways->len; i++)
    plum_gateway_discover (gateways->pdata[i], FALSE);
}

void
plum_lease_store_sweep (PlumLeaseStore *self)
{
  g_autoptr (PlumLeaseStore) alive = g_rc_box_acquire (self);
  gboolean waits = FALSE;

  plum_lease_store_discover (self);
  if (self->file == NULL)
    return;

  plum_clock_disarm (self->clock, &self->sweep);

  for (unsigned int i = self->leftovers->len; i > 0; i--)
    {
      PlumLeaseRecord *record = self->leftovers->pdata[i - 1];

      if (plum_lease_record_is_over (record))
        plum_lease_record_free (plum_lease_store_take_leftover (self, i - 1));
      else if (!plum_lease_store_wants (self, record))
        waits |= plum_lease_store_try_delete (self, i - 1, self->settings->mapping_timeout);
    }

  plum_lease_store_sweep_in (self, waits ? RACE_MS : self->settings->recheck_period);
}

static void
on_sweep (gpointer user_data)
{
  plum_lease_store_sweep (user_data);
}

void
plum_lease_store_gateway_came (PlumLeaseStore *self)
{
  plum_clock_disarm (self->clock, &self->sweep);
  plum_lease_store_sweep_in (self, GRACE_MS);
}

const PlumLeaseRecord *
plum_lease_store_recall (PlumLeaseStore *self,
                         PlumProtocol protocol,
                         GSocketFamily family,
                         guint internal_port,
                         PlumGateway *gateway)
{
  gpointer key = plum_lease_record_key (protocol, family, internal_port);
  const PlumLeaseRecord *found = NULL;

  for (unsigned int i = 0; i < self->leftovers->len; i++)
    {
      PlumLeaseRecord *record = self->leftovers->pdata[i];

      if (plum_lease_record_get_key (record) != key || plum_lease_record_is_over (record))
        continue;
      if (gateway != NULL && is_on (record, gateway))
        return record;
      found = record;
    }

  return found;
}

/* --- Entries --- */

/* A leftover of the same port on the same router is what the entry stands for now, or makes way. */
static void
plum_lease_store_supersede (PlumLeaseStore *self, const PlumLeaseRecord *record)
{
  gpointer key = plum_lease_record_get_key (record);

  for (unsigned int i = self->leftovers->len; i > 0; i--)
    {
      PlumLeaseRecord *old = self->leftovers->pdata[i - 1];

      if (plum_lease_record_get_key (old) != key ||
          !plum_lease_record_is_on_router_of (old, record))
        continue;

      if (old->external_port == record->external_port &&
          g_str_equal (old->backend_name, record->backend_name))
        plum_lease_record_free (plum_lease_store_take_leftover (self, i - 1));
      else
        plum_lease_store_try_delete (self, i - 1, MAKE_WAY_MS);
    }
}

/* Of the same port on the same router. */
static gboolean
plum_lease_store_is_deleting (PlumLeaseStore *self, const PlumLeaseRecord *record)
{
  for (unsigned int i = 0; i < self->deletions->len; i++)
    {
      const PlumLeaseRecord *old = ((Deletion *) self->deletions->pdata[i])->record;

      if (plum_lease_record_get_key (old) == plum_lease_record_get_key (record) &&
          plum_lease_record_is_on_router_of (old, record))
        return TRUE;
    }

  return FALSE;
}

static Entry *
plum_lease_store_put (PlumLeaseStore *self, gconstpointer holder, PlumLeaseRecord *record)
{
  Entry *entry = g_hash_table_lookup (self->entries, holder);
  PlumLeaseRecord *old;
  gint64 delay_ms = 0;

  if (entry == NULL)
    {
      entry = g_new0 (Entry, 1);
      entry->record = record;
      g_hash_table_insert (self->entries, (gpointer) holder, entry);
      plum_lease_store_write_soon (self, 0);
      return entry;
    }

  old = g_steal_pointer (&entry->record);
  entry->record = record;
  if (record->hardware_address == NULL && plum_lease_record_is_on_router_of (old, record))
    record->hardware_address = g_strdup (old->hardware_address);

  if (!plum_lease_record_is_same_request (old, record))
    entry->saved = FALSE;
  else if (plum_lease_record_is_same_lease (old, record))
    delay_ms = RENEWAL_PAUSE_MS;
  if (delay_ms == 0 || old->until != record->until)
    plum_lease_store_write_soon (self, delay_ms);

  /* Another router: the old one has it until it lapses, or until we are back. */
  if (plum_lease_record_is_on_router_of (old, record))
    plum_lease_record_free (old);
  else
    plum_lease_store_leave (self, old);

  return entry;
}

gboolean
plum_lease_store_note (PlumLeaseStore *self,
                       gconstpointer holder,
                       PlumGateway *gateway,
                       PlumLeaseRecord *record)
{
  Entry *entry;

  if (self->file == NULL)
    {
      plum_lease_record_free (record);
      return TRUE;
    }

  record->hardware_address = plum_neighbour_lookup (plum_gateway_get_network (gateway));
  entry = plum_lease_store_put (self, holder, record);
  plum_lease_store_supersede (self, record);
  return entry->saved && !plum_lease_store_is_deleting (self, record);
}

void
plum_lease_store_forget (PlumLeaseStore *self, gconstpointer holder, gboolean left_behind)
{
  Entry *entry = g_hash_table_lookup (self->entries, holder);

  if (entry == NULL)
    return;

  if (left_behind)
    plum_lease_store_leave (self, plum_lease_record_copy (entry->record));
  g_hash_table_remove (self->entries, holder);
  plum_lease_store_write_soon (self, 0);
}

/* --- Life --- */

PlumLeaseStore *
plum_lease_store_new (PlumClock *clock,
                      const PlumSettings *settings,
                      const PlumLeaseStoreClient *owner,
                      gpointer owner_data)
{
  PlumLeaseStore *self = g_rc_box_new0 (PlumLeaseStore);

  self->clock = clock;
  self->settings = settings;
  self->owner = owner;
  self->owner_data = owner_data;
  self->entries = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) entry_free);
  self->leftovers = g_ptr_array_new_with_free_func ((GDestroyNotify) plum_lease_record_free);
  self->deletions = g_ptr_array_new_with_free_func ((GDestroyNotify) deletion_free);
  plum_timer_init (&self->flush, on_flush, self);
  plum_timer_init (&self->sweep, on_sweep, self);
  plum_timer_init (&self->ask, on_ask, self);
  return self;
}

void
plum_lease_store_open (PlumLeaseStore *self, const char *directory)
{
  g_autoptr (GError) error = NULL;

  g_assert (self->file == NULL);

  self->file = plum_lease_file_open (directory, self->leftovers, &error);
  if (self->file == NULL)
    plum_warn ("a crash would leave mappings behind: %s", error->message);
  else if (plum_lease_file_has_inherited (self->file))
    plum_lease_store_write_soon (self, 0);
}

gboolean
plum_lease_store_is_busy (PlumLeaseStore *self)
{
  return self->deletions->len > 0;
}

void
plum_lease_store_drop (PlumLeaseStore *self)
{
  plum_clock_disarm (self->clock, &self->flush);
  plum_clock_disarm (self->clock, &self->sweep);
  plum_clock_disarm (self->clock, &self->ask);
  g_ptr_array_set_size (self->deletions, 0);
  g_ptr_array_set_size (self->leftovers, 0);
  g_hash_table_remove_all (self->entries);
  g_clear_pointer (&self->file, plum_lease_file_free);
}

void
plum_lease_store_close (PlumLeaseStore *self)
{
  if (self->file != NULL)
    plum_lease_store_write (self);
  plum_lease_store_drop (self);
}

static void
plum_lease_store_finalize (PlumLeaseStore *self)
{
  g_clear_pointer (&self->deletions, g_ptr_array_unref);
  g_clear_pointer (&self->leftovers, g_ptr_array_unref);
  g_clear_pointer (&self->entries, g_hash_table_unref);
}

static void
plum_lease_store_release (PlumLeaseStore *self)
{
  g_rc_box_release_full (self, (GDestroyNotify) plum_lease_store_finalize);
}

void
plum_lease_store_free (PlumLeaseStore *self)
{
  plum_lease_store_drop (self);
  plum_lease_store_release (self);
}
