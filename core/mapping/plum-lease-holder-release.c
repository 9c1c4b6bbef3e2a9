/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Releases the lease after the last user, or to request another port. */

#include "plum-backend-private.h"
#include "plum-lease-holder-internal-private.h"
#include "plum-log-private.h"

void
plum_lease_holder_replace_gateway (PlumLeaseHolder *self, PlumGateway *gateway)
{
  if (self->gateway != NULL)
    plum_gateway_remove_client (self->gateway, &self->client);
  g_set_object (&self->gateway, gateway);
  plum_attempt_set_gateway (self->attempt, gateway);
  if (gateway != NULL)
    plum_gateway_add_client (gateway, &self->client);
}

void
plum_lease_holder_close_unused (PlumLeaseHolder *self)
{
  const PlumLeaseHolderOwner *owner = g_steal_pointer (&self->owner);

  plum_clock_disarm (self->clock, &self->timer);
  plum_lease_holder_replace_gateway (self, NULL);
  owner->closed (self, self->owner_data);
}

static void
plum_lease_holder_finish_release (PlumLeaseHolder *self, const GError *error)
{
  plum_lease_holder_clear_lease (self);
  plum_lease_holder_set_phase (self, PLUM_PHASE_IDLE);
  plum_lease_holder_note_released (self, plum_lease_holder_get_remains (error));
  plum_lease_users_finish_releasing (&self->users, error);

  /* A user may have been added during the delete. */
  if (!plum_lease_users_is_empty (&self->users))
    plum_lease_holder_start_attempt (self);
  else
    plum_lease_holder_close_unused (self);
}

static void
on_released (PlumCall *call, gpointer user_data)
{
  PlumLeaseHolder *self = user_data;
  PLUM_SIGNAL_SCOPE (self->signals);
  g_autoptr (PlumCall) owned = g_steal_pointer (&self->call);
  const GError *error = plum_call_get_error (call);

  if (error != NULL)
    plum_info ("The router may still have the mapping: %s", error->message);
  plum_lease_holder_finish_release (self, error);
}

void
plum_lease_holder_release (PlumLeaseHolder *self)
{
  gboolean leased =
    plum_held_lease_get_lease (self->held) != NULL && !plum_held_lease_is_taken_over (self->held);
  PlumBackend *backend = leased ? plum_held_lease_get_backend (self->held) : NULL;
  PlumBackend *asked = plum_attempt_get_backend (self->attempt);
  PlumCallArgs args = { .request = self->request };
  guint timeout = plum_settings_get_release_timeout (self->settings);

  plum_lease_holder_cancel (self);

  if (asked != NULL)
    {
      g_assert (!leased || asked == backend);

      /* A router that has not answered the request may not answer the delete. */
      if (!leased)
        timeout = MIN (timeout, PLUM_ATTEMPT_CLEAN_UP_MS);
      backend = asked;
    }

  if (backend == NULL)
    {
      plum_lease_holder_finish_release (self, NULL);
      return;
    }

  if (leased)
    args.lease = plum_held_lease_get_lease (self->held);
  plum_lease_holder_set_phase (self, PLUM_PHASE_RELEASING);
  plum_backend_start_call (&self->call, backend, PLUM_CALL_UNMAP, &args, timeout, on_released,
                           self);
}

static gboolean
is_same_router (PlumGateway *gateway, PlumGateway *other)
{
  GInetAddress *address = plum_gateway_get_address (gateway);
  GInetAddress *other_address = plum_gateway_get_address (other);

  return g_str_equal (plum_gateway_get_interface (gateway), plum_gateway_get_interface (other)) &&
         address != NULL && other_address != NULL && g_inet_address_equal (address, other_address);
}

gboolean
plum_lease_holder_blocks (PlumLeaseHolder *self, PlumLeaseHolder *other)
{
  return self != other && self->phase == PLUM_PHASE_RELEASING &&
         self->id.family == G_SOCKET_FAMILY_IPV4 && other->id.family == self->id.family &&
         other->id.protocol == self->id.protocol &&
         other->id.internal_port == self->id.internal_port &&
         is_same_router (self->gateway, other->gateway);
}

void
plum_lease_holder_expire_release (PlumLeaseHolder *self, const GError *error)
{
  if (self->phase == PLUM_PHASE_RELEASING && self->call != NULL)
    plum_call_finish (self->call, error);
}
