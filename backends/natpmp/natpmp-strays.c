/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "natpmp-strays.h"

/* Routers that take longer to answer are not supported. */
#define LATEST_US (10 * G_USEC_PER_SEC)

void
natpmp_strays_add (NatpmpStrays *self, guint n_sent, gint64 now)
{
  if (n_sent == 0)
    return;

  /* Those before did not come. */
  if (now >= self->until)
    self->n = 0;
  self->n += n_sent;
  self->until = now + LATEST_US;
}

void
natpmp_strays_take (NatpmpStrays *self)
{
  if (self->n > 0)
    self->n--;
}

gboolean
natpmp_strays_may_come (const NatpmpStrays *self, gint64 now)
{
  return self->n > 0 && now < self->until;
}
