/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The routers of a mapping. */

#include "plum-mapping-internal-private.h"
#include "plum-values-private.h"

/* hops: (nullable). */
static gboolean
plum_mapping_has_hops (PlumMapping *self, GPtrArray *hops)
{
  guint n = g_list_model_get_n_items (self->hops);

  if (n != (hops != NULL ? hops->len : 0))
    return FALSE;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (PlumHop) hop = g_list_model_get_item (self->hops, i);

      if (!plum_hop_equal (hop, hops->pdata[i]))
        return FALSE;
    }
  return TRUE;
}

/* A new list, so that no handler sees hops of another state. */
void
plum_mapping_set_hops (PlumMapping *self, GPtrArray *hops)
{
  GListStore *list;

  if (plum_mapping_has_hops (self, hops))
    return;

  list = g_list_store_new (PLUM_TYPE_HOP);
  for (guint i = 0; hops != NULL && i < hops->len; i++)
    g_list_store_append (list, hops->pdata[i]);
  g_object_unref (self->hops);
  self->hops = G_LIST_MODEL (list);
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
