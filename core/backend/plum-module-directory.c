/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-log-private.h"
#include "plum-module-directory-private.h"

#include <dlfcn.h>
#include <gmodule.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#define LIBRARY_NAME "lib" PLUM_API_NAME "." G_MODULE_SUFFIX

char *
plum_module_directory_get_library (void)
{
  Dl_info info;
  g_autofree char *name = NULL;

  if (dladdr ((gpointer) plum_module_directory_get_library, &info) == 0 || info.dli_fname == NULL)
    return NULL;

  /* In a program that contains the library, this is the name of the program. */
  name = g_path_get_basename (info.dli_fname);
  return g_str_has_prefix (name, LIBRARY_NAME) ? g_canonicalize_filename (info.dli_fname, NULL)
                                               : NULL;
}

/* The owner of the library can run code in this process anyway; other users must not, for example
 * if the library is in a directory such as /tmp. */
gboolean
plum_module_directory_is_trusted (const char *directory, const char *library)
{
  struct stat owner;
  struct stat info;

  if (stat (library, &owner) != 0 || lstat (directory, &info) != 0)
    return FALSE;

  if (!S_ISDIR (info.st_mode) || info.st_uid != owner.st_uid || (info.st_mode & S_IWOTH) != 0)
    {
      plum_info ("%s is not used: it must be a directory that only the owner of the library can "
                 "write to",
                 directory);
      return FALSE;
    }

  return TRUE;
}

char *
plum_module_directory_find (const char *compiled_in, const char *library)
{
  g_autofree char *folder = NULL;
  g_autofree char *parent = NULL;
  g_autofree char *found = NULL;

  if (library == NULL || getauxval (AT_SECURE) != 0 ||
      g_file_test (compiled_in, G_FILE_TEST_EXISTS))
    return g_strdup (compiled_in);

  folder = g_path_get_dirname (library);
  parent = g_build_filename (folder, PLUM_API_NAME, NULL);
  found = g_build_filename (parent, "backends", NULL);
  if (!plum_module_directory_is_trusted (parent, library) ||
      !plum_module_directory_is_trusted (found, library))
    return g_strdup (compiled_in);

  return g_steal_pointer (&found);
}
