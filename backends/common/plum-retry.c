/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-retry.h"

/* What the default discover-timeout and mapping-timeout of 10 s leave, with a margin. */
#define PATIENCE_MS 9750

const PlumRetryPlan plum_retry_probe = {
  .fast_ms = 250,
  .n_fast = 3,
  .n_sends = 3,
  .late_ms = PATIENCE_MS - 1750,
};

const PlumRetryPlan plum_retry_deletion = { .fast_ms = 250, .n_fast = 3, .n_sends = 3 };

const PlumRetryPlan plum_retry_slow_deletion = {
  .fast_ms = 250,
  .n_fast = 3,
  .n_sends = 3,
  .late_ms = PATIENCE_MS - 1750,
};

const PlumRetryPlan plum_retry_renewal = {
  .fast_ms = 3000,
  .n_fast = 1,
  .n_sends = 1,
  .late_ms = PATIENCE_MS - 3000,
};

const PlumRetryPlan plum_retry_natpmp = { .fast_ms = 250, .n_fast = 9, .n_sends = 9 };

const PlumRetryPlan plum_retry_pcp = {
  .fast_ms = 250,
  .n_fast = 3,
  .slow_ms = 3000,
  .max_ms = 1024 * 1000,
};

int
plum_retry_choose_jitter (guint32 random)
{
  return (int) (random % (2 * PLUM_RETRY_JITTER_PPM + 1)) - PLUM_RETRY_JITTER_PPM;
}

gint64
plum_retry_wait_ms (const PlumRetryPlan *plan, guint n_sent, gint64 previous_ms, int jitter_ppm)
{
  gint64 wait;

  g_assert (n_sent > 0);

  if (n_sent <= plan->n_fast)
    return (gint64) plan->fast_ms << (n_sent - 1);

  wait = n_sent == plan->n_fast + 1 ? plan->slow_ms : MIN (2 * previous_ms, plan->max_ms);
  return wait + wait * jitter_ppm / 1000000;
}

gboolean
plum_retry_is_last (const PlumRetryPlan *plan, guint n_sent)
{
  return plan->n_sends != 0 && n_sent >= plan->n_sends;
}
