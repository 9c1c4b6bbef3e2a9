/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-assignment-private.h"

#include "plum-gateway-private.h"
#include "plum-holder-table-private.h"
#include "plum-key-private.h"
#include "plum-lease-holder-private.h"
#include "plum-lease-note-private.h"
#include "plum-lease-store-private.h"
#include "plum-log-private.h"
#include "plum-mapping-private.h"
#include "plum-place-private.h"
#include "plum-sweeper-private.h"
#include "plum-values-private.h"

#include <glib/gi18n-lib.h>

struct _PlumAssignment
{
  PlumClock *clock;
  const PlumSettings *settings;
  const PlumAssignmentClient *client;
  gpointer owner; /* borrowed */
  PlumSignalQueue *signals;

  PlumGatewaySet *gateways;
  PlumHolderTable *holders;
  PlumLeaseStore *store;
  PlumSweeper *sweeper;
  PlumKeyPool keys;
  PlumTimer released; /* in the next iteration: a lease was released */
  gboolean waiting;   /* a holder waits for that */
  gboolean expired;   /* by plum_assignment_expire() */
};

/* --- The lease holders' owner --- */

static void
on_holder_closed (PlumLeaseHolder *holder, gpointer user_data)
{
  PlumAssignment *self = user_data;

  /* Not now: a function of the holder is on the stack. */
  plum_signal_queue_add (self->signals, NULL, NULL, plum_holder_table_steal (self->holders, holder),
                         (GDestroyNotify) plum_lease_holder_free);
  plum_sweeper_port_released (self->sweeper);
  plum_clock_arm_in_ms (self->clock, &self->released, 0);
  self->client->less_busy (self->owner);
}

static gboolean
plum_assignment_is_blocked (PlumAssignment *self, PlumLeaseHolder *holder)
{
  guint internal_port = plum_lease_holder_get_id (holder)->internal_port;
  GSList *same_port = plum_holder_table_lookup_port (self->holders, internal_port);

  for (GSList *l = same_port; l != NULL; l = l->next)
    if (plum_lease_holder_blocks (l->data, holder))
      return TRUE;

  return FALSE;
}

static gboolean
on_holder_note (PlumLeaseHolder *holder, const PlumLeaseNote *note, gpointer user_data)
{
  PlumAssignment *self = user_data;
  PlumNetwork *network = plum_gateway_get_network (plum_lease_holder_get_gateway (holder));
  const PlumLeaseRecord record = plum_lease_note_make_record (holder, note, self->settings);
  gboolean may_send = plum_lease_store_note (self->store, holder, network, &record);

  if (!plum_assignment_is_blocked (self, holder))
    return may_send;

  self->waiting = TRUE;
  return FALSE;
}

static PlumLeaseMemory
on_holder_recall (PlumLeaseHolder *holder, gpointer user_data)
{
  PlumAssignment *self = user_data;

  return plum_lease_note_recall (self->store, plum_lease_holder_get_id (holder),
                                 plum_lease_holder_get_gateway (holder));
}

static void
on_holder_released (PlumLeaseHolder *holder, PlumLeaseHolderRemains remains, gpointer user_data)
{
  PlumAssignment *self = user_data;
  PlumLeaseStoreEnd end = PLUM_LEASE_STORE_LEFT;
  gint64 next_delete = 0;

  if (remains == PLUM_LEASE_HOLDER_NOT_ADDED)
    end = PLUM_LEASE_STORE_NOT_ADDED;
  else if (remains == PLUM_LEASE_HOLDER_DELETED)
    end = PLUM_LEASE_STORE_DELETED;
  if (remains == PLUM_LEASE_HOLDER_UNCONFIRMED)
    next_delete =
      plum_clock_get_time (self->clock) + self->settings->recheck_period * G_GINT64_CONSTANT (1000);
  plum_lease_store_remove_entry (self->store, holder, end, next_delete);
  plum_clock_arm_in_ms (self->clock, &self->released, 0);
}

static gboolean
on_holder_is_left (PlumLeaseHolder *holder, gpointer user_data)
{
  PlumAssignment *self = user_data;

  return plum_lease_note_is_left (self->store, plum_lease_holder_get_id (holder));
}

static const PlumLeaseHolderOwner holder_owner = {
  .closed = on_holder_closed,
  .note = on_holder_note,
  .recall = on_holder_recall,
  .released = on_holder_released,
  .is_left = on_holder_is_left,
};

/* --- Lease holders --- */

/* gateway: (nullable): that of the id, if it is known. */
static PlumLeaseHolder *
plum_assignment_create_holder (PlumAssignment *self,
                               const PlumLeaseHolderId *id,
                               PlumGateway *gateway,
                               GError **error)
{
  g_autoptr (GBytes) key = NULL;
  g_autoptr (GError) reason = NULL;
  PlumLeaseHolder *holder;
  PlumLeaseMemory memory;

  if (gateway == NULL)
    gateway = plum_place_find_gateway (self->gateways, id, &reason);
  memory = plum_lease_note_recall (self->store, id, gateway);
  if (memory.key != NULL)
    key = g_bytes_ref (memory.key);
  else if ((key = plum_key_pool_take (&self->keys, error)) == NULL)
    return NULL;

  holder = plum_lease_holder_new (id, key, gateway, reason, self->clock, self->settings,
                                  self->signals, &holder_owner, self);
  if (memory.external_port != 0)
    plum_lease_holder_suggest_port (holder, memory.external_port);
  plum_holder_table_add (self->holders, holder);
  return holder;
}

static PlumLeaseHolder *
plum_assignment_ensure_holder (PlumAssignment *self, PlumMapping *mapping, GError **error)
{
  PlumLeaseHolderId id;
  PlumGateway *gateway = plum_place_make_id (self->gateways, mapping, &id);
  PlumLeaseHolder *holder = plum_holder_table_lookup (self->holders, &id);

  return holder != NULL ? holder : plum_assignment_create_holder (self, &id, gateway, error);
}

PlumLeaseHolder *
plum_assignment_find_holder (PlumAssignment *self, PlumMapping *mapping, GError **error)
{
  GInetAddress *local = plum_mapping_get_spec (mapping)->local_address;
  PlumLeaseHolder *holder = NULL;

  if (local != NULL)
    plum_gateway_set_hold_local (self->gateways, local);

  if (plum_place_check (self->gateways, mapping, error))
    holder = plum_assignment_ensure_holder (self, mapping, error);
  if (holder == NULL)
    plum_assignment_forget_mapping (self, mapping);

  return holder;
}

void
plum_assignment_forget_mapping (PlumAssignment *self, PlumMapping *mapping)
{
  GInetAddress *local = plum_mapping_get_spec (mapping)->local_address;
  PLUM_SIGNAL_SCOPE (self->signals);

  if (local != NULL)
    plum_gateway_set_release_local (self->gateways, local);
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

/* For a holder that stays where it is, while its user moves. */
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

/* Whether the holder itself can move: its gateway is gone, and all users move to the same place. */
static gboolean
plum_assignment_can_move_holder (PlumAssignment *self,
                                 PlumLeaseHolder *holder,
                                 GPtrArray *users,
                                 const PlumLeaseHolderId *new_id)
{
  PlumGateway *gateway = plum_lease_holder_get_gateway (holder);

  for (unsigned int i = 0; i < users->len; i++)
    {
      PlumLeaseHolderId id;

      plum_place_make_id (self->gateways, users->pdata[i], &id);
      if (plum_mapping_get_holder (users->pdata[i]) == holder &&
          !plum_lease_holder_id_equal (&id, new_id))
        return FALSE;
    }

  return (gateway == NULL || !plum_gateway_set_has (self->gateways, gateway)) &&
         plum_holder_table_lookup (self->holders, new_id) == NULL;
}

/* Moves the user, or the holder, if the gateway of the user is found in another place than before.
 */
static void
plum_assignment_follow_user (PlumAssignment *self,
                             PlumLeaseHolder *holder,
                             GPtrArray *users,
                             PlumMapping *user)
{
  PlumLeaseHolderId new_id;

  plum_place_make_id (self->gateways, user, &new_id);
  if (plum_mapping_get_holder (user) != holder ||
      plum_lease_holder_id_equal (plum_lease_holder_get_id (holder), &new_id))
    return;

  if (plum_assignment_can_move_holder (self, holder, users, &new_id))
    {
      plum_holder_table_steal (self->holders, holder);
      plum_lease_holder_set_place (holder, &new_id);
      plum_holder_table_add (self->holders, holder);
      return;
    }

  plum_assignment_move_mapping (self, holder, user);
}

static void
plum_assignment_follow_users (PlumAssignment *self, PlumLeaseHolder *holder)
{
  g_autoptr (GPtrArray) users = plum_lease_holder_copy_users (holder);

  for (unsigned int i = 0; i < users->len; i++)
    plum_assignment_follow_user (self, holder, users, users->pdata[i]);
}

static void
on_gateways_changed (GSocketFamily family, gboolean come, gpointer user_data)
{
  PlumAssignment *self = user_data;
  g_autoptr (GPtrArray) holders = plum_holder_table_copy (self->holders);

  for (unsigned int i = 0; i < holders->len; i++)
    {
      PlumLeaseHolder *holder = holders->pdata[i];
      const PlumLeaseHolderId *id = plum_lease_holder_get_id (holder);
      g_autoptr (GError) reason = NULL;
      PlumGateway *gateway;

      if (id->family != family || plum_holder_table_lookup (self->holders, id) != holder)
        continue;

      plum_assignment_follow_users (self, holder);
      gateway = plum_place_find_gateway (self->gateways, id, &reason);
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

static void
on_gateways_need_addresses (GSocketFamily family, GPtrArray *addresses, gpointer user_data)
{
  PlumAssignment *self = user_data;
  g_autoptr (GPtrArray) holders = plum_holder_table_copy (self->holders);

  for (unsigned int i = 0; i < holders->len; i++)
    {
      PlumGateway *gateway = plum_lease_holder_get_gateway (holders->pdata[i]);
      PlumNetwork *network = gateway != NULL ? plum_gateway_get_network (gateway) : NULL;

      if (network != NULL && plum_network_get_family (network) == family)
        g_ptr_array_add (addresses, g_object_ref (plum_network_get_local_address (network)));
    }

  plum_lease_note_add_local_addresses (self->store, family, addresses);
}

static void
on_gateways_idle (gpointer user_data)
{
  PlumAssignment *self = user_data;

  self->client->less_busy (self->owner);
}

static const PlumGatewaySetOwner gateways_owner = {
  .get_backends = on_gateways_need_backends,
  .changed = on_gateways_changed,
  .add_local_addresses = on_gateways_need_addresses,
  .idle = on_gateways_idle,
};

/* --- The sweeper's client --- */

static GPtrArray *
on_sweeper_needs_gateways (GSocketFamily family, gpointer user_data)
{
  PlumAssignment *self = user_data;

  return plum_gateway_set_copy_chains (self->gateways, family);
}

/* Whether a holder has, or requests, a lease at a router beyond the first one. */
static gboolean
plum_assignment_is_used_beyond (PlumAssignment *self,
                                PlumGateway *gateway,
                                PlumProtocol protocol,
                                guint internal_port)
{
  g_autoptr (GPtrArray) holders = plum_holder_table_copy (self->holders);

  for (unsigned int i = 0; i < holders->len; i++)
    if (plum_lease_holder_uses (holders->pdata[i], gateway, protocol, internal_port))
      return TRUE;
  return FALSE;
}

static gboolean
on_sweeper_is_wanted (PlumProtocol protocol,
                      guint internal_port,
                      const PlumHosts *hosts,
                      PlumGateway *gateway,
                      gpointer user_data)
{
  PlumAssignment *self = user_data;
  PlumLeaseHolderId id = {
    .protocol = protocol,
    .family = plum_gateway_get_family (gateway),
    .internal_port = internal_port,
    .hosts = *hosts,
  };

  if (plum_network_get_hop (plum_gateway_get_network (gateway)) > 1)
    return plum_assignment_is_used_beyond (self, gateway, protocol, internal_port);
  plum_lease_holder_id_set_place (&id, plum_gateway_get_interface (gateway),
                                  plum_gateway_get_local_address (gateway));
  return plum_holder_table_lookup (self->holders, &id) != NULL;
}

/* The result of on_holder_note() may have changed. */
static void
plum_assignment_wake_holders (PlumAssignment *self)
{
  g_autoptr (GPtrArray) holders = plum_holder_table_copy (self->holders);

  for (unsigned int i = 0; i < holders->len; i++)
    plum_lease_holder_race_changed (holders->pdata[i]);
}

static void
on_released (gpointer user_data)
{
  PlumAssignment *self = user_data;
  PLUM_SIGNAL_SCOPE (self->signals);

  if (self->waiting)
    {
      self->waiting = FALSE;
      plum_assignment_wake_holders (self);
    }
  plum_gateway_set_trim (self->gateways);
}

static void
on_sweeper_changed (gpointer user_data)
{
  PlumAssignment *self = user_data;
  PLUM_SIGNAL_SCOPE (self->signals);

  self->waiting = TRUE;
  plum_clock_arm_in_ms (self->clock, &self->released, 0);
  self->client->less_busy (self->owner);
}

static void
on_requests_saved (GPtrArray *holders, gpointer user_data)
{
  PlumAssignment *self = user_data;
  PLUM_SIGNAL_SCOPE (self->signals);

  for (unsigned int i = 0; i < holders->len; i++)
    plum_lease_holder_race_changed (holders->pdata[i]);
}

static const PlumSweeperClient sweeper_client = {
  .get_gateways = on_sweeper_needs_gateways,
  .is_wanted = on_sweeper_is_wanted,
  .changed = on_sweeper_changed,
  .saved = on_requests_saved,
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
  self->holders = plum_holder_table_new ();
  self->store = plum_lease_store_new (clock);
  self->sweeper = plum_sweeper_new (self->store, clock, settings, &sweeper_client, self);
  plum_timer_init (&self->released, on_released, self);
  return self;
}

void
plum_assignment_close (PlumAssignment *self)
{
  g_autoptr (GPtrArray) holders = plum_holder_table_copy (self->holders);

  plum_sweeper_close (self->sweeper);
  plum_lease_store_close (self->store);

  for (unsigned int i = 0; i < holders->len; i++)
    {
      plum_lease_holder_close (holders->pdata[i]);
      plum_lease_holder_free (plum_holder_table_steal (self->holders, holders->pdata[i]));
    }

  plum_clock_disarm (self->clock, &self->released);
  plum_gateway_set_close (self->gateways);
}

void
plum_assignment_free (PlumAssignment *self)
{
  g_clear_pointer (&self->sweeper, plum_sweeper_free);
  g_clear_pointer (&self->store, plum_lease_store_free);
  g_clear_pointer (&self->holders, plum_holder_table_free);
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
  /* The gateways may be known already. */
  plum_sweeper_gateway_added (self->sweeper);
  plum_gateway_set_look_again (self->gateways, G_SOCKET_FAMILY_IPV4);
  plum_gateway_set_look_again (self->gateways, G_SOCKET_FAMILY_IPV6);
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

PlumLeaseStore *
plum_assignment_get_store (PlumAssignment *self)
{
  return self->store;
}

void
plum_assignment_expire (PlumAssignment *self)
{
  PLUM_SIGNAL_SCOPE (self->signals);
  g_autoptr (GPtrArray) holders = plum_holder_table_copy (self->holders);
  g_autoptr (GError) error =
    g_error_new (PLUM_ERROR, PLUM_ERROR_TIMED_OUT, _ ("the router did not confirm within %.1f s"),
                 plum_settings_get_release_timeout (self->settings) / 1000.0);

  self->expired = TRUE;
  plum_sweeper_expire (self->sweeper, error);
  for (unsigned int i = 0; i < holders->len; i++)
    plum_lease_holder_expire_release (holders->pdata[i], error);
}

static void
on_late_lease (PlumProtocol protocol, guint internal_port, gpointer user_data)
{
  gboolean *busy = user_data;

  *busy = TRUE;
}

gboolean
plum_assignment_is_busy (PlumAssignment *self)
{
  gboolean busy =
    plum_sweeper_is_busy (self->sweeper) || !plum_holder_table_is_empty (self->holders);

  if (!self->expired)
    plum_gateway_set_foreach_late (self->gateways, FALSE, on_late_lease, &busy);
  return busy;
}

void
plum_assignment_foreach_left (PlumAssignment *self, PlumLeftFunc func, gpointer user_data)
{
  guint n = plum_lease_store_get_n_leftovers (self->store);

  for (unsigned int i = 0; i < n; i++)
    {
      const PlumLeaseRecord *record = plum_lease_store_get_leftover (self->store, i);

      if (record->ours)
        func (record->protocol, record->first_port, user_data);
    }
  plum_gateway_set_foreach_late (self->gateways, TRUE, func, user_data);
}
