/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-backend-batch-private.h"

void
plum_backend_batch_init (PlumBackendBatch *self, PlumBackend *backend, GMainContext *context)
{
  *self = (PlumBackendBatch){ .backend = backend, .context = context };
}

/* Those that were cancelled meanwhile are never requested. */
static void
remove_settled (GListStore *calls)
{
  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (calls)); i > 0; i--)
    {
      g_autoptr (PlumCall) call = g_list_model_get_item (G_LIST_MODEL (calls), i - 1);

      if (plum_call_is_settled (call))
        g_list_store_remove (calls, i - 1);
    }
}

void
plum_backend_batch_flush (PlumBackendBatch *self)
{
  g_autoptr (PlumBackend) backend = g_object_ref (self->backend);
  g_autoptr (GListStore) calls = g_steal_pointer (&self->calls);
  GMainContext *context = self->context;

  if (calls == NULL)
    return;

  g_source_destroy (self->flush);
  g_clear_pointer (&self->flush, g_source_unref);
  remove_settled (calls);
  if (g_list_model_get_n_items (G_LIST_MODEL (calls)) == 0)
    return;

  g_main_context_push_thread_default (context);
  PLUM_BACKEND_GET_CLASS (backend)->map_several (backend, G_LIST_MODEL (calls));
  g_main_context_pop_thread_default (context);
}

static gboolean
on_flush (gpointer user_data)
{
  plum_backend_batch_flush (user_data);
  return G_SOURCE_REMOVE;
}

void
plum_backend_batch_add (PlumBackendBatch *self, PlumCall *call)
{
  if (self->calls == NULL)
    {
      self->calls = g_list_store_new (PLUM_TYPE_CALL);
      self->flush = g_idle_source_new ();
      g_source_set_priority (self->flush, G_PRIORITY_DEFAULT);
      g_source_set_static_name (self->flush, "[plum] requests");
      g_source_set_callback (self->flush, on_flush, self, NULL);
      g_source_attach (self->flush, self->context);
    }

  g_list_store_append (self->calls, call);
}

void
plum_backend_batch_clear (PlumBackendBatch *self)
{
  if (self->flush != NULL)
    g_source_destroy (self->flush);
  g_clear_pointer (&self->flush, g_source_unref);
  g_clear_object (&self->calls);
}
