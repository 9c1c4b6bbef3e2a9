/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-renewal-private.h"

/* In this window, less than a microsecond of any lease remains. */
#define LAST_WINDOW 60

gint64
plum_renewal_next (gint64 granted, gint64 lifetime, gint64 now, guint *window, double random)
{
  const gint64 expiry = granted + lifetime;
  gint64 when;

  do
    {
      double width = 1.0 / (double) (G_GUINT64_CONSTANT (1) << ++*window);

      when = granted + (gint64) ((1.0 - width + random * width / 4) * (double) lifetime);
    }
  while (when < now && *window < LAST_WINDOW);

  return MIN (MAX (when, now + PLUM_RENEWAL_INTERVAL), expiry);
}
