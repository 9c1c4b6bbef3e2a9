/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-backend-list-private.h"

#include "plum-module-private.h"

struct _PlumBackendList
{
  GStrv enabled;    /* (nullable) */
  GPtrArray *added; /* (element-type PlumBackendInfo) */
  GPtrArray *infos; /* (element-type PlumBackendInfo), NULL until they are loaded */
  GListStore *model;
};

PlumBackendList *
plum_backend_list_new (void)
{
  PlumBackendList *self = g_new0 (PlumBackendList, 1);

  self->added = g_ptr_array_new_with_free_func (g_object_unref);
  self->model = g_list_store_new (PLUM_TYPE_BACKEND_INFO);
  return self;
}

void
plum_backend_list_free (PlumBackendList *self)
{
  g_clear_pointer (&self->enabled, g_strfreev);
  g_clear_pointer (&self->added, g_ptr_array_unref);
  g_clear_pointer (&self->infos, g_ptr_array_unref);
  g_clear_object (&self->model);
  g_free (self);
}

GPtrArray *
plum_backend_list_load (PlumBackendList *self)
{
  g_autoptr (GPtrArray) all = NULL;

  if (self->infos != NULL)
    return self->infos;

  all = plum_module_load_all (self->added);
  self->infos = plum_module_select (all, (const char *const *) self->enabled);
  g_list_store_splice (self->model, 0, g_list_model_get_n_items (G_LIST_MODEL (self->model)),
                       self->infos->pdata, self->infos->len);
  return self->infos;
}

GListModel *
plum_backend_list_get_model (PlumBackendList *self)
{
  return G_LIST_MODEL (self->model);
}

const char *const *
plum_backend_list_get_enabled (PlumBackendList *self)
{
  return (const char *const *) self->enabled;
}

static gboolean
plum_backend_list_reload (PlumBackendList *self)
{
  if (self->infos == NULL)
    return FALSE;

  g_clear_pointer (&self->infos, g_ptr_array_unref);
  plum_backend_list_load (self);
  return TRUE;
}

gboolean
plum_backend_list_set_enabled (PlumBackendList *self, const char *const *names)
{
  g_strfreev (self->enabled);
  self->enabled = g_strdupv ((char **) names);
  return plum_backend_list_reload (self);
}

gboolean
plum_backend_list_add (PlumBackendList *self, PlumBackendInfo *info)
{
  g_ptr_array_add (self->added, info);
  return plum_backend_list_reload (self);
}
