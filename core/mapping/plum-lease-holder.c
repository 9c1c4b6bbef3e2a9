/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-backend-private.h"
#include "plum-lease-holder-private.h"
#include "plum-log-private.h"
#include "plum-mapping-private.h"
#include "plum-renewal-private.h"
#include "plum-port-choice-private.h"
#include "plum-error-private.h"
#include "plum-values-private.h"

#define MS G_GINT64_CONSTANT (1000)

/* How long the delete of a MAP that timed out is waited for, before the next backend is asked. */
#define CLEAR_MS 250

/* Retries after a failure; then every recheck period. */
static const guint retry_ms[] = { 15000, 60000 };

typedef enum {
  PHASE_IDLE,       /* there is no gateway to ask */
  PHASE_CHOOSING,   /* the race of the backends is waited for */
  PHASE_MAPPING,    /* a backend was asked */
  PHASE_CLEARING,   /* it did not answer in time, or gave a port that will not do; the delete
                     * is on its way */
  PHASE_HELD,       /* the timer is the renewal, or the end of the lease */
  PHASE_RENEWING,   /* the backend was asked again */
  PHASE_RECOVERING, /* the router forgot; the timer is our turn to ask again */
  PHASE_FAILED,     /* the timer is the next attempt */
  PHASE_RELEASING,  /* the delete is on its way */
} PlumLeaseHolderPhase;

struct _PlumLeaseHolder
{
  PlumLeaseHolderId id;
  guint16 requested_port; /* of the first user; 0: none */
  guint16 recalled_port;  /* of an earlier run; 0: none */
  guint16 known_port;     /* granted last: it may be known outside; 0: none */
  guint16 port;           /* reserved, or leased, at the gateway; 0: none */
  PlumLeaseHolderPhase phase;
  GBytes *key;
  char *description;

  PlumClock *clock;
  const PlumSettings *settings;
  const PlumLeaseHolderOwner *owner; /* NULL once it is over */
  gpointer owner_data;

  PlumGateway *gateway; /* (nullable) */
  PlumGatewayClient client;
  GError *no_gateway; /* why gateway is NULL */

  GSList *users;       /* (element-type PlumMapping) */
  GSList *releasing;   /* those who wait for the delete */
  guint notify_serial; /* counts what the users were told */

  PlumTimer timer;
  PlumCall *call; /* map, renewal or unmap */
  PlumCall *check;

  gboolean *tried;   /* (nullable): for each candidate, whether it failed in this attempt */
  GString *verdicts; /* (nullable): what they said */
  int verdict_code;  /* of the first that said it */
  GQuark verdict_domain;
  guint candidate; /* being asked, or holder of the lease */
  guint retries;

  PlumRequest *request; /* the last one sent */
  PlumLease *lease;     /* (nullable): also the lost one while it is asked for again, and
                         * the one that will not do while it is given back */
  gboolean taken_over;  /* the router has another host's mapping in the place of lease */
  PlumBackend *backend; /* (nullable): that granted the lease */
  gint64 granted;       /* when, on the clock */
  gint64 expires;       /* on the real-time clock; 0: never */
  guint renewals;       /* windows that have passed */
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlumLeaseHolder, plum_lease_holder_unref)

static void plum_lease_holder_lost (PlumLeaseHolder *self, PlumBackend *backend);
static void plum_lease_holder_advance (PlumLeaseHolder *self);
static void plum_lease_holder_start_attempt (PlumLeaseHolder *self);
static void plum_lease_holder_end (PlumLeaseHolder *self);

/* --- The external port that users require --- */

/* 0: any will do. */
static guint
plum_lease_holder_get_required_port (PlumLeaseHolder *self)
{
  guint leased = self->lease != NULL ? plum_lease_get_external_port (self->lease) : 0;

  return plum_port_choice_get_port (self->users, leased);
}

static gboolean
plum_lease_holder_may_have (PlumLeaseHolder *self, guint external_port)
{
  guint required = plum_lease_holder_get_required_port (self);

  return required == 0 || required == external_port;
}

/* Users came or went, and what is leased or asked for by now serves none of them. */
static gboolean
plum_lease_holder_has_port_mismatch (PlumLeaseHolder *self)
{
  return self->port != 0 && self->phase != PHASE_RELEASING &&
         !plum_lease_holder_may_have (self, self->port);
}

/* --- What the users are told --- */

/* What serves the others is a failure to a user who requires another port. Gives why; NULL: it is
 * none. (transfer full) */
static GError *
plum_lease_holder_refuse_user (PlumLeaseHolder *self,
                               PlumMapping *user,
                               PlumMappingEvent event,
                               const PlumMappingUpdate *update)
{
  gboolean leased = update->lease != NULL;
  guint port = leased ? plum_lease_get_external_port (update->lease)
                      : plum_lease_holder_get_required_port (self);

  if ((!leased && event != PLUM_MAPPING_FAILED) || port == 0 ||
      plum_port_choice_is_met (user, port))
    return NULL;

  return plum_port_choice_make_shared_error (user, port, leased);
}

static void
plum_lease_holder_tell_user (PlumLeaseHolder *self,
                             PlumMapping *user,
                             PlumMappingEvent event,
                             const PlumMappingUpdate *update)
{
  g_autoptr (GError) error = plum_lease_holder_refuse_user (self, user, event, update);
  const PlumMappingUpdate refusal = { .error = error };

  if (error != NULL)
    plum_mapping_handle (user, PLUM_MAPPING_FAILED, &refusal);
  else
    plum_mapping_handle (user, event, update);
}

static void
plum_lease_holder_tell (PlumLeaseHolder *self, PlumMappingEvent event, const GError *error)
{
  PlumMappingUpdate update = { NULL };
  g_autoslist (PlumMapping) users = NULL;

  /* Handlers may change everything: what is told is ours until all have heard it. */
  g_autoptr (PlumLeaseHolder) alive = plum_lease_holder_ref (self);
  g_autoptr (PlumLease) lease = NULL;
  g_autoptr (PlumGateway) gateway = NULL;
  g_autoptr (GError) owned_error = error != NULL ? g_error_copy (error) : NULL;
  const guint serial = ++self->notify_serial;

  for (GSList *l = self->users; l != NULL; l = l->next)
    users = g_slist_prepend (users, g_object_ref (l->data));
  users = g_slist_reverse (users);

  update.error = owned_error;
  if (event == PLUM_MAPPING_MAPPED)
    {
      update.lease = lease = g_object_ref (self->lease);
      update.gateway = gateway = g_object_ref (self->gateway);
      update.backend_name =
        plum_probe_get_name (plum_gateway_get_candidate (gateway, self->candidate)->probe);
      update.expires = self->expires;
    }

  for (GSList *l = users; l != NULL && serial == self->notify_serial; l = l->next)
    {
      /* A handler may have made another one leave; one that brought newer update has told all. */
      if (g_slist_find (self->users, l->data) != NULL)
        plum_lease_holder_tell_user (self, l->data, event, &update);
    }
}

static void
plum_lease_holder_finish_releasing (PlumLeaseHolder *self, const GError *error)
{
  g_autoslist (PlumMapping) releasing = g_steal_pointer (&self->releasing);
  const PlumMappingUpdate update = { .error = error };

  for (GSList *l = releasing; l != NULL; l = l->next)
    plum_mapping_handle (l->data, PLUM_MAPPING_GONE, &update);
}

/* --- The lease --- */

static gint64
plum_lease_holder_get_expiry (PlumLeaseHolder *self)
{
  guint lifetime = plum_lease_get_lifetime (self->lease);

  if (lifetime == PLUM_LIFETIME_FOREVER)
    return G_MAXINT64;
  return self->granted + lifetime * (gint64) G_USEC_PER_SEC;
}

static gboolean
plum_lease_holder_is_up (PlumLeaseHolder *self)
{
  return self->lease != NULL && (self->phase == PHASE_HELD || self->phase == PHASE_RENEWING);
}

static void
plum_lease_holder_schedule_renewal (PlumLeaseHolder *self)
{
  gint64 expiry = plum_lease_holder_get_expiry (self);

  if (expiry == G_MAXINT64)
    plum_clock_disarm (self->clock, &self->timer);
  else
    plum_clock_arm (self->clock, &self->timer,
                    plum_renewal_next (self->granted, expiry - self->granted,
                                       plum_clock_get_time (self->clock), &self->renewals,
                                       g_random_double ()));
}

static void
plum_lease_holder_drop_port (PlumLeaseHolder *self)
{
  if (self->port != 0 && self->gateway != NULL)
    plum_gateway_release_port (self->gateway, self->id.protocol, self->port, &self->client);
  self->port = 0;
}

static void
plum_lease_holder_drop_lease (PlumLeaseHolder *self)
{
  g_clear_object (&self->lease);
  g_clear_object (&self->backend);
  self->taken_over = FALSE;
  plum_lease_holder_drop_port (self);
}

static void
plum_lease_holder_drop_call (PlumLeaseHolder *self)
{
  if (self->call != NULL)
    plum_call_cancel (self->call);
  g_clear_object (&self->call);
}

static void
plum_lease_holder_drop_check (PlumLeaseHolder *self)
{
  if (self->check != NULL)
    plum_call_cancel (self->check);
  g_clear_object (&self->check);
}

/* --- What outlives us --- */

/* FALSE: it must not be requested yet. */
static gboolean
plum_lease_holder_note (PlumLeaseHolder *self)
{
  PlumCandidate *candidate = plum_gateway_get_candidate (self->gateway, self->candidate);
  const PlumLeaseNote note = {
    .external_port = self->port,
    .key = self->key,
    .backend_name = plum_probe_get_name (candidate->probe),
    .lease = self->lease,
    .expires = self->lease != NULL ? self->expires : 0,
  };

  return self->owner->note (self, &note, self->owner_data);
}

/* --- An attempt: one backend after the other --- */

static PlumRequest *
plum_lease_holder_make_request (PlumLeaseHolder *self, guint external_port)
{
  GInetAddress *address =
    self->lease != NULL ? plum_lease_get_external_address (self->lease) : NULL;

  return plum_request_new (self->id.protocol, self->id.internal_port, external_port,
                           plum_lease_holder_get_required_port (self) == external_port, address,
                           self->settings->lease_duration, self->description, self->key);
}

/* Whether the router gave a port that is another holder's: then this lease stands in that one's
 * place, and that one has to be asked for again. */
static gboolean
plum_lease_holder_displaces_another (PlumLeaseHolder *self, guint port)
{
  PlumGatewayClient *holder = plum_gateway_find_holder (self->gateway, self->id.protocol, port);

  if (holder == NULL || holder == &self->client)
    return FALSE;

  plum_info ("the router gave external port %u twice", port);
  plum_lease_holder_lost (holder->data, NULL);
  return TRUE;
}

/* Takes over what was granted. */
static void
plum_lease_holder_take_lease (PlumLeaseHolder *self, PlumLease *lease)
{
  PlumBackend *backend = plum_gateway_get_candidate (self->gateway, self->candidate)->backend;
  guint port = plum_lease_get_external_port (lease);

  if (self->port != port)
    {
      plum_lease_holder_drop_port (self);
      plum_gateway_hold_port (self->gateway, self->id.protocol, port, &self->client);
      self->port = (guint16) port;
    }

  g_set_object (&self->lease, lease);
  g_set_object (&self->backend, backend);
  self->taken_over = FALSE;
  self->known_port = (guint16) port;
  self->granted = plum_clock_get_time (self->clock);
  self->expires = 0;
  if (plum_lease_get_lifetime (lease) != PLUM_LIFETIME_FOREVER)
    self->expires = g_get_real_time () + plum_lease_get_lifetime (lease) * (gint64) G_USEC_PER_SEC;
  self->renewals = 0;
  self->retries = 0;
  self->phase = PHASE_HELD;
  plum_lease_holder_schedule_renewal (self);

  plum_lease_holder_note (self);
}

/* A lease was taken. Its address counts for the gateway and for every other mapping there too. */
static void
plum_lease_holder_tell_mapped (PlumLeaseHolder *self)
{
  g_autoptr (PlumLeaseHolder) alive = plum_lease_holder_ref (self);
  GInetAddress *known = plum_gateway_get_external_address (self->gateway);
  g_autoptr (GInetAddress) address = plum_lease_get_external_address (self->lease);

  if (address != NULL)
    g_object_ref (address);
  if (address != NULL && (known == NULL || !g_inet_address_equal (known, address)))
    plum_gateway_learn_address (self->gateway, self->backend, address);

  if (plum_lease_holder_is_up (self))
    plum_lease_holder_tell (self, PLUM_MAPPING_MAPPED, NULL);
}

static void
plum_lease_holder_clear_verdicts (PlumLeaseHolder *self)
{
  if (self->verdicts != NULL)
    g_string_free (g_steal_pointer (&self->verdicts), TRUE);
}

static void
plum_lease_holder_add_verdict (PlumLeaseHolder *self, const GError *error)
{
  gboolean first = self->verdicts == NULL;

  /* Of a port that is required, that it is taken says more than what the others cannot do. */
  if (first || (g_error_matches (error, PLUM_ERROR, PLUM_ERROR_CONFLICT) &&
                plum_lease_holder_get_required_port (self) != 0))
    {
      self->verdict_domain = error->domain;
      self->verdict_code = error->code;
    }

  if (first)
    self->verdicts = g_string_new (NULL);
  else
    g_string_append (self->verdicts, "; ");

  g_string_append (self->verdicts, error->message);
}

/* Nobody is left: what everybody said is the error. */
static void
plum_lease_holder_fail (PlumLeaseHolder *self)
{
  g_autoptr (GString) message = g_steal_pointer (&self->verdicts);
  g_autoptr (GError) error = NULL;
  guint delay;

  if (message == NULL)
    {
      message = g_string_new (NULL);
      self->verdict_domain = PLUM_ERROR;
      self->verdict_code = PLUM_ERROR_NO_BACKEND;
    }

  plum_gateway_append_verdicts (self->gateway, self->tried, message);
  if (message->len == 0)
    g_string_append (message, "No backend is there: no module was found, or none is enabled");
  error = g_error_new_literal (self->verdict_domain, self->verdict_code, message->str);

  delay = self->retries < G_N_ELEMENTS (retry_ms) ? retry_ms[self->retries]
                                                  : self->settings->recheck_period;
  self->retries++;
  delay += (guint) g_random_int_range (0, (gint32) (delay / 10) + 1);

  plum_lease_holder_drop_lease (self);
  self->phase = PHASE_FAILED;
  plum_clock_arm_in_ms (self->clock, &self->timer, delay);
  plum_debug ("%s", error->message);
  plum_lease_holder_tell (self, PLUM_MAPPING_FAILED, error);
}

static void
on_cleared (PlumCall *call, gpointer user_data)
{
  PlumLeaseHolder *self = user_data;

  g_clear_object (&self->call);
  self->phase = PHASE_CHOOSING;
  plum_lease_holder_advance (self);
}

/* A router that did not answer may have mapped it all the same: the delete goes out before the next
 * backend is asked, for they keep one table. */
static void
plum_lease_holder_clear (PlumLeaseHolder *self)
{
  PlumCandidate *candidate = plum_gateway_get_candidate (self->gateway, self->candidate);
  const PlumCallArgs args = { .request = self->request };

  self->phase = PHASE_CLEARING;
  plum_backend_start_call (&self->call, candidate->backend, PLUM_CALL_UNMAP, &args, CLEAR_MS,
                           on_cleared, self);
}

/* A lease that will not do. What is asked next would meet it in the router's table, so
 * its delete is waited for as well; until then it is ours, for whoever releases us meanwhile. */
static void
plum_lease_holder_give_back (PlumLeaseHolder *self, PlumLease *lease, PlumCallFunc func)
{
  PlumCandidate *candidate = plum_gateway_get_candidate (self->gateway, self->candidate);
  const PlumCallArgs args = { .request = self->request, .lease = lease };

  g_set_object (&self->lease, lease);
  g_set_object (&self->backend, candidate->backend);
  self->taken_over = FALSE;
  self->phase = PHASE_CLEARING;
  plum_backend_start_call (&self->call, candidate->backend, PLUM_CALL_UNMAP, &args, CLEAR_MS, func,
                           self);
}

static void
on_given_back (PlumCall *call, gpointer user_data)
{
  PlumLeaseHolder *self = user_data;

  g_clear_object (&self->lease);
  g_clear_object (&self->backend);
  on_cleared (call, self);
}

/* Why the lease that was granted, if any, will not do: none of the users can do with its port, or
 * it is another holder's. NULL: it will. (transfer full) */
static GError *
plum_lease_holder_check_grant (PlumLeaseHolder *self, PlumLease *lease)
{
  guint port = lease != NULL ? plum_lease_get_external_port (lease) : 0;
  PlumCandidate *candidate = plum_gateway_get_candidate (self->gateway, self->candidate);
  gboolean displaces = lease != NULL && plum_lease_holder_displaces_another (self, port);

  if (lease != NULL && !plum_lease_holder_may_have (self, port))
    return plum_port_choice_make_grant_error (plum_probe_get_name (candidate->probe), port,
                                              plum_lease_holder_get_required_port (self));
  if (displaces)
    return g_error_new (PLUM_ERROR, PLUM_ERROR_CONFLICT,
                        "The router gave an external port that another mapping has");
  return NULL;
}

static void
on_mapped (PlumCall *call, gpointer user_data)
{
  PlumLeaseHolder *self = user_data;
  g_autoptr (PlumCall) owned = g_steal_pointer (&self->call);
  const GError *error = plum_call_get_error (call);
  g_autoptr (GError) useless = plum_lease_holder_check_grant (self, plum_call_get_lease (call));

  plum_gateway_note_outcome (self->gateway, self->candidate, error);
  if (error == NULL && useless == NULL)
    {
      plum_lease_holder_take_lease (self, plum_call_get_lease (call));
      plum_lease_holder_clear_verdicts (self);
      plum_lease_holder_tell_mapped (self);
      return;
    }

  self->tried[self->candidate] = TRUE;
  plum_lease_holder_add_verdict (self, useless != NULL ? useless : error);

  if (useless != NULL)
    {
      plum_lease_holder_give_back (self, plum_call_get_lease (call), on_given_back);
      return;
    }
  if (g_error_matches (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT))
    {
      plum_lease_holder_clear (self);
      return;
    }

  self->phase = PHASE_CHOOSING;
  plum_lease_holder_advance (self);
}

static gboolean
plum_lease_holder_reserve_required_port (PlumLeaseHolder *self, guint required)
{
  PlumGatewayClient *holder = plum_gateway_find_holder (self->gateway, self->id.protocol, required);
  g_autoptr (GError) error = NULL;

  if (plum_gateway_hold_port (self->gateway, self->id.protocol, required, &self->client))
    {
      self->port = (guint16) required;
      return TRUE;
    }

  error = plum_port_choice_make_own_error (self->id.protocol,
                                           ((PlumLeaseHolder *) holder->data)->id.internal_port,
                                           required);
  plum_lease_holder_add_verdict (self, error);
  return FALSE;
}

/* The one that is required; else the one that is known outside, else the wish, else that of an
 * earlier run, else the internal one, else any that none of ours has. FALSE: the one that is
 * required is another holder's. */
static gboolean
plum_lease_holder_reserve_port (PlumLeaseHolder *self)
{
  const guint16 wanted[] = { self->known_port, self->requested_port, self->recalled_port,
                             (guint16) self->id.internal_port };
  guint required = plum_lease_holder_get_required_port (self);

  if (required != 0)
    return plum_lease_holder_reserve_required_port (self, required);

  for (unsigned int i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      if (wanted[i] != 0 &&
          plum_gateway_hold_port (self->gateway, self->id.protocol, wanted[i], &self->client))
        {
          self->port = wanted[i];
          return TRUE;
        }
    }

  self->port =
    (guint16) plum_gateway_reserve_port (self->gateway, self->id.protocol, &self->client);
  return TRUE;
}

static void
plum_lease_holder_ask (PlumLeaseHolder *self, guint index)
{
  PlumCandidate *candidate = plum_gateway_get_candidate (self->gateway, index);
  PlumCallArgs args = { NULL };

  if (self->port == 0 && !plum_lease_holder_reserve_port (self))
    {
      /* No backend can do better. */
      for (unsigned int i = 0; i < plum_gateway_get_n_candidates (self->gateway); i++)
        self->tried[i] = TRUE;
      plum_lease_holder_fail (self);
      return;
    }

  self->candidate = index;
  if (!plum_lease_holder_note (self))
    return;

  g_clear_object (&self->request);
  self->request = plum_lease_holder_make_request (self, self->port);
  self->phase = PHASE_MAPPING;
  args.request = self->request;
  plum_backend_start_call (&self->call, candidate->backend, PLUM_CALL_MAP, &args,
                           self->settings->mapping_timeout, on_mapped, self);
}

/* Asks the next backend if the race has one, else waits for it, else gives this attempt up. */
static void
plum_lease_holder_advance (PlumLeaseHolder *self)
{
  guint index;

  g_assert (self->phase == PHASE_CHOOSING);

  switch (plum_gateway_pick (self->gateway, 0, self->tried, &index))
    {
    case PLUM_PICK_READY:
      plum_lease_holder_ask (self, index);
      break;

    case PLUM_PICK_WAIT:
      break;

    case PLUM_PICK_NONE:
    default:
      plum_lease_holder_fail (self);
      break;
    }
}

static void
plum_lease_holder_start_attempt (PlumLeaseHolder *self)
{
  g_autoptr (PlumLeaseHolder) alive = plum_lease_holder_ref (self);

  plum_clock_disarm (self->clock, &self->timer);
  plum_lease_holder_drop_call (self);
  g_clear_pointer (&self->tried, g_free);
  plum_lease_holder_clear_verdicts (self);

  if (self->gateway == NULL)
    {
      self->phase = PHASE_IDLE;
      plum_lease_holder_tell (self, PLUM_MAPPING_TROUBLE, self->no_gateway);
      return;
    }

  self->phase = PHASE_CHOOSING;
  self->tried = g_new0 (gboolean, plum_gateway_get_n_candidates (self->gateway));
  plum_gateway_discover (self->gateway, self->retries > 0);

  /* The probes told their outcome: who heard it may have gone on, or ended all this. */
  if (self->phase == PHASE_CHOOSING)
    plum_lease_holder_advance (self);
}

/* --- Renewal and loss --- */

static void
plum_lease_holder_lose (PlumLeaseHolder *self)
{
  g_autoptr (PlumLeaseHolder) alive = plum_lease_holder_ref (self); /* a handler may end it */

  plum_lease_holder_drop_check (self);
  plum_lease_holder_drop_lease (self);
  self->phase = PHASE_IDLE;
  plum_lease_holder_tell (self, PLUM_MAPPING_LOST, NULL);
  if (self->users != NULL && self->phase == PHASE_IDLE)
    plum_lease_holder_start_attempt (self);
}

static void
on_renewal_given_back (PlumCall *call, gpointer user_data)
{
  PlumLeaseHolder *self = user_data;

  g_clear_object (&self->call);
  plum_lease_holder_lose (self);
}

static void
on_renewed (PlumCall *call, gpointer user_data)
{
  PlumLeaseHolder *self = user_data;
  g_autoptr (PlumCall) owned = g_steal_pointer (&self->call);
  const GError *error = plum_call_get_error (call);
  g_autoptr (GError) useless = plum_lease_holder_check_grant (self, plum_call_get_lease (call));

  self->phase = PHASE_HELD;
  plum_gateway_note_outcome (self->gateway, self->candidate, error);

  if (useless != NULL)
    {
      plum_info ("%s", useless->message);
      plum_lease_holder_drop_check (self);
      plum_lease_holder_give_back (self, plum_call_get_lease (call), on_renewal_given_back);
      return;
    }

  if (error == NULL)
    {
      plum_lease_holder_take_lease (self, plum_call_get_lease (call));
      plum_lease_holder_tell_mapped (self);
      return;
    }

  /* No loss before expiry: routers refuse and forget to answer renewals (quirk 10). */
  plum_info ("renewal failed: %s", error->message);
  if (plum_clock_get_time (self->clock) >= plum_lease_holder_get_expiry (self))
    plum_lease_holder_lose (self);
  else
    plum_lease_holder_schedule_renewal (self);
}

static void
plum_lease_holder_renew (PlumLeaseHolder *self)
{
  PlumCallArgs args = { NULL };
  gint64 left = (plum_lease_holder_get_expiry (self) - plum_clock_get_time (self->clock)) / MS;

  g_clear_object (&self->request);
  self->request = plum_lease_holder_make_request (self, self->port);
  self->phase = PHASE_RENEWING;
  args.request = self->request;
  plum_backend_start_call (&self->call, self->backend, PLUM_CALL_MAP, &args,
                           (guint) MIN (left, self->settings->mapping_timeout), on_renewed, self);
}

static void
on_timer (gpointer user_data)
{
  PlumLeaseHolder *self = user_data;

  switch (self->phase)
    {
    case PHASE_HELD:
      if (plum_clock_get_time (self->clock) >= plum_lease_holder_get_expiry (self))
        plum_lease_holder_lose (self);
      else
        plum_lease_holder_renew (self);
      break;

    case PHASE_RECOVERING:
    case PHASE_FAILED:
      plum_lease_holder_start_attempt (self);
      break;

    case PHASE_IDLE:
    case PHASE_CHOOSING:
    case PHASE_MAPPING:
    case PHASE_CLEARING:
    case PHASE_RENEWING:
    case PHASE_RELEASING:
    default:
      g_assert_not_reached ();
    }
}

static void
plum_lease_holder_recover (PlumLeaseHolder *self, gint64 spread_ms)
{
  plum_lease_holder_drop_call (self);
  plum_lease_holder_drop_check (self);
  self->phase = PHASE_RECOVERING;
  plum_clock_arm_in_ms (self->clock, &self->timer,
                        spread_ms > 0 ? g_random_int_range (0, (gint32) spread_ms) : 0);
}

static void
plum_lease_holder_lost (PlumLeaseHolder *self, PlumBackend *backend)
{
  if (plum_lease_holder_is_up (self) && (backend == NULL || backend == self->backend))
    plum_lease_holder_recover (self, PLUM_SPREAD_MS);
  else if (self->phase == PHASE_FAILED)
    plum_lease_holder_start_attempt (self);
}

static void
plum_lease_holder_address_changed (PlumLeaseHolder *self,
                                   PlumBackend *backend,
                                   GInetAddress *address)
{
  GInetAddress *old;
  g_autoptr (PlumLease) lease = NULL;

  if (!plum_lease_holder_is_up (self) || backend != self->backend)
    return;

  old = plum_lease_get_external_address (self->lease);
  if (old == address || (old != NULL && address != NULL && g_inet_address_equal (old, address)))
    return;

  lease =
    plum_lease_new (address, plum_lease_get_external_port (self->lease),
                    plum_lease_get_lifetime (self->lease), plum_lease_get_token (self->lease));
  g_set_object (&self->lease, lease);
  plum_lease_holder_note (self);
  plum_lease_holder_tell (self, PLUM_MAPPING_MAPPED, NULL);
}

static void
on_checked (PlumCall *call, gpointer user_data)
{
  PlumLeaseHolder *self = user_data;
  g_autoptr (PlumCall) owned = g_steal_pointer (&self->check);
  const GError *error = plum_call_get_error (call);

  if (error == NULL || !plum_lease_holder_is_up (self))
    return;

  /* Only "it is gone" and "it is another's" are update; whatever else failed tells nothing. */
  if (g_error_matches (error, PLUM_ERROR, PLUM_ERROR_DESTROYED) ||
      g_error_matches (error, PLUM_ERROR, PLUM_ERROR_CONFLICT))
    {
      plum_info ("%s", error->message);
      self->taken_over = g_error_matches (error, PLUM_ERROR, PLUM_ERROR_CONFLICT);
      plum_lease_holder_recover (self, 0);
    }
}

static void
plum_lease_holder_recheck (PlumLeaseHolder *self)
{
  PlumCallArgs args = { .request = self->request, .lease = self->lease };

  if (self->phase != PHASE_HELD || self->check != NULL)
    return;

  plum_backend_start_call (&self->check, self->backend, PLUM_CALL_CHECK, &args,
                           self->settings->mapping_timeout, on_checked, self);
}

void
plum_lease_holder_race_changed (PlumLeaseHolder *self)
{
  if (self->phase == PHASE_CHOOSING)
    plum_lease_holder_advance (self);
  else if (self->phase == PHASE_FAILED)
    {
      guint index;

      /* A backend that answers late is worth another try, once: the failed attempt
       * did not have it. */
      if (plum_gateway_pick (self->gateway, 0, self->tried, &index) == PLUM_PICK_READY)
        plum_lease_holder_start_attempt (self);
    }
}

static void
plum_lease_holder_on_resume (PlumLeaseHolder *self, guint spread_ms)
{
  gint64 when =
    plum_clock_get_time (self->clock) + g_random_int_range (1, (gint32) spread_ms + 1) * MS;

  if (self->phase == PHASE_FAILED)
    self->retries = 0;
  else if (self->phase != PHASE_HELD || !plum_timer_is_armed (&self->timer) ||
           self->timer.deadline >= when)
    return;

  plum_clock_arm (self->clock, &self->timer, when);
}

/* --- As a client of the gateway --- */

static void
on_gateway_event (PlumGatewayClient *client, const PlumGatewayEvent *event)
{
  PlumLeaseHolder *self = client->data;

  switch (event->kind)
    {
    case PLUM_GATEWAY_RACE_CHANGED:
      plum_lease_holder_race_changed (self);
      break;
    case PLUM_GATEWAY_LOST:
      plum_lease_holder_lost (self, event->backend);
      break;
    case PLUM_GATEWAY_ADDRESS_CHANGED:
      plum_lease_holder_address_changed (self, event->backend, event->address);
      break;
    case PLUM_GATEWAY_RECHECK:
      plum_lease_holder_recheck (self);
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

  return plum_lease_holder_is_up (self) ? self->backend : NULL;
}

static gboolean
on_gateway_uses_mapping (PlumGatewayClient *client, guint internal_port, guint external_port)
{
  PlumLeaseHolder *self = client->data;

  return self->id.internal_port == internal_port ||
         (plum_lease_holder_is_up (self) &&
          plum_lease_get_external_port (self->lease) == external_port);
}

static void
on_gateway_ref (PlumGatewayClient *client)
{
  plum_lease_holder_ref (client->data);
}

static void
on_gateway_unref (PlumGatewayClient *client)
{
  plum_lease_holder_unref (client->data);
}

static const PlumGatewayClientInterface client_iface = {
  .handle_event = on_gateway_event,
  .get_backend = on_gateway_get_backend,
  .uses_mapping = on_gateway_uses_mapping,
  .ref = on_gateway_ref,
  .unref = on_gateway_unref,
};

static void
plum_lease_holder_place (PlumLeaseHolder *self, PlumGateway *gateway, const GError *reason)
{
  if (self->gateway != NULL)
    plum_gateway_remove_client (self->gateway, &self->client);
  g_set_object (&self->gateway, gateway);
  if (gateway != NULL)
    plum_gateway_add_client (gateway, &self->client);

  g_clear_error (&self->no_gateway);
  if (reason != NULL)
    self->no_gateway = g_error_copy (reason);
}

void
plum_lease_holder_set_gateway (PlumLeaseHolder *self, PlumGateway *gateway, const GError *reason)
{
  g_autoptr (PlumLeaseHolder) alive = plum_lease_holder_ref (self);
  gboolean was_up = self->lease != NULL;

  if (self->owner == NULL)
    return;

  plum_lease_holder_drop_call (self);
  plum_lease_holder_drop_check (self);
  plum_lease_holder_drop_lease (self);
  plum_lease_holder_place (self, gateway, reason);
  plum_clock_disarm (self->clock, &self->timer);
  self->phase = PHASE_IDLE;
  self->retries = 0;

  /* Their delete was meant for a router that is not ours any more. */
  if (self->users == NULL)
    self->owner->released (self, TRUE, self->owner_data);
  plum_lease_holder_finish_releasing (self, NULL);
  if (self->users == NULL)
    {
      plum_lease_holder_end (self);
      return;
    }

  if (was_up && self->phase == PHASE_IDLE)
    plum_lease_holder_tell (self, PLUM_MAPPING_LOST, self->no_gateway);
  if (self->users != NULL && self->phase == PHASE_IDLE)
    plum_lease_holder_start_attempt (self);
}

/* --- Release --- */

/* Nothing is held and nobody wants it. */
static void
plum_lease_holder_end (PlumLeaseHolder *self)
{
  const PlumLeaseHolderOwner *owner = g_steal_pointer (&self->owner);

  if (owner == NULL)
    return;

  plum_clock_disarm (self->clock, &self->timer);
  if (self->gateway != NULL)
    plum_gateway_remove_client (self->gateway, &self->client);
  g_clear_object (&self->gateway);

  owner->over (self, self->owner_data);
}

static void
plum_lease_holder_end_release (PlumLeaseHolder *self, const GError *error)
{
  g_autoptr (PlumLeaseHolder) alive = plum_lease_holder_ref (self);

  plum_lease_holder_drop_lease (self);
  self->phase = PHASE_IDLE;
  if (self->owner != NULL)
    self->owner->released (self, error != NULL && !plum_error_is_final (error), self->owner_data);
  plum_lease_holder_finish_releasing (self, error);

  if (self->owner == NULL || self->phase != PHASE_IDLE)
    return;

  /* Somebody may have wanted it again while the delete was on its way. */
  if (self->users != NULL)
    plum_lease_holder_start_attempt (self);
  else
    plum_lease_holder_end (self);
}

static void
on_released (PlumCall *call, gpointer user_data)
{
  PlumLeaseHolder *self = user_data;
  g_autoptr (PlumCall) owned = g_steal_pointer (&self->call);
  const GError *error = plum_call_get_error (call);

  if (error != NULL)
    plum_info ("the router may still have the mapping: %s", error->message);
  plum_lease_holder_end_release (self, error);
}

static void
plum_lease_holder_release (PlumLeaseHolder *self)
{
  g_autoptr (PlumLeaseHolder) alive = plum_lease_holder_ref (self);
  gboolean asking = self->phase == PHASE_MAPPING || self->phase == PHASE_CLEARING;
  gboolean leased = self->lease != NULL && !self->taken_over;
  PlumCallArgs args = { .request = self->request, .lease = leased ? self->lease : NULL };
  PlumBackend *backend = leased ? self->backend : NULL;
  guint timeout = self->settings->mapping_timeout;

  plum_clock_disarm (self->clock, &self->timer);
  plum_lease_holder_drop_call (self);
  plum_lease_holder_drop_check (self);

  if (asking)
    {
      PlumBackend *asked = plum_gateway_get_candidate (self->gateway, self->candidate)->backend;

      /* A lost lease of one backend, asked for again at another: both may have it. */
      if (leased && asked != backend)
        {
          PlumLeaseHolderPhase phase = self->phase;

          g_object_unref (plum_backend_call (backend, PLUM_CALL_UNMAP, &args, timeout, NULL, NULL));
          if (self->phase != phase || self->call != NULL)
            return; /* who heard of it has gone on */
          leased = FALSE;
          args.lease = NULL;
        }

      /* It may be mapped or not: no answer is to be expected from one that gave none. */
      if (!leased)
        timeout = MIN (timeout, CLEAR_MS);
      backend = asked;
    }

  if (backend == NULL)
    {
      plum_lease_holder_end_release (self, NULL);
      return;
    }

  self->phase = PHASE_RELEASING;
  plum_backend_start_call (&self->call, backend, PLUM_CALL_UNMAP, &args, timeout, on_released,
                           self);
}

/* known_port: where it was until now; 0: nowhere. TRUE: there was no other. */
static gboolean
plum_lease_holder_add_user (PlumLeaseHolder *self, PlumMapping *mapping, guint known_port)
{
  gboolean first = self->users == NULL;

  if (first)
    {
      self->known_port = (guint16) known_port;
      self->requested_port = (guint16) plum_mapping_get_requested_external_port (mapping);
      g_free (self->description);
      self->description =
        plum_settings_make_description (self->settings, plum_mapping_get_description (mapping),
                                        self->id.protocol, self->id.internal_port);
    }

  self->users = g_slist_append (self->users, g_object_ref (mapping));
  plum_mapping_set_holder (mapping, self);
  return first;
}

static void
plum_lease_holder_serve_user (PlumLeaseHolder *self, PlumMapping *mapping, gboolean first)
{
  g_autoptr (PlumLeaseHolder) alive = plum_lease_holder_ref (self);
  const PlumMappingUpdate update = { NULL };

  if (plum_mapping_get_state (mapping) == PLUM_STATE_DESTROYED)
    plum_mapping_handle (mapping, PLUM_MAPPING_ADDED, &update);
  else if (plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS &&
           !plum_lease_holder_is_up (self))
    plum_mapping_handle (mapping, PLUM_MAPPING_LOST, &update);

  if (g_slist_find (self->users, mapping) == NULL)
    return;

  if (plum_lease_holder_has_port_mismatch (self))
    plum_lease_holder_release (self);
  else if (plum_lease_holder_is_up (self))
    plum_lease_holder_tell (self, PLUM_MAPPING_MAPPED, NULL);
  else if (first && self->phase != PHASE_RELEASING)
    plum_lease_holder_start_attempt (self);
  else if (self->phase == PHASE_FAILED)
    plum_lease_holder_start_attempt (self);
  else if (self->phase == PHASE_IDLE)
    plum_lease_holder_tell (self, PLUM_MAPPING_TROUBLE, self->no_gateway);
}

void
plum_lease_holder_join (PlumLeaseHolder *self, PlumMapping *mapping)
{
  plum_lease_holder_serve_user (self, mapping, plum_lease_holder_add_user (self, mapping, 0));
}

/* Those who are left may have waited for one to go. required: as it was then. */
static void
plum_lease_holder_reconsider (PlumLeaseHolder *self, guint required)
{
  if (plum_lease_holder_has_port_mismatch (self))
    plum_lease_holder_release (self);
  else if (self->phase == PHASE_FAILED && plum_lease_holder_get_required_port (self) != required)
    plum_lease_holder_start_attempt (self);
}

void
plum_lease_holder_leave (PlumLeaseHolder *self, PlumMapping *mapping)
{
  g_autoptr (PlumLeaseHolder) alive = plum_lease_holder_ref (self);
  g_autoptr (PlumMapping) owned = mapping;
  const PlumMappingUpdate update = { NULL };
  const guint required = plum_lease_holder_get_required_port (self);

  g_assert (g_slist_find (self->users, mapping) != NULL);

  self->users = g_slist_remove (self->users, mapping);
  plum_mapping_set_holder (mapping, NULL);

  if (self->users == NULL)
    {
      self->releasing = g_slist_append (self->releasing, g_steal_pointer (&owned));
      plum_mapping_handle (mapping, PLUM_MAPPING_RELEASED, &update);
      if (self->phase == PHASE_RELEASING)
        return;
      if (self->users == NULL)
        plum_lease_holder_release (self);
      else
        plum_lease_holder_finish_releasing (self,
                                            NULL); /* somebody wants it at once again: it stays */
      return;
    }

  plum_mapping_handle (mapping, PLUM_MAPPING_RELEASED, &update);
  plum_mapping_handle (mapping, PLUM_MAPPING_GONE, &update);
  plum_lease_holder_reconsider (self, required);
}

void
plum_lease_holder_hand_over (PlumLeaseHolder *self, PlumMapping *mapping, PlumLeaseHolder *to)
{
  g_autoptr (PlumLeaseHolder) alive = plum_lease_holder_ref (self);
  g_autoptr (PlumLeaseHolder) to_alive = plum_lease_holder_ref (to);
  g_autoptr (PlumMapping) owned = mapping;
  const guint required = plum_lease_holder_get_required_port (self);
  gboolean first;

  g_assert (to != self && g_slist_find (self->users, mapping) != NULL);

  /* At no time is it at neither: who hears of what follows may end it, or everything. */
  self->users = g_slist_remove (self->users, mapping);
  first = plum_lease_holder_add_user (to, mapping, self->known_port);

  if (self->users == NULL && self->phase != PHASE_RELEASING)
    plum_lease_holder_release (self);
  if (g_slist_find (to->users, mapping) != NULL)
    plum_lease_holder_serve_user (to, mapping, first);
  if (self->users != NULL)
    plum_lease_holder_reconsider (self, required);
}

void
plum_lease_holder_drop (PlumLeaseHolder *self)
{
  g_autoptr (PlumLeaseHolder) alive = plum_lease_holder_ref (self);
  const PlumMappingUpdate update = { NULL };

  self->owner = NULL;
  plum_clock_disarm (self->clock, &self->timer);
  plum_lease_holder_drop_call (self);
  plum_lease_holder_drop_check (self);
  plum_lease_holder_drop_lease (self);
  if (self->gateway != NULL)
    plum_gateway_remove_client (self->gateway, &self->client);
  g_clear_object (&self->gateway);
  self->phase = PHASE_IDLE;

  while (self->users != NULL)
    {
      g_autoptr (PlumMapping) mapping = self->users->data;

      self->users = g_slist_delete_link (self->users, self->users);
      plum_mapping_set_holder (mapping, NULL);
      plum_mapping_handle (mapping, PLUM_MAPPING_GONE, &update);
    }

  plum_lease_holder_finish_releasing (self, NULL);
}

PlumLeaseHolder *
plum_lease_holder_new (const PlumLeaseHolderId *id,
                       GBytes *key,
                       PlumGateway *gateway,
                       const GError *reason,
                       PlumClock *clock,
                       const PlumSettings *settings,
                       const PlumLeaseHolderOwner *owner,
                       gpointer owner_data)
{
  PlumLeaseHolder *self = g_rc_box_new0 (PlumLeaseHolder);

  self->id = *id;
  self->key = g_bytes_ref (key);
  self->clock = clock;
  self->settings = settings;
  self->owner = owner;
  self->owner_data = owner_data;
  self->client.iface = &client_iface;
  self->client.data = self;
  plum_timer_init (&self->timer, on_timer, self);
  plum_lease_holder_place (self, gateway, reason);
  return self;
}

void
plum_lease_holder_suggest_port (PlumLeaseHolder *self, guint external_port)
{
  self->recalled_port = (guint16) external_port;
}

PlumLeaseHolder *
plum_lease_holder_ref (PlumLeaseHolder *self)
{
  return g_rc_box_acquire (self);
}

static void
plum_lease_holder_finalize (PlumLeaseHolder *self)
{
  g_assert (self->users == NULL && self->releasing == NULL);
  g_assert (self->gateway == NULL && self->call == NULL && self->check == NULL);

  g_clear_object (&self->request);
  g_clear_pointer (&self->key, g_bytes_unref);
  g_clear_pointer (&self->description, g_free);
  g_clear_error (&self->no_gateway);
  g_clear_pointer (&self->tried, g_free);
  plum_lease_holder_clear_verdicts (self);
}

void
plum_lease_holder_unref (PlumLeaseHolder *self)
{
  g_rc_box_release_full (self, (GDestroyNotify) plum_lease_holder_finalize);
}

guint
plum_lease_holder_id_hash (gconstpointer id)
{
  const PlumLeaseHolderId *self = id;

  return g_direct_hash (self->interface_name) ^
         ((guint) self->family << 24 | (guint) self->protocol << 16 | self->internal_port);
}

gboolean
plum_lease_holder_id_equal (gconstpointer a, gconstpointer b)
{
  const PlumLeaseHolderId *left = a;
  const PlumLeaseHolderId *right = b;

  return left->protocol == right->protocol && left->family == right->family &&
         left->internal_port == right->internal_port &&
         left->interface_name == right->interface_name;
}

const PlumLeaseHolderId *
plum_lease_holder_get_id (PlumLeaseHolder *self)
{
  return &self->id;
}

void
plum_lease_holder_set_interface (PlumLeaseHolder *self, const char *interface_name)
{
  self->id.interface_name = g_intern_string (interface_name);
}

GPtrArray *
plum_lease_holder_copy_users (PlumLeaseHolder *self)
{
  GPtrArray *users = g_ptr_array_new_with_free_func (g_object_unref);

  for (GSList *l = self->users; l != NULL; l = l->next)
    g_ptr_array_add (users, g_object_ref (l->data));
  return users;
}

PlumGateway *
plum_lease_holder_get_gateway (PlumLeaseHolder *self)
{
  return self->gateway;
}
