/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-system.h"

#include <dlfcn.h>
#include <sys/stat.h>

char *
plum_system_get_library (void)
{
  Dl_info info;

  if (dladdr ((gpointer) plum_system_get_library, &info) == 0 || info.dli_fname == NULL)
    return NULL;

  return g_canonicalize_filename (info.dli_fname, NULL);
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
