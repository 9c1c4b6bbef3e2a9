/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What changes a lease holder from outside: its users, its gateway and its owner. */

#include "plum-lease-holder-private.h"

#include <string.h>

#include "plum-lease-holder-internal-private.h"

#define MS G_GINT64_CONSTANT (1000)

/* --- The gateway --- */

void
plum_lease_holder_race_changed (PlumLeaseHolder *self)
{
  /* After a failure, a backend that answers late is worth one more attempt. */
  if (self->phase == PLUM_PHASE_ATTEMPTING)
    plum_attempt_race_changed (self->attempt);
  else if (self->phase == PLUM_PHASE_FAILED && plum_attempt_has_untried (self->attempt))
    plum_lease_holder_start_attempt (self);

  if (self->outer != NULL)
    plum_lease_holder_race_changed (self->outer);
}

/* Without a backend, an address is for the leases that have none. A lease that has the address of
 * the gateway keeps to it, whichever backend reports it. */
static gboolean
plum_lease_holder_is_for (PlumLeaseHolder *self, PlumBackend *backend)
{
  PlumLease *lease = plum_held_lease_get_lease (self->held);

  if (plum_lease_holder_has_own_address (self))
    return FALSE;
  if (self->borrows_address)
    return TRUE;
  if (backend == NULL)
    return plum_lease_get_external_address (lease) == NULL;
  return backend == plum_held_lease_get_backend (self->held);
}

static void
plum_lease_holder_address_changed (PlumLeaseHolder *self,
                                   PlumBackend *backend,
                                   GInetAddress *address)
{
  if (!plum_lease_holder_is_up (self) || !plum_lease_holder_is_for (self, backend) ||
      !plum_held_lease_set_address (self->held, address))
    return;

  plum_lease_holder_note (self, plum_held_lease_get_candidate (self->held));
  plum_lease_holder_notify (self, PLUM_MAPPING_MAPPED, NULL);
}

static void
plum_lease_holder_on_resume (PlumLeaseHolder *self, guint spread_ms)
{
  gint64 now = plum_clock_get_time (self->clock);
  gint64 when = now + g_random_int_range (1, (gint32) spread_ms + 1) * MS;

  if (self->phase == PLUM_PHASE_HELD)
    plum_held_lease_on_resume (self->held,
                               plum_gateway_choose_turn (self->gateway,
                                                         plum_held_lease_get_backend (self->held),
                                                         now, now + spread_ms * MS, when));
  else if (self->phase == PLUM_PHASE_FAILED)
    {
      self->retries = 0;
      plum_clock_arm (self->clock, &self->timer, when);
    }
}

static void
on_gateway_event (PlumGatewayClient *client, const PlumGatewayEvent *event)
{
  PlumLeaseHolder *self = client->data;

  switch (event->kind)
    {
    case PLUM_GATEWAY_RACE_CHANGED:
      plum_lease_holder_race_changed (self);
      break;
    case PLUM_GATEWAY_SUSPECTED:
      if (event->backend == plum_held_lease_get_backend (self->held))
        plum_held_lease_suspect (self->held);
      break;
    case PLUM_GATEWAY_APPEARED:
      if (self->phase == PLUM_PHASE_FAILED)
        plum_lease_holder_start_attempt (self);
      break;
    case PLUM_GATEWAY_LOST:
      plum_lease_holder_suspect_loss (self, event->backend);
      break;
    case PLUM_GATEWAY_ADDRESS_CHANGED:
      plum_lease_holder_address_changed (self, event->backend, event->address);
      break;
    case PLUM_GATEWAY_UPSTREAM_CHANGED:
      self->chain->upstream_changed (self);
      break;
    case PLUM_GATEWAY_RECHECK:
      if (plum_lease_holder_is_up (self))
        plum_held_lease_check (self->held);
      break;
    case PLUM_GATEWAY_RESUMED:
      plum_lease_holder_on_resume (self, event->spread_ms);
      break;
    default:
      g_assert_not_reached ();
    }
}

static PlumBackend *
on_gateway_get_backend (PlumGatewayClient *client)
{
  PlumLeaseHolder *self = client->data;

  return plum_lease_holder_is_up (self) ? plum_held_lease_get_backend (self->held) : NULL;
}

static gboolean
plum_lease_holder_is_of_port (PlumLeaseHolder *self,
                              PlumProtocol protocol,
                              const PlumHosts *hosts,
                              guint internal_port)
{
  return self->id.protocol == protocol && self->id.internal_port == internal_port &&
         plum_hosts_equal_internal (&self->id.hosts, hosts);
}

static gboolean
on_gateway_uses_mapping (PlumGatewayClient *client,
                         PlumProtocol protocol,
                         const PlumHosts *hosts,
                         guint internal_port,
                         guint external_port)
{
  PlumLeaseHolder *self = client->data;

  return plum_lease_holder_is_of_port (self, protocol, hosts, internal_port) ||
         (self->id.protocol == protocol && plum_lease_holder_is_up (self) &&
          plum_held_lease_get_port (self->held) == external_port);
}

static gboolean
on_gateway_requests_mapping (PlumGatewayClient *client,
                             PlumProtocol protocol,
                             const PlumHosts *hosts,
                             guint internal_port)
{
  PlumLeaseHolder *self = client->data;

  return plum_lease_holder_is_of_port (self, protocol, hosts, internal_port) &&
         self->phase == PLUM_PHASE_ATTEMPTING && plum_attempt_get_backend (self->attempt) != NULL;
}

static const PlumGatewayClientInterface client_iface = {
  .handle_event = on_gateway_event,
  .get_backend = on_gateway_get_backend,
  .uses_mapping = on_gateway_uses_mapping,
  .requests_mapping = on_gateway_requests_mapping,
};

static void
plum_lease_holder_set_reason (PlumLeaseHolder *self, const GError *reason)
{
  g_clear_error (&self->no_gateway);
  if (reason != NULL)
    self->no_gateway = g_error_copy (reason);
}

/* What the old router keeps when the holder moves to another one. */
static PlumLeaseHolderRemains
plum_lease_holder_get_remains_now (PlumLeaseHolder *self)
{
  gboolean leased =
    plum_held_lease_get_lease (self->held) != NULL && !plum_held_lease_is_taken_over (self->held);

  if (leased || plum_attempt_get_backend (self->attempt) != NULL || self->call != NULL ||
      self->deleter != NULL)
    return PLUM_LEASE_HOLDER_KEPT;
  return PLUM_LEASE_HOLDER_NOT_ADDED;
}

/* The router may still have a mapping of the present address: a request for the port that another
 * address had since then would add a second one, and the port would change with each return. */
static void
plum_lease_holder_prefer_left_port (PlumLeaseHolder *self)
{
  PlumLeaseMemory memory;

  if (self->hints.known == 0 || self->gateway == NULL || self->inner != NULL ||
      memcmp (self->known_address, self->id.local_address, sizeof self->known_address) == 0)
    return;

  memory = self->owner->recall (self, self->owner_data);
  if (memory.from_here)
    self->hints.known = (guint16) memory.external_port;
}

void
plum_lease_holder_set_gateway (PlumLeaseHolder *self, PlumGateway *gateway, const GError *reason)
{
  gboolean had_lease = plum_held_lease_get_lease (self->held) != NULL || self->reported;
  PlumLeaseHolderRemains remains = plum_lease_holder_get_remains_now (self);

  if (self->owner == NULL)
    return;

  self->chain->abandon (self);
  plum_lease_holder_cancel (self);
  plum_lease_holder_clear_lease (self);
  plum_lease_holder_replace_gateway (self, gateway);
  plum_lease_holder_set_reason (self, reason);
  plum_lease_holder_set_phase (self, PLUM_PHASE_IDLE);
  self->retries = 0;

  plum_lease_holder_note_released (self, remains);
  plum_lease_holder_prefer_left_port (self);
  plum_lease_holder_finish_users (self, NULL);
  if (!plum_lease_holder_is_used (self))
    {
      plum_lease_holder_close_unused (self);
      return;
    }

  if (had_lease)
    plum_lease_holder_notify (self, PLUM_MAPPING_LOST, self->no_gateway);
  plum_lease_holder_start_attempt (self);
}

/* --- Users --- */

/* known_port: the external port that the mapping had at another holder; 0: none. Returns whether
 * the user is the first. */
static gboolean
plum_lease_holder_insert_user (PlumLeaseHolder *self, PlumMapping *mapping, guint known_port)
{
  const PlumMappingSpec *spec = plum_mapping_get_spec (mapping);
  gboolean first = plum_lease_users_is_empty (&self->users);

  if (first)
    {
      self->hints.known = (guint16) known_port;
      memset (self->known_address, 0, sizeof self->known_address);
      plum_lease_holder_prefer_left_port (self);
      self->hints.requested = (guint16) spec->requested_external_port;
      g_free (self->description);
      self->description =
        plum_settings_make_description (self->settings, spec->description, self->id.protocol,
                                        self->id.internal_port);
    }

  plum_lease_users_add (&self->users, mapping, self);
  return first;
}

static void
plum_lease_holder_serve_user (PlumLeaseHolder *self, PlumMapping *mapping, gboolean first)
{
  const PlumMappingUpdate update = { NULL };

  if (plum_mapping_get_next_state (mapping) == PLUM_STATE_DESTROYED)
    plum_mapping_handle (mapping, PLUM_MAPPING_ADDED, &update);
  else if (plum_mapping_get_next_state (mapping) == PLUM_STATE_SUCCESS &&
           !plum_lease_holder_is_up (self))
    plum_mapping_handle (mapping, PLUM_MAPPING_LOST, &update);

  if (plum_lease_holder_has_port_mismatch (self))
    plum_lease_holder_release (self);
  else if (plum_lease_holder_is_up (self))
    plum_lease_holder_notify (self, PLUM_MAPPING_MAPPED, NULL);
  else if ((first && self->phase != PLUM_PHASE_RELEASING) || self->phase == PLUM_PHASE_FAILED)
    plum_lease_holder_start_attempt (self);
  else if (self->phase == PLUM_PHASE_IDLE)
    plum_lease_holder_notify (self, PLUM_MAPPING_TROUBLE, self->no_gateway);
}

void
plum_lease_holder_add_user (PlumLeaseHolder *self, PlumMapping *mapping)
{
  plum_lease_holder_serve_user (self, mapping, plum_lease_holder_insert_user (self, mapping, 0));
}

/* The removed user may have decided the port. required: the port that was required before. */
static void
plum_lease_holder_reconsider_port (PlumLeaseHolder *self, guint required)
{
  if (plum_lease_holder_has_port_mismatch (self))
    plum_lease_holder_release (self);
  else if (self->phase == PLUM_PHASE_FAILED &&
           plum_lease_holder_get_required_port (self) != required)
    plum_lease_holder_start_attempt (self);
}

void
plum_lease_holder_remove_user (PlumLeaseHolder *self, PlumMapping *mapping)
{
  const guint required = plum_lease_holder_get_required_port (self);
  g_autoptr (PlumMapping) owned = plum_lease_users_remove (&self->users, mapping);
  const PlumMappingUpdate update = { NULL };

  if (!plum_lease_users_is_empty (&self->users))
    {
      plum_mapping_handle (mapping, PLUM_MAPPING_RELEASED, &update);
      plum_mapping_handle (mapping, PLUM_MAPPING_GONE, &update);
      plum_lease_holder_reconsider_port (self, required);
      return;
    }

  plum_lease_users_add_releasing (&self->users, g_steal_pointer (&owned));
  plum_mapping_handle (mapping, PLUM_MAPPING_RELEASED, &update);
  if (self->phase != PLUM_PHASE_RELEASING)
    plum_lease_holder_release (self);
}

void
plum_lease_holder_hand_over (PlumLeaseHolder *self, PlumMapping *mapping, PlumLeaseHolder *to)
{
  const guint required = plum_lease_holder_get_required_port (self);
  g_autoptr (PlumMapping) owned = plum_lease_users_remove (&self->users, mapping);
  gboolean first;

  g_assert (to != self);

  first = plum_lease_holder_insert_user (to, mapping, self->hints.known);

  if (plum_lease_users_is_empty (&self->users) && self->phase != PLUM_PHASE_RELEASING)
    plum_lease_holder_release (self);
  plum_lease_holder_serve_user (to, mapping, first);
  if (!plum_lease_users_is_empty (&self->users))
    plum_lease_holder_reconsider_port (self, required);
}

GPtrArray *
plum_lease_holder_copy_users (PlumLeaseHolder *self)
{
  return plum_lease_users_copy (&self->users);
}

/* --- Object --- */

PlumLeaseHolder *
plum_lease_holder_new (const PlumLeaseHolderId *id,
                       GBytes *key,
                       PlumGateway *gateway,
                       const GError *reason,
                       PlumClock *clock,
                       const PlumSettings *settings,
                       PlumSignalQueue *signals,
                       const PlumLeaseHolderOwner *owner,
                       gpointer owner_data)
{
  PlumLeaseHolder *self = g_new0 (PlumLeaseHolder, 1);

  self->id = *id;
  plum_hosts_init (&self->id.hosts, &id->hosts);
  self->key = g_bytes_ref (key);
  self->clock = clock;
  self->settings = settings;
  self->signals = plum_signal_queue_ref (signals);
  self->owner = owner;
  self->owner_data = owner_data;
  self->client.iface = &client_iface;
  self->client.data = self;
  self->chain = &plum_lease_chain;
  plum_timer_init (&self->patience, self->chain->patience_ended, self);
  plum_lease_holder_init_lease (self);
  plum_lease_holder_replace_gateway (self, gateway);
  plum_lease_holder_set_reason (self, reason);
  return self;
}

PlumLeaseHolder *
plum_lease_holder_new_beyond (PlumLeaseHolder *inner,
                              const PlumLeaseHolderId *id,
                              PlumGateway *gateway,
                              const PlumLeaseHolderOwner *owner)
{
  PlumLeaseHolder *self = plum_lease_holder_new (id, inner->key, gateway, NULL, inner->clock,
                                                 inner->settings, inner->signals, owner, inner);
  const PlumLeaseMemory memory = owner->recall (self, inner);

  self->inner = inner;
  self->wanted = TRUE;
  self->description = g_strdup (inner->description);
  self->hints.known = inner->outer_port;
  self->hints.requested = inner->hints.requested;
  self->hints.recalled = (guint16) memory.external_port;
  if (memory.key != NULL)
    {
      g_bytes_unref (self->key);
      self->key = g_bytes_ref (memory.key);
    }
  return self;
}

void
plum_lease_holder_close (PlumLeaseHolder *self)
{
  if (self->outer != NULL)
    {
      plum_lease_holder_close (self->outer);
      g_clear_pointer (&self->outer, plum_lease_holder_free);
    }
  self->awaits_outer = FALSE;
  g_clear_object (&self->deleter);
  plum_clock_disarm (self->clock, &self->patience);

  self->owner = NULL;
  plum_lease_holder_cancel (self);
  plum_lease_holder_clear_lease (self);
  plum_lease_holder_replace_gateway (self, NULL);
  plum_lease_holder_set_phase (self, PLUM_PHASE_IDLE);

  plum_lease_users_destroy_all (&self->users);
  plum_lease_users_finish_releasing (&self->users, NULL, FALSE);
}

void
plum_lease_holder_free (PlumLeaseHolder *self)
{
  g_assert (plum_lease_users_is_empty (&self->users) && self->users.releasing == NULL);
  g_assert (self->gateway == NULL && self->call == NULL && self->outer == NULL);

  g_clear_object (&self->reported_address);
  g_clear_error (&self->outer_error);
  g_clear_error (&self->release_error);
  g_clear_error (&self->release_expired);
  g_clear_object (&self->deleter);
  g_clear_pointer (&self->attempt, plum_attempt_free);
  g_clear_pointer (&self->held, plum_held_lease_free);
  g_clear_object (&self->request);
  g_clear_pointer (&self->signals, plum_signal_queue_unref);
  g_clear_pointer (&self->key, g_bytes_unref);
  g_clear_pointer (&self->description, g_free);
  g_clear_error (&self->no_gateway);
  plum_hosts_clear (&self->id.hosts);
  g_free (self);
}

void
plum_lease_holder_suggest_port (PlumLeaseHolder *self, guint external_port)
{
  self->hints.recalled = (guint16) external_port;
}

void
plum_lease_holder_set_place (PlumLeaseHolder *self, const PlumLeaseHolderId *id)
{
  self->id.interface_name = id->interface_name;
  memcpy (self->id.local_address, id->local_address, sizeof self->id.local_address);
}

const PlumLeaseHolderId *
plum_lease_holder_get_id (PlumLeaseHolder *self)
{
  return &self->id;
}

PlumGateway *
plum_lease_holder_get_gateway (PlumLeaseHolder *self)
{
  return self->gateway;
}

void
plum_lease_holder_hurry (PlumLeaseHolder *self)
{
  if (plum_lease_holder_is_up (self))
    self->chain->patience_ended (self);
}

gboolean
plum_lease_holder_uses (PlumLeaseHolder *self,
                        PlumGateway *gateway,
                        PlumProtocol protocol,
                        guint internal_port)
{
  for (PlumLeaseHolder *h = self; h != NULL; h = h->outer)
    if (h->gateway == gateway && h->id.protocol == protocol &&
        h->id.internal_port == internal_port && plum_lease_holder_is_used (h))
      return TRUE;

  return FALSE;
}

void
plum_lease_holder_id_set_place (PlumLeaseHolderId *self,
                                const char *interface_name,
                                GInetAddress *local_address)
{
  self->interface_name = g_intern_string (interface_name);
  memset (self->local_address, 0, sizeof self->local_address);
  if (local_address != NULL)
    memcpy (self->local_address, g_inet_address_to_bytes (local_address),
            g_inet_address_get_native_size (local_address));
}

GInetAddress *
plum_lease_holder_id_get_local_address (const PlumLeaseHolderId *self)
{
  static const guint8 unset[PLUM_LEASE_HOLDER_ADDRESS_SIZE];

  if (memcmp (self->local_address, unset, sizeof unset) == 0)
    return NULL;
  return g_inet_address_new_from_bytes (self->local_address, self->family);
}

guint
plum_lease_holder_id_hash (gconstpointer id)
{
  const PlumLeaseHolderId *self = id;
  guint hash = g_direct_hash (self->interface_name) ^
               ((guint) self->family << 24 | (guint) self->protocol << 16 | self->internal_port);

  for (unsigned int i = 0; i < sizeof self->local_address; i++)
    hash = hash * 31 + self->local_address[i];
  return hash ^ plum_hosts_hash (&self->hosts);
}

gboolean
plum_lease_holder_id_equal (gconstpointer a, gconstpointer b)
{
  const PlumLeaseHolderId *left = a;
  const PlumLeaseHolderId *right = b;

  return left->protocol == right->protocol && left->family == right->family &&
         left->internal_port == right->internal_port &&
         left->interface_name == right->interface_name &&
         memcmp (left->local_address, right->local_address, sizeof left->local_address) == 0 &&
         plum_hosts_equal (&left->hosts, &right->hosts);
}
