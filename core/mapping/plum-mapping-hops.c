/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The routers of a mapping. */

#include "plum-mapping-internal-private.h"
#include "plum-values-private.h"

/* a, b: (nullable). */
static gboolean
are_equal_hops (GPtrArray *a, GPtrArray *b)
{
  const guint n = a != NULL ? a->len : 0;

  if (n != (b != NULL ? b->len : 0))
    return FALSE;

  for (guint i = 0; i < n; i++)
    if (!plum_hop_equal (a->pdata[i], b->pdata[i]))
      return FALSE;
  return TRUE;
}

/* A new list, so that no handler sees hops of another state. */
void
plum_mapping_set_hops (PlumMapping *self, GPtrArray *hops)
{
  if (are_equal_hops (self->hops, hops))
    return;

  g_clear_pointer (&self->hops, g_ptr_array_unref);
  self->hops = hops != NULL ? g_ptr_array_ref (hops) : NULL;
  g_clear_object (&self->hop_list);
  plum_mapping_notify (self, PROP_HOPS);
}

void
plum_mapping_set_upstream_error (PlumMapping *self, const GError *error)
{
  const GError *old = self->upstream_error;

  if (old == NULL && error == NULL)
    return;
  if (old != NULL && error != NULL && g_error_matches (old, error->domain, error->code) &&
      g_str_equal (old->message, error->message))
    return;

  g_clear_error (&self->upstream_error);
  self->upstream_error = error != NULL ? g_error_copy (error) : NULL;
  plum_mapping_notify (self, PROP_UPSTREAM_ERROR);
}
