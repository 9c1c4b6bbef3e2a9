/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-race-object-private.h"

#include "plum-log-private.h"
#include "plum-values-private.h"

/* How long to wait for better candidates after the first success. One lost datagram and its
 * retransmission after 250 ms must not change the order. */
#define GRACE_MS 350

/* How long a candidate that has not answered holds up the decision, if another one can map. Late
 * answers count until discover-timeout. */
#define SETTLE_MS 3000

/* A failure that is more recent is not probed again. */
#define FRESH_VERDICT_MS 5000

/* How long to ignore further announcements of a router that has no leases. */
#define ANNOUNCED_PAUSE_MS 10000

/* How long to ignore further losses. The pause doubles, up to a recheck period, while a router
 * keeps losing its state. */
#define LOST_PAUSE_MS 10000

static PlumProbeOutcome
outcome_of_error (const GError *error)
{
  if (error == NULL)
    return PLUM_PROBE_SUCCESS;
  if (g_error_matches (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT))
    return PLUM_PROBE_TIMED_OUT;
  if (g_error_matches (error, PLUM_ERROR, PLUM_ERROR_REFUSED) ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    return PLUM_PROBE_REFUSED;
  return PLUM_PROBE_FAILED;
}

static void
candidate_set_outcome (Candidate *candidate,
                       PlumProbeOutcome outcome,
                       const GError *error,
                       guint ms)
{
  plum_signal_queue_freeze (candidate->race->signals, candidate->parent.probe);
  plum_probe_set_outcome (candidate->parent.probe, outcome, error, ms);
}

static void
candidate_free (Candidate *candidate)
{
  g_clear_object (&candidate->parent.call);
  g_clear_object (&candidate->parent.backend);
  g_clear_object (&candidate->parent.probe);
  g_free (candidate);
}

static void
plum_race_send_event (PlumRace *self, const PlumRaceEvent *event)
{
  if (!self->closed)
    self->client->handle_event (event, self->user_data);
}

static void
plum_race_send_changed (PlumRace *self)
{
  plum_race_send_event (self, &(PlumRaceEvent){ .kind = PLUM_RACE_CHANGED });
}

/* --- Discovery --- */

/* Runs only while a candidate is ready: without one, the first success starts the period. */
static void
plum_race_restart_grace (PlumRace *self)
{
  self->grace_ended = FALSE;
  self->settled = FALSE;
  plum_clock_disarm (self->clock, &self->grace);
  if (!self->closed)
    plum_clock_arm_in_ms (self->clock, &self->settle, SETTLE_MS);
  if (self->backend_name != NULL && !self->closed)
    plum_clock_arm_in_ms (self->clock, &self->grace, GRACE_MS);
}

static void
on_grace_ended (gpointer user_data)
{
  PlumRace *self = user_data;
  PLUM_SIGNAL_SCOPE (self->signals);

  self->grace_ended = TRUE;
  plum_race_send_changed (self);
}

/* From now on, the first success decides. */
static void
on_settled (gpointer user_data)
{
  PlumRace *self = user_data;
  PLUM_SIGNAL_SCOPE (self->signals);

  self->settled = TRUE;
  self->grace_ended = TRUE;
  plum_clock_disarm (self->clock, &self->grace);
  plum_race_send_changed (self);
  if (plum_race_is_decided (self))
    plum_race_send_event (self, &(PlumRaceEvent){ .kind = PLUM_RACE_DECIDED });
}

static void
plum_race_update_backend_name (PlumRace *self)
{
  const char *name = NULL;

  for (unsigned int i = 0; name == NULL && i < self->candidates->len; i++)
    if (plum_race_candidate_can_map (self->candidates->pdata[i]))
      name = plum_backend_get_name (plum_race_get_candidate (self, i)->backend);

  if (self->backend_name == name)
    return;

  self->backend_name = name;
  plum_race_send_event (self, &(PlumRaceEvent){ .kind = PLUM_RACE_NAME_CHANGED });
}

/* The clients of the gateway may have tried the candidate before its router announced itself. */
static void
plum_race_finish_announced (PlumRace *self, Candidate *candidate)
{
  if (!candidate->awaited)
    return;

  candidate->awaited = FALSE;
  if (plum_race_candidate_is_ready (candidate))
    plum_race_send_event (self, &(PlumRaceEvent){ .kind = PLUM_RACE_APPEARED,
                                                  .backend = candidate->parent.backend });
}

static void
on_discovered (PlumCall *call, gpointer user_data)
{
  Candidate *candidate = user_data;
  PlumRace *self = candidate->race;
  PLUM_SIGNAL_SCOPE (self->signals);
  const GError *error = plum_call_get_error (call);
  PlumProbeOutcome outcome = outcome_of_error (error);

  candidate->decided = plum_clock_get_time (self->clock);
  candidate->suspect = FALSE;
  if (error != NULL)
    plum_debug ("%s", error->message);
  else
    plum_debug ("The backend “%s” can map ports", plum_probe_get_name (candidate->parent.probe));
  g_clear_object (&candidate->parent.call);

  if (outcome == PLUM_PROBE_SUCCESS && !self->grace_ended && !plum_timer_is_armed (&self->grace) &&
      !plum_race_is_decided (self))
    plum_clock_arm_in_ms (self->clock, &self->grace, GRACE_MS);

  candidate_set_outcome (candidate, outcome, error,
                         (guint) ((candidate->decided - candidate->started) / 1000));
  if (self->closed)
    return;

  if (plum_race_is_decided (self))
    {
      plum_clock_disarm (self->clock, &self->grace);
      plum_clock_disarm (self->clock, &self->settle);
    }
  plum_race_update_backend_name (self);
  plum_race_send_changed (self);
  plum_race_finish_announced (self, candidate);
  if (plum_race_is_decided (self))
    plum_race_send_event (self, &(PlumRaceEvent){ .kind = PLUM_RACE_DECIDED });
}

static void
plum_race_probe (PlumRace *self, Candidate *candidate)
{
  candidate->started = plum_clock_get_time (self->clock);
  plum_backend_start_call (&candidate->parent.call, candidate->parent.backend, PLUM_CALL_DISCOVER,
                           NULL, self->settings->discover_timeout, on_discovered, candidate);
  if (candidate->parent.call == NULL)
    return;

  candidate->settled_at_once = plum_call_is_settled (candidate->parent.call);
  candidate_set_outcome (candidate, PLUM_PROBE_PENDING, NULL, 0);
}

void
plum_race_discover (PlumRace *self, gboolean again)
{
  gint64 stale = plum_clock_get_time (self->clock) - FRESH_VERDICT_MS * G_GINT64_CONSTANT (1000);
  gboolean started = FALSE;
  gboolean any = FALSE;

  for (unsigned int i = 0; i < self->candidates->len; i++)
    {
      Candidate *candidate = self->candidates->pdata[i];

      any = any || candidate->parent.call != NULL || plum_race_candidate_is_ready (candidate);
    }

  for (unsigned int i = 0; i < self->candidates->len && !self->closed; i++)
    {
      Candidate *candidate = self->candidates->pdata[i];

      if (candidate->parent.call != NULL || plum_race_candidate_is_ready (candidate))
        continue;
      if (candidate->decided != 0 && !candidate->suspect &&
          (candidate->decided > stale || (any && !again)))
        continue;

      plum_race_probe (self, candidate);
      started = TRUE;
    }

  if (started)
    plum_race_restart_grace (self);
}

void
plum_race_forget_failures (PlumRace *self)
{
  for (unsigned int i = 0; i < self->candidates->len; i++)
    ((Candidate *) self->candidates->pdata[i])->decided = 0;
}

/* --- Losses --- */

static void
plum_race_handle_lost (PlumRace *self, Candidate *candidate)
{
  const gint64 shortest = LOST_PAUSE_MS * G_GINT64_CONSTANT (1000);
  const gint64 longest = MAX (shortest, self->settings->recheck_period * G_GINT64_CONSTANT (1000));
  gint64 now = plum_clock_get_time (self->clock);

  if (candidate->lost != 0 && now - candidate->lost < 2 * candidate->lost_pause)
    candidate->lost_pause = MIN (2 * candidate->lost_pause, longest);
  else
    candidate->lost_pause = shortest;
  candidate->lost = now;

  if (candidate->parent.call == NULL)
    {
      plum_race_probe (self, candidate);
      plum_race_restart_grace (self);
    }

  plum_race_send_event (self, &(PlumRaceEvent){ .kind = PLUM_RACE_LOST,
                                                .backend = candidate->parent.backend });
}

static void
on_lost_pause_ended (gpointer user_data)
{
  Candidate *candidate = user_data;
  PLUM_SIGNAL_SCOPE (candidate->race->signals);

  plum_race_handle_lost (candidate->race, candidate);
}

static void
plum_race_note_lost (PlumRace *self, Candidate *candidate, const char *reason)
{
  gint64 now = plum_clock_get_time (self->clock);

  /* What is granted during the pause is not lost. */
  plum_race_send_event (self, &(PlumRaceEvent){ .kind = PLUM_RACE_SUSPECTED,
                                                .backend = candidate->parent.backend });
  plum_info ("%s: the router has lost the mappings: %s",
             plum_probe_get_name (candidate->parent.probe), reason);

  if (candidate->lost == 0 || now - candidate->lost >= candidate->lost_pause)
    plum_race_handle_lost (self, candidate);
  else if (!plum_timer_is_armed (&candidate->lost_timer))
    plum_clock_arm (self->clock, &candidate->lost_timer, candidate->lost + candidate->lost_pause);
}

/* --- Announcements --- */

static void
plum_race_handle_announced (PlumRace *self, Candidate *candidate)
{
  candidate->announced = plum_clock_get_time (self->clock);
  candidate->awaited = TRUE;
  if (candidate->parent.call != NULL)
    return;

  plum_race_probe (self, candidate);
  plum_race_restart_grace (self);
}

static void
on_announced_pause_ended (gpointer user_data)
{
  Candidate *candidate = user_data;
  PLUM_SIGNAL_SCOPE (candidate->race->signals);

  plum_race_handle_announced (candidate->race, candidate);
}

static void
plum_race_note_announced (PlumRace *self, Candidate *candidate, const char *reason)
{
  gint64 next = candidate->announced + ANNOUNCED_PAUSE_MS * G_GINT64_CONSTANT (1000);

  plum_debug ("%s: %s", plum_probe_get_name (candidate->parent.probe), reason);
  if (candidate->announced == 0 || plum_clock_get_time (self->clock) >= next)
    plum_race_handle_announced (self, candidate);
  else if (!plum_timer_is_armed (&candidate->announced_timer))
    plum_clock_arm (self->clock, &candidate->announced_timer, next);
}

void
plum_race_listen (PlumRace *self, gboolean listen)
{
  for (unsigned int i = 0; i < self->candidates->len && !self->closed; i++)
    {
      Candidate *candidate = self->candidates->pdata[i];

      if (!listen)
        plum_clock_disarm (self->clock, &candidate->announced_timer);
      plum_backend_listen (candidate->parent.backend, listen);
    }
}

/* --- The backends as their observer --- */

static gboolean
race_is_observed (gpointer user_data)
{
  Candidate *candidate = user_data;

  return candidate->race->client->is_observed (candidate->race->user_data);
}

static void
on_backend_event (PlumBackend *backend, const PlumBackendEvent *event, gpointer user_data)
{
  Candidate *candidate = user_data;

  if (event->kind == PLUM_BACKEND_LOST)
    plum_race_note_lost (candidate->race, candidate, event->text);
  else if (event->kind == PLUM_BACKEND_ANNOUNCED)
    plum_race_note_announced (candidate->race, candidate, event->text);
  else
    plum_race_send_event (candidate->race, &(PlumRaceEvent){ .kind = PLUM_RACE_BACKEND_EVENT,
                                                             .backend = backend,
                                                             .backend_event = event });
}

static const PlumBackendObserver observer = {
  .is_observed = race_is_observed,
  .handle_event = on_backend_event,
};

/* --- Object --- */

static void
plum_race_add_candidate (PlumRace *self,
                         PlumBackendInfo *info,
                         PlumNetwork *network,
                         GMainContext *context)
{
  GType type = plum_backend_info_ensure_type (info, PLUM_TYPE_BACKEND);
  const char *name = plum_backend_info_get_name (info);
  Candidate *candidate;

  if (type == G_TYPE_INVALID)
    {
      g_autofree char *before = self->defects;
      const GError *error = plum_backend_info_get_error (info);

      self->defects = before != NULL ? g_strconcat (before, "; ", error->message, NULL)
                                     : g_strdup (error->message);
      return;
    }

  candidate = g_new0 (Candidate, 1);
  candidate->race = self;
  plum_timer_init (&candidate->lost_timer, on_lost_pause_ended, candidate);
  plum_timer_init (&candidate->announced_timer, on_announced_pause_ended, candidate);
  candidate->parent.backend = plum_backend_new (type, name, network, context);
  plum_backend_set_options (candidate->parent.backend, self->settings->options);
  candidate->parent.probe = plum_probe_new (name);
  plum_backend_set_observer (candidate->parent.backend, &observer, candidate);

  g_ptr_array_add (self->candidates, candidate);
  g_list_store_append (self->probes, candidate->parent.probe);
}

PlumRace *
plum_race_new (PlumNetwork *network,
               GPtrArray *backend_infos,
               GMainContext *context,
               const PlumSettings *settings,
               PlumSignalQueue *signals,
               const PlumRaceClient *client,
               gpointer user_data)
{
  PlumRace *self = g_new0 (PlumRace, 1);

  self->clock = plum_clock_ref_for_context (context);
  self->settings = settings;
  self->signals = plum_signal_queue_ref (signals);
  self->client = client;
  self->user_data = user_data;
  self->candidates = g_ptr_array_new_with_free_func ((GDestroyNotify) candidate_free);
  self->probes = g_list_store_new (PLUM_TYPE_PROBE);
  plum_timer_init (&self->grace, on_grace_ended, self);
  plum_timer_init (&self->settle, on_settled, self);

  for (unsigned int i = 0; i < backend_infos->len; i++)
    plum_race_add_candidate (self, backend_infos->pdata[i], network, context);

  return self;
}

void
plum_race_free (PlumRace *self)
{
  g_assert (self->closed);

  g_clear_pointer (&self->candidates, g_ptr_array_unref);
  g_clear_object (&self->probes);
  g_clear_pointer (&self->defects, g_free);
  g_clear_pointer (&self->signals, plum_signal_queue_unref);
  g_clear_pointer (&self->clock, plum_clock_unref);
  g_free (self);
}

void
plum_race_close (PlumRace *self)
{
  self->closed = TRUE;
  plum_clock_disarm (self->clock, &self->grace);
  plum_clock_disarm (self->clock, &self->settle);

  for (unsigned int i = 0; i < self->candidates->len; i++)
    {
      Candidate *candidate = self->candidates->pdata[i];

      plum_backend_close (candidate->parent.backend);
      plum_clock_disarm (self->clock, &candidate->lost_timer);
      plum_clock_disarm (self->clock, &candidate->announced_timer);
      g_clear_object (&candidate->parent.call);
    }
}

/* --- The state --- */

guint
plum_race_get_n_candidates (PlumRace *self)
{
  return self->candidates->len;
}

const char *
plum_race_get_defects (PlumRace *self)
{
  return self->defects;
}

PlumCandidate *
plum_race_get_candidate (PlumRace *self, guint index)
{
  Candidate *candidate = self->candidates->pdata[index];

  return &candidate->parent;
}

GListModel *
plum_race_get_probes (PlumRace *self)
{
  return G_LIST_MODEL (self->probes);
}

const char *
plum_race_get_backend_name (PlumRace *self)
{
  return self->backend_name;
}
