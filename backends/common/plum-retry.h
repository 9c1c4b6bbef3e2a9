/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* When a request is sent again. Pure: the random part comes in as an argument. */
typedef struct
{
  guint fast_ms; /* the wait after the first send; doubles with each of the next ones */
  guint n_fast;  /* so many sends are followed by a fast wait */
  guint slow_ms; /* then this (RFC 6887 IRT), doubled each time, with a random part */
  guint max_ms;  /* and never more than this (MRT) */
  guint n_sends; /* in all; 0: no limit */
} PlumRetryPlan;

/* A question whose silence is an answer, and a deletion: 0, 250, 750 ms, over at 1750 ms. */
extern const PlumRetryPlan plum_retry_probe;
/* One packet, for a renewal: if it is lost the next one comes in the next window (RFC 6887
 * 11.2.1). */
extern const PlumRetryPlan plum_retry_renewal;
/* RFC 6886 3.1: 0, 0.25, 0.75, 1.75 ... 63.75 s, over at 127.75 s. */
extern const PlumRetryPlan plum_retry_natpmp;
/* RFC 6887 8.1.1, behind three fast sends: going below its 3 s departs from a SHOULD, but a home
 * router that answers at all answers in milliseconds, and a lost datagram should not cost
 * seconds. */
extern const PlumRetryPlan plum_retry_pcp;

/* The wait after send number n_sent (from 1). previous_ms: what this gave for the send before; 0 at
 * the first. jitter: uniform in [-0.1, 0.1], new for each call (RFC 6887 8.1.1 RAND). */
gint64 plum_retry_wait_ms (const PlumRetryPlan *plan,
                           guint n_sent,
                           gint64 previous_ms,
                           double jitter);
/* Whether send number n_sent was the last. */
gboolean plum_retry_is_last (const PlumRetryPlan *plan, guint n_sent);

G_END_DECLS
