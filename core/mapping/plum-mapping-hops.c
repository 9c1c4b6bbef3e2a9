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

gboolean
plum_mapping_has_other_hops (PlumMapping *self, const PlumMappingUpdate *update)
{
  PlumLease *lease = update->lease;

  if (self->hops != NULL || update->hops != NULL)
    return !are_equal_hops (self->hops, update->hops);
  if (lease == NULL || self->external_port == 0)
    return lease != NULL || self->external_port != 0;
  return plum_lease_get_external_port (lease) != self->external_port ||
         !plum_address_equal (plum_lease_get_external_address (lease), self->external) ||
         update->backend_name != self->backend_name || update->lifetime != self->lifetime ||
         update->gateway != self->gateway;
}

void
plum_mapping_set_hops (PlumMapping *self, GPtrArray *hops, PlumMappingChanges *changes)
{
  g_clear_pointer (&self->hops, g_ptr_array_unref);
  self->hops = hops != NULL ? g_ptr_array_ref (hops) : NULL;
  g_clear_object (&self->hop_list);
  plum_mapping_changes_add (changes, PROP_HOPS);
}

void
plum_mapping_set_upstream_error (PlumMapping *self,
                                 const GError *error,
                                 PlumMappingChanges *changes)
{
  const GError *old = self->upstream_error;

  if (old == NULL && error == NULL)
    return;
  if (old != NULL && error != NULL && g_error_matches (old, error->domain, error->code) &&
      g_str_equal (old->message, error->message))
    return;

  g_clear_error (&self->upstream_error);
  self->upstream_error = error != NULL ? g_error_copy (error) : NULL;
  plum_mapping_changes_add (changes, PROP_UPSTREAM_ERROR);
}
