/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-system.h"

#include <dlfcn.h>
#include <glib/gi18n-lib.h>
#include <sys/stat.h>
#include <unistd.h>

char *
plum_system_get_library (void)
{
  Dl_info info;

  if (dladdr ((gpointer) plum_system_get_library, &info) == 0 || info.dli_fname == NULL)
    return NULL;

  return g_canonicalize_filename (info.dli_fname, NULL);
}

gboolean
plum_system_is_in_library (gpointer function)
{
  Dl_info own, other;

  return dladdr ((gpointer) plum_system_get_library, &own) != 0 && dladdr (function, &other) != 0 &&
         own.dli_fbase == other.dli_fbase;
}

char *
plum_system_encode_path (const char *path)
{
  return g_strdup (path);
}

gboolean
plum_system_is_trusted_directory (const char *directory, const char *file, const char **reason)
{
  struct stat owned;
  struct stat info;

  *reason = NULL;
  if (stat (file, &owned) != 0 || lstat (directory, &info) != 0)
    return FALSE;

  if (!S_ISDIR (info.st_mode) || info.st_uid != owned.st_uid || (info.st_mode & S_IWOTH) != 0)
    {
      *reason = "it must be a directory that only the owner of the library can write to";
      return FALSE;
    }

  return TRUE;
}

static gboolean
is_writable_by_any_user (const char *path)
{
  struct stat info;

  return stat (path, &info) == 0 && (info.st_mode & S_IWOTH) != 0;
}

char *
plum_system_describe_danger (const char *file, const char *directory)
{
  if (geteuid () != 0)
    return NULL;

  if (is_writable_by_any_user (file))
    return g_strdup_printf (
      _ ("%s: the file is writable by any user and this program runs as root; run "
         "“chmod o-w” on it"),
      file);
  if (is_writable_by_any_user (directory))
    return g_strdup_printf (
      _ ("%s: the directory of the file is writable by any user and this program runs "
         "as root; run “chmod o-w” on it"),
      file);
  return NULL;
}
