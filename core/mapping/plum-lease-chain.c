/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Leases at several routers: the lease at the router beyond leads to the lease at the one before.
 * The outermost lease is reported to the mappings that use the first one, once. */

#include "plum-lease-holder-internal-private.h"
#include "plum-values-private.h"

#include <glib/gi18n-lib.h>

/* How long the users wait for the router beyond after the router before has granted the lease. A
 * router that answers does so within a second. */
#define PATIENCE_MS 3000

static void plum_lease_chain_tell (PlumLeaseHolder *self);
static void plum_lease_chain_extend (PlumLeaseHolder *self);

/* Whether the gateway maps no ports, and the lease beyond leads to this host itself. */
static gboolean
plum_lease_chain_is_bypassed (PlumLeaseHolder *self)
{
  return self->phase == PLUM_PHASE_FAILED && self->inner == NULL &&
         plum_gateway_may_be_bypassed (self->gateway);
}

/* The port that the lease beyond must lead to; 0: there can be no lease beyond. */
static guint
plum_lease_chain_get_base_port (PlumLeaseHolder *self)
{
  if (plum_lease_holder_is_up (self))
    return plum_held_lease_get_port (self->held);
  return plum_lease_chain_is_bypassed (self) ? self->id.internal_port : 0;
}

/* Whether the lease beyond can be reported to the users, or was. It may be requested again at
 * present, which is reported only if it fails. */
static gboolean
plum_lease_chain_has_outer (PlumLeaseHolder *self)
{
  PlumLeaseHolder *outer = self->outer;

  return outer != NULL && outer->wanted && outer->reported &&
         plum_held_lease_get_lease (outer->held) != NULL &&
         outer->id.internal_port == plum_lease_chain_get_base_port (self);
}

/* Whether the router beyond is still sought or asked. */
static gboolean
plum_lease_chain_is_pending (PlumLeaseHolder *self)
{
  if (plum_lease_chain_has_outer (self))
    return FALSE;
  if (self->outer == NULL)
    return plum_gateway_is_seeking_upstream (self->gateway);
  return !self->outer->wanted || self->outer_error == NULL;
}

/* --- Reports to the users --- */

static PlumHop *
plum_lease_chain_make_hop (PlumLeaseHolder *self)
{
  PlumNetwork *network = plum_gateway_get_network (self->gateway);
  PlumLease *lease = plum_held_lease_get_lease (self->held);
  guint candidate = plum_held_lease_get_candidate (self->held);

  return plum_hop_new (plum_network_get_gateway (network), plum_lease_get_external_address (lease),
                       plum_lease_get_external_port (lease),
                       plum_lease_holder_get_backend_name (self, candidate),
                       plum_lease_get_lifetime (lease));
}

/* hops: (nullable). */
static void
plum_lease_chain_add_hop (PlumLeaseHolder *self, PlumMappingUpdate *update, GPtrArray *hops)
{
  PlumLease *lease = plum_held_lease_get_lease (self->held);
  guint candidate = plum_held_lease_get_candidate (self->held);
  gint64 expires = plum_held_lease_get_expires (self->held);

  if (update->backend_name == NULL)
    update->backend_name = plum_lease_holder_get_backend_name (self, candidate);
  if (hops != NULL)
    g_ptr_array_add (hops, plum_lease_chain_make_hop (self));
  update->lease = lease;
  if (expires != 0 && (update->expires == 0 || expires < update->expires))
    update->expires = expires;
  if (update->lifetime == 0 || plum_lease_get_lifetime (lease) < update->lifetime)
    update->lifetime = plum_lease_get_lifetime (lease);
  update->serial = MAX (update->serial, self->serial);
}

/* address: where the router beyond the one with the address before was guessed to be. (transfer
 * full) */
static GError *
make_guess_error (const GError *error, const char *before, const char *address)
{
  if (error != NULL)
    return g_error_new (error->domain, error->code,
                        /* Translators: the addresses of two routers, and an error. */
                        _ ("The router beyond %s is unknown: no router has answered the probe, and "
                           "the address %s does not map the port: %s"),
                        before, address, error->message);
  return g_error_new (
    PLUM_ERROR, PLUM_ERROR_TIMED_OUT,
    /* Translators: the addresses of two routers. */
    _ ("The router beyond %s is unknown: no router has answered the probe, and the "
       "address %s has not answered yet"),
    before, address);
}

/* Why the lease of self is the outermost one, if there is a router beyond. (transfer full)
 * (nullable) */
static GError *
plum_lease_chain_make_error (PlumLeaseHolder *self)
{
  const GError *reason = plum_gateway_get_upstream_reason (self->gateway);
  PlumGateway *upstream = plum_gateway_peek_upstream (self->gateway);
  g_autofree char *text = NULL;
  g_autofree char *before = NULL;

  if (upstream == NULL && self->outer_error == NULL && reason == NULL)
    return NULL;
  if (!plum_gateway_may_have_upstream (self->gateway))
    return NULL;
  if (upstream == NULL && self->outer_error == NULL)
    return g_error_copy (reason);
  if (upstream == NULL)
    return g_error_copy (self->outer_error);

  text = g_inet_address_to_string (plum_gateway_get_address (upstream));
  before = g_inet_address_to_string (plum_gateway_get_address (self->gateway));
  if (plum_gateway_is_upstream_guessed (self->gateway))
    return make_guess_error (self->outer_error, before, text);
  if (self->outer_error != NULL)
    return g_error_new (self->outer_error->domain, self->outer_error->code,
                        /* Translators: the addresses of two routers, and an error. */
                        _ ("The router %s beyond %s does not map the port: %s"), text, before,
                        self->outer_error->message);
  return g_error_new (PLUM_ERROR, PLUM_ERROR_TIMED_OUT,
                      /* Translators: the addresses of two routers. */
                      _ ("The router %s beyond %s has not answered yet"), text, before);
}

static void
plum_lease_chain_tell_users (PlumLeaseHolder *self)
{
  g_autoptr (GPtrArray) hops = NULL;
  g_autoptr (GError) upstream_error = NULL;
  PlumLeaseHolder *last = self;
  PlumMappingUpdate update = {
    .gateway = self->gateway,
    .serial = self->reported_serial,
  };

  if (plum_lease_chain_has_outer (self))
    hops = g_ptr_array_new_with_free_func (g_object_unref);
  update.hops = hops;
  if (plum_lease_holder_is_up (self))
    plum_lease_chain_add_hop (self, &update, hops);
  while (plum_lease_chain_has_outer (last))
    {
      last = last->outer;
      plum_lease_chain_add_hop (last, &update, hops);
    }

  upstream_error = plum_lease_chain_make_error (last);
  update.upstream_error = upstream_error;
  self->reported_serial = update.serial;
  plum_lease_users_notify (&self->users, PLUM_MAPPING_MAPPED, &update);
}

/* --- Events --- */

static void plum_lease_chain_handle_outer (PlumLeaseHolder *self,
                                           PlumMappingEvent event,
                                           const GError *error);

/* error: (nullable). */
static void
plum_lease_chain_forward (PlumLeaseHolder *self, PlumMappingEvent event, const GError *error)
{
  const PlumMappingUpdate update = {
    .error = error,
    .verdicts = event == PLUM_MAPPING_FAILED ? self->verdicts : NULL,
  };

  if (self->inner != NULL)
    plum_lease_chain_handle_outer (self->inner, event, error);
  else
    plum_lease_users_notify (&self->users, event, &update);
}

/* A lease elsewhere has another way to the internet. */
static void
plum_lease_chain_forget_if_moved (PlumLeaseHolder *self)
{
  PlumLease *lease = plum_held_lease_get_lease (self->held);
  GInetAddress *address = lease != NULL ? plum_lease_get_external_address (lease) : NULL;

  if (plum_lease_chain_get_base_port (self) != self->reported_port ||
      (address != self->reported_address &&
       (address == NULL || self->reported_address == NULL ||
        !g_inet_address_equal (address, self->reported_address))))
    self->reported = FALSE;
}

static void
plum_lease_chain_tell_now (PlumLeaseHolder *self)
{
  PlumLease *lease = plum_held_lease_get_lease (self->held);
  GInetAddress *address = lease != NULL ? plum_lease_get_external_address (lease) : NULL;

  plum_clock_disarm (self->clock, &self->patience);
  self->reported = TRUE;
  self->reported_port = plum_lease_chain_get_base_port (self);
  g_set_object (&self->reported_address, address);
  if (self->inner != NULL)
    plum_lease_chain_handle_outer (self->inner, PLUM_MAPPING_MAPPED, NULL);
  else
    plum_lease_chain_tell_users (self);
}

/* Reports once, with the outermost lease, unless that takes too long. */
static void
plum_lease_chain_tell (PlumLeaseHolder *self)
{
  if (plum_lease_chain_get_base_port (self) == 0)
    return;
  /* Without a lease of the gateway, there is nothing to tell but the lease beyond. */
  if (!plum_lease_holder_is_up (self) && !plum_lease_chain_has_outer (self))
    return;

  plum_lease_chain_forget_if_moved (self);
  if (self->reported || !plum_lease_chain_is_pending (self))
    plum_lease_chain_tell_now (self);
  else if (!plum_timer_is_armed (&self->patience))
    plum_clock_arm_in_ms (self->clock, &self->patience,
                          MIN (PATIENCE_MS, self->settings->mapping_timeout));
}

static void
on_patience_ended (gpointer user_data)
{
  PlumLeaseHolder *self = user_data;
  PLUM_SIGNAL_SCOPE (self->signals);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (!self->awaits_outer)
    {
      plum_lease_chain_tell_now (self);
      return;
    }

  text = g_inet_address_to_string (plum_gateway_get_address (self->outer->gateway));
  error = g_error_new (PLUM_ERROR, PLUM_ERROR_TIMED_OUT,
                       _ ("the router %s did not confirm within %.1f s"), text,
                       plum_settings_get_release_timeout (self->settings) / 2000.0);
  plum_lease_holder_expire_release (self->outer, error);
}

/* What happens to the lease beyond while the lease is not up is reported when that is up again. */
static void
plum_lease_chain_handle_outer (PlumLeaseHolder *self, PlumMappingEvent event, const GError *error)
{
  if (event == PLUM_MAPPING_MAPPED)
    {
      g_clear_error (&self->outer_error);
      self->outer_port = (guint16) plum_held_lease_get_port (self->outer->held);
    }
  if (event == PLUM_MAPPING_FAILED && error != NULL)
    {
      g_clear_error (&self->outer_error);
      self->outer_error = g_error_copy (error);
    }
  if (plum_lease_chain_get_base_port (self) == 0)
    return;
  if (event == PLUM_MAPPING_FAILED && !plum_lease_holder_is_up (self))
    {
      self->reported = FALSE;
      plum_lease_chain_forward (self, event, error);
      return;
    }

  /* The endpoint that the users know no longer leads here. */
  if (event == PLUM_MAPPING_LOST && self->reported)
    {
      self->reported = FALSE;
      plum_lease_chain_forward (self, PLUM_MAPPING_LOST, error);
    }
  plum_lease_chain_tell (self);
}

/* --- The lease beyond --- */

static void
on_outer_closed (PlumLeaseHolder *outer, gpointer user_data)
{
  PlumLeaseHolder *self = user_data;

  /* Not now: a function of the holder is on the stack. */
  plum_signal_queue_add (self->signals, NULL, NULL, outer, (GDestroyNotify) plum_lease_holder_free);
  if (self->outer != outer)
    return;

  self->outer = NULL;
  if (self->awaits_outer)
    plum_lease_holder_continue_release (self);
  else if (plum_lease_chain_get_base_port (self) != 0)
    {
      plum_lease_chain_extend (self);
      plum_lease_chain_tell (self);
    }
}

static gboolean
on_outer_note (PlumLeaseHolder *outer, const PlumLeaseNote *note, gpointer user_data)
{
  PlumLeaseHolder *self = user_data;

  return self->owner->note (outer, note, self->owner_data);
}

static PlumLeaseMemory
on_outer_recall (PlumLeaseHolder *outer, gpointer user_data)
{
  PlumLeaseHolder *self = user_data;

  return self->owner->recall (outer, self->owner_data);
}

static void
on_outer_released (PlumLeaseHolder *outer, PlumLeaseHolderRemains remains, gpointer user_data)
{
  PlumLeaseHolder *self = user_data;

  self->owner->released (outer, remains, self->owner_data);
}

static const PlumLeaseHolderOwner outer_owner = {
  .closed = on_outer_closed,
  .note = on_outer_note,
  .recall = on_outer_recall,
  .released = on_outer_released,
};

static void
plum_lease_chain_create_outer (PlumLeaseHolder *self, PlumGateway *upstream)
{
  PlumLeaseHolderId id = self->id;

  /* The first router leads to the internal host, and admits the remote hosts only: the others have
   * neither to know, and need not be able to restrict a mapping. */
  if (!plum_lease_chain_is_bypassed (self))
    id.hosts = (PlumHosts){ NULL };
  id.internal_port = plum_lease_chain_get_base_port (self);
  g_clear_error (&self->outer_error);
  self->outer = plum_lease_holder_new_beyond (self, &id, upstream, &outer_owner);
  plum_lease_holder_start_attempt (self->outer);
}

static void
plum_lease_chain_abandon (PlumLeaseHolder *self)
{
  PlumLeaseHolder *outer = g_steal_pointer (&self->outer);

  self->reported = FALSE;
  self->awaits_outer = FALSE;
  g_clear_object (&self->deleter);
  g_clear_error (&self->outer_error);
  plum_clock_disarm (self->clock, &self->patience);
  if (outer == NULL)
    return;

  outer->wanted = FALSE;
  plum_lease_holder_set_gateway (outer, NULL, NULL);
}

/* The lease beyond leads to a port that is no longer the lease's. */
static void
plum_lease_chain_retract (PlumLeaseHolder *self)
{
  self->outer->wanted = FALSE;
  if (self->outer->phase != PLUM_PHASE_RELEASING)
    plum_lease_holder_release (self->outer);
}

/* The lease beyond was the only one. The attempt finds out why the gateway maps no ports. */
static void
plum_lease_chain_lose (PlumLeaseHolder *self)
{
  self->reported = FALSE;
  plum_lease_chain_forward (self, PLUM_MAPPING_LOST, NULL);
  if (self->phase == PLUM_PHASE_FAILED)
    plum_lease_holder_start_attempt (self);
}

/* Follows a change of the next router. A lease there cannot be deleted from here any more. */
static void
plum_lease_chain_move (PlumLeaseHolder *self, PlumGateway *upstream)
{
  gboolean releasing = self->awaits_outer;

  if (upstream != NULL && self->outer->wanted)
    {
      g_clear_error (&self->outer_error);
      plum_lease_holder_set_gateway (self->outer, upstream, NULL);
      return;
    }

  self->outer->wanted = FALSE;
  plum_lease_holder_set_gateway (g_steal_pointer (&self->outer), NULL, NULL);
  if (releasing)
    plum_lease_holder_continue_release (self);
  else if (self->reported && plum_held_lease_get_lease (self->held) == NULL)
    plum_lease_chain_lose (self);
}

/* Brings the lease beyond in line with the lease and the next router. */
static void
plum_lease_chain_extend (PlumLeaseHolder *self)
{
  PlumGateway *upstream;

  plum_gateway_seek_upstream (self->gateway);
  upstream = plum_gateway_peek_upstream (self->gateway);

  if (self->outer != NULL && self->outer->gateway != upstream)
    plum_lease_chain_move (self, upstream);
  if (self->outer != NULL && self->outer->wanted &&
      self->outer->id.internal_port != plum_lease_chain_get_base_port (self))
    plum_lease_chain_retract (self);
  if (self->outer == NULL && upstream != NULL)
    plum_lease_chain_create_outer (self, upstream);
}

static void
plum_lease_chain_upstream_changed (PlumLeaseHolder *self)
{
  PlumGateway *upstream = plum_gateway_peek_upstream (self->gateway);

  /* First: the gateway of the lease beyond is closed next. */
  if (self->outer != NULL && self->outer->gateway != upstream)
    plum_lease_chain_move (self, upstream);
  if (self->owner == NULL)
    return;
  if (plum_lease_holder_is_up (self) && plum_lease_holder_has_port_mismatch (self))
    {
      plum_lease_holder_release (self);
      return;
    }
  if (plum_lease_chain_get_base_port (self) != 0)
    {
      plum_lease_chain_extend (self);
      plum_lease_chain_tell (self);
    }
}

/* The gateway maps no ports. Its failure is reported to the users if there is no server of the
 * provider, or if that fails. */
static void
plum_lease_chain_bypass (PlumLeaseHolder *self, const GError *error)
{
  plum_lease_chain_extend (self);
  if (plum_lease_chain_has_outer (self))
    plum_lease_chain_tell (self);
  else if (self->outer == NULL || self->outer_error != NULL)
    {
      self->reported = FALSE;
      plum_lease_chain_forward (self, PLUM_MAPPING_FAILED, error);
    }
}

static void
plum_lease_chain_report (PlumLeaseHolder *self, PlumMappingEvent event, const GError *error)
{
  if (event == PLUM_MAPPING_MAPPED)
    {
      plum_lease_chain_extend (self);
      plum_lease_chain_tell (self);
      return;
    }

  if (event == PLUM_MAPPING_FAILED && plum_lease_chain_is_bypassed (self))
    {
      plum_lease_chain_bypass (self, error);
      return;
    }

  self->reported = FALSE;
  plum_clock_disarm (self->clock, &self->patience);
  if (event == PLUM_MAPPING_FAILED && self->outer != NULL)
    plum_lease_chain_retract (self);
  plum_lease_chain_forward (self, event, error);
}

const PlumLeaseChainInterface plum_lease_chain = {
  .report = plum_lease_chain_report,
  .upstream_changed = plum_lease_chain_upstream_changed,
  .abandon = plum_lease_chain_abandon,
  .patience_ended = on_patience_ended,
};
