/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-backend-list-private.h"

#include "plum-module-private.h"
#include "plum-values-private.h"

#include <glib/gi18n-lib.h>

struct _PlumBackendList
{
  GStrv enabled;    /* (nullable) */
  GPtrArray *added; /* (element-type PlumBackendInfo) */
  GPtrArray *infos; /* (element-type PlumBackendInfo), NULL until they are loaded */
  GListStore *model;
  PlumSignalQueue *signals;
};

PlumBackendList *
plum_backend_list_new (PlumSignalQueue *signals)
{
  PlumBackendList *self = g_new0 (PlumBackendList, 1);

  self->signals = plum_signal_queue_ref (signals);
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
  g_clear_pointer (&self->signals, plum_signal_queue_unref);
  g_free (self);
}

static void
on_loaded (gpointer object, gpointer data)
{
  GPtrArray *infos = data;

  g_list_store_splice (object, 0, g_list_model_get_n_items (object), infos->pdata, infos->len);
}

GPtrArray *
plum_backend_list_load (PlumBackendList *self)
{
  g_autoptr (GPtrArray) all = NULL;

  if (self->infos != NULL)
    return self->infos;

  all = plum_module_load_all (self->added);
  self->infos = plum_module_select (all, (const char *const *) self->enabled);
  plum_signal_queue_add (self->signals, self->model, on_loaded, g_ptr_array_ref (self->infos),
                         (GDestroyNotify) g_ptr_array_unref);
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
plum_backend_list_check_type (PlumBackendList *self, GType type, const char *name, GError **error)
{
  if (!plum_backend_info_is_valid_name (name))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   _ ("“%s” is not a valid name of a backend: it must match %s"), name,
                   "[a-z][a-z0-9-]*");
      return FALSE;
    }

  if (!g_type_is_a (type, PLUM_TYPE_BACKEND) || G_TYPE_IS_ABSTRACT (type))
    {
      const char *type_name = g_type_name (type);

      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   _ ("Backend “%s”: expected a concrete subclass of PlumBackend, got %s"), name,
                   type_name != NULL ? type_name : _ ("no type"));
      return FALSE;
    }

  for (guint i = 0; i < self->added->len; i++)
    if (g_str_equal (plum_backend_info_get_name (self->added->pdata[i]), name))
      {
        g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS, _ ("Backend “%s” was added before"),
                     name);
        return FALSE;
      }

  return TRUE;
}

gboolean
plum_backend_list_add (PlumBackendList *self, PlumBackendInfo *info)
{
  g_ptr_array_add (self->added, info);
  return plum_backend_list_reload (self);
}
