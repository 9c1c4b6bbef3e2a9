/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-held-lease-private.h"
#include "plum-log-private.h"
#include "plum-renewal-private.h"

#define MS G_GINT64_CONSTANT (1000)

/* How much shorter than known a remaining time is at least, if it is used: routers round, and their
 * answers take time. */
#define TOLERANCE (5 * (gint64) G_USEC_PER_SEC)

/* A remaining time that leaves no time for a later renewal, in seconds: the lease is renewed at
 * once, and considered valid for so long. */
#define SHORTEST_REMAINING 8

struct _PlumHeldLease
{
  PlumClock *clock;
  const PlumSettings *settings;
  const PlumHeldLeaseClientInterface *iface;
  gpointer user_data;

  PlumLease *lease;     /* (nullable) */
  PlumGateway *gateway; /* (nullable): of the candidate */
  guint candidate;      /* that granted the lease */
  PlumBackend *backend; /* (nullable): of the candidate */
  PlumRequest *request; /* (nullable): of the lease */
  gboolean suspected;   /* the backend has reported that the router lost its mappings */
  gboolean taken_over;  /* the router has a mapping of another host in its place */
  gboolean closed;      /* the router refused a question, and no check found the mapping missing */
  gint64 granted;       /* on the clock */
  gint64 end;           /* on the clock: as granted, or as a check found; G_MAXINT64: never */
  gint64 limit;         /* the same, for renewals; G_MAXINT64: no check found less than granted */
  gint64 known;         /* on the clock: when the expiry became known */
  gint64 expires;       /* on the real-time clock; 0: never */
  guint windows;        /* of plum_renewal_next () since known that have passed */

  PlumTimer timer; /* the next renewal, or the expiry */
  PlumCall *renewal;
  PlumCall *check;
  gint64 checked; /* the grant that the pending check is for */
};

static void
plum_held_lease_report (PlumHeldLease *self, PlumHeldLeaseEventKind kind, PlumLease *lease)
{
  const PlumHeldLeaseEvent event = { .kind = kind, .lease = lease };

  self->iface->handle_event (&event, self->user_data);
}

/* --- Renewal --- */

/* On the clock. Not later than requested: the router may grant more, but an answer with a long
 * lifetime may be forged. */
static gint64
plum_held_lease_get_expiry (PlumHeldLease *self)
{
  guint lifetime = plum_lease_get_lifetime (self->lease);

  if (lifetime == PLUM_LIFETIME_FOREVER)
    return self->limit;
  lifetime = MIN (lifetime, plum_request_get_lifetime (self->request));
  return MIN (self->granted + lifetime * (gint64) G_USEC_PER_SEC, self->limit);
}

static gboolean
plum_held_lease_has_expired (PlumHeldLease *self)
{
  return plum_clock_get_time (self->clock) >= plum_held_lease_get_expiry (self);
}

static void
plum_held_lease_schedule_renewal (PlumHeldLease *self)
{
  gint64 expiry = plum_held_lease_get_expiry (self);
  gint64 now = plum_clock_get_time (self->clock);
  gint64 when, first, last;

  if (expiry == G_MAXINT64)
    {
      plum_clock_disarm (self->clock, &self->timer);
      return;
    }

  when =
    plum_renewal_next (self->known, expiry - self->known, now, &self->windows, g_random_int ());
  plum_renewal_get_window (self->known, expiry - self->known, self->windows, &first, &last);
  if (when >= first && when <= last)
    when = plum_gateway_choose_turn (self->gateway, self->backend,
                                     MAX (first, now + PLUM_RENEWAL_INTERVAL), last, when);
  plum_clock_arm (self->clock, &self->timer, when);
}

/* No program of the router has the port of the protocol: it was switched off, or restarts. Also
 * another host of the network can send such an ICMP message. What became of the mapping is unknown.
 */
static gboolean
is_closed (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
}

static void
on_renewed (PlumCall *call, gpointer user_data)
{
  PlumHeldLease *self = user_data;
  PLUM_SIGNAL_SCOPE (plum_gateway_get_signals (self->gateway));
  g_autoptr (PlumCall) owned = g_steal_pointer (&self->renewal);
  const GError *error = plum_call_get_error (call);
  PlumLease *lease = plum_call_get_lease (call);
  g_autoptr (GError) unfit = NULL;

  if (lease != NULL)
    unfit = self->iface->check_lease (self->candidate, lease, self->user_data);
  plum_gateway_note_outcome (self->gateway, self->candidate, error);

  if (unfit != NULL)
    {
      plum_info ("%s", unfit->message);
      plum_held_lease_report (self, PLUM_HELD_LEASE_UNFIT, lease);
      return;
    }
  if (error == NULL)
    {
      plum_held_lease_report (self, PLUM_HELD_LEASE_RENEWED, lease);
      return;
    }
  if (is_closed (error) && !plum_held_lease_has_expired (self))
    {
      plum_info ("%s", error->message);
      self->closed = TRUE;
      plum_held_lease_report (self, PLUM_HELD_LEASE_UNANSWERED, NULL);
      return;
    }

  /* The lease is valid until it expires: routers refuse or ignore renewals (quirk 10). */
  plum_debug ("Renewal failed: %s", error->message);
  if (plum_held_lease_has_expired (self))
    plum_held_lease_report (self, PLUM_HELD_LEASE_EXPIRED, NULL);
  else
    plum_held_lease_schedule_renewal (self);
}

static void
plum_held_lease_renew (PlumHeldLease *self)
{
  g_autoptr (PlumRequest) request = self->iface->make_request (self->user_data);
  const PlumCallArgs args = { .request = request };
  gint64 left = (plum_held_lease_get_expiry (self) - plum_clock_get_time (self->clock)) / MS;

  plum_backend_start_call (&self->renewal, self->backend, PLUM_CALL_MAP, &args,
                           (guint) MIN (left, self->settings->mapping_timeout), on_renewed, self);
}

static void
on_timer (gpointer user_data)
{
  PlumHeldLease *self = user_data;
  PLUM_SIGNAL_SCOPE (plum_gateway_get_signals (self->gateway));

  if (plum_held_lease_has_expired (self))
    plum_held_lease_report (self, PLUM_HELD_LEASE_EXPIRED, NULL);
  else
    plum_held_lease_renew (self);
}

void
plum_held_lease_on_resume (PlumHeldLease *self, gint64 when)
{
  if (plum_timer_is_armed (&self->timer) && self->timer.deadline < when)
    plum_clock_arm (self->clock, &self->timer, when);
}

/* --- Checks --- */

/* Never extends the lease: a router that repeats the requested lifetime would do so for ever. An
 * answer that is older than a renewal counts no longer. */
static void
plum_held_lease_take_remaining (PlumHeldLease *self, guint seconds)
{
  gint64 now = plum_clock_get_time (self->clock);
  gint64 end = now + seconds * (gint64) G_USEC_PER_SEC;
  gint64 limit = now + MAX (seconds, SHORTEST_REMAINING) * (gint64) G_USEC_PER_SEC;
  gboolean ends_earlier = end + TOLERANCE < self->end;
  gboolean is_shorter = limit + TOLERANCE < plum_held_lease_get_expiry (self);

  if (seconds == PLUM_LIFETIME_FOREVER || self->renewal != NULL || self->checked != self->granted)
    return;

  if (ends_earlier)
    {
      self->end = end;
      self->expires = g_get_real_time () + seconds * (gint64) G_USEC_PER_SEC;
    }
  if (is_shorter)
    {
      self->limit = limit;
      self->known = now;
      self->windows = 0;
      plum_held_lease_schedule_renewal (self);
    }
  if (is_shorter && seconds <= SHORTEST_REMAINING)
    plum_clock_arm (self->clock, &self->timer, MAX (now, self->granted + PLUM_RENEWAL_INTERVAL));

  if (ends_earlier || is_shorter)
    plum_held_lease_report (self, PLUM_HELD_LEASE_SHORTENED, NULL);
}

static void
on_checked (PlumCall *call, gpointer user_data)
{
  PlumHeldLease *self = user_data;
  PLUM_SIGNAL_SCOPE (plum_gateway_get_signals (self->gateway));
  g_autoptr (PlumCall) owned = g_steal_pointer (&self->check);
  const GError *error = plum_call_get_error (call);
  gboolean taken_over = g_error_matches (error, PLUM_ERROR, PLUM_ERROR_CONFLICT);

  if (error == NULL)
    {
      plum_held_lease_take_remaining (self, plum_call_get_remaining (call));
      return;
    }

  /* After any other error, it is unknown whether the router has the mapping. */
  if (!taken_over && !is_closed (error) &&
      !g_error_matches (error, PLUM_ERROR, PLUM_ERROR_DESTROYED))
    return;

  plum_info ("%s", error->message);
  if (is_closed (error))
    {
      plum_gateway_note_outcome (self->gateway, self->candidate, error);
      self->closed = TRUE;
      plum_held_lease_report (self, PLUM_HELD_LEASE_UNANSWERED, NULL);
      return;
    }

  self->taken_over = taken_over;
  self->closed = FALSE;
  plum_held_lease_report (self, PLUM_HELD_LEASE_MISSING, NULL);
}

void
plum_held_lease_check (PlumHeldLease *self)
{
  const PlumCallArgs args = { .request = self->request, .lease = self->lease };

  if (self->renewal != NULL || self->check != NULL)
    return;

  self->checked = self->granted;
  plum_backend_start_call (&self->check, self->backend, PLUM_CALL_CHECK, &args,
                           self->settings->mapping_timeout, on_checked, self);
}

/* --- The lease --- */

void
plum_held_lease_set (PlumHeldLease *self, PlumGateway *gateway, guint candidate, PlumLease *lease)
{
  g_set_object (&self->lease, lease);
  g_set_object (&self->gateway, gateway);
  g_set_object (&self->backend, plum_gateway_get_candidate (gateway, candidate)->backend);
  self->candidate = candidate;
  self->suspected = FALSE;
  self->taken_over = FALSE;
  self->closed = FALSE;
}

gboolean
plum_held_lease_keep (PlumHeldLease *self)
{
  if (self == NULL || self->lease == NULL || !self->closed || self->suspected ||
      plum_held_lease_has_expired (self))
    return FALSE;

  plum_held_lease_schedule_renewal (self);
  return TRUE;
}

void
plum_held_lease_suspect (PlumHeldLease *self)
{
  if (self != NULL)
    self->suspected = self->lease != NULL;
}

gboolean
plum_held_lease_is_suspected (PlumHeldLease *self)
{
  return self != NULL && self->suspected;
}

void
plum_held_lease_take (PlumHeldLease *self,
                      PlumGateway *gateway,
                      guint candidate,
                      PlumRequest *request,
                      PlumLease *lease)
{
  guint lifetime = plum_lease_get_lifetime (lease);
  gboolean first = self->granted == 0;

  plum_held_lease_set (self, gateway, candidate, lease);
  g_set_object (&self->request, request);
  self->granted = plum_clock_get_time (self->clock);
  self->known = self->granted;
  self->limit = G_MAXINT64;
  self->end = G_MAXINT64;
  self->expires = 0;
  if (lifetime != PLUM_LIFETIME_FOREVER)
    {
      self->end = self->granted + lifetime * (gint64) G_USEC_PER_SEC;
      self->expires = g_get_real_time () + lifetime * (gint64) G_USEC_PER_SEC;
    }
  self->windows = 0;
  if (first && plum_held_lease_get_expiry (self) - self->granted < PLUM_RENEWAL_INTERVAL)
    plum_info ("The router grants leases of %u s, which are too short to renew: the mapping will "
               "be down in between",
               lifetime);
  plum_held_lease_schedule_renewal (self);
}

gboolean
plum_held_lease_set_address (PlumHeldLease *self, GInetAddress *address)
{
  GInetAddress *old = plum_lease_get_external_address (self->lease);
  g_autoptr (PlumLease) lease = NULL;

  if (old == address || (old != NULL && address != NULL && g_inet_address_equal (old, address)))
    return FALSE;

  lease =
    plum_lease_new (address, plum_lease_get_external_port (self->lease),
                    plum_lease_get_lifetime (self->lease), plum_lease_get_token (self->lease));
  g_set_object (&self->lease, lease);
  return TRUE;
}

static void
plum_held_lease_cancel_call (PlumCall **call)
{
  if (*call != NULL)
    plum_call_cancel (*call);
  g_clear_object (call);
}

void
plum_held_lease_cancel (PlumHeldLease *self)
{
  if (self == NULL)
    return;

  plum_clock_disarm (self->clock, &self->timer);
  plum_held_lease_cancel_call (&self->renewal);
  plum_held_lease_cancel_call (&self->check);
}

void
plum_held_lease_clear (PlumHeldLease *self)
{
  if (self == NULL)
    return;

  g_clear_object (&self->lease);
  g_clear_object (&self->backend);
  g_clear_object (&self->gateway);
  self->suspected = FALSE;
  self->taken_over = FALSE;
  self->expires = 0;
}

PlumLease *
plum_held_lease_get_lease (PlumHeldLease *self)
{
  return self != NULL ? self->lease : NULL;
}

guint
plum_held_lease_get_port (PlumHeldLease *self)
{
  PlumLease *lease = plum_held_lease_get_lease (self);

  return lease != NULL ? plum_lease_get_external_port (lease) : 0;
}

PlumBackend *
plum_held_lease_get_backend (PlumHeldLease *self)
{
  return self != NULL ? self->backend : NULL;
}

guint
plum_held_lease_get_candidate (PlumHeldLease *self)
{
  return self != NULL ? self->candidate : 0;
}

gint64
plum_held_lease_get_next_request (PlumHeldLease *self)
{
  return self->granted + PLUM_RENEWAL_INTERVAL;
}

gint64
plum_held_lease_get_expires (PlumHeldLease *self)
{
  return self != NULL ? self->expires : 0;
}

gboolean
plum_held_lease_is_taken_over (PlumHeldLease *self)
{
  return self != NULL && self->taken_over;
}

PlumHeldLease *
plum_held_lease_new (PlumClock *clock,
                     const PlumSettings *settings,
                     const PlumHeldLeaseClientInterface *iface,
                     gpointer user_data)
{
  PlumHeldLease *self = g_new0 (PlumHeldLease, 1);

  self->clock = clock;
  self->settings = settings;
  self->iface = iface;
  self->user_data = user_data;
  plum_timer_init (&self->timer, on_timer, self);
  return self;
}

void
plum_held_lease_free (PlumHeldLease *self)
{
  g_assert (self->lease == NULL && self->renewal == NULL && self->check == NULL);
  g_assert (!plum_timer_is_armed (&self->timer));

  g_clear_object (&self->request);
  g_free (self);
}
