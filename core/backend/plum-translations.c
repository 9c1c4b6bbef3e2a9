/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-translations-private.h"

#include "plum-module-directory-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "plum-system.h"

/* The prefix of the installation that library belongs to: "/opt/plum" for
 * "/opt/plum/lib/libplum-glib-1.0.so.0" if libdir is "lib". (transfer full) (nullable) */
static char *
find_moved_prefix (const char *library, const char *libdir)
{
  g_autofree char *folder = g_path_get_dirname (library);
  g_autofree char *end = g_strconcat (G_DIR_SEPARATOR_S, libdir, NULL);

  if (g_path_is_absolute (libdir) || !g_str_has_suffix (folder, end))
    return NULL;

  return g_strndup (folder, strlen (folder) - strlen (end));
}

/* A catalog contains format strings: nobody else may replace it, or one of the directories that
 * localedir names. found: ends with localedir. */
static gboolean
is_trusted (const char *found, const char *localedir, const char *library)
{
  g_auto (GStrv) parts = g_strsplit (localedir, "/", -1);
  g_autofree char *directory = g_strdup (found);

  for (guint i = 0; parts[i] != NULL; i++)
    {
      char *parent = g_path_get_dirname (directory);
      const gboolean trusted = g_file_test (directory, G_FILE_TEST_EXISTS) &&
                               plum_module_directory_is_trusted (directory, library);

      g_free (directory);
      directory = parent;
      if (!trusted)
        return FALSE;
    }

  return TRUE;
}

/* Other users may be able to create an absolute path on the disk, so systems where programs have no
 * fixed place compile in a relative one. */
static char *
find_translations_beside (const char *compiled_in, const char *library, const char *localedir)
{
  g_autofree char *folder = library != NULL ? g_path_get_dirname (library) : NULL;
  g_autofree char *found = folder != NULL ? g_canonicalize_filename (compiled_in, folder) : NULL;

  return found != NULL && is_trusted (found, localedir, library) ? g_steal_pointer (&found) : NULL;
}

char *
plum_translations_find (const char *compiled_in,
                        const char *library,
                        const char *libdir,
                        const char *localedir)
{
  g_autofree char *prefix = NULL;
  g_autofree char *found = NULL;

  if (!g_path_is_absolute (compiled_in))
    return find_translations_beside (compiled_in, library, localedir);
  if (library == NULL || plum_system_is_privileged () || g_path_is_absolute (localedir))
    return g_strdup (compiled_in);

  prefix = find_moved_prefix (library, libdir);
  if (prefix == NULL)
    return g_strdup (compiled_in);

  found = g_build_filename (prefix, localedir, NULL);
  if (g_str_equal (found, compiled_in) || !is_trusted (found, localedir, library))
    return g_strdup (compiled_in);

  return g_steal_pointer (&found);
}

void
plum_translations_bind (void)
{
#ifdef HAVE_LIBINTL
  const char *chosen = !plum_system_is_privileged () ? g_getenv ("PLUM_LOCALE_DIR") : NULL;
  g_autofree char *library = g_path_is_absolute (PLUM_LOCALE_DIR)
                               ? plum_module_directory_get_library ()
                               : plum_system_get_library ();
  g_autofree char *found = plum_translations_find (PLUM_LOCALE_DIR, library, PLUM_LIBDIR_IN_PREFIX,
                                                   PLUM_LOCALEDIR_IN_PREFIX);
  g_autofree char *path = NULL;

  if (chosen != NULL && *chosen != '\0')
    path = plum_system_encode_path (chosen);
  else if (found != NULL)
    path = plum_system_encode_path (found);
  else
    /* Not the default of gettext, which another user may create: who can write to the directory of
     * the library can replace the library. */
    path = library != NULL ? g_path_get_dirname (library) : NULL;

  bindtextdomain (GETTEXT_PACKAGE, path);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
#endif
}

/* Programs translate their own messages before they call the library. */
static void __attribute__ ((constructor)) on_library_loaded (void) { plum_translations_bind (); }
