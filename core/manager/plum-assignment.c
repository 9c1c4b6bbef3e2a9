/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-assignment-private.h"

#include <sys/random.h>

#include "plum-gateway-private.h"
#include "plum-lease-holder-private.h"
#include "plum-lease-store-private.h"
#include "plum-log-private.h"
#include "plum-mapping-private.h"
#include "plum-sweeper-private.h"
#include "plum-values-private.h"

struct _PlumAssignment
{
  PlumClock *clock;
  const PlumSettings *settings;
  const PlumAssignmentClient *client;
  gpointer owner; /* borrowed */
  PlumSignalQueue *signals;

  PlumGatewaySet *gateways;
  GHashTable *holders; /* PlumLeaseHolderId of the holder -> PlumLeaseHolder */
  PlumLeaseStore *store;
  PlumSweeper *sweeper;
};

/* For iteration: a change of one holder may remove others from the table. Those are freed later.
 * (transfer container) */
static GPtrArray *
plum_assignment_copy_holders (PlumAssignment *self)
{
  GPtrArray *holders = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer holder;

  g_hash_table_iter_init (&iter, self->holders);
  while (g_hash_table_iter_next (&iter, NULL, &holder))
    g_ptr_array_add (holders, holder);
  return holders;
}

/* --- The lease holders' owner --- */

static void
on_holder_closed (PlumLeaseHolder *holder, gpointer user_data)
{
  PlumAssignment *self = user_data;

  /* Not now: a function of the holder is on the stack. */
  g_hash_table_steal (self->holders, plum_lease_holder_get_id (holder));
  plum_signal_queue_add (self->signals, NULL, NULL, holder,
                         (GDestroyNotify) plum_lease_holder_free);
  plum_sweeper_port_released (self->sweeper);
}

/* Without a lease: the latest time at which the requested one can expire. */
static gint64
get_expiry (PlumAssignment *self, const PlumLeaseNote *note)
{
  if (note->lease == NULL)
    return g_get_real_time () + self->settings->lease_duration * (gint64) G_USEC_PER_SEC;
  return note->expires != 0 ? note->expires : PLUM_LEASE_RECORD_FOREVER;
}

static gboolean
on_holder_note (PlumLeaseHolder *holder, const PlumLeaseNote *note, gpointer user_data)
{
  PlumAssignment *self = user_data;
  const PlumLeaseHolderId *id = plum_lease_holder_get_id (holder);
  PlumGateway *gateway = plum_lease_holder_get_gateway (holder);
  PlumNetwork *network = plum_gateway_get_network (gateway);
  PlumLeaseRecord *record = plum_lease_record_new ();

  record->protocol = id->protocol;
  record->family = id->family;
  record->internal_port = id->internal_port;
  record->external_port = note->external_port;
  record->key = g_bytes_ref (note->key);
  g_set_object (&record->gateway, plum_gateway_get_address (gateway));
  g_set_object (&record->local_address, plum_network_get_client_address (network));
  if (plum_network_get_inner (network) != NULL)
    g_set_object (&record->through, plum_network_get_gateway (plum_network_get_inner (network)));
  record->interface_name = g_strdup (plum_gateway_get_interface (gateway));
  record->backend_name = g_strdup (note->backend_name);
  record->expires = get_expiry (self, note);
  if (note->lease != NULL)
    {
      GVariant *token = plum_lease_get_token (note->lease);

      g_set_object (&record->external_address, plum_lease_get_external_address (note->lease));
      record->token = token != NULL ? g_variant_ref (token) : NULL;
    }

  return plum_lease_store_note (self->store, holder, network, record);
}

/* The leftover of the port, preferably on the gateway (nullable). */
static PlumLeaseMemory
plum_assignment_recall (PlumAssignment *self, const PlumLeaseHolderId *id, PlumGateway *gateway)
{
  const PlumLeaseRecord *record =
    plum_lease_store_recall (self->store, id->protocol, id->family, id->internal_port,
                             gateway != NULL ? plum_gateway_get_network (gateway) : NULL);

  return record != NULL ? (PlumLeaseMemory){ record->external_port, record->key }
                        : (PlumLeaseMemory){ 0, NULL };
}

static PlumLeaseMemory
on_holder_recall (PlumLeaseHolder *holder, gpointer user_data)
{
  return plum_assignment_recall (user_data, plum_lease_holder_get_id (holder),
                                 plum_lease_holder_get_gateway (holder));
}

static void
on_holder_released (PlumLeaseHolder *holder, PlumLeaseHolderRemains remains, gpointer user_data)
{
  PlumAssignment *self = user_data;
  gint64 next_delete = 0;

  if (remains == PLUM_LEASE_HOLDER_UNCONFIRMED)
    next_delete =
      plum_clock_get_time (self->clock) + self->settings->recheck_period * G_GINT64_CONSTANT (1000);
  plum_lease_store_remove_entry (self->store, holder, remains != PLUM_LEASE_HOLDER_NOTHING,
                                 next_delete);
}

static const PlumLeaseHolderOwner holder_owner = {
  .closed = on_holder_closed,
  .note = on_holder_note,
  .recall = on_holder_recall,
  .released = on_holder_released,
};

/* --- Lease holders --- */

/* The interface of mappings that are not bound to a gateway; NULL without a default route. */
static const char *
plum_assignment_get_default_interface (PlumAssignment *self, GSocketFamily family)
{
  PlumGateway *gateway = plum_gateway_set_find (self->gateways, family, NULL, NULL);

  return gateway != NULL ? g_intern_string (plum_gateway_get_interface (gateway)) : NULL;
}

/* The key authenticates deletes (the nonce of RFC 6887 11.1), so it must not be predictable. */
static GBytes *
make_key (GError **error)
{
  guint8 key[PLUM_LEASE_RECORD_KEY_SIZE];

  if (getrandom (key, sizeof key, 0) != sizeof key)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                           "The kernel provides no random numbers");
      return NULL;
    }

  return g_bytes_new (key, sizeof key);
}

static PlumLeaseHolder *
plum_assignment_create_holder (PlumAssignment *self, const PlumLeaseHolderId *id, GError **error)
{
  g_autoptr (GBytes) key = NULL;
  g_autoptr (GError) reason = NULL;
  PlumLeaseHolder *holder;
  PlumLeaseMemory memory;
  PlumGateway *gateway;

  gateway = plum_gateway_set_find (self->gateways, id->family, id->interface_name, &reason);
  memory = plum_assignment_recall (self, id, gateway);
  if (memory.key != NULL)
    key = g_bytes_ref (memory.key);
  else if ((key = make_key (error)) == NULL)
    return NULL;

  holder = plum_lease_holder_new (id, key, gateway, reason, self->clock, self->settings,
                                  self->signals, &holder_owner, self);
  if (memory.key != NULL)
    plum_lease_holder_suggest_port (holder, memory.external_port);
  g_hash_table_insert (self->holders, (gpointer) plum_lease_holder_get_id (holder), holder);
  return holder;
}

static PlumLeaseHolder *
plum_assignment_ensure_holder (PlumAssignment *self, PlumMapping *mapping, GError **error)
{
  const char *bound_interface = plum_mapping_get_bound_interface (mapping);
  GSocketFamily family = plum_mapping_get_family (mapping);
  const PlumLeaseHolderId id = {
    .protocol = plum_mapping_get_protocol (mapping),
    .family = family,
    .internal_port = plum_mapping_get_internal_port (mapping),
    .interface_name = bound_interface != NULL
                        ? bound_interface
                        : plum_assignment_get_default_interface (self, family),
  };
  PlumLeaseHolder *holder = g_hash_table_lookup (self->holders, &id);

  return holder != NULL ? holder : plum_assignment_create_holder (self, &id, error);
}

gboolean
plum_assignment_add_mapping (PlumAssignment *self, PlumMapping *mapping, GError **error)
{
  PlumLeaseHolder *holder = plum_assignment_ensure_holder (self, mapping, error);

  if (holder == NULL)
    return FALSE;

  plum_lease_holder_add_user (holder, mapping);
  return TRUE;
}

void
plum_assignment_release_mapping (PlumMapping *mapping)
{
  PlumLeaseHolder *holder = plum_mapping_get_holder (mapping);

  if (holder != NULL)
    plum_lease_holder_remove_user (holder, mapping);
}

void
plum_assignment_hurry_mapping (PlumMapping *mapping)
{
  PlumLeaseHolder *holder = plum_mapping_get_holder (mapping);

  if (holder != NULL)
    plum_lease_holder_hurry (holder);
}

/* --- Changes of the gateways --- */

/* For a holder that stays where it is, while the default route has moved. */
static void
plum_assignment_move_mapping (PlumAssignment *self, PlumLeaseHolder *from, PlumMapping *mapping)
{
  g_autoptr (GError) error = NULL;
  PlumLeaseHolder *to = plum_assignment_ensure_holder (self, mapping, &error);

  if (to == NULL)
    {
      g_assert (error != NULL);
      plum_warn ("%s", error->message);
      return;
    }

  plum_lease_holder_hand_over (from, mapping, to);
}

/* Whether the holder itself can follow the default route: no user is bound to its gateway, and the
 * gateway is gone. */
static gboolean
plum_assignment_can_move_holder (PlumAssignment *self,
                                 PlumLeaseHolder *holder,
                                 GPtrArray *users,
                                 const PlumLeaseHolderId *new_id)
{
  PlumGateway *gateway = plum_lease_holder_get_gateway (holder);

  for (unsigned int i = 0; i < users->len; i++)
    if (plum_mapping_get_bound_interface (users->pdata[i]) != NULL)
      return FALSE;

  return (gateway == NULL || !plum_gateway_set_has (self->gateways, gateway)) &&
         !g_hash_table_contains (self->holders, new_id);
}

static void
plum_assignment_follow_default (PlumAssignment *self, PlumLeaseHolder *holder)
{
  g_autoptr (GPtrArray) users = plum_lease_holder_copy_users (holder);
  PlumLeaseHolderId new_id = *plum_lease_holder_get_id (holder);

  new_id.interface_name = plum_assignment_get_default_interface (self, new_id.family);
  if (users->len == 0 || plum_lease_holder_id_equal (plum_lease_holder_get_id (holder), &new_id))
    return;

  if (plum_assignment_can_move_holder (self, holder, users, &new_id))
    {
      g_hash_table_steal (self->holders, plum_lease_holder_get_id (holder));
      plum_lease_holder_set_interface (holder, new_id.interface_name);
      g_hash_table_insert (self->holders, (gpointer) plum_lease_holder_get_id (holder), holder);
      return;
    }

  for (unsigned int i = 0; i < users->len; i++)
    if (plum_mapping_get_holder (users->pdata[i]) == holder &&
        plum_mapping_get_bound_interface (users->pdata[i]) == NULL)
      plum_assignment_move_mapping (self, holder, users->pdata[i]);
}

static void
on_gateways_changed (GSocketFamily family, gboolean come, gpointer user_data)
{
  PlumAssignment *self = user_data;
  g_autoptr (GPtrArray) holders = plum_assignment_copy_holders (self);

  for (unsigned int i = 0; i < holders->len; i++)
    {
      PlumLeaseHolder *holder = holders->pdata[i];
      const PlumLeaseHolderId *id = plum_lease_holder_get_id (holder);
      g_autoptr (GError) reason = NULL;
      PlumGateway *gateway;

      if (id->family != family || g_hash_table_lookup (self->holders, id) != holder)
        continue;

      plum_assignment_follow_default (self, holder);
      gateway = plum_gateway_set_find (self->gateways, family, id->interface_name, &reason);
      if (plum_lease_holder_get_gateway (holder) != gateway)
        plum_lease_holder_set_gateway (holder, gateway, reason);
    }

  if (come)
    plum_sweeper_gateway_added (self->sweeper);
}

static GPtrArray *
on_gateways_need_backends (gpointer user_data)
{
  PlumAssignment *self = user_data;

  return self->client->get_backends (self->owner);
}

static const PlumGatewaySetOwner gateways_owner = {
  .get_backends = on_gateways_need_backends,
  .changed = on_gateways_changed,
};

/* --- The sweeper's client --- */

static GPtrArray *
on_sweeper_needs_gateways (GSocketFamily family, gpointer user_data)
{
  PlumAssignment *self = user_data;
  GPtrArray *gateways = plum_gateway_set_copy (self->gateways, family);

  /* Also those beyond: the array grows while it is read. */
  for (unsigned int i = 0; i < gateways->len; i++)
    if (plum_gateway_peek_upstream (gateways->pdata[i]) != NULL)
      g_ptr_array_add (gateways, g_object_ref (plum_gateway_peek_upstream (gateways->pdata[i])));
  return gateways;
}

/* Whether a holder has, or requests, a lease at a router beyond the first one. */
static gboolean
plum_assignment_is_used_beyond (PlumAssignment *self, PlumGateway *gateway, guint internal_port)
{
  g_autoptr (GPtrArray) holders = plum_assignment_copy_holders (self);

  for (unsigned int i = 0; i < holders->len; i++)
    if (plum_lease_holder_uses (holders->pdata[i], gateway, internal_port))
      return TRUE;

  return FALSE;
}

static gboolean
on_sweeper_is_wanted (PlumProtocol protocol,
                      guint internal_port,
                      PlumGateway *gateway,
                      gpointer user_data)
{
  PlumAssignment *self = user_data;
  const PlumLeaseHolderId id = {
    .protocol = protocol,
    .family = plum_gateway_get_family (gateway),
    .internal_port = internal_port,
    .interface_name = g_intern_string (plum_gateway_get_interface (gateway)),
  };

  if (plum_network_get_hop (plum_gateway_get_network (gateway)) > 1)
    return plum_assignment_is_used_beyond (self, gateway, internal_port);
  return g_hash_table_contains (self->holders, &id);
}

static void
on_sweeper_changed (gpointer user_data)
{
  PlumAssignment *self = user_data;
  PLUM_SIGNAL_SCOPE (self->signals);
  g_autoptr (GPtrArray) holders = plum_assignment_copy_holders (self);

  for (unsigned int i = 0; i < holders->len; i++)
    plum_lease_holder_race_changed (holders->pdata[i]);
  self->client->swept (self->owner);
}

static const PlumSweeperClient sweeper_client = {
  .get_gateways = on_sweeper_needs_gateways,
  .is_wanted = on_sweeper_is_wanted,
  .changed = on_sweeper_changed,
};

/* --- Object --- */

PlumAssignment *
plum_assignment_new (GMainContext *context,
                     PlumClock *clock,
                     const PlumSettings *settings,
                     PlumSignalQueue *signals,
                     const PlumAssignmentClient *client,
                     gpointer owner)
{
  PlumAssignment *self = g_new0 (PlumAssignment, 1);

  self->clock = clock;
  self->settings = settings;
  self->client = client;
  self->owner = owner;
  self->signals = plum_signal_queue_ref (signals);
  self->gateways = plum_gateway_set_new (context, settings, signals, &gateways_owner, self);
  self->holders = g_hash_table_new_full (plum_lease_holder_id_hash, plum_lease_holder_id_equal,
                                         NULL, (GDestroyNotify) plum_lease_holder_free);
  self->store = plum_lease_store_new (clock);
  self->sweeper = plum_sweeper_new (self->store, clock, settings, &sweeper_client, self);
  return self;
}

void
plum_assignment_close (PlumAssignment *self)
{
  GHashTableIter iter;
  gpointer holder;

  plum_sweeper_close (self->sweeper);
  plum_lease_store_close (self->store);

  g_hash_table_iter_init (&iter, self->holders);
  while (g_hash_table_iter_next (&iter, NULL, &holder))
    {
      plum_lease_holder_close (holder);
      g_hash_table_iter_remove (&iter);
    }

  plum_gateway_set_close (self->gateways);
}

void
plum_assignment_free (PlumAssignment *self)
{
  g_clear_pointer (&self->sweeper, plum_sweeper_free);
  g_clear_pointer (&self->store, plum_lease_store_free);
  g_clear_pointer (&self->holders, g_hash_table_unref);
  g_clear_pointer (&self->gateways, plum_gateway_set_unref);
  g_clear_pointer (&self->signals, plum_signal_queue_unref);
  g_free (self);
}

PlumGatewaySet *
plum_assignment_get_gateways (PlumAssignment *self)
{
  return self->gateways;
}

void
plum_assignment_open_store (PlumAssignment *self, const char *directory)
{
  plum_lease_store_open (self->store, directory);
}

void
plum_assignment_flush_store (PlumAssignment *self)
{
  plum_lease_store_flush (self->store);
}

void
plum_assignment_sweep (PlumAssignment *self)
{
  plum_sweeper_sweep (self->sweeper);
}

PlumSweeper *
plum_assignment_get_sweeper (PlumAssignment *self)
{
  return self->sweeper;
}

void
plum_assignment_expire (PlumAssignment *self)
{
  PLUM_SIGNAL_SCOPE (self->signals);
  g_autoptr (GPtrArray) holders = plum_assignment_copy_holders (self);
  g_autoptr (GError) error =
    g_error_new (PLUM_ERROR, PLUM_ERROR_TIMED_OUT, "the router did not confirm within %.1f s",
                 self->settings->mapping_timeout / 1000.0);

  plum_sweeper_expire (self->sweeper, error);
  for (unsigned int i = 0; i < holders->len; i++)
    plum_lease_holder_expire_release (holders->pdata[i], error);
}

gboolean
plum_assignment_is_sweeping (PlumAssignment *self)
{
  return plum_sweeper_is_busy (self->sweeper);
}
