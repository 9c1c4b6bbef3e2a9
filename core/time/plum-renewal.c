/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-renewal-private.h"

/* In this window, less than a microsecond of any lease remains. */
#define LAST_WINDOW 60

/* A part of the time that grows with @random, from 0 to less than all of it. The product of both
 * does not fit into 64 bits. Integers give the same result on all processors; x87 rounds doubles
 * differently. */
static gint64
random_part (gint64 time, guint32 random)
{
  gint64 high = time >> 32;
  guint64 low = (guint64) time & G_MAXUINT32;

  return high * random + (gint64) (low * random >> 32);
}

void
plum_renewal_get_window (gint64 granted, gint64 lifetime, guint window, gint64 *first, gint64 *last)
{
  gint64 rest = lifetime >> window;

  *first = granted + lifetime - rest;
  *last = *first + (rest >> 2);
}

gint64
plum_renewal_next (gint64 granted, gint64 lifetime, gint64 now, guint *window, guint32 random)
{
  const gint64 expiry = granted + lifetime;
  gint64 when;

  do
    {
      gint64 rest = lifetime >> ++*window;

      when = expiry - rest + random_part (rest >> 2, random);
    }
  while (when < now && *window < LAST_WINDOW);

  return MIN (MAX (when, now + PLUM_RENEWAL_INTERVAL), expiry);
}
