/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-sweeper-private.h"

#include "plum-error-private.h"
#include "plum-log-private.h"

#include <glib/gi18n-lib.h>

#define MS G_GINT64_CONSTANT (1000)

/* How long after a gateway was added the program has time to request its earlier mappings again. */
#define GRACE_MS 30000

/* How soon to look again whether a backend that is still in the race can be used. */
#define RACE_MS 1000
#define RELEASED_RACE_MS 250 /* after a port was released */

/* How long a new mapping waits for the delete of a conflicting one. */
#define CONFLICT_TIMEOUT_MS 2000

typedef struct
{
  PlumSweeper *sweeper;
  const PlumLeaseRecord *record; /* the store's */
  PlumBackend *backend;          /* NULL once the call was started */
  PlumCall *call;                /* NULL until the call is started */
  guint timeout_ms;
  PlumSweeperFunc func; /* (nullable) */
  gpointer func_data;
  gboolean moved; /* the mapping leads to an earlier address of this host */
} Deletion;

struct _PlumSweeper
{
  PlumLeaseStore *store; /* borrowed */
  PlumClock *clock;
  const PlumSettings *settings;
  const PlumSweeperClient *client;
  gpointer client_data;

  GPtrArray *deletions; /* (element-type Deletion) */
  PlumTimer sweep;
  PlumTimer start;  /* for the deletions */
  gboolean soon;    /* sweep is armed for the next iteration */
  gboolean expired; /* start no more deletions */
};

static void
deletion_report (Deletion *deletion, const GError *error)
{
  PlumSweeperFunc func = g_steal_pointer (&deletion->func);

  if (func != NULL)
    func (deletion->record, error, deletion->func_data);
}

static void
deletion_free (Deletion *deletion)
{
  g_autoptr (GError) closed = NULL;

  if (deletion->func != NULL)
    {
      g_set_error_literal (&closed, G_IO_ERROR, G_IO_ERROR_CLOSED, _ ("The manager is closed"));
      deletion_report (deletion, closed);
    }
  if (deletion->call != NULL)
    plum_call_cancel (deletion->call);
  g_clear_object (&deletion->call);
  g_clear_object (&deletion->backend);
  g_free (deletion);
}

static void
plum_sweeper_sweep_in (PlumSweeper *self, gint64 ms)
{
  if (!plum_lease_store_is_closed (self->store) && !self->expired &&
      plum_lease_store_get_n_leftovers (self->store) > 0 && !plum_timer_is_armed (&self->sweep))
    plum_clock_arm_in_ms (self->clock, &self->sweep, ms);
}

/* --- The routers --- */

/* How well the gateway fits the record: from the same address of this host, on the same interface,
 * or the same router on another interface; 0: another router. */
static guint
rate_gateway (PlumGateway *gateway, const PlumLeaseRecord *record)
{
  PlumNetwork *network = plum_gateway_get_network (gateway);

  if (!plum_lease_store_is_on_network (record, network))
    return 0;
  if (!g_str_equal (plum_gateway_get_interface (gateway), record->interface_name))
    return 1;
  return plum_lease_record_has_same_host (record, plum_network_get_client_address (network)) ? 3
                                                                                             : 2;
}

/* The available gateway that is the router of record. (nullable) */
static PlumGateway *
plum_sweeper_find_router (PlumSweeper *self, const PlumLeaseRecord *record)
{
  g_autoptr (GPtrArray) gateways = self->client->get_gateways (record->family, self->client_data);
  PlumGateway *best = NULL; /* the client keeps a reference */
  guint best_rate = 0;

  for (unsigned int i = 0; i < gateways->len; i++)
    {
      guint rate = rate_gateway (gateways->pdata[i], record);

      if (rate > best_rate)
        {
          best = gateways->pdata[i];
          best_rate = rate;
        }
    }

  return best;
}

/* The address that leases of the gateway lead to. */
static GInetAddress *
get_client_address (PlumGateway *gateway)
{
  return plum_network_get_client_address (plum_gateway_get_network (gateway));
}

/* Whether the record leads to an address that this host no longer has. gateway: (nullable): that of
 * plum_sweeper_find_router() */
static gboolean
is_moved (const PlumLeaseRecord *record, PlumGateway *gateway)
{
  return gateway == NULL || !plum_lease_record_has_same_host (record, get_client_address (gateway));
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

/* --- Deletions --- */

static void
on_deleted (PlumCall *call, gpointer user_data)
{
  Deletion *deletion = user_data;
  PlumSweeper *self = deletion->sweeper;
  const GError *error = plum_call_get_error (call);
  const PlumLeaseRecord *record = deletion->record;
  gboolean moved = deletion->moved;
  gboolean refused = error != NULL && plum_error_is_final (error);
  gint64 next = plum_clock_get_time (self->clock) + self->settings->recheck_period * MS;

  g_clear_object (&deletion->call);
  deletion_report (deletion, error);
  g_ptr_array_remove_fast (self->deletions, deletion);

  if (error != NULL)
    plum_info ("The router may still have an earlier mapping: %s", error->message);

  /* A mapping of an earlier address can be deleted when the host has that address again. */
  plum_lease_store_finish_delete (self->store, record, error != NULL && (moved || !refused),
                                  moved && refused, next);
  self->client->changed (self->client_data);
}

static void
deletion_start (Deletion *self)
{
  g_autoptr (PlumBackend) backend = g_steal_pointer (&self->backend);
  g_autoptr (PlumRequest) request = plum_lease_record_make_request (self->record);
  g_autoptr (PlumLease) lease = plum_lease_record_make_lease (self->record);
  const PlumCallArgs args = { .request = request,
                              .lease = lease,
                              .local_address = self->record->local_address };

  plum_info ("Deleting an earlier mapping of port %u", self->record->internal_port);
  plum_backend_start_call (&self->call, backend,
                           self->moved ? PLUM_CALL_UNMAP_MOVED : PLUM_CALL_UNMAP, &args,
                           self->timeout_ms, on_deleted, self);
}

static Deletion *
plum_sweeper_find_unstarted (PlumSweeper *self)
{
  for (unsigned int i = 0; i < self->deletions->len; i++)
    {
      Deletion *deletion = self->deletions->pdata[i];

      if (deletion->backend != NULL)
        return deletion;
    }

  return NULL;
}

/* In a later iteration: the store is being changed while a deletion is prepared. */
static void
on_start (gpointer user_data)
{
  PlumSweeper *self = user_data;
  Deletion *deletion;

  while ((deletion = plum_sweeper_find_unstarted (self)) != NULL)
    deletion_start (deletion);
}

static Deletion *
plum_sweeper_add_deletion (
  PlumSweeper *self, guint index, PlumGateway *gateway, PlumBackend *backend, guint timeout_ms)
{
  Deletion *deletion = g_new0 (Deletion, 1);

  deletion->sweeper = self;
  deletion->record = plum_lease_store_begin_delete (self->store, index);
  deletion->backend = g_object_ref (backend);
  deletion->timeout_ms = timeout_ms;
  deletion->moved = is_moved (deletion->record, gateway);
  g_ptr_array_add (self->deletions, deletion);
  plum_clock_arm_in_ms (self->clock, &self->start, 0);
  return deletion;
}

/* Returns TRUE if the backend of the leftover is still in the race. */
static gboolean
plum_sweeper_try_delete (PlumSweeper *self, guint index, guint timeout_ms)
{
  const PlumLeaseRecord *record = plum_lease_store_get_leftover (self->store, index);
  PlumGateway *gateway = plum_sweeper_find_router (self, record);
  PlumCandidate *candidate = NULL;

  if (gateway != NULL)
    candidate = find_candidate (gateway, record->backend_name);
  if (candidate == NULL || self->expired)
    return FALSE;

  if (plum_probe_get_outcome (candidate->probe) == PLUM_PROBE_SUCCESS)
    plum_sweeper_add_deletion (self, index, gateway, candidate->backend, timeout_ms);

  return candidate->call != NULL;
}

guint
plum_sweeper_delete_port (PlumSweeper *self,
                          const PlumLeftoverPort *port,
                          guint hop,
                          PlumSweeperFunc func,
                          gpointer user_data)
{
  guint n_deleted = 0;

  for (unsigned int i = plum_lease_store_get_n_leftovers (self->store); i > 0; i--)
    {
      const PlumLeaseRecord *record = plum_lease_store_get_leftover (self->store, i - 1);
      PlumGateway *gateway = plum_sweeper_find_router (self, record);
      PlumCandidate *candidate;
      Deletion *deletion;

      if (gateway == NULL || plum_network_get_hop (plum_gateway_get_network (gateway)) != hop ||
          !plum_leftover_port_has (port, self->store, record))
        continue;

      candidate = find_candidate (gateway, record->backend_name);
      if (candidate == NULL || plum_probe_get_outcome (candidate->probe) != PLUM_PROBE_SUCCESS)
        continue;

      deletion = plum_sweeper_add_deletion (self, i - 1, gateway, candidate->backend,
                                            self->settings->mapping_timeout);
      deletion->func = func;
      deletion->func_data = user_data;
      n_deleted++;
    }

  return n_deleted;
}

/* --- Sweeping --- */

/* A port that a holder is about to request has no entry yet: its leftover will be taken over. */
static gboolean
plum_sweeper_may_delete (PlumSweeper *self, guint index)
{
  const PlumLeaseRecord *record = plum_lease_store_get_leftover (self->store, index);
  PlumGateway *gateway = plum_sweeper_find_router (self, record);

  if (!plum_lease_store_may_delete (self->store, index, is_moved (record, gateway)))
    return FALSE;

  return gateway == NULL ||
         !self->client->is_wanted (record->protocol, record->internal_port, &record->hosts, gateway,
                                   self->client_data) ||
         plum_lease_store_has_entry (self->store, record, get_client_address (gateway));
}

/* Seeks the router of a leftover that is beyond an available one. Returns TRUE while it is sought.
 */
static gboolean
plum_sweeper_seek_router (PlumSweeper *self, const PlumLeaseRecord *record)
{
  g_autoptr (GPtrArray) gateways = self->client->get_gateways (record->family, self->client_data);
  gboolean sought = FALSE;

  for (unsigned int i = 0; i < gateways->len && record->through != NULL; i++)
    {
      if (!plum_lease_store_is_beyond_network (record,
                                               plum_gateway_get_network (gateways->pdata[i])))
        continue;

      plum_gateway_discover (gateways->pdata[i], FALSE);
      plum_gateway_seek_upstream (gateways->pdata[i]);
      if (plum_gateway_get_external_address (gateways->pdata[i]) == NULL)
        plum_gateway_seek_address (gateways->pdata[i]);
      sought = sought || plum_gateway_is_seeking_upstream (gateways->pdata[i]);
    }

  return sought;
}

/* Whether what leads to the leftover from the router beyond is deleted first. */
static gboolean
plum_sweeper_awaits_beyond (PlumSweeper *self, const PlumLeaseRecord *record)
{
  for (guint i = 0; i < self->deletions->len; i++)
    if (plum_lease_record_leads_to (((Deletion *) self->deletions->pdata[i])->record, record))
      return TRUE;

  for (guint i = 0; i < plum_lease_store_get_n_leftovers (self->store); i++)
    {
      const PlumLeaseRecord *outer = plum_lease_store_get_leftover (self->store, i);
      PlumGateway *gateway;
      PlumCandidate *candidate;

      if (outer == record || !plum_lease_record_leads_to (outer, record) ||
          plum_lease_record_has_expired (outer) || !plum_sweeper_may_delete (self, i))
        continue;

      gateway = plum_sweeper_find_router (self, outer);
      candidate = gateway != NULL ? find_candidate (gateway, outer->backend_name) : NULL;
      if (gateway == NULL ? plum_sweeper_seek_router (self, outer)
                          : candidate != NULL &&
                              (candidate->call != NULL ||
                               plum_probe_get_outcome (candidate->probe) == PLUM_PROBE_SUCCESS))
        return TRUE;
    }

  return FALSE;
}

/* Discovers the backends on the routers of leftovers. */
static void
plum_sweeper_discover (PlumSweeper *self)
{
  g_autoptr (GPtrArray) gateways = g_ptr_array_new_with_free_func (g_object_unref);
  guint n = plum_lease_store_get_n_leftovers (self->store);

  for (unsigned int i = 0; i < n; i++)
    {
      const PlumLeaseRecord *record = plum_lease_store_get_leftover (self->store, i);
      PlumGateway *gateway = plum_sweeper_find_router (self, record);

      if (gateway == NULL && !plum_lease_record_has_expired (record))
        plum_sweeper_seek_router (self, record);
      if (gateway != NULL && find_candidate (gateway, record->backend_name) != NULL &&
          !plum_lease_record_has_expired (record) && plum_sweeper_may_delete (self, i) &&
          !g_ptr_array_find (gateways, gateway, NULL))
        g_ptr_array_add (gateways, g_object_ref (gateway));
    }

  for (unsigned int i = 0; i < gateways->len; i++)
    plum_gateway_discover (gateways->pdata[i], FALSE);
}

/* Returns TRUE if the backend of a leftover is still in the race. */
static gboolean
plum_sweeper_run (PlumSweeper *self)
{
  gboolean undecided = FALSE;

  plum_sweeper_discover (self);
  if (plum_lease_store_is_closed (self->store))
    return FALSE;

  plum_clock_disarm (self->clock, &self->sweep);
  self->soon = FALSE;

  for (unsigned int i = plum_lease_store_get_n_leftovers (self->store); i > 0; i--)
    {
      const PlumLeaseRecord *record = plum_lease_store_get_leftover (self->store, i - 1);

      if (plum_lease_record_has_expired (record))
        plum_lease_store_remove_leftover (self->store, i - 1);
      else if (plum_sweeper_may_delete (self, i - 1))
        undecided |= plum_sweeper_awaits_beyond (self, record) ||
                     plum_sweeper_seek_router (self, record) ||
                     plum_sweeper_try_delete (self, i - 1, self->settings->mapping_timeout);
    }

  plum_sweeper_sweep_in (self, undecided ? RACE_MS : self->settings->recheck_period);
  return undecided;
}

void
plum_sweeper_sweep (PlumSweeper *self)
{
  for (unsigned int i = 0; i < plum_lease_store_get_n_leftovers (self->store); i++)
    if (plum_lease_store_get_leftover (self->store, i)->ours)
      plum_lease_store_retry (self->store, i);

  /* A close waits for what can be deleted later only, within its own time limit. */
  if (plum_sweeper_run (self))
    plum_sweeper_port_released (self);
}

static void
on_sweep (gpointer user_data)
{
  PlumSweeper *self = user_data;
  gboolean soon = self->soon;

  if (plum_sweeper_run (self) && soon && !self->expired)
    {
      /* A close waits for the race, within its own time limit. */
      self->soon = TRUE;
      plum_clock_arm_in_ms (self->clock, &self->sweep, RELEASED_RACE_MS);
    }
  else if (soon && !plum_sweeper_is_busy (self))
    self->client->changed (self->client_data);
}

void
plum_sweeper_port_released (PlumSweeper *self)
{
  if (self->expired || self->soon || plum_lease_store_is_closed (self->store) ||
      plum_lease_store_get_n_leftovers (self->store) == 0)
    return;

  self->soon = TRUE;
  plum_clock_arm_in_ms (self->clock, &self->sweep, 0);
}

void
plum_sweeper_expire (PlumSweeper *self, const GError *error)
{
  self->expired = TRUE;
  self->soon = FALSE;
  plum_clock_disarm (self->clock, &self->sweep);
  plum_clock_disarm (self->clock, &self->start);

  while (self->deletions->len > 0)
    {
      Deletion *deletion = self->deletions->pdata[0];

      if (deletion->call != NULL)
        plum_call_finish (deletion->call, error);
      else
        {
          deletion_report (deletion, error);
          plum_lease_store_finish_delete (self->store, deletion->record, TRUE, FALSE, 0);
          g_ptr_array_remove_index_fast (self->deletions, 0);
        }
    }
}

void
plum_sweeper_gateway_added (PlumSweeper *self)
{
  if (self->soon)
    return;

  plum_clock_disarm (self->clock, &self->sweep);
  plum_sweeper_sweep_in (self, GRACE_MS);
}

gboolean
plum_sweeper_is_busy (PlumSweeper *self)
{
  return self->soon || self->deletions->len > 0;
}

/* --- The store's client --- */

static void
on_leftover_added (gpointer user_data)
{
  PlumSweeper *self = user_data;

  plum_sweeper_sweep_in (self, self->settings->recheck_period);
}

/* Another address that this host still has may have a mapping of the same port: the program may
 * request it again. */
static void
on_leftover_in_conflict (guint index, const PlumLeaseRecord *entry, gpointer user_data)
{
  PlumSweeper *self = user_data;
  const PlumLeaseRecord *record = plum_lease_store_get_leftover (self->store, index);
  PlumGateway *gateway = plum_sweeper_find_router (self, record);

  if (plum_lease_record_has_same_host (record, entry->local_address) || is_moved (record, gateway))
    plum_sweeper_try_delete (self, index, CONFLICT_TIMEOUT_MS);
}

static void
on_saved (GPtrArray *holders, gpointer user_data)
{
  PlumSweeper *self = user_data;

  self->client->saved (holders, self->client_data);
}

static const PlumLeaseStoreClient store_client = {
  .leftover_added = on_leftover_added,
  .leftover_in_conflict = on_leftover_in_conflict,
  .saved = on_saved,
};

/* --- Object --- */

PlumSweeper *
plum_sweeper_new (PlumLeaseStore *store,
                  PlumClock *clock,
                  const PlumSettings *settings,
                  const PlumSweeperClient *client,
                  gpointer user_data)
{
  PlumSweeper *self = g_new0 (PlumSweeper, 1);

  self->store = store;
  self->clock = clock;
  self->settings = settings;
  self->client = client;
  self->client_data = user_data;
  self->deletions = g_ptr_array_new_with_free_func ((GDestroyNotify) deletion_free);
  plum_timer_init (&self->sweep, on_sweep, self);
  plum_timer_init (&self->start, on_start, self);
  plum_lease_store_set_client (store, &store_client, self);
  return self;
}

void
plum_sweeper_close (PlumSweeper *self)
{
  plum_clock_disarm (self->clock, &self->sweep);
  plum_clock_disarm (self->clock, &self->start);
  g_ptr_array_set_size (self->deletions, 0);
}

void
plum_sweeper_free (PlumSweeper *self)
{
  plum_sweeper_close (self);
  g_clear_pointer (&self->deletions, g_ptr_array_unref);
  g_free (self);
}
