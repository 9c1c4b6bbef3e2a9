/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* When a request is sent again. The random part is an argument. */
typedef struct
{
  guint fast_ms; /* the wait after the first send, doubled after each further one */
  guint n_fast;  /* the number of sends that a fast wait follows */
  guint slow_ms; /* the next wait (RFC 6887 8.1.1 IRT), doubled each time, with a random part */
  guint max_ms;  /* the longest wait (MRT) */
  guint n_sends; /* in total; 0: no limit */
  guint late_ms; /* how long a late answer counts after the wait that follows the last send */
} PlumRetryPlan;

/* The server probe: sent at 0, 250 and 750 ms, late from 1750 ms, timed out at 9.75 s, which is
 * less than the default timeouts of core. */
extern const PlumRetryPlan plum_retry_probe;
/* A deletion: the same, but timed out at 1750 ms, so that closing does not wait. */
extern const PlumRetryPlan plum_retry_deletion;
/* A deletion on a gateway whose answers take that long. */
extern const PlumRetryPlan plum_retry_slow_deletion;
/* A renewal: one packet. If it is lost, the next one is sent in the next window (RFC 6887
 * 11.2.1). */
extern const PlumRetryPlan plum_retry_renewal;
/* RFC 6886 3.1: sent at 0, 0.25, 0.75, 1.75 ... 63.75 s, timed out at 127.75 s. */
extern const PlumRetryPlan plum_retry_natpmp;
/* RFC 6887 8.1.1 after three fast sends. Less than its 3 s departs from a SHOULD, but home routers
 * answer in milliseconds, and a lost datagram should not cost seconds. */
extern const PlumRetryPlan plum_retry_pcp;

/* The largest random part of a wait: a tenth of it (RFC 6887 8.1.1 RAND), in millionths. Integers
 * give the same waits on all processors. */
#define PLUM_RETRY_JITTER_PPM 100000

/* The random part for a wait, from a random number. */
int plum_retry_choose_jitter (guint32 random);
/* The wait after send number n_sent, from 1. previous_ms: the wait before, at first 0. jitter_ppm:
 * uniform from -PLUM_RETRY_JITTER_PPM to PLUM_RETRY_JITTER_PPM, new for each call. */
gint64 plum_retry_wait_ms (const PlumRetryPlan *plan,
                           guint n_sent,
                           gint64 previous_ms,
                           int jitter_ppm);
/* Whether send number n_sent was the last. */
gboolean plum_retry_is_last (const PlumRetryPlan *plan, guint n_sent);

G_END_DECLS
