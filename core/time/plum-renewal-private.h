/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The time in which the mappings are requested again after a loss or a resume, each at a random
 * moment (RFC 6887 8.5, RFC 6886 3.6). */
#define PLUM_SPREAD_MS 5000

/* The shortest time between two requests for one mapping (RFC 6887 11.2.1), in microseconds. A
 * lease that is shorter expires, and is requested again after that time. */
#define PLUM_RENEWAL_INTERVAL (4 * (gint64) G_USEC_PER_SEC)

/* Pure. Times are in microseconds on the same clock. */

/*
 * plum_renewal_next:
 * @granted: the time of the grant
 * @lifetime: the granted lifetime
 * @now: the current time
 * @window: (inout): the number of windows that have passed; 0 after a grant
 * @random: a random number, uniform in the range of its type
 *
 * Computes the time of the next renewal: a random moment in window k, which is [1 - 2^-k, 1 - 2^-k
 * + 2^-(k+2)] of the lifetime, at least PLUM_RENEWAL_INTERVAL from @now. Returns the
 * expiry if no window remains.
 */
gint64 plum_renewal_next (
  gint64 granted, gint64 lifetime, gint64 now, guint *window, guint32 random);

/* The first and the last moment of a window, for plum_renewal_next(). */
void plum_renewal_get_window (
  gint64 granted, gint64 lifetime, guint window, gint64 *first, gint64 *last);

G_END_DECLS
