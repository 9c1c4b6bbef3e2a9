/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which candidate to ask, and what the candidates have answered. */

#include "plum-race-object-private.h"

gboolean
plum_race_candidate_can_map (Candidate *candidate)
{
  return plum_probe_get_outcome (candidate->parent.probe) == PLUM_PROBE_SUCCESS;
}

gboolean
plum_race_candidate_is_ready (Candidate *candidate)
{
  return !candidate->suspect && plum_race_candidate_can_map (candidate);
}

gboolean
plum_race_is_decided (PlumRace *self)
{
  gboolean pending = FALSE;
  gboolean ready = FALSE;

  for (unsigned int i = 0; i < self->candidates->len; i++)
    {
      Candidate *candidate = self->candidates->pdata[i];

      if (candidate->parent.call != NULL)
        pending = TRUE;
      else if (plum_race_candidate_is_ready (candidate))
        ready = TRUE;
    }

  return !pending || (self->settled && ready);
}

gboolean
plum_race_shares_server (PlumRace *self, guint index, guint other)
{
  const char *server =
    plum_backend_get_server (((PlumCandidate *) self->candidates->pdata[index])->backend);

  return server != NULL && server == plum_backend_get_server (
                                       ((PlumCandidate *) self->candidates->pdata[other])->backend);
}

/* Whether another candidate of the same server, which was not silent, is to be picked instead. */
static gboolean
plum_race_is_postponed (PlumRace *self, guint index, const gboolean *tried)
{
  if (!((Candidate *) self->candidates->pdata[index])->silent)
    return FALSE;

  for (unsigned int i = 0; i < self->candidates->len; i++)
    {
      Candidate *other = self->candidates->pdata[i];

      if (i != index && (tried == NULL || !tried[i]) && !other->silent &&
          (other->parent.call != NULL || plum_race_candidate_can_map (other)) &&
          plum_race_shares_server (self, index, i))
        return TRUE;
    }

  return FALSE;
}

PlumPick
plum_race_pick (PlumRace *self, guint first, const gboolean *tried, guint *index)
{
  gboolean better_pending = FALSE;

  if (self->closed)
    return PLUM_PICK_NONE;

  for (unsigned int i = first; i < self->candidates->len; i++)
    {
      Candidate *candidate = self->candidates->pdata[i];

      if ((tried != NULL && tried[i]) || plum_race_is_postponed (self, i, tried))
        continue;

      if (candidate->parent.call != NULL)
        better_pending = TRUE;
      else if (plum_race_candidate_can_map (candidate))
        {
          if (better_pending && !self->grace_ended)
            return PLUM_PICK_WAIT;
          *index = i;
          return PLUM_PICK_READY;
        }
    }

  /* If one that can map has failed, a late one is worth another attempt, not a longer wait. */
  return better_pending && !plum_race_is_decided (self) ? PLUM_PICK_WAIT : PLUM_PICK_NONE;
}

void
plum_race_note_outcome (PlumRace *self, guint index, const GError *error)
{
  Candidate *candidate = self->candidates->pdata[index];
  gboolean silent = g_error_matches (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  gboolean suspect = silent || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);

  candidate->suspect = suspect;
  candidate->silent = silent;
  for (unsigned int i = 0; i < self->candidates->len && suspect; i++)
    if (plum_race_shares_server (self, index, i))
      ((Candidate *) self->candidates->pdata[i])->suspect = TRUE;
}

gboolean
plum_race_is_inapplicable (PlumRace *self, guint index)
{
  Candidate *candidate = self->candidates->pdata[index];

  return candidate->settled_at_once &&
         g_error_matches (plum_probe_get_error (candidate->parent.probe), PLUM_ERROR,
                          PLUM_ERROR_NOT_SUPPORTED);
}
