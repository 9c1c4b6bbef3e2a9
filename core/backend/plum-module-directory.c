/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-module-directory-private.h"

#include <string.h>

#include "plum-log-private.h"
#include "plum-system.h"

#define LIBRARY_NAME "lib" PLUM_API_NAME

/* Systems add a version and a suffix to the name of a library, in different ways. */
static gboolean
is_library_name (const char *name)
{
  const char *rest = name + strlen (LIBRARY_NAME);

  return g_str_has_prefix (name, LIBRARY_NAME) && (*rest == '.' || *rest == '-');
}

char *
plum_module_directory_get_library (void)
{
  g_autofree char *path = plum_system_get_library ();
  g_autofree char *name = NULL;

  if (path == NULL)
    return NULL;

  /* In a program that contains the library, this is the name of the program. */
  name = g_path_get_basename (path);
  return is_library_name (name) ? g_steal_pointer (&path) : NULL;
}

gboolean
plum_module_directory_is_trusted (const char *directory, const char *library)
{
  const char *reason;

  if (plum_system_is_trusted_directory (directory, library, &reason))
    return TRUE;
  if (reason != NULL)
    plum_info ("%s is not used: %s", directory, reason);
  return FALSE;
}

/* Other users may be able to create an absolute path on the disk, so systems where programs have no
 * fixed place compile in a relative one. */
static char *
find_beside (const char *compiled_in, const char *library)
{
  g_autofree char *folder = library != NULL ? g_path_get_dirname (library) : NULL;
  g_autofree char *found = folder != NULL ? g_canonicalize_filename (compiled_in, folder) : NULL;
  g_autofree char *parent = found != NULL ? g_path_get_dirname (found) : NULL;

  if (found == NULL || !plum_module_directory_is_trusted (parent, library) ||
      !plum_module_directory_is_trusted (found, library))
    return NULL;
  return g_steal_pointer (&found);
}

char *
plum_module_directory_find (const char *compiled_in, const char *library)
{
  g_autofree char *folder = NULL;
  g_autofree char *parent = NULL;
  g_autofree char *found = NULL;

  if (!g_path_is_absolute (compiled_in))
    return find_beside (compiled_in, library);
  if (library == NULL || plum_system_is_privileged () ||
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
