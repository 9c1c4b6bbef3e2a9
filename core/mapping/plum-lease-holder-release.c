/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Releases the lease after the last user, or to request another port. */

#include "plum-backend-private.h"
#include "plum-error-private.h"
#include "plum-lease-holder-internal-private.h"
#include "plum-log-private.h"

#include <glib/gi18n-lib.h>

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

gboolean
plum_lease_holder_is_used (PlumLeaseHolder *self)
{
  return self->inner != NULL ? self->wanted : !plum_lease_users_is_empty (&self->users);
}

void
plum_lease_holder_close_unused (PlumLeaseHolder *self)
{
  const PlumLeaseHolderOwner *owner = g_steal_pointer (&self->owner);

  plum_clock_disarm (self->clock, &self->timer);
  plum_lease_holder_replace_gateway (self, NULL);
  owner->closed (self, self->owner_data);
}

/* A mapping that may be left on a router beyond is reported with the mapping. error: (nullable). */
static void
plum_lease_holder_keep_error (PlumLeaseHolder *self, const GError *error)
{
  if (error == NULL || plum_error_is_final (error))
    return;

  g_clear_error (&self->release_error);
  self->release_error = g_error_copy (error);
}

void
plum_lease_holder_finish_users (PlumLeaseHolder *self, const GError *error)
{
  gboolean left_before =
    error == NULL && self->users.releasing != NULL && self->owner->is_left (self, self->owner_data);
  g_autoptr (GError) left = NULL;

  if (left_before)
    left =
      g_error_new_literal (PLUM_ERROR, PLUM_ERROR_TIMED_OUT, _ ("the deletion was not confirmed"));
  plum_lease_users_finish_releasing (&self->users, left_before ? left : error, left_before);
}

static void
plum_lease_holder_finish_release (PlumLeaseHolder *self,
                                  PlumLeaseHolderRemains remains,
                                  const GError *error)
{
  g_autoptr (GError) beyond = g_steal_pointer (&self->release_error);

  g_clear_error (&self->release_expired);
  plum_lease_holder_clear_lease (self);
  plum_lease_holder_set_phase (self, PLUM_PHASE_IDLE);
  plum_lease_holder_note_released (self, remains);
  if (error == NULL)
    error = beyond;
  plum_lease_holder_finish_users (self, error);
  if (self->inner != NULL)
    plum_lease_holder_keep_error (self->inner, error);

  /* A user may have been added during the delete. */
  if (plum_lease_holder_is_used (self))
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
  plum_lease_holder_finish_release (self, plum_lease_holder_get_remains (error), error);
}

void
plum_lease_holder_continue_release (PlumLeaseHolder *self)
{
  g_autoptr (PlumBackend) backend = g_steal_pointer (&self->deleter);
  PlumCallArgs args = { .request = self->request };
  gint64 left_ms = (self->release_end - plum_clock_get_time (self->clock)) / 1000;

  self->awaits_outer = FALSE;
  plum_clock_disarm (self->clock, &self->patience);
  if (backend == NULL)
    {
      plum_lease_holder_finish_release (self, PLUM_LEASE_HOLDER_NOT_ADDED, NULL);
      return;
    }

  if (!plum_held_lease_is_taken_over (self->held))
    args.lease = plum_held_lease_get_lease (self->held);
  plum_lease_holder_set_phase (self, PLUM_PHASE_RELEASING);
  plum_backend_start_call (&self->call, backend, PLUM_CALL_UNMAP, &args,
                           (guint) CLAMP (left_ms, 1, self->delete_timeout), on_released, self);
  if (self->call != NULL && self->release_expired != NULL)
    plum_call_finish (self->call, self->release_expired);
}

/* The lease beyond leads to this one: while it exists, another host must not get this port. */
static void
plum_lease_holder_release_outer (PlumLeaseHolder *self)
{
  self->awaits_outer = TRUE;
  self->outer->wanted = FALSE;
  plum_lease_holder_set_phase (self, PLUM_PHASE_RELEASING);
  if (self->outer->phase != PLUM_PHASE_RELEASING)
    plum_lease_holder_release (self->outer);

  /* A router that does not answer must leave time for the delete at the router before it. */
  if (self->awaits_outer)
    plum_clock_arm_in_ms (self->clock, &self->patience,
                          plum_settings_get_release_timeout (self->settings) / 2);
}

void
plum_lease_holder_release (PlumLeaseHolder *self)
{
  gboolean leased =
    plum_held_lease_get_lease (self->held) != NULL && !plum_held_lease_is_taken_over (self->held);
  PlumBackend *backend = leased ? plum_held_lease_get_backend (self->held) : NULL;
  PlumBackend *asked = plum_attempt_get_backend (self->attempt);

  self->delete_timeout = plum_settings_get_release_timeout (self->settings);
  self->release_end =
    plum_clock_get_time (self->clock) + self->delete_timeout * G_GINT64_CONSTANT (1000);
  if (asked != NULL)
    {
      g_assert (!leased || asked == backend);

      /* A router that has not answered the request may not answer the delete. */
      if (!leased)
        self->delete_timeout = MIN (self->delete_timeout, PLUM_ATTEMPT_CLEAN_UP_MS);
      backend = asked;
    }

  g_set_object (&self->deleter, backend);
  plum_lease_holder_cancel (self);
  self->reported = FALSE;
  if (self->outer != NULL)
    plum_lease_holder_release_outer (self);
  else
    plum_lease_holder_continue_release (self);
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
  if (self->phase != PLUM_PHASE_RELEASING)
    return;

  g_clear_error (&self->release_expired);
  self->release_expired = g_error_copy (error);
  if (self->awaits_outer)
    plum_lease_holder_expire_release (self->outer, error);
  else if (self->call != NULL)
    plum_call_finish (self->call, error);
}
