/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-log-private.h"
#include "plum-module-directory-private.h"
#include "plum-module-private.h"
#include "plum-system.h"
#include "plum-values-private.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <errno.h>
#include <gmodule.h>
#include <string.h>

#define MODULE_PREFIX "libplum-backend-"
#define MODULE_SUFFIX "." G_MODULE_SUFFIX
#define MODULE_SYMBOL "plum_backend_module"
#define LIBRARY_SYMBOL "plum_backend_get_type"

static const char *module_directory = PLUM_BACKEND_DIR;

void
plum_module_set_directory (const char *directory)
{
  module_directory = directory;
}

static gboolean
stat_or_fail (const char *path, GStatBuf *info, GError **error)
{
  int saved_errno;

  if (g_stat (path, info) == 0)
    return TRUE;

  saved_errno = errno;
  g_set_error (error, PLUM_ERROR, PLUM_ERROR_MODULE, "%s: %s", path, g_strerror (saved_errno));
  return FALSE;
}

/* Opening a pipe or a device can block. A file that any user can write must not run with the rights
 * of an administrator. */
static gboolean
plum_module_check_file (const char *path, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *danger = NULL;
  GStatBuf file;

  if (!stat_or_fail (path, &file, error))
    return FALSE;

  if (!S_ISREG (file.st_mode))
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_MODULE, _ ("%s is not a regular file"), path);
      return FALSE;
    }

  danger = plum_system_describe_danger (path, directory);
  if (danger != NULL)
    g_set_error_literal (error, PLUM_ERROR, PLUM_ERROR_MODULE, danger);
  return danger == NULL;
}

static gboolean
plum_module_check_descriptor (const char *path, const PlumBackendModule *module, GError **error)
{
  if (module->abi != PLUM_BACKEND_ABI)
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_MODULE,
                   _ ("%s: built for backend ABI %u, but this library has ABI %u; rebuild it"),
                   path, module->abi, (unsigned int) PLUM_BACKEND_ABI);
      return FALSE;
    }

  if (module->name == NULL || *module->name == '\0')
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_MODULE, _ ("%s: the backend has no name"), path);
      return FALSE;
    }

  if (!plum_backend_info_is_valid_name (module->name))
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_MODULE,
                   _ ("%s: “%s” is not a valid name of a backend: it must match %s"), path,
                   module->name, "[a-z][a-z0-9-]*");
      return FALSE;
    }

  if (module->get_type == NULL)
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_MODULE, _ ("%s: the backend has no type"), path);
      return FALSE;
    }

  return TRUE;
}

/* A module that is linked to the shared library brings a second copy of all types into a program
 * that contains the static one. */
static gboolean
plum_module_check_library (const char *path, GModule *handle, GError **error)
{
  gpointer symbol = NULL;

  if (!g_module_symbol (handle, LIBRARY_SYMBOL, &symbol) || symbol == NULL ||
      plum_system_is_in_library (symbol))
    return TRUE;

  g_set_error (error, PLUM_ERROR, PLUM_ERROR_MODULE,
               _ ("%s: the module uses the shared library, but this program contains a static one"),
               path);
  return FALSE;
}

static const PlumBackendModule *
plum_module_open (const char *path, GError **error)
{
  GModule *handle;
  gpointer symbol = NULL;

  if (!plum_module_check_file (path, error))
    return NULL;

  handle = g_module_open (path, G_MODULE_BIND_LOCAL | G_MODULE_BIND_LAZY);
  if (handle == NULL)
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_MODULE, "%s: %s", path, g_module_error ());
      return NULL;
    }

  if (!g_module_symbol (handle, MODULE_SYMBOL, &symbol) || symbol == NULL)
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_MODULE,
                   _ ("%s is not a backend module: it has no symbol %s"), path, MODULE_SYMBOL);
      g_module_close (handle);
      return NULL;
    }

  if (!plum_module_check_library (path, handle, error) ||
      !plum_module_check_descriptor (path, symbol, error))
    {
      g_module_close (handle);
      return NULL;
    }

  /* The code of a static GType must not be unloaded. */
  g_module_make_resident (handle);
  return symbol;
}

static PlumBackendInfo *
find_by_name (GPtrArray *infos, const char *name)
{
  for (unsigned int i = 0; i < infos->len; i++)
    {
      PlumBackendInfo *info = infos->pdata[i];

      if (plum_backend_info_get_error (info) == NULL &&
          g_str_equal (plum_backend_info_get_name (info), name))
        return info;
    }

  return NULL;
}

static void
plum_module_add (GPtrArray *infos, const PlumBackendModule *module, const char *path)
{
  PlumBackendInfo *first = find_by_name (infos, module->name);
  g_autoptr (GError) error = NULL;

  if (first != NULL)
    {
      const char *first_path = plum_backend_info_get_path (first);

      g_set_error (&error, PLUM_ERROR, PLUM_ERROR_MODULE,
                   /* Translators: a file or “the library”, a name, a file or “the library”. */
                   _ ("%s: the backend “%s” is already provided by %s"),
                   path != NULL ? path : _ ("the library"), module->name,
                   first_path != NULL ? first_path : _ ("the library"));
    }

  g_ptr_array_add (infos,
                   plum_backend_info_new (module->name, module->description, module->priority, path,
                                          module->get_type, G_TYPE_INVALID, error));
}

/* Adds a file or folder that cannot be used, with its name. */
static void
plum_module_add_failure (GPtrArray *infos, const char *path, const char *reason)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autoptr (GError) error = g_error_new_literal (PLUM_ERROR, PLUM_ERROR_MODULE, reason);

  plum_info ("%s", reason);
  g_ptr_array_add (infos, plum_backend_info_new (name, NULL, 0, path, NULL, G_TYPE_INVALID, error));
}

static void
plum_module_load_file (GPtrArray *infos, const char *path)
{
  g_autoptr (GError) error = NULL;
  const PlumBackendModule *module = plum_module_open (path, &error);

  if (module != NULL)
    plum_module_add (infos, module, path);
  else
    plum_module_add_failure (infos, path, error->message);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
plum_module_load_directory (GPtrArray *infos, const char *directory)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = NULL;
  g_autoptr (GPtrArray) names = NULL;
  GStatBuf info;
  const char *name;

  /* GLib loads the tables of iconv to describe a folder that it cannot open. */
  if (g_stat (directory, &info) != 0 && errno == ENOENT)
    {
      plum_debug ("Skipping the module directory %s, which does not exist", directory);
      return;
    }

  dir = g_dir_open (directory, 0, &error);
  if (dir == NULL)
    {
      plum_module_add_failure (infos, directory, error->message);
      return;
    }

  names = g_ptr_array_new_with_free_func (g_free);

  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_prefix (name, MODULE_PREFIX) && g_str_has_suffix (name, MODULE_SUFFIX))
      g_ptr_array_add (names, g_strdup (name));

  g_ptr_array_sort (names, compare_names);
  for (unsigned int i = 0; i < names->len; i++)
    {
      g_autofree char *path = g_build_filename (directory, names->pdata[i], NULL);

      plum_module_load_file (infos, path);
    }
}

static int
compare_priorities (gconstpointer a, gconstpointer b)
{
  PlumBackendInfo *first = *(PlumBackendInfo *const *) a;
  PlumBackendInfo *second = *(PlumBackendInfo *const *) b;
  gboolean first_fails = plum_backend_info_get_error (first) != NULL;
  gboolean second_fails = plum_backend_info_get_error (second) != NULL;
  int p = plum_backend_info_get_priority (first);
  int q = plum_backend_info_get_priority (second);

  if (first_fails != second_fails)
    return first_fails ? 1 : -1;
  if (p != q)
    return p > q ? -1 : 1;
  return strcmp (plum_backend_info_get_name (first), plum_backend_info_get_name (second));
}

GPtrArray *
plum_module_load_all (GPtrArray *added)
{
  GPtrArray *infos = g_ptr_array_new_with_free_func (g_object_unref);
  const char *path = !plum_system_is_privileged () ? g_getenv ("PLUM_BACKEND_PATH") : NULL;

  for (unsigned int i = 0; i < added->len; i++)
    g_ptr_array_add (infos, g_object_ref (added->pdata[i]));

  if (path != NULL)
    {
      g_auto (GStrv) directories = g_strsplit (path, G_SEARCHPATH_SEPARATOR_S, -1);

      for (unsigned int i = 0; directories[i] != NULL; i++)
        if (*directories[i] != '\0')
          plum_module_load_directory (infos, directories[i]);
    }

  for (unsigned int i = 0; plum_builtin_backends[i] != NULL; i++)
    plum_module_add (infos, plum_builtin_backends[i], NULL);

  if (module_directory != NULL)
    {
      g_autofree char *library = plum_module_directory_get_library ();
      g_autofree char *directory = plum_module_directory_find (module_directory, library);

      if (directory != NULL)
        plum_module_load_directory (infos, directory);
    }

  g_ptr_array_sort (infos, compare_priorities);
  return infos;
}

/* The backends that can be used come first; otherwise the order is kept. infos: (transfer full) */
static GPtrArray *
move_errors_to_end (GPtrArray *infos)
{
  GPtrArray *sorted = g_ptr_array_new_full (infos->len, g_object_unref);

  for (unsigned int i = 0; i < infos->len; i++)
    if (plum_backend_info_get_error (infos->pdata[i]) == NULL)
      g_ptr_array_add (sorted, g_object_ref (infos->pdata[i]));
  for (unsigned int i = 0; i < infos->len; i++)
    if (plum_backend_info_get_error (infos->pdata[i]) != NULL)
      g_ptr_array_add (sorted, g_object_ref (infos->pdata[i]));

  g_ptr_array_unref (infos);
  return sorted;
}

/* The order of PLUM_BACKENDS, or of enabled, takes precedence over the priorities. The variable is
 * ignored in a set-user-ID program. */
GPtrArray *
plum_module_select (GPtrArray *infos, const char *const *enabled)
{
  const char *list = !plum_system_is_privileged () ? g_getenv ("PLUM_BACKENDS") : NULL;
  g_auto (GStrv) from_environment = NULL;
  GPtrArray *selected = g_ptr_array_new_with_free_func (g_object_unref);

  if (list != NULL && *list != '\0')
    {
      from_environment = g_strsplit (list, ",", -1);
      enabled = (const char *const *) from_environment;
    }

  for (unsigned int i = 0; enabled != NULL && enabled[i] != NULL; i++)
    {
      g_autofree char *name = g_strstrip (g_strdup (enabled[i]));
      PlumBackendInfo *info = find_by_name (infos, name);
      g_autoptr (GError) error = NULL;

      if (info == NULL)
        {
          g_set_error (&error, PLUM_ERROR, PLUM_ERROR_MODULE, _ ("No such backend: “%s”"), name);
          g_ptr_array_add (selected, plum_backend_info_new (name, NULL, 0, NULL, NULL,
                                                            G_TYPE_INVALID, error));
        }
      else if (!g_ptr_array_find (selected, info, NULL))
        g_ptr_array_add (selected, g_object_ref (info));
    }

  for (unsigned int i = 0; i < infos->len; i++)
    {
      PlumBackendInfo *info = infos->pdata[i];

      if (enabled == NULL || plum_backend_info_get_error (info) != NULL)
        g_ptr_array_add (selected, g_object_ref (info));
    }

  /* Runs code of the selected modules only. */
  for (unsigned int i = 0; i < selected->len; i++)
    plum_backend_info_ensure_type (selected->pdata[i], PLUM_TYPE_BACKEND);

  return move_errors_to_end (selected);
}
