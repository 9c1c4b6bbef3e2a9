/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* After a loss or a resume, all mappings are requested again within this time, spread at random
 * (RFC 6887 8.5, RFC 6886 3.6). */
#define PLUM_SPREAD_MS 5000

/* Times in microseconds on one clock. Pure. */

/*
 * plum_renewal_next:
 * @granted: when the lease was granted
 * @lifetime: for how long
 * @now: the present
 * @window: (inout): how many windows have passed; 0 after a grant
 * @random: in [0, 1)
 *
 * When to renew next: in the k-th window [1 - 2^-k, 1 - 2^-k + 2^-(k+2)] of the granted lifetime,
 * never less than 4 s after a try that failed (RFC 6887 11.2.1). Gives the end of the lease when no
 * window is left.
 */
gint64 plum_renewal_next (
  gint64 granted, gint64 lifetime, gint64 now, guint *window, double random);

G_END_DECLS
