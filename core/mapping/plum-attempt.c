/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-attempt-private.h"

#include "plum-error-private.h"
#include "plum-values-private.h"
#include "plum-verdicts-private.h"

#include <glib/gi18n-lib.h>

typedef enum {
  STATE_INACTIVE,    /* not started, finished or cancelled */
  STATE_CHOOSING,    /* waiting for the race of the gateway, or for the client */
  STATE_ASKING,      /* waiting for the answer of the candidate */
  STATE_CLEANING_UP, /* waiting for its delete, after silence or an unfit lease */
} PlumAttemptState;

struct _PlumAttempt
{
  const PlumSettings *settings;
  const PlumAttemptClientInterface *iface;
  gpointer user_data;

  PlumGateway *gateway; /* (nullable), borrowed */
  PlumAttemptState state;
  guint candidate;      /* the last one that was asked */
  PlumRequest *request; /* (nullable): the last one that was sent */
  PlumCall *call;       /* (nullable): map or unmap */

  gboolean *tried; /* (nullable): for each candidate, whether it failed in this attempt; NULL: none
                    * has failed */
  GPtrArray *errors; /* (nullable): the errors of these candidates (element-type GError) */
  GQuark error_domain;
  int error_code;
};

static void plum_attempt_advance (PlumAttempt *self);

PlumAttempt *
plum_attempt_new (const PlumSettings *settings,
                  const PlumAttemptClientInterface *iface,
                  gpointer user_data)
{
  PlumAttempt *self = g_new0 (PlumAttempt, 1);

  self->settings = settings;
  self->iface = iface;
  self->user_data = user_data;
  return self;
}

static void
plum_attempt_clear_errors (PlumAttempt *self)
{
  g_clear_pointer (&self->errors, g_ptr_array_unref);
}

void
plum_attempt_free (PlumAttempt *self)
{
  g_assert (self->call == NULL);

  g_clear_object (&self->request);
  g_clear_pointer (&self->tried, g_free);
  plum_attempt_clear_errors (self);
  g_free (self);
}

void
plum_attempt_set_gateway (PlumAttempt *self, PlumGateway *gateway)
{
  self->gateway = gateway;
}

/* --- The error --- */

static void
error_free (gpointer error)
{
  if (error != NULL)
    g_error_free (error);
}

static void
plum_attempt_add_error (PlumAttempt *self, guint index, const GError *error)
{
  gboolean first = self->errors == NULL;

  /* If a port is required, a conflict explains more than what the other candidates lack. A refusal
   * explains more than a protocol that cannot express the request. */
  if (first || (self->error_domain == PLUM_ERROR && self->error_code == PLUM_ERROR_NOT_SUPPORTED) ||
      (g_error_matches (error, PLUM_ERROR, PLUM_ERROR_CONFLICT) &&
       self->iface->requires_port (self->user_data)))
    {
      self->error_domain = error->domain;
      self->error_code = error->code;
    }

  if (first)
    {
      self->errors = g_ptr_array_new_with_free_func (error_free);
      g_ptr_array_set_size (self->errors, (int) plum_gateway_get_n_candidates (self->gateway));
    }

  error_free (self->errors->pdata[index]);
  self->errors->pdata[index] = g_error_copy (error);
}

static GError *
make_no_next_hop_error (PlumGateway *gateway)
{
  return g_error_new (
    PLUM_ERROR, PLUM_ERROR_NO_GATEWAY,
    _ ("No router is on the path to the internet: the route through “%s” has no next "
       "hop (a VPN, a mobile network or a dial-up connection). Use the server of the "
       "VPN as the gateway, or the router of another network"),
    plum_gateway_get_interface (gateway));
}

/* Returns the error of a candidate; the one of its discovery if it was not asked. */
static const GError *
plum_attempt_get_candidate_error (PlumAttempt *self, guint index)
{
  PlumProbe *probe = plum_gateway_get_candidate (self->gateway, index)->probe;

  if (self->errors != NULL && self->errors->pdata[index] != NULL)
    return self->errors->pdata[index];
  return self->tried != NULL && self->tried[index] ? NULL : plum_probe_get_error (probe);
}

static void
plum_attempt_add_verdict (PlumAttempt *self, GListStore *verdicts, guint index, gboolean applies)
{
  PlumCandidate *candidate = plum_gateway_get_candidate (self->gateway, index);
  const GError *error = plum_attempt_get_candidate_error (self, index);
  const char *name = plum_probe_get_name (candidate->probe);
  const char *title = PLUM_BACKEND_GET_CLASS (candidate->backend)->title;
  g_autoptr (PlumVerdict) verdict = NULL;

  if (error == NULL)
    return;

  verdict = plum_verdict_new (name, title != NULL ? title : name, error,
                              error != plum_probe_get_error (candidate->probe), applies);
  g_list_store_append (verdicts, verdict);
}

/* The best candidate first, whatever the order of their answers. A candidate that does not apply to
 * the network explains nothing, unless there is no other. */
static GListModel *
plum_attempt_make_verdicts (PlumAttempt *self)
{
  GListStore *verdicts = g_list_store_new (PLUM_TYPE_VERDICT);
  guint n = plum_gateway_get_n_candidates (self->gateway);
  gboolean any_applies;

  for (guint i = 0; i < n; i++)
    if (!plum_gateway_is_inapplicable (self->gateway, i))
      plum_attempt_add_verdict (self, verdicts, i, TRUE);
  any_applies = g_list_model_get_n_items (G_LIST_MODEL (verdicts)) > 0;
  for (guint i = 0; i < n && !any_applies; i++)
    plum_attempt_add_verdict (self, verdicts, i, FALSE);

  return G_LIST_MODEL (verdicts);
}

/* Why no backend applies to the network, if that is not for each backend to say. (nullable) */
static char *
describe_address_obstacle (PlumGateway *gateway)
{
  GInetAddress *local = plum_gateway_get_local_address (gateway);

  if (local == NULL || g_inet_address_get_family (local) != G_SOCKET_FAMILY_IPV6)
    return NULL;
  if (plum_address_get_scope (local) == PLUM_ADDRESS_SCOPE_LINK_LOCAL)
    return g_strdup (
      _ ("This host has only a link-local IPv6 address, which is not reachable from the internet"));
  if (plum_address_get_scope (local) == PLUM_ADDRESS_SCOPE_PRIVATE)
    return g_strdup (_ (
      "This host has only a unique local IPv6 address, which is not reachable from the internet"));

  return NULL;
}

static GError *
make_no_backend_error (PlumGateway *gateway)
{
  const char *defects = plum_gateway_get_defects (gateway);

  if (defects != NULL)
    /* Translators: the errors of the backends. */
    return g_error_new (PLUM_ERROR, PLUM_ERROR_NO_BACKEND, _ ("No backend available. %s"), defects);

  return g_error_new_literal (PLUM_ERROR, PLUM_ERROR_NO_BACKEND,
                              _ ("No backend available: no module was found, or none is enabled"));
}

/* verdicts: (nullable) */
static GError *
plum_attempt_make_error (PlumAttempt *self, GListModel *verdicts)
{
  g_autofree char *message = NULL;

  if (verdicts == NULL)
    return make_no_next_hop_error (self->gateway);
  if (g_list_model_get_n_items (verdicts) == 0)
    return make_no_backend_error (self->gateway);

  if (!plum_verdicts_apply (verdicts))
    message = describe_address_obstacle (self->gateway);
  if (message == NULL)
    message = plum_verdicts_join (verdicts);
  if (self->errors == NULL)
    return g_error_new_literal (PLUM_ERROR, PLUM_ERROR_NO_BACKEND, message);
  return g_error_new_literal (self->error_domain, self->error_code, message);
}

/* --- Reports --- */

static void
plum_attempt_report (PlumAttempt *self,
                     PlumAttemptEventKind kind,
                     PlumLease *lease,
                     const GError *error)
{
  const PlumAttemptEvent event = {
    .kind = kind,
    .candidate = self->candidate,
    .lease = lease,
    .error = error,
  };

  self->iface->handle_event (&event, self->user_data);
}

static void
plum_attempt_fail (PlumAttempt *self)
{
  gboolean no_router = self->errors == NULL && plum_gateway_get_address (self->gateway) == NULL;
  g_autoptr (GListModel) verdicts = no_router ? NULL : plum_attempt_make_verdicts (self);
  g_autoptr (GError) error = plum_attempt_make_error (self, verdicts);
  const PlumAttemptEvent event = {
    .kind = PLUM_ATTEMPT_FAILED,
    .candidate = self->candidate,
    .error = error,
    .verdicts = verdicts,
  };

  plum_attempt_clear_errors (self);
  self->state = STATE_INACTIVE;
  self->iface->handle_event (&event, self->user_data);
}

/* --- The clean-up after a candidate --- */

/* Adds to the error of the candidate. */
static void
plum_attempt_note_unconfirmed (PlumAttempt *self)
{
  GError *error = self->errors->pdata[self->candidate];
  char *message = g_strdup_printf (
    /* Translators: an error. */
    _ ("%s (the router may keep what it has mapped: the delete was not confirmed)"),
    error->message);

  g_free (error->message);
  error->message = message;
}

static void
on_deleted (PlumCall *call, gpointer user_data)
{
  PlumAttempt *self = user_data;
  PLUM_SIGNAL_SCOPE (plum_gateway_get_signals (self->gateway));
  g_autoptr (PlumCall) owned = g_steal_pointer (&self->call);
  const GError *error = plum_call_get_error (call);

  if (error != NULL && !plum_error_is_final (error))
    plum_attempt_note_unconfirmed (self);
  plum_attempt_report (self, PLUM_ATTEMPT_DELETED, NULL, error);
  self->state = STATE_CHOOSING;
  plum_attempt_advance (self);
}

/* The backends of one router share its table: a mapping that is left there is in the way of the
 * next candidate. lease: (nullable): the unfit lease. */
static void
plum_attempt_clean_up (PlumAttempt *self, PlumLease *lease)
{
  PlumCandidate *candidate = plum_gateway_get_candidate (self->gateway, self->candidate);
  const PlumCallArgs args = { .request = self->request, .lease = lease };

  self->state = STATE_CLEANING_UP;
  if (lease != NULL)
    plum_attempt_report (self, PLUM_ATTEMPT_UNFIT, lease, NULL);
  plum_backend_start_call (&self->call, candidate->backend, PLUM_CALL_UNMAP, &args,
                           PLUM_ATTEMPT_CLEAN_UP_MS, on_deleted, self);
}

/* --- One candidate after the other --- */

static void
plum_attempt_set_tried (PlumAttempt *self, guint index)
{
  if (self->tried == NULL)
    self->tried = g_new0 (gboolean, plum_gateway_get_n_candidates (self->gateway));
  self->tried[index] = TRUE;
}

/* A server that did not answer does not get the same request by another protocol: it would be one
 * more request to a server that cannot keep up (quirk 89). The next attempt asks that candidate
 * first. */
static void
plum_attempt_skip_server (PlumAttempt *self)
{
  guint n = plum_gateway_get_n_candidates (self->gateway);

  for (guint i = 0; i < n; i++)
    if (plum_race_shares_server (plum_gateway_get_race (self->gateway), self->candidate, i))
      plum_attempt_set_tried (self, i);
}

/* Whether the router may have added the mapping in spite of the error. */
static gboolean
may_have_added (const GError *error)
{
  return g_error_matches (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT) ||
         g_error_matches (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
}

static void
on_mapped (PlumCall *call, gpointer user_data)
{
  PlumAttempt *self = user_data;
  PLUM_SIGNAL_SCOPE (plum_gateway_get_signals (self->gateway));
  g_autoptr (PlumCall) owned = g_steal_pointer (&self->call);
  const GError *error = plum_call_get_error (call);
  PlumLease *lease = plum_call_get_lease (call);
  g_autoptr (GError) unfit = NULL;

  if (lease != NULL)
    unfit = self->iface->check_lease (self->candidate, lease, self->user_data);
  plum_gateway_note_outcome (self->gateway, self->candidate, error);

  if (error == NULL && unfit == NULL)
    {
      plum_attempt_clear_errors (self);
      self->state = STATE_INACTIVE;
      plum_attempt_report (self, PLUM_ATTEMPT_GRANTED, lease, NULL);
      return;
    }

  plum_attempt_set_tried (self, self->candidate);
  plum_attempt_add_error (self, self->candidate, unfit != NULL ? unfit : error);

  if (g_error_matches (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT))
    plum_attempt_skip_server (self);
  if (unfit != NULL || may_have_added (error))
    {
      plum_attempt_clean_up (self, unfit != NULL ? lease : NULL);
      return;
    }

  plum_attempt_report (self, PLUM_ATTEMPT_REFUSED, NULL, error);
  self->state = STATE_CHOOSING;
  plum_attempt_advance (self);
}

static void
plum_attempt_ask (PlumAttempt *self, guint index)
{
  PlumCandidate *candidate = plum_gateway_get_candidate (self->gateway, index);
  g_autoptr (GError) error = NULL;
  g_autoptr (PlumRequest) request = self->iface->prepare (index, self->user_data, &error);
  const PlumCallArgs args = { .request = request };

  if (error != NULL)
    {
      for (unsigned int i = 0; i < plum_gateway_get_n_candidates (self->gateway); i++)
        plum_attempt_set_tried (self, i);
      plum_attempt_add_error (self, index, error);
      plum_attempt_fail (self);
      return;
    }
  if (request == NULL)
    return;

  self->candidate = index;
  g_set_object (&self->request, request);
  self->state = STATE_ASKING;
  plum_backend_start_call (&self->call, candidate->backend, PLUM_CALL_MAP, &args,
                           self->settings->mapping_timeout, on_mapped, self);
}

/* Asks the best candidate that is left, waits for the race to decide one, or fails. */
static void
plum_attempt_advance (PlumAttempt *self)
{
  guint index;

  g_assert (self->state == STATE_CHOOSING);

  switch (plum_gateway_pick (self->gateway, 0, self->tried, &index))
    {
    case PLUM_PICK_READY:
      plum_attempt_ask (self, index);
      break;

    case PLUM_PICK_WAIT:
      break;

    case PLUM_PICK_NONE:
    default:
      plum_attempt_fail (self);
      break;
    }
}

void
plum_attempt_start (PlumAttempt *self, gboolean again)
{
  g_assert (self->gateway != NULL && self->call == NULL);

  g_clear_pointer (&self->tried, g_free);
  plum_attempt_clear_errors (self);
  self->state = STATE_CHOOSING;
  plum_gateway_discover (self->gateway, again);

  plum_attempt_advance (self);
}

void
plum_attempt_cancel (PlumAttempt *self)
{
  if (self->call != NULL)
    plum_call_cancel (self->call);
  g_clear_object (&self->call);
  self->state = STATE_INACTIVE;
}

void
plum_attempt_race_changed (PlumAttempt *self)
{
  if (self->state == STATE_CHOOSING)
    plum_attempt_advance (self);
}

gboolean
plum_attempt_has_untried (PlumAttempt *self)
{
  guint index;

  return plum_gateway_pick (self->gateway, 0, self->tried, &index) == PLUM_PICK_READY;
}

PlumBackend *
plum_attempt_get_backend (PlumAttempt *self)
{
  if (self->state != STATE_ASKING && self->state != STATE_CLEANING_UP)
    return NULL;

  return plum_gateway_get_candidate (self->gateway, self->candidate)->backend;
}
