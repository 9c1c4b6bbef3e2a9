/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-pool.h"

/* Other devices than the gateway: each sender, and all of them. */
#define MAX_PER_SENDER 8
#define MAX_OTHERS 32

/* The gateway: for each origin, how many candidates wait, and how often a new one is examined. */
#define MAX_WAITING 8
#define BURST 8
static const guint interval_ms[UPNP_N_ORIGINS] = {
  [UPNP_ORIGIN_GATEWAY] = 300,
  [UPNP_ORIGIN_ANSWER] = 300,
  [UPNP_ORIGIN_ANNOUNCEMENT] = 1000,
};

/* How many candidates that failed are remembered. */
#define MAX_FAILED 32

struct _UpnpPool
{
  GPtrArray *candidates; /* (element-type UpnpCandidate) */
  guint tokens[UPNP_N_ORIGINS];
  gint64 refilled[UPNP_N_ORIGINS]; /* in µs; 0: never used */
  guint n_tries;
};

UpnpPool *
upnp_pool_new (void)
{
  UpnpPool *self = g_new0 (UpnpPool, 1);

  self->candidates = g_ptr_array_new_with_free_func ((GDestroyNotify) upnp_candidate_free);
  for (guint i = 0; i < UPNP_N_ORIGINS; i++)
    self->tokens[i] = BURST;
  return self;
}

void
upnp_pool_free (UpnpPool *self)
{
  g_clear_pointer (&self->candidates, g_ptr_array_unref);
  g_free (self);
}

gboolean
upnp_pool_hear (UpnpPool *self, GInetAddress *sender, const UpnpUrl *location, UpnpOrigin origin)
{
  for (guint i = 0; i < self->candidates->len; i++)
    {
      UpnpCandidate *candidate = self->candidates->pdata[i];
      UpnpUrl *known = candidate->device->location;

      if (known->port == location->port && g_str_equal (known->target, location->target) &&
          g_inet_address_equal (candidate->device->address, sender))
        {
          candidate->origin = MIN (candidate->origin, origin);
          candidate->n_heard++;
          return TRUE;
        }
    }

  return FALSE;
}

gboolean
upnp_pool_has_room (UpnpPool *self, GInetAddress *sender, gboolean is_gateway)
{
  guint n_others = 0;
  guint n_sender = 0;

  for (guint i = 0; i < self->candidates->len; i++)
    {
      UpnpCandidate *candidate = self->candidates->pdata[i];

      n_others += !candidate->device->is_gateway;
      n_sender += g_inet_address_equal (candidate->device->address, sender);
    }

  return is_gateway || (n_others < MAX_OTHERS && n_sender < MAX_PER_SENDER);
}

static gboolean
is_waiting (UpnpCandidate *candidate, UpnpOrigin origin)
{
  return candidate->device->is_gateway && !candidate->done && !candidate->active &&
         candidate->origin == origin;
}

/* Makes room for another answer of the gateway: removes one that was heard least often, at random,
 * so that no moment is better than another for a forger. */
static void
upnp_pool_evict_waiting (UpnpPool *self, UpnpOrigin origin)
{
  guint n_waiting = 0;
  guint n_equal = 0;
  guint least = G_MAXUINT;
  guint chosen = 0;

  for (guint i = 0; i < self->candidates->len; i++)
    {
      UpnpCandidate *candidate = self->candidates->pdata[i];

      if (!is_waiting (candidate, origin))
        continue;

      n_waiting++;
      if (candidate->n_heard < least)
        n_equal = 0;
      if (candidate->n_heard <= least && g_random_int_range (0, (gint32) ++n_equal) == 0)
        chosen = i;
      least = MIN (least, candidate->n_heard);
    }

  if (n_waiting >= MAX_WAITING)
    g_ptr_array_remove_index (self->candidates, chosen);
}

/* Candidates that failed are kept so that they are not examined again, the latest ones only. */
static void
upnp_pool_evict_failed (UpnpPool *self)
{
  guint n_failed = 0;

  for (guint i = self->candidates->len; i > 0; i--)
    {
      UpnpCandidate *candidate = self->candidates->pdata[i - 1];

      if (candidate->done && candidate->device->is_gateway &&
          candidate->score == UPNP_SCORE_UNUSABLE && ++n_failed > MAX_FAILED)
        g_ptr_array_remove_index (self->candidates, i - 1);
    }
}

void
upnp_pool_add (UpnpPool *self, UpnpCandidate *candidate)
{
  if (candidate->device->is_gateway)
    {
      upnp_pool_evict_waiting (self, candidate->origin);
      upnp_pool_evict_failed (self);
    }
  g_ptr_array_add (self->candidates, candidate);
}

/* How long until the origin may cause another connection, in ms. */
static guint
upnp_pool_refill (UpnpPool *self, UpnpOrigin origin, gint64 now)
{
  const gint64 interval = interval_ms[origin] * G_GINT64_CONSTANT (1000);
  guint n;

  if (self->tokens[origin] == BURST)
    self->refilled[origin] = now;
  n = (guint) ((now - self->refilled[origin]) / interval);
  self->tokens[origin] = MIN (self->tokens[origin] + n, BURST);
  self->refilled[origin] += n * interval;
  if (self->tokens[origin] > 0)
    return 0;

  return (guint) ((self->refilled[origin] + interval - now + 999) / 1000);
}

static gboolean
is_better (UpnpCandidate *a, UpnpCandidate *b)
{
  return a->interrupted != b->interrupted ? b->interrupted : a->n_heard > b->n_heard;
}

/* The one that was heard most often; at random among equals. */
static UpnpCandidate *
upnp_pool_find_waiting (UpnpPool *self, UpnpOrigin origin)
{
  UpnpCandidate *found = NULL;
  guint n_equal = 0;

  for (guint i = 0; i < self->candidates->len; i++)
    {
      UpnpCandidate *candidate = self->candidates->pdata[i];

      if (!is_waiting (candidate, origin) || (found != NULL && is_better (found, candidate)))
        continue;
      if (found == NULL || is_better (candidate, found))
        n_equal = 0;
      if (g_random_int_range (0, (gint32) ++n_equal) == 0)
        found = candidate;
    }

  return found;
}

static UpnpCandidate *
upnp_pool_find_other (UpnpPool *self)
{
  for (guint i = 0; i < self->candidates->len; i++)
    {
      UpnpCandidate *candidate = self->candidates->pdata[i];

      if (!candidate->done && !candidate->active && !candidate->device->is_gateway)
        return candidate;
    }

  return NULL;
}

UpnpCandidate *
upnp_pool_peek (UpnpPool *self, gboolean others, gint64 now, guint *wait_ms)
{
  *wait_ms = 0;
  for (UpnpOrigin origin = 0; origin < UPNP_N_ORIGINS; origin++)
    {
      UpnpCandidate *candidate = upnp_pool_find_waiting (self, origin);
      guint ms = upnp_pool_refill (self, origin, now);

      if (candidate != NULL && ms == 0)
        {
          *wait_ms = 0;
          return candidate;
        }
      if (candidate != NULL)
        *wait_ms = *wait_ms == 0 ? ms : MIN (*wait_ms, ms);
    }

  return others ? upnp_pool_find_other (self) : NULL;
}

void
upnp_pool_start (UpnpPool *self, UpnpCandidate *candidate)
{
  candidate->active = TRUE;
  if (!candidate->device->is_gateway)
    return;

  self->n_tries++;
  self->tokens[candidate->origin] -= self->tokens[candidate->origin] > 0;
}

UpnpCandidate *
upnp_pool_find_best (UpnpPool *self)
{
  UpnpCandidate *best = NULL;

  for (guint i = 0; i < self->candidates->len; i++)
    {
      UpnpCandidate *candidate = self->candidates->pdata[i];

      if (candidate->score == UPNP_SCORE_UNUSABLE)
        continue;
      /* Among equals the default gateway takes precedence (quirk 63). */
      if (best == NULL || candidate->score > best->score ||
          (candidate->score == best->score && candidate->device->is_gateway &&
           !best->device->is_gateway))
        best = candidate;
    }

  return best;
}

UpnpCandidate *
upnp_pool_find_problem (UpnpPool *self)
{
  UpnpCandidate *found = NULL;

  for (guint i = 0; i < self->candidates->len; i++)
    {
      UpnpCandidate *candidate = self->candidates->pdata[i];

      if (candidate->problem != NULL &&
          (found == NULL || (candidate->device->is_gateway && !found->device->is_gateway)))
        found = candidate;
    }

  return found;
}

guint
upnp_pool_get_n_tries (UpnpPool *self)
{
  return self->n_tries;
}

UpnpCandidate *
upnp_pool_find_good_gateway (UpnpPool *self)
{
  UpnpCandidate *best = upnp_pool_find_best (self);

  return best != NULL && best->device->is_gateway && best->score > 0 ? best : NULL;
}
