/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-backend-private.h"
#include "plum-claim-private.h"
#include "plum-log-private.h"
#include "plum-mapping-private.h"
#include "plum-renewal-private.h"
#include "plum-requirement-private.h"
#include "plum-state-private.h"
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
} PlumClaimPhase;

struct _PlumClaim
{
  PlumClaimId id;
  guint16 wished_port;   /* of the first user; 0: none */
  guint16 recalled_port; /* of an earlier run; 0: none */
  guint16 known_port;    /* granted last: it may be known outside; 0: none */
  guint16 port;          /* reserved, or leased, at the gateway; 0: none */
  PlumClaimPhase phase;
  GBytes *key;
  char *description;

  PlumClock *clock;
  const PlumPolicy *policy;
  const PlumClaimOwner *owner; /* NULL once it is over */
  gpointer owner_data;

  PlumGateway *gateway; /* (nullable) */
  GList link;           /* in the gateway's claims */
  GError *no_gateway;   /* why gateway is NULL */

  GSList *users;   /* (element-type PlumMapping) */
  GSList *leavers; /* those who wait for the delete */
  guint told;      /* counts what the users were told */

  PlumTimer timer;
  PlumCall *call; /* map, renewal or unmap */
  PlumCall *check;

  guint64 tried;     /* contenders that failed in this attempt */
  GString *verdicts; /* (nullable): what they said */
  int verdict_code;  /* of the first that said it */
  GQuark verdict_domain;
  guint contender; /* being asked, or holder of the lease */
  guint retries;

  PlumRequest *request; /* the last one sent */
  PlumLease *lease;     /* (nullable): also the lost one while it is asked for again, and
                         * the one that will not do while it is given back */
  gboolean foreign;     /* the router has another host's mapping in the place of lease */
  PlumBackend *backend; /* (nullable): that granted the lease */
  gint64 granted;       /* when, on the clock */
  gint64 expires;       /* on the real-time clock; 0: never */
  guint renewals;       /* windows that have passed */
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlumClaim, plum_claim_unref)

static void plum_claim_advance (PlumClaim *self);
static void plum_claim_start_attempt (PlumClaim *self);
static void plum_claim_end (PlumClaim *self);

/* --- The external port that users require --- */

/* 0: any will do. */
static guint
plum_claim_get_required_port (PlumClaim *self)
{
  guint leased = self->lease != NULL ? plum_lease_get_external_port (self->lease) : 0;

  return plum_requirement_get_port (self->users, leased);
}

static gboolean
plum_claim_may_have (PlumClaim *self, guint external_port)
{
  guint required = plum_claim_get_required_port (self);

  return required == 0 || required == external_port;
}

/* Users came or went, and what is leased or asked for by now serves none of them. */
static gboolean
plum_claim_is_astray (PlumClaim *self)
{
  return self->port != 0 && self->phase != PHASE_RELEASING &&
         !plum_claim_may_have (self, self->port);
}

/* --- What the users are told --- */

/* What serves the others is a failure to a user who requires another port. Gives why; NULL: it is
 * none. (transfer full) */
static GError *
plum_claim_refuse_user (PlumClaim *self,
                        PlumMapping *user,
                        PlumMappingEvent event,
                        const PlumMappingNews *news)
{
  gboolean leased = news->lease != NULL;
  guint port =
    leased ? plum_lease_get_external_port (news->lease) : plum_claim_get_required_port (self);

  if ((!leased && event != PLUM_MAPPING_FAILED) || port == 0 ||
      plum_requirement_is_met (user, port))
    return NULL;

  return plum_requirement_make_shared_error (user, port, leased);
}

static void
plum_claim_tell_user (PlumClaim *self,
                      PlumMapping *user,
                      PlumMappingEvent event,
                      const PlumMappingNews *news)
{
  g_autoptr (GError) error = plum_claim_refuse_user (self, user, event, news);
  const PlumMappingNews refusal = { .error = error };

  if (error != NULL)
    plum_mapping_handle (user, PLUM_MAPPING_FAILED, &refusal);
  else
    plum_mapping_handle (user, event, news);
}

static void
plum_claim_tell (PlumClaim *self, PlumMappingEvent event, const GError *error)
{
  PlumMappingNews news = { NULL };
  g_autoslist (PlumMapping) users = NULL;

  /* Handlers may change everything: what is told is ours until all have heard it. */
  g_autoptr (PlumClaim) alive = plum_claim_ref (self);
  g_autoptr (PlumLease) lease = NULL;
  g_autoptr (PlumGateway) gateway = NULL;
  g_autoptr (GError) owned_error = error != NULL ? g_error_copy (error) : NULL;
  const guint serial = ++self->told;

  for (GSList *l = self->users; l != NULL; l = l->next)
    users = g_slist_prepend (users, g_object_ref (l->data));
  users = g_slist_reverse (users);

  news.error = owned_error;
  if (event == PLUM_MAPPING_MAPPED)
    {
      news.lease = lease = g_object_ref (self->lease);
      news.gateway = gateway = g_object_ref (self->gateway);
      news.backend_name =
        plum_probe_get_name (plum_gateway_get_contender (gateway, self->contender)->probe);
      news.expires = self->expires;
    }

  for (GSList *l = users; l != NULL && serial == self->told; l = l->next)
    {
      /* A handler may have made another one leave; one that brought newer news has told all. */
      if (g_slist_find (self->users, l->data) != NULL)
        plum_claim_tell_user (self, l->data, event, &news);
    }
}

static void
plum_claim_dismiss_leavers (PlumClaim *self, const GError *error)
{
  g_autoslist (PlumMapping) leavers = g_steal_pointer (&self->leavers);
  const PlumMappingNews news = { .error = error };

  for (GSList *l = leavers; l != NULL; l = l->next)
    plum_mapping_handle (l->data, PLUM_MAPPING_GONE, &news);
}

/* --- The lease --- */

static gint64
plum_claim_get_expiry (PlumClaim *self)
{
  guint lifetime = plum_lease_get_lifetime (self->lease);

  if (lifetime == PLUM_LIFETIME_FOREVER)
    return G_MAXINT64;
  return self->granted + lifetime * (gint64) G_USEC_PER_SEC;
}

static gboolean
plum_claim_is_up (PlumClaim *self)
{
  return self->lease != NULL && (self->phase == PHASE_HELD || self->phase == PHASE_RENEWING);
}

static void
plum_claim_schedule_renewal (PlumClaim *self)
{
  gint64 expiry = plum_claim_get_expiry (self);

  if (expiry == G_MAXINT64)
    plum_clock_disarm (self->clock, &self->timer);
  else
    plum_clock_arm (self->clock, &self->timer,
                    plum_renewal_next (self->granted, expiry - self->granted,
                                       plum_clock_get_time (self->clock), &self->renewals,
                                       g_random_double ()));
}

static void
plum_claim_drop_port (PlumClaim *self)
{
  if (self->port != 0 && self->gateway != NULL)
    plum_gateway_release_port (self->gateway, self->id.protocol, self->port, self);
  self->port = 0;
}

static void
plum_claim_drop_lease (PlumClaim *self)
{
  g_clear_object (&self->lease);
  g_clear_object (&self->backend);
  self->foreign = FALSE;
  plum_claim_drop_port (self);
}

static void
plum_claim_drop_call (PlumClaim *self)
{
  if (self->call != NULL)
    plum_call_abandon (self->call);
  g_clear_object (&self->call);
}

static void
plum_claim_drop_check (PlumClaim *self)
{
  if (self->check != NULL)
    plum_call_abandon (self->check);
  g_clear_object (&self->check);
}

/* --- What outlives us --- */

static gint64
plum_claim_get_end (PlumClaim *self)
{
  if (self->lease == NULL)
    return g_get_real_time () + self->policy->lease_duration * (gint64) G_USEC_PER_SEC;
  return self->expires != 0 ? self->expires : PLUM_STATE_FOREVER;
}

/* FALSE: it is not yet time to ask for it. */
static gboolean
plum_claim_note (PlumClaim *self)
{
  PlumNetwork *network = plum_gateway_get_network (self->gateway);
  PlumContender *contender = plum_gateway_get_contender (self->gateway, self->contender);
  PlumStateRecord *record = plum_state_record_new ();

  record->protocol = self->id.protocol;
  record->family = self->id.family;
  record->internal_port = self->id.internal_port;
  record->external_port = self->port;
  record->key = g_bytes_ref (self->key);
  g_set_object (&record->gateway, plum_network_get_gateway (network));
  record->interface_name = g_strdup (plum_network_get_interface (network));
  record->backend_name = g_strdup (plum_probe_get_name (contender->probe));
  record->until = plum_claim_get_end (self);
  if (self->lease != NULL)
    {
      GVariant *token = plum_lease_get_token (self->lease);

      g_set_object (&record->external_address, plum_lease_get_external_address (self->lease));
      record->token = token != NULL ? g_variant_ref (token) : NULL;
    }

  return self->owner->note (self, record, self->owner_data);
}

/* --- An attempt: one backend after the other --- */

static PlumRequest *
plum_claim_make_request (PlumClaim *self, guint external_port)
{
  GInetAddress *address =
    self->lease != NULL ? plum_lease_get_external_address (self->lease) : NULL;

  return plum_request_new (self->id.protocol, self->id.internal_port, external_port,
                           plum_claim_get_required_port (self) == external_port, address,
                           self->policy->lease_duration, self->description, self->key);
}

/* Whether the router gave a port that is another claim's: then this lease stands in that one's
 * place, and that one has to be asked for again. */
static gboolean
plum_claim_displaces_another (PlumClaim *self, guint port)
{
  PlumClaim *holder = plum_gateway_find_holder (self->gateway, self->id.protocol, port);

  if (holder == NULL || holder == self)
    return FALSE;

  plum_info ("the router gave external port %u twice", port);
  plum_claim_lost (holder, NULL);
  return TRUE;
}

/* Takes over what was granted. */
static void
plum_claim_take_lease (PlumClaim *self, PlumLease *lease)
{
  PlumBackend *backend = plum_gateway_get_contender (self->gateway, self->contender)->backend;
  guint port = plum_lease_get_external_port (lease);

  if (self->port != port)
    {
      plum_claim_drop_port (self);
      plum_gateway_hold_port (self->gateway, self->id.protocol, port, self);
      self->port = (guint16) port;
    }

  g_set_object (&self->lease, lease);
  g_set_object (&self->backend, backend);
  self->foreign = FALSE;
  self->known_port = (guint16) port;
  self->granted = plum_clock_get_time (self->clock);
  self->expires = 0;
  if (plum_lease_get_lifetime (lease) != PLUM_LIFETIME_FOREVER)
    self->expires = g_get_real_time () + plum_lease_get_lifetime (lease) * (gint64) G_USEC_PER_SEC;
  self->renewals = 0;
  self->retries = 0;
  self->phase = PHASE_HELD;
  plum_claim_schedule_renewal (self);

  plum_claim_note (self);
}

/* A lease was taken. Its address counts for the gateway and for every other mapping there too. */
static void
plum_claim_tell_mapped (PlumClaim *self)
{
  g_autoptr (PlumClaim) alive = plum_claim_ref (self);
  GInetAddress *known = plum_gateway_get_external_address (self->gateway);
  g_autoptr (GInetAddress) address = plum_lease_get_external_address (self->lease);

  if (address != NULL)
    g_object_ref (address);
  if (address != NULL && (known == NULL || !g_inet_address_equal (known, address)))
    plum_gateway_learn_address (self->gateway, self->backend, address);

  if (plum_claim_is_up (self))
    plum_claim_tell (self, PLUM_MAPPING_MAPPED, NULL);
}

static void
plum_claim_clear_verdicts (PlumClaim *self)
{
  if (self->verdicts != NULL)
    g_string_free (g_steal_pointer (&self->verdicts), TRUE);
}

static void
plum_claim_add_verdict (PlumClaim *self, const GError *error)
{
  gboolean first = self->verdicts == NULL;

  /* Of a port that is required, that it is taken says more than what the others cannot do. */
  if (first || (g_error_matches (error, PLUM_ERROR, PLUM_ERROR_CONFLICT) &&
                plum_claim_get_required_port (self) != 0))
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
plum_claim_fail (PlumClaim *self)
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
                                                  : self->policy->recheck_period;
  self->retries++;
  delay += (guint) g_random_int_range (0, (gint32) (delay / 10) + 1);

  plum_claim_drop_lease (self);
  self->phase = PHASE_FAILED;
  plum_clock_arm_in_ms (self->clock, &self->timer, delay);
  plum_debug ("%s", error->message);
  plum_claim_tell (self, PLUM_MAPPING_FAILED, error);
}

static void
on_cleared (PlumCall *call, gpointer user_data)
{
  PlumClaim *self = user_data;

  g_clear_object (&self->call);
  self->phase = PHASE_CHOOSING;
  plum_claim_advance (self);
}

/* A router that did not answer may have mapped it all the same: the delete goes out before the next
 * backend is asked, for they keep one table. */
static void
plum_claim_clear (PlumClaim *self)
{
  PlumContender *contender = plum_gateway_get_contender (self->gateway, self->contender);
  const PlumCallArgs args = { .request = self->request };

  self->phase = PHASE_CLEARING;
  plum_backend_start_call (&self->call, contender->backend, PLUM_CALL_UNMAP, &args, CLEAR_MS,
                           on_cleared, self);
}

/* A lease that will not do. What is asked next would meet it in the router's table, so
 * its delete is waited for as well; until then it is ours, for whoever releases us meanwhile. */
static void
plum_claim_give_back (PlumClaim *self, PlumLease *lease, PlumCallFunc func)
{
  PlumContender *contender = plum_gateway_get_contender (self->gateway, self->contender);
  const PlumCallArgs args = { .request = self->request, .lease = lease };

  g_set_object (&self->lease, lease);
  g_set_object (&self->backend, contender->backend);
  self->foreign = FALSE;
  self->phase = PHASE_CLEARING;
  plum_backend_start_call (&self->call, contender->backend, PLUM_CALL_UNMAP, &args, CLEAR_MS, func,
                           self);
}

static void
on_given_back (PlumCall *call, gpointer user_data)
{
  PlumClaim *self = user_data;

  g_clear_object (&self->lease);
  g_clear_object (&self->backend);
  on_cleared (call, self);
}

/* Why the lease that was granted, if any, will not do: none of the users can do with its port, or
 * it is another claim's. NULL: it will. (transfer full) */
static GError *
plum_claim_check_grant (PlumClaim *self, PlumLease *lease)
{
  guint port = lease != NULL ? plum_lease_get_external_port (lease) : 0;
  PlumContender *contender = plum_gateway_get_contender (self->gateway, self->contender);
  gboolean displaces = lease != NULL && plum_claim_displaces_another (self, port);

  if (lease != NULL && !plum_claim_may_have (self, port))
    return plum_requirement_make_grant_error (plum_probe_get_name (contender->probe), port,
                                              plum_claim_get_required_port (self));
  if (displaces)
    return g_error_new (PLUM_ERROR, PLUM_ERROR_CONFLICT,
                        "The router gave an external port that another mapping has");
  return NULL;
}

static void
on_mapped (PlumCall *call, gpointer user_data)
{
  PlumClaim *self = user_data;
  g_autoptr (PlumCall) owned = g_steal_pointer (&self->call);
  const GError *error = plum_call_get_error (call);
  g_autoptr (GError) useless = plum_claim_check_grant (self, plum_call_get_lease (call));

  plum_gateway_note_outcome (self->gateway, self->contender, error);
  if (error == NULL && useless == NULL)
    {
      plum_claim_take_lease (self, plum_call_get_lease (call));
      plum_claim_clear_verdicts (self);
      plum_claim_tell_mapped (self);
      return;
    }

  self->tried |= G_GUINT64_CONSTANT (1) << self->contender;
  plum_claim_add_verdict (self, useless != NULL ? useless : error);

  if (useless != NULL)
    {
      plum_claim_give_back (self, plum_call_get_lease (call), on_given_back);
      return;
    }
  if (g_error_matches (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT))
    {
      plum_claim_clear (self);
      return;
    }

  self->phase = PHASE_CHOOSING;
  plum_claim_advance (self);
}

static gboolean
plum_claim_reserve_required_port (PlumClaim *self, guint required)
{
  PlumClaim *holder = plum_gateway_find_holder (self->gateway, self->id.protocol, required);
  g_autoptr (GError) error = NULL;

  if (plum_gateway_hold_port (self->gateway, self->id.protocol, required, self))
    {
      self->port = (guint16) required;
      return TRUE;
    }

  error = plum_requirement_make_own_error (self->id.protocol,
                                           plum_claim_get_id (holder)->internal_port, required);
  plum_claim_add_verdict (self, error);
  return FALSE;
}

/* The one that is required; else the one that is known outside, else the wish, else that of an
 * earlier run, else the internal one, else any that none of ours has. FALSE: the one that is
 * required is another claim's. */
static gboolean
plum_claim_reserve_port (PlumClaim *self)
{
  const guint16 wanted[] = { self->known_port, self->wished_port, self->recalled_port,
                             (guint16) self->id.internal_port };
  guint required = plum_claim_get_required_port (self);

  if (required != 0)
    return plum_claim_reserve_required_port (self, required);

  for (unsigned int i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      if (wanted[i] != 0 &&
          plum_gateway_hold_port (self->gateway, self->id.protocol, wanted[i], self))
        {
          self->port = wanted[i];
          return TRUE;
        }
    }

  self->port = (guint16) plum_gateway_reserve_port (self->gateway, self->id.protocol, self);
  return TRUE;
}

static void
plum_claim_ask (PlumClaim *self, guint index)
{
  PlumContender *contender = plum_gateway_get_contender (self->gateway, index);
  PlumCallArgs args = { NULL };

  if (self->port == 0 && !plum_claim_reserve_port (self))
    {
      self->tried = G_MAXUINT64; /* no backend can do better */
      plum_claim_fail (self);
      return;
    }

  self->contender = index;
  if (!plum_claim_note (self))
    return;

  g_clear_object (&self->request);
  self->request = plum_claim_make_request (self, self->port);
  self->phase = PHASE_MAPPING;
  args.request = self->request;
  plum_backend_start_call (&self->call, contender->backend, PLUM_CALL_MAP, &args,
                           self->policy->mapping_timeout, on_mapped, self);
}

/* Asks the next backend if the race has one, else waits for it, else gives this attempt up. */
static void
plum_claim_advance (PlumClaim *self)
{
  guint index;

  g_assert (self->phase == PHASE_CHOOSING);

  switch (plum_gateway_pick (self->gateway, self->tried, &index))
    {
    case PLUM_PICK_READY:
      plum_claim_ask (self, index);
      break;

    case PLUM_PICK_WAIT:
      break;

    case PLUM_PICK_NONE:
    default:
      plum_claim_fail (self);
      break;
    }
}

static void
plum_claim_start_attempt (PlumClaim *self)
{
  g_autoptr (PlumClaim) alive = plum_claim_ref (self);

  plum_clock_disarm (self->clock, &self->timer);
  plum_claim_drop_call (self);
  self->tried = 0;
  plum_claim_clear_verdicts (self);

  if (self->gateway == NULL)
    {
      self->phase = PHASE_IDLE;
      plum_claim_tell (self, PLUM_MAPPING_TROUBLE, self->no_gateway);
      return;
    }

  self->phase = PHASE_CHOOSING;
  plum_gateway_discover (self->gateway, self->retries > 0);

  /* The probes told their outcome: who heard it may have gone on, or ended all this. */
  if (self->phase == PHASE_CHOOSING)
    plum_claim_advance (self);
}

/* --- Renewal and loss --- */

static void
plum_claim_lose (PlumClaim *self)
{
  g_autoptr (PlumClaim) alive = plum_claim_ref (self); /* a handler may end it */

  plum_claim_drop_check (self);
  plum_claim_drop_lease (self);
  self->phase = PHASE_IDLE;
  plum_claim_tell (self, PLUM_MAPPING_LOST, NULL);
  if (self->users != NULL && self->phase == PHASE_IDLE)
    plum_claim_start_attempt (self);
}

static void
on_renewal_given_back (PlumCall *call, gpointer user_data)
{
  PlumClaim *self = user_data;

  g_clear_object (&self->call);
  plum_claim_lose (self);
}

static void
on_renewed (PlumCall *call, gpointer user_data)
{
  PlumClaim *self = user_data;
  g_autoptr (PlumCall) owned = g_steal_pointer (&self->call);
  const GError *error = plum_call_get_error (call);
  g_autoptr (GError) useless = plum_claim_check_grant (self, plum_call_get_lease (call));

  self->phase = PHASE_HELD;
  plum_gateway_note_outcome (self->gateway, self->contender, error);

  if (useless != NULL)
    {
      plum_info ("%s", useless->message);
      plum_claim_drop_check (self);
      plum_claim_give_back (self, plum_call_get_lease (call), on_renewal_given_back);
      return;
    }

  if (error == NULL)
    {
      plum_claim_take_lease (self, plum_call_get_lease (call));
      plum_claim_tell_mapped (self);
      return;
    }

  /* No loss before expiry: routers refuse and forget to answer renewals (quirk 10). */
  plum_info ("renewal failed: %s", error->message);
  if (plum_clock_get_time (self->clock) >= plum_claim_get_expiry (self))
    plum_claim_lose (self);
  else
    plum_claim_schedule_renewal (self);
}

static void
plum_claim_renew (PlumClaim *self)
{
  PlumCallArgs args = { NULL };
  gint64 left = (plum_claim_get_expiry (self) - plum_clock_get_time (self->clock)) / MS;

  g_clear_object (&self->request);
  self->request = plum_claim_make_request (self, self->port);
  self->phase = PHASE_RENEWING;
  args.request = self->request;
  plum_backend_start_call (&self->call, self->backend, PLUM_CALL_MAP, &args,
                           (guint) MIN (left, self->policy->mapping_timeout), on_renewed, self);
}

static void
on_timer (gpointer user_data)
{
  PlumClaim *self = user_data;

  switch (self->phase)
    {
    case PHASE_HELD:
      if (plum_clock_get_time (self->clock) >= plum_claim_get_expiry (self))
        plum_claim_lose (self);
      else
        plum_claim_renew (self);
      break;

    case PHASE_RECOVERING:
    case PHASE_FAILED:
      plum_claim_start_attempt (self);
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
plum_claim_recover (PlumClaim *self, gint64 spread_ms)
{
  plum_claim_drop_call (self);
  plum_claim_drop_check (self);
  self->phase = PHASE_RECOVERING;
  plum_clock_arm_in_ms (self->clock, &self->timer,
                        spread_ms > 0 ? g_random_int_range (0, (gint32) spread_ms) : 0);
}

void
plum_claim_lost (PlumClaim *self, PlumBackend *backend)
{
  if (plum_claim_is_up (self) && (backend == NULL || backend == self->backend))
    plum_claim_recover (self, PLUM_SPREAD_MS);
  else if (self->phase == PHASE_FAILED)
    plum_claim_start_attempt (self);
}

void
plum_claim_address_changed (PlumClaim *self, PlumBackend *backend, GInetAddress *address)
{
  GInetAddress *old;
  g_autoptr (PlumLease) lease = NULL;

  if (!plum_claim_is_up (self) || backend != self->backend)
    return;

  old = plum_lease_get_external_address (self->lease);
  if (old == address || (old != NULL && address != NULL && g_inet_address_equal (old, address)))
    return;

  lease =
    plum_lease_new (address, plum_lease_get_external_port (self->lease),
                    plum_lease_get_lifetime (self->lease), plum_lease_get_token (self->lease));
  g_set_object (&self->lease, lease);
  plum_claim_note (self);
  plum_claim_tell (self, PLUM_MAPPING_MAPPED, NULL);
}

static void
on_checked (PlumCall *call, gpointer user_data)
{
  PlumClaim *self = user_data;
  g_autoptr (PlumCall) owned = g_steal_pointer (&self->check);
  const GError *error = plum_call_get_error (call);

  if (error == NULL || !plum_claim_is_up (self))
    return;

  /* Only "it is gone" and "it is another's" are news; whatever else failed tells nothing. */
  if (g_error_matches (error, PLUM_ERROR, PLUM_ERROR_DESTROYED) ||
      g_error_matches (error, PLUM_ERROR, PLUM_ERROR_CONFLICT))
    {
      plum_info ("%s", error->message);
      self->foreign = g_error_matches (error, PLUM_ERROR, PLUM_ERROR_CONFLICT);
      plum_claim_recover (self, 0);
    }
}

void
plum_claim_recheck (PlumClaim *self)
{
  PlumCallArgs args = { .request = self->request, .lease = self->lease };

  if (self->phase != PHASE_HELD || self->check != NULL)
    return;

  plum_backend_start_call (&self->check, self->backend, PLUM_CALL_CHECK, &args,
                           self->policy->mapping_timeout, on_checked, self);
}

void
plum_claim_race_changed (PlumClaim *self)
{
  if (self->phase == PHASE_CHOOSING)
    plum_claim_advance (self);
  else if (self->phase == PHASE_FAILED)
    {
      guint index;

      /* A backend that answers late is worth another try, once: the failed attempt
       * did not have it. */
      if (plum_gateway_pick (self->gateway, self->tried, &index) == PLUM_PICK_READY)
        plum_claim_start_attempt (self);
    }
}

void
plum_claim_hurry (PlumClaim *self, guint spread_ms)
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

static void
plum_claim_place (PlumClaim *self, PlumGateway *gateway, const GError *reason)
{
  if (self->gateway != NULL)
    plum_gateway_detach (self->gateway, self);
  g_set_object (&self->gateway, gateway);
  if (gateway != NULL)
    plum_gateway_attach (gateway, self);

  g_clear_error (&self->no_gateway);
  if (reason != NULL)
    self->no_gateway = g_error_copy (reason);
}

void
plum_claim_set_gateway (PlumClaim *self, PlumGateway *gateway, const GError *reason)
{
  g_autoptr (PlumClaim) alive = plum_claim_ref (self);
  gboolean was_up = self->lease != NULL;

  if (self->owner == NULL)
    return;

  plum_claim_drop_call (self);
  plum_claim_drop_check (self);
  plum_claim_drop_lease (self);
  plum_claim_place (self, gateway, reason);
  plum_clock_disarm (self->clock, &self->timer);
  self->phase = PHASE_IDLE;
  self->retries = 0;

  /* Their delete was meant for a router that is not ours any more. */
  if (self->users == NULL)
    self->owner->released (self, TRUE, self->owner_data);
  plum_claim_dismiss_leavers (self, NULL);
  if (self->users == NULL)
    {
      plum_claim_end (self);
      return;
    }

  if (was_up && self->phase == PHASE_IDLE)
    plum_claim_tell (self, PLUM_MAPPING_LOST, self->no_gateway);
  if (self->users != NULL && self->phase == PHASE_IDLE)
    plum_claim_start_attempt (self);
}

/* --- Release --- */

/* Nothing is held and nobody wants it. */
static void
plum_claim_end (PlumClaim *self)
{
  const PlumClaimOwner *owner = g_steal_pointer (&self->owner);

  if (owner == NULL)
    return;

  plum_clock_disarm (self->clock, &self->timer);
  if (self->gateway != NULL)
    plum_gateway_detach (self->gateway, self);
  g_clear_object (&self->gateway);

  owner->over (self, self->owner_data);
}

static void
plum_claim_end_release (PlumClaim *self, const GError *error)
{
  g_autoptr (PlumClaim) alive = plum_claim_ref (self);

  plum_claim_drop_lease (self);
  self->phase = PHASE_IDLE;
  if (self->owner != NULL)
    self->owner->released (self, error != NULL && !plum_state_is_verdict (error), self->owner_data);
  plum_claim_dismiss_leavers (self, error);

  if (self->owner == NULL || self->phase != PHASE_IDLE)
    return;

  /* Somebody may have wanted it again while the delete was on its way. */
  if (self->users != NULL)
    plum_claim_start_attempt (self);
  else
    plum_claim_end (self);
}

static void
on_released (PlumCall *call, gpointer user_data)
{
  PlumClaim *self = user_data;
  g_autoptr (PlumCall) owned = g_steal_pointer (&self->call);
  const GError *error = plum_call_get_error (call);

  if (error != NULL)
    plum_info ("the router may still have the mapping: %s", error->message);
  plum_claim_end_release (self, error);
}

static void
plum_claim_release (PlumClaim *self)
{
  g_autoptr (PlumClaim) alive = plum_claim_ref (self);
  gboolean asking = self->phase == PHASE_MAPPING || self->phase == PHASE_CLEARING;
  gboolean leased = self->lease != NULL && !self->foreign;
  PlumCallArgs args = { .request = self->request, .lease = leased ? self->lease : NULL };
  PlumBackend *backend = leased ? self->backend : NULL;
  guint timeout = self->policy->mapping_timeout;

  plum_clock_disarm (self->clock, &self->timer);
  plum_claim_drop_call (self);
  plum_claim_drop_check (self);

  if (asking)
    {
      PlumBackend *asked = plum_gateway_get_contender (self->gateway, self->contender)->backend;

      /* A lost lease of one backend, asked for again at another: both may have it. */
      if (leased && asked != backend)
        {
          PlumClaimPhase phase = self->phase;

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
      plum_claim_end_release (self, NULL);
      return;
    }

  self->phase = PHASE_RELEASING;
  plum_backend_start_call (&self->call, backend, PLUM_CALL_UNMAP, &args, timeout, on_released,
                           self);
}

/* known_port: where it was until now; 0: nowhere. TRUE: there was no other. */
static gboolean
plum_claim_add_user (PlumClaim *self, PlumMapping *mapping, guint known_port)
{
  gboolean first = self->users == NULL;

  if (first)
    {
      self->known_port = (guint16) known_port;
      self->wished_port = (guint16) plum_mapping_get_requested_external_port (mapping);
      g_free (self->description);
      self->description = plum_policy_make_description (self->policy, mapping);
    }

  self->users = g_slist_append (self->users, g_object_ref (mapping));
  plum_mapping_set_claim (mapping, self);
  return first;
}

static void
plum_claim_serve_user (PlumClaim *self, PlumMapping *mapping, gboolean first)
{
  g_autoptr (PlumClaim) alive = plum_claim_ref (self);
  const PlumMappingNews news = { NULL };

  if (plum_mapping_get_state (mapping) == PLUM_STATE_DESTROYED)
    plum_mapping_handle (mapping, PLUM_MAPPING_ADDED, &news);
  else if (plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS && !plum_claim_is_up (self))
    plum_mapping_handle (mapping, PLUM_MAPPING_LOST, &news);

  if (g_slist_find (self->users, mapping) == NULL)
    return;

  if (plum_claim_is_astray (self))
    plum_claim_release (self);
  else if (plum_claim_is_up (self))
    plum_claim_tell (self, PLUM_MAPPING_MAPPED, NULL);
  else if (first && self->phase != PHASE_RELEASING)
    plum_claim_start_attempt (self);
  else if (self->phase == PHASE_FAILED)
    plum_claim_start_attempt (self);
  else if (self->phase == PHASE_IDLE)
    plum_claim_tell (self, PLUM_MAPPING_TROUBLE, self->no_gateway);
}

void
plum_claim_join (PlumClaim *self, PlumMapping *mapping)
{
  plum_claim_serve_user (self, mapping, plum_claim_add_user (self, mapping, 0));
}

/* Those who are left may have waited for one to go. required: as it was then. */
static void
plum_claim_reconsider (PlumClaim *self, guint required)
{
  if (plum_claim_is_astray (self))
    plum_claim_release (self);
  else if (self->phase == PHASE_FAILED && plum_claim_get_required_port (self) != required)
    plum_claim_start_attempt (self);
}

void
plum_claim_leave (PlumClaim *self, PlumMapping *mapping)
{
  g_autoptr (PlumClaim) alive = plum_claim_ref (self);
  g_autoptr (PlumMapping) owned = mapping;
  const PlumMappingNews news = { NULL };
  const guint required = plum_claim_get_required_port (self);

  g_assert (g_slist_find (self->users, mapping) != NULL);

  self->users = g_slist_remove (self->users, mapping);
  plum_mapping_set_claim (mapping, NULL);

  if (self->users == NULL)
    {
      self->leavers = g_slist_append (self->leavers, g_steal_pointer (&owned));
      plum_mapping_handle (mapping, PLUM_MAPPING_RELEASED, &news);
      if (self->phase == PHASE_RELEASING)
        return;
      if (self->users == NULL)
        plum_claim_release (self);
      else
        plum_claim_dismiss_leavers (self, NULL); /* somebody wants it at once again: it stays */
      return;
    }

  plum_mapping_handle (mapping, PLUM_MAPPING_RELEASED, &news);
  plum_mapping_handle (mapping, PLUM_MAPPING_GONE, &news);
  plum_claim_reconsider (self, required);
}

void
plum_claim_hand_over (PlumClaim *self, PlumMapping *mapping, PlumClaim *to)
{
  g_autoptr (PlumClaim) alive = plum_claim_ref (self);
  g_autoptr (PlumClaim) to_alive = plum_claim_ref (to);
  g_autoptr (PlumMapping) owned = mapping;
  const guint required = plum_claim_get_required_port (self);
  gboolean first;

  g_assert (to != self && g_slist_find (self->users, mapping) != NULL);

  /* At no time is it at neither: who hears of what follows may end it, or everything. */
  self->users = g_slist_remove (self->users, mapping);
  first = plum_claim_add_user (to, mapping, self->known_port);

  if (self->users == NULL && self->phase != PHASE_RELEASING)
    plum_claim_release (self);
  if (g_slist_find (to->users, mapping) != NULL)
    plum_claim_serve_user (to, mapping, first);
  if (self->users != NULL)
    plum_claim_reconsider (self, required);
}

void
plum_claim_drop (PlumClaim *self)
{
  g_autoptr (PlumClaim) alive = plum_claim_ref (self);
  const PlumMappingNews news = { NULL };

  self->owner = NULL;
  plum_clock_disarm (self->clock, &self->timer);
  plum_claim_drop_call (self);
  plum_claim_drop_check (self);
  plum_claim_drop_lease (self);
  if (self->gateway != NULL)
    plum_gateway_detach (self->gateway, self);
  g_clear_object (&self->gateway);
  self->phase = PHASE_IDLE;

  while (self->users != NULL)
    {
      g_autoptr (PlumMapping) mapping = self->users->data;

      self->users = g_slist_delete_link (self->users, self->users);
      plum_mapping_set_claim (mapping, NULL);
      plum_mapping_handle (mapping, PLUM_MAPPING_GONE, &news);
    }

  plum_claim_dismiss_leavers (self, NULL);
}

PlumClaim *
plum_claim_new (const PlumClaimId *id,
                GBytes *key,
                PlumGateway *gateway,
                const GError *reason,
                PlumClock *clock,
                const PlumPolicy *policy,
                const PlumClaimOwner *owner,
                gpointer owner_data)
{
  PlumClaim *self = g_rc_box_new0 (PlumClaim);

  self->id = *id;
  self->key = g_bytes_ref (key);
  self->clock = clock;
  self->policy = policy;
  self->owner = owner;
  self->owner_data = owner_data;
  self->link.data = self;
  plum_timer_init (&self->timer, on_timer, self);
  plum_claim_place (self, gateway, reason);
  return self;
}

void
plum_claim_suggest_port (PlumClaim *self, guint external_port)
{
  self->recalled_port = (guint16) external_port;
}

PlumClaim *
plum_claim_ref (PlumClaim *self)
{
  return g_rc_box_acquire (self);
}

static void
plum_claim_finalize (PlumClaim *self)
{
  g_assert (self->users == NULL && self->leavers == NULL);
  g_assert (self->gateway == NULL && self->call == NULL && self->check == NULL);

  g_clear_object (&self->request);
  g_clear_pointer (&self->key, g_bytes_unref);
  g_clear_pointer (&self->description, g_free);
  g_clear_error (&self->no_gateway);
  plum_claim_clear_verdicts (self);
}

void
plum_claim_unref (PlumClaim *self)
{
  g_rc_box_release_full (self, (GDestroyNotify) plum_claim_finalize);
}

guint
plum_claim_id_hash (gconstpointer id)
{
  const PlumClaimId *self = id;

  return g_direct_hash (self->interface_name) ^
         ((guint) self->family << 24 | (guint) self->protocol << 16 | self->internal_port);
}

gboolean
plum_claim_id_equal (gconstpointer a, gconstpointer b)
{
  const PlumClaimId *left = a;
  const PlumClaimId *right = b;

  return left->protocol == right->protocol && left->family == right->family &&
         left->internal_port == right->internal_port &&
         left->interface_name == right->interface_name;
}

const PlumClaimId *
plum_claim_get_id (PlumClaim *self)
{
  return &self->id;
}

void
plum_claim_set_interface (PlumClaim *self, const char *interface_name)
{
  self->id.interface_name = g_intern_string (interface_name);
}

GPtrArray *
plum_claim_copy_users (PlumClaim *self)
{
  GPtrArray *users = g_ptr_array_new_with_free_func (g_object_unref);

  for (GSList *l = self->users; l != NULL; l = l->next)
    g_ptr_array_add (users, g_object_ref (l->data));
  return users;
}

PlumGateway *
plum_claim_get_gateway (PlumClaim *self)
{
  return self->gateway;
}

GList *
plum_claim_get_link (PlumClaim *self)
{
  return &self->link;
}

gboolean
plum_claim_holds (PlumClaim *self, guint external_port)
{
  return plum_claim_is_up (self) && plum_lease_get_external_port (self->lease) == external_port;
}

PlumBackend *
plum_claim_get_backend (PlumClaim *self)
{
  return plum_claim_is_up (self) ? self->backend : NULL;
}
