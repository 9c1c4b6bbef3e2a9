/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Gets a lease and keeps it: all phases except the release. */

#include "plum-lease-holder-internal-private.h"

#include <string.h>

#include "plum-error-private.h"
#include "plum-link-private.h"
#include "plum-log-private.h"
#include "plum-renewal-private.h"
#include "plum-values-private.h"

#include <glib/gi18n-lib.h>

#define MS G_GINT64_CONSTANT (1000)

/* The delays of the first retries; the recheck period follows. */
static const guint retry_ms[] = { 15000, 60000 };

/* --- State --- */

/* A retry is still a wait: the backends keep listening. */
void
plum_lease_holder_set_phase (PlumLeaseHolder *self, PlumLeaseHolderPhase phase)
{
  self->phase = phase;
  if (self->gateway != NULL)
    {
      plum_gateway_set_waiting (self->gateway, &self->client,
                                phase == PLUM_PHASE_FAILED ||
                                  (phase == PLUM_PHASE_ATTEMPTING && self->retries > 0));
      plum_gateway_set_serving (self->gateway, &self->client,
                                phase == PLUM_PHASE_HELD ? plum_held_lease_get_backend (self->held)
                                                         : NULL);
    }
}

/* The holder of the lease that leads to this host: it has the users. */
static PlumLeaseHolder *
plum_lease_holder_get_first (PlumLeaseHolder *self)
{
  while (self->inner != NULL)
    self = self->inner;
  return self;
}

guint
plum_lease_holder_get_first_port (PlumLeaseHolder *self)
{
  return plum_lease_holder_get_first (self)->id.internal_port;
}

/* A required port is that of the outermost router. */
guint
plum_lease_holder_get_required_port (PlumLeaseHolder *self)
{
  guint required = plum_port_choice_get_required (plum_lease_holder_get_first (self)->users.users,
                                                  plum_held_lease_get_port (self->held));

  if (required != 0 && self->gateway != NULL && plum_gateway_may_have_upstream (self->gateway))
    return 0;
  return required;
}

static gboolean
plum_lease_holder_may_have (PlumLeaseHolder *self, guint external_port)
{
  guint required = plum_lease_holder_get_required_port (self);

  return required == 0 || required == external_port;
}

gboolean
plum_lease_holder_has_port_mismatch (PlumLeaseHolder *self)
{
  return self->port != 0 && self->phase != PLUM_PHASE_RELEASING &&
         !plum_lease_holder_may_have (self, self->port);
}

gboolean
plum_lease_holder_has_own_address (PlumLeaseHolder *self)
{
  return self->id.family == G_SOCKET_FAMILY_IPV6 && self->id.hosts.internal != NULL;
}

gboolean
plum_lease_holder_is_up (PlumLeaseHolder *self)
{
  return self->phase == PLUM_PHASE_HELD;
}

const char *
plum_lease_holder_get_backend_name (PlumLeaseHolder *self, guint candidate)
{
  return plum_probe_get_name (plum_gateway_get_candidate (self->gateway, candidate)->probe);
}

static void
plum_lease_holder_release_port (PlumLeaseHolder *self)
{
  if (self->port != 0 && self->gateway != NULL)
    plum_gateway_release_port (self->gateway, self->id.protocol, self->port, &self->id.hosts,
                               &self->client);
  self->port = 0;
}

void
plum_lease_holder_clear_lease (PlumLeaseHolder *self)
{
  plum_held_lease_clear (self->held);
  plum_lease_holder_release_port (self);
}

void
plum_lease_holder_cancel (PlumLeaseHolder *self)
{
  plum_clock_disarm (self->clock, &self->timer);
  plum_attempt_cancel (self->attempt);
  plum_held_lease_cancel (self->held);
  if (self->call != NULL)
    plum_call_cancel (self->call);
  g_clear_object (&self->call);
}

/* --- Reports --- */

void
plum_lease_holder_notify (PlumLeaseHolder *self, PlumMappingEvent event, const GError *error)
{
  self->chain->report (self, event, error);
}

gboolean
plum_lease_holder_note (PlumLeaseHolder *self, guint candidate)
{
  PlumLease *lease = plum_held_lease_get_lease (self->held);
  PlumBackend *backend = plum_gateway_get_candidate (self->gateway, candidate)->backend;
  const PlumLeaseNote note = {
    .external_port = lease != NULL ? plum_lease_get_external_port (lease) : self->port,
    .key = self->key,
    .description = self->description,
    .backend_name = plum_lease_holder_get_backend_name (self, candidate),
    .lease = lease,
    .one_per_port = plum_backend_has_one_mapping_per_port (backend),
    .expires = plum_held_lease_get_expires (self->held),
  };

  return self->owner->note (self, &note, self->owner_data);
}

PlumLeaseHolderRemains
plum_lease_holder_get_remains (const GError *error)
{
  return error == NULL || plum_error_is_final (error) ? PLUM_LEASE_HOLDER_DELETED
                                                      : PLUM_LEASE_HOLDER_UNCONFIRMED;
}

void
plum_lease_holder_note_released (PlumLeaseHolder *self, PlumLeaseHolderRemains remains)
{
  self->owner->released (self, remains, self->owner_data);
}

/* The lost lease is not requested again from its backend: the owner deletes it. */
static void
plum_lease_holder_release_lost (PlumLeaseHolder *self)
{
  if (plum_held_lease_get_lease (self->held) == NULL)
    return;

  plum_lease_holder_note_released (self, plum_held_lease_is_taken_over (self->held)
                                           ? PLUM_LEASE_HOLDER_NOT_ADDED
                                           : PLUM_LEASE_HOLDER_KEPT);
  plum_held_lease_clear (self->held);
}

/* --- The lease --- */

static const PlumHeldLeaseClientInterface held_iface;

/* The next attempt, at a random time. backend: (nullable): the one that will be asked. */
static void
plum_lease_holder_arm_within (PlumLeaseHolder *self,
                              PlumBackend *backend,
                              gint64 first_ms,
                              gint64 spread_ms)
{
  gint64 first = plum_clock_get_time (self->clock) + first_ms * MS;
  gint64 when = first;

  if (spread_ms > 0)
    when = plum_gateway_choose_turn (self->gateway, backend, first, first + spread_ms * MS,
                                     first + g_random_int_range (0, (gint32) spread_ms) * MS);
  plum_clock_arm (self->clock, &self->timer, when);
}

static void
plum_lease_holder_recover (PlumLeaseHolder *self, gint64 spread_ms)
{
  plum_lease_holder_cancel (self);
  plum_lease_holder_set_phase (self, PLUM_PHASE_RECOVERING);
  plum_lease_holder_arm_within (self, plum_held_lease_get_backend (self->held), 0, spread_ms);
}

void
plum_lease_holder_suspect_loss (PlumLeaseHolder *self, PlumBackend *backend)
{
  if (plum_lease_holder_is_up (self) &&
      (backend == NULL || (backend == plum_held_lease_get_backend (self->held) &&
                           plum_held_lease_is_suspected (self->held))))
    plum_lease_holder_recover (self, PLUM_SPREAD_MS);
  else if (self->phase == PLUM_PHASE_FAILED)
    plum_lease_holder_start_attempt (self);
}

/* If the port belongs to another holder, the router has replaced the mapping of that holder: it has
 * to request its port again. */
static gboolean
plum_lease_holder_displaces_another (PlumLeaseHolder *self, guint port)
{
  PlumGatewayClient *other =
    plum_gateway_find_holder (self->gateway, self->id.protocol, port, &self->id.hosts);

  if (other == NULL || other == &self->client)
    return FALSE;

  plum_info ("The router granted external port %u twice", port);
  plum_lease_holder_suspect_loss (other->data, NULL);
  return TRUE;
}

/* Whether what was found beyond the router before is that router itself. */
static gboolean
plum_lease_holder_is_of_same_router (PlumLeaseHolder *self, PlumLease *lease)
{
  GInetAddress *address = plum_lease_get_external_address (lease);
  GInetAddress *client = plum_network_get_client_address (plum_gateway_get_network (self->gateway));

  return self->inner != NULL && address != NULL && g_inet_address_equal (address, client);
}

static GError *
on_check_lease (guint candidate, PlumLease *lease, gpointer user_data)
{
  PlumLeaseHolder *self = user_data;
  guint port = plum_lease_get_external_port (lease);
  gboolean displaces = plum_lease_holder_displaces_another (self, port);

  if (plum_lease_holder_is_of_same_router (self, lease))
    return g_error_new (PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
                        _ ("%s: the external address is that of the previous router, so this "
                           "is not another router"),
                        plum_lease_holder_get_backend_name (self, candidate));
  if (!plum_lease_holder_may_have (self, port))
    return plum_port_choice_make_grant_error (plum_lease_holder_get_backend_name (self, candidate),
                                              port, plum_lease_holder_get_required_port (self));
  return displaces ? plum_port_choice_make_displaced_error () : NULL;
}

/* A holder that waits for its first lease has none, so that many at once take less memory. */
static PlumHeldLease *
plum_lease_holder_ensure_held (PlumLeaseHolder *self)
{
  if (self->held == NULL)
    self->held = plum_held_lease_new (self->clock, self->settings, &held_iface, self);
  return self->held;
}

static void
plum_lease_holder_take_lease (PlumLeaseHolder *self, guint candidate, PlumLease *lease)
{
  guint port = plum_lease_get_external_port (lease);

  if (self->port != port)
    {
      plum_lease_holder_release_port (self);
      plum_gateway_hold_port (self->gateway, self->id.protocol, port, &self->id.hosts,
                              &self->client);
      self->port = (guint16) port;
    }

  plum_held_lease_take (plum_lease_holder_ensure_held (self), self->gateway, candidate,
                        self->request, lease);
  self->hints.known = (guint16) port;
  memcpy (self->known_address, self->id.local_address, sizeof self->known_address);
  self->retries = 0;
  plum_lease_holder_set_phase (self, PLUM_PHASE_HELD);
  plum_lease_holder_note (self, candidate);
}

/* The external address of a lease also applies to the gateway and to its other leases. */
static void
plum_lease_holder_notify_mapped (PlumLeaseHolder *self)
{
  PlumLease *lease = plum_held_lease_get_lease (self->held);
  PlumBackend *backend = plum_held_lease_get_backend (self->held);
  GInetAddress *known = plum_gateway_get_external_address (self->gateway);
  GInetAddress *address = plum_lease_get_external_address (lease);
  gboolean doubted;

  if (plum_lease_holder_has_own_address (self))
    {
      plum_lease_holder_notify (self, PLUM_MAPPING_MAPPED, NULL);
      return;
    }

  /* A lease without an address withdraws the known one only if that is from before a restart. */
  self->borrows_address = address == NULL;
  doubted = plum_gateway_doubts_address (self->gateway, backend);
  if (address == NULL && !doubted)
    plum_held_lease_set_address (self->held, known);
  else if (doubted || !plum_address_equal (known, address))
    plum_gateway_learn_address (self->gateway, backend, address);
  if (self->borrows_address)
    plum_gateway_seek_address (self->gateway);

  plum_lease_holder_notify (self, PLUM_MAPPING_MAPPED, NULL);
}

static void
plum_lease_holder_lose (PlumLeaseHolder *self)
{
  gint64 next = plum_held_lease_get_next_request (self->held);

  plum_held_lease_cancel (self->held);
  plum_lease_holder_clear_lease (self);
  plum_lease_holder_set_phase (self, PLUM_PHASE_IDLE);
  plum_lease_holder_notify (self, PLUM_MAPPING_LOST, NULL);
  if (plum_clock_get_time (self->clock) >= next)
    {
      plum_lease_holder_start_attempt (self);
      return;
    }

  self->phase = PLUM_PHASE_RECOVERING;
  plum_clock_arm (self->clock, &self->timer, next);
}

static void
on_returned (PlumCall *call, gpointer user_data)
{
  PlumLeaseHolder *self = user_data;
  PLUM_SIGNAL_SCOPE (self->signals);

  plum_lease_holder_note_released (self,
                                   plum_lease_holder_get_remains (plum_call_get_error (call)));
  g_clear_object (&self->call);
  plum_lease_holder_lose (self);
}

/* A new request would meet the unfit lease in the router's table: deletes it first. */
static void
plum_lease_holder_return_lease (PlumLeaseHolder *self, PlumLease *lease)
{
  const PlumCallArgs args = { .request = self->request, .lease = lease };

  plum_held_lease_cancel (self->held);
  plum_held_lease_set (self->held, self->gateway, plum_held_lease_get_candidate (self->held),
                       lease);
  plum_lease_holder_note (self, plum_held_lease_get_candidate (self->held));
  plum_lease_holder_set_phase (self, PLUM_PHASE_RETURNING);
  plum_backend_start_call (&self->call, plum_held_lease_get_backend (self->held), PLUM_CALL_UNMAP,
                           &args, PLUM_ATTEMPT_CLEAN_UP_MS, on_returned, self);
}

static PlumRequest *
plum_lease_holder_make_request (PlumLeaseHolder *self)
{
  PlumLease *lease = plum_held_lease_get_lease (self->held);
  GInetAddress *address = lease != NULL ? plum_lease_get_external_address (lease) : NULL;
  gboolean exact = plum_lease_holder_get_required_port (self) == self->port;

  g_clear_object (&self->request);
  self->request =
    plum_request_new (self->id.protocol, self->id.internal_port, self->port, exact, address,
                      self->settings->lease_duration, self->description, self->key);
  plum_request_set_hosts (self->request, &self->id.hosts);
  plum_request_set_first_port (self->request, plum_lease_holder_get_first_port (self));
  return g_object_ref (self->request);
}

static PlumRequest *
on_make_renewal (gpointer user_data)
{
  return plum_lease_holder_make_request (user_data);
}

static void
on_held_lease_event (const PlumHeldLeaseEvent *event, gpointer user_data)
{
  PlumLeaseHolder *self = user_data;

  switch (event->kind)
    {
    case PLUM_HELD_LEASE_RENEWED:
      plum_lease_holder_take_lease (self, plum_held_lease_get_candidate (self->held), event->lease);
      plum_lease_holder_notify_mapped (self);
      break;
    case PLUM_HELD_LEASE_UNFIT:
      plum_lease_holder_return_lease (self, event->lease);
      break;
    case PLUM_HELD_LEASE_EXPIRED:
      plum_lease_holder_lose (self);
      break;
    case PLUM_HELD_LEASE_SHORTENED:
      plum_lease_holder_note (self, plum_held_lease_get_candidate (self->held));
      plum_lease_holder_notify (self, PLUM_MAPPING_MAPPED, NULL);
      break;
    case PLUM_HELD_LEASE_MISSING:
      plum_lease_holder_recover (self, 0);
      break;
    case PLUM_HELD_LEASE_UNANSWERED:
      plum_lease_holder_recover (self, PLUM_SPREAD_MS);
      break;
    default:
      g_assert_not_reached ();
    }
}

static const PlumHeldLeaseClientInterface held_iface = {
  .make_request = on_make_renewal,
  .check_lease = on_check_lease,
  .handle_event = on_held_lease_event,
};

/* --- The attempt --- */

static gboolean
plum_lease_holder_reserve_port (PlumLeaseHolder *self, GError **error)
{
  guint required = plum_lease_holder_get_required_port (self);
  PlumLeaseHolder *other;

  self->port = (guint16) plum_port_choice_reserve (&self->hints, required, self->id.protocol,
                                                   plum_lease_holder_get_first_port (self),
                                                   &self->id.hosts, self->gateway, &self->client);
  if (self->port != 0 || required == 0)
    return TRUE;

  other =
    plum_gateway_find_holder (self->gateway, self->id.protocol, required, &self->id.hosts)->data;
  g_propagate_error (error,
                     plum_port_choice_make_own_error (self->id.protocol,
                                                      plum_lease_holder_get_first_port (other),
                                                      required));
  return FALSE;
}

/* The mapping follows this host to another network, the other host does not. */
static gboolean
plum_lease_holder_check_host (PlumLeaseHolder *self, GError **error)
{
  return self->id.hosts.internal == NULL ||
         plum_link_check_host (plum_gateway_get_network (self->gateway), self->id.hosts.internal,
                               error);
}

static PlumRequest *
on_prepare (guint candidate, gpointer user_data, GError **error)
{
  PlumLeaseHolder *self = user_data;

  if (!plum_lease_holder_check_host (self, error))
    return NULL;
  if (plum_held_lease_get_backend (self->held) !=
      plum_gateway_get_candidate (self->gateway, candidate)->backend)
    plum_lease_holder_release_lost (self);
  if (self->port == 0 && !plum_lease_holder_reserve_port (self, error))
    return NULL;
  if (plum_gateway_is_port_busy (self->gateway, self->id.protocol, &self->id.hosts,
                                 self->id.internal_port, self->port))
    return NULL;
  if (!plum_lease_holder_note (self, candidate))
    return NULL;

  return plum_lease_holder_make_request (self);
}

static gboolean
on_requires_port (gpointer user_data)
{
  return plum_lease_holder_get_required_port (user_data) != 0;
}

static void
plum_lease_holder_fail (PlumLeaseHolder *self, const GError *error, GListModel *verdicts)
{
  guint delay = self->retries < G_N_ELEMENTS (retry_ms) ? retry_ms[self->retries]
                                                        : self->settings->recheck_period;

  if (plum_held_lease_keep (self->held))
    {
      plum_info ("The lease is kept until it expires: %s", error->message);
      plum_lease_holder_set_phase (self, PLUM_PHASE_HELD);
      return;
    }

  self->retries++;

  plum_lease_holder_release_lost (self);
  plum_lease_holder_clear_lease (self);
  plum_lease_holder_set_phase (self, PLUM_PHASE_FAILED);
  plum_lease_holder_arm_within (self, NULL, delay, delay / 10 + 1);
  plum_log (PLUM_LOG_DOMAIN_CORE, self->inner != NULL ? PLUM_LOG_LEVEL_INFO : PLUM_LOG_LEVEL_WARN,
            "%s port %u cannot be mapped: %s",
            self->id.protocol == PLUM_PROTOCOL_TCP ? "TCP" : "UDP", self->id.internal_port,
            error->message);
  g_set_object (&self->verdicts, verdicts);
  plum_lease_holder_notify (self, PLUM_MAPPING_FAILED, error);
  g_clear_object (&self->verdicts);
}

/* Unique in the process, so that a mapping that changes its holder sees another one. */
static guint
plum_lease_holder_next_serial (void)
{
  static guint last;

  return g_atomic_int_add (&last, 1) + 1;
}

static void
on_attempt_event (const PlumAttemptEvent *event, gpointer user_data)
{
  PlumLeaseHolder *self = user_data;

  switch (event->kind)
    {
    case PLUM_ATTEMPT_GRANTED:
      self->serial = plum_lease_holder_next_serial ();
      plum_lease_holder_take_lease (self, event->candidate, event->lease);
      plum_lease_holder_notify_mapped (self);
      break;
    case PLUM_ATTEMPT_UNFIT:
      /* Store it: if the holder is released before the delete is answered, it is deleted again. */
      plum_held_lease_set (plum_lease_holder_ensure_held (self), self->gateway, event->candidate,
                           event->lease);
      plum_lease_holder_note (self, event->candidate);
      break;
    case PLUM_ATTEMPT_REFUSED:
      if (plum_held_lease_get_lease (self->held) == NULL)
        plum_lease_holder_note_released (self, PLUM_LEASE_HOLDER_NOT_ADDED);
      break;
    case PLUM_ATTEMPT_DELETED:
      plum_lease_holder_note_released (self, plum_lease_holder_get_remains (event->error));
      plum_held_lease_clear (self->held);
      break;
    case PLUM_ATTEMPT_FAILED:
      plum_lease_holder_fail (self, event->error, event->verdicts);
      break;
    default:
      g_assert_not_reached ();
    }
}

static const PlumAttemptClientInterface attempt_iface = {
  .prepare = on_prepare,
  .check_lease = on_check_lease,
  .requires_port = on_requires_port,
  .handle_event = on_attempt_event,
};

void
plum_lease_holder_start_attempt (PlumLeaseHolder *self)
{
  plum_lease_holder_cancel (self);
  if (self->gateway == NULL)
    {
      plum_lease_holder_set_phase (self, PLUM_PHASE_IDLE);
      plum_lease_holder_notify (self, PLUM_MAPPING_TROUBLE, self->no_gateway);
      return;
    }

  plum_lease_holder_set_phase (self, PLUM_PHASE_ATTEMPTING);
  plum_attempt_start (self->attempt, self->retries > 0);
}

static void
on_lease_holder_lease_timer (gpointer user_data)
{
  PlumLeaseHolder *self = user_data;
  PLUM_SIGNAL_SCOPE (self->signals);

  g_assert (self->phase == PLUM_PHASE_RECOVERING || self->phase == PLUM_PHASE_FAILED);

  plum_lease_holder_start_attempt (self);
}

void
plum_lease_holder_init_lease (PlumLeaseHolder *self)
{
  self->attempt = plum_attempt_new (self->settings, &attempt_iface, self);
  plum_timer_init (&self->timer, on_lease_holder_lease_timer, self);
}
