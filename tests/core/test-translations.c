/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-translations-private.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test-secure-mode.h"

/* The directory of the translations of an installation that was moved. */

#define COMPILED_IN "/nonexistent/share/locale"

typedef struct
{
  char *prefix;
  char *libdir;
  char *nested; /* a directory in libdir, as in "lib/x86_64-linux-gnu" */
  char *library;
  char *share;
  char *locale;
} Fixture;

static char *
add_library (const char *folder)
{
  char *path = g_build_filename (folder, "libplum-glib-1.0.so.0", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
  g_file_set_contents (path, "", 0, &error);
  g_assert_no_error (error);
  return path;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->prefix = g_dir_make_tmp ("plum-moved-XXXXXX", &error);
  g_assert_no_error (error);
  f->libdir = g_build_filename (f->prefix, "lib", NULL);
  f->nested = g_build_filename (f->libdir, "triplet", NULL);
  f->library = add_library (f->libdir);
  f->share = g_build_filename (f->prefix, "share", NULL);
  f->locale = g_build_filename (f->share, "locale", NULL);
  g_assert_cmpint (g_mkdir_with_parents (f->locale, 0755), ==, 0);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  test_secure_mode = FALSE;
  g_unlink (f->library);
  g_rmdir (f->nested);
  g_rmdir (f->libdir);
  g_rmdir (f->locale);
  g_rmdir (f->share);
  g_assert_cmpint (g_rmdir (f->prefix), ==, 0);
  g_free (f->prefix);
  g_free (f->libdir);
  g_free (f->nested);
  g_free (f->library);
  g_free (f->share);
  g_free (f->locale);
}

static void
assert_found (Fixture *f, const char *expected)
{
  g_autofree char *found = plum_translations_find (COMPILED_IN, f->library, "lib", "share/locale");

  g_assert_cmpstr (found, ==, expected);
}

static void
test_relative_to_library (Fixture *f, gconstpointer data)
{
  assert_found (f, f->locale);
}

static void
test_directory_in_libdir (Fixture *f, gconstpointer data)
{
  g_autofree char *library = add_library (f->nested);
  g_autofree char *found =
    plum_translations_find (COMPILED_IN, library, "lib/triplet", "share/locale");

  g_assert_cmpstr (found, ==, f->locale);
  g_unlink (library);
}

static void
test_not_moved (Fixture *f, gconstpointer data)
{
  g_autofree char *found = plum_translations_find (f->locale, f->library, "lib", "share/locale");

  g_assert_cmpstr (found, ==, f->locale);
}

static void
test_without_translations (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (g_rmdir (f->locale), ==, 0);
  assert_found (f, COMPILED_IN);
}

/* The library was copied to a directory that is not that of an installation. */
static void
test_another_libdir (Fixture *f, gconstpointer data)
{
  static const char *const libdirs[] = { "lib64", "ib", "lib/triplet", "/usr/lib" };

  for (gsize i = 0; i < G_N_ELEMENTS (libdirs); i++)
    {
      g_autofree char *found =
        plum_translations_find (COMPILED_IN, f->library, libdirs[i], "share/locale");

      g_assert_cmpstr (found, ==, COMPILED_IN);
    }
}

/* The directory does not depend on the prefix. */
static void
test_absolute_localedir (Fixture *f, gconstpointer data)
{
  g_autofree char *found = plum_translations_find (COMPILED_IN, f->library, "lib", f->locale);

  g_assert_cmpstr (found, ==, COMPILED_IN);
}

static void
test_not_under_at_secure (Fixture *f, gconstpointer data)
{
  test_secure_mode = TRUE;
  assert_found (f, COMPILED_IN);
}

static void
test_not_in_a_program (Fixture *f, gconstpointer data)
{
  g_autofree char *found = plum_translations_find (COMPILED_IN, NULL, "lib", "share/locale");

  g_assert_cmpstr (found, ==, COMPILED_IN);
}

static void
assert_beside (Fixture *f, const char *library, const char *expected)
{
  g_autofree char *found =
    plum_translations_find ("../share/locale", library, "lib", "share/locale");

  g_assert_cmpstr (found, ==, expected);
}

/* A relative directory, as on Windows: there is no other one. */
static void
test_beside_library (Fixture *f, gconstpointer data)
{
  assert_beside (f, f->library, f->locale);
  test_secure_mode = TRUE;
  assert_beside (f, f->library, f->locale);
  assert_beside (f, NULL, NULL);
}

static void
test_beside_without_translations (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (g_rmdir (f->locale), ==, 0);
  assert_beside (f, f->library, NULL);
}

static void
test_beside_writable_by_others (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (g_chmod (f->share, 0777), ==, 0);
  assert_beside (f, f->library, NULL);
}

/* A translation contains format strings. */
static void
test_writable_by_others (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (g_chmod (f->locale, 0777), ==, 0);
  assert_found (f, COMPILED_IN);
  g_assert_cmpint (g_chmod (f->locale, 0755), ==, 0);
  assert_found (f, f->locale);
  g_assert_cmpint (g_chmod (f->share, 01777), ==, 0);
  assert_found (f, COMPILED_IN);
}

/* As in /tmp, where another user can create the directory. */
static void
test_another_owner (Fixture *f, gconstpointer data)
{
  if (geteuid () != 0 || chown (f->share, 12345, (gid_t) -1) != 0)
    {
      g_test_skip ("only root can change the owner of a file");
      return;
    }

  assert_found (f, COMPILED_IN);
}

static void
test_symbolic_link (Fixture *f, gconstpointer data)
{
  g_autofree char *elsewhere = g_build_filename (f->prefix, "elsewhere", NULL);

  g_assert_cmpint (g_rename (f->share, elsewhere), ==, 0);
  g_assert_cmpint (symlink (elsewhere, f->share), ==, 0);
  assert_found (f, COMPILED_IN);
  g_assert_cmpint (g_unlink (f->share), ==, 0);
  g_assert_cmpint (g_rename (elsewhere, f->share), ==, 0);
}

#ifdef HAVE_LIBINTL
static void
assert_bound (Fixture *f, gboolean chosen)
{
  g_setenv ("PLUM_LOCALE_DIR", f->locale, TRUE);
  plum_translations_bind ();
  g_unsetenv ("PLUM_LOCALE_DIR");
  g_assert_cmpint (g_str_equal (bindtextdomain (GETTEXT_PACKAGE, NULL), f->locale), ==, chosen);
  plum_translations_bind ();
}

static void
test_environment (Fixture *f, gconstpointer data)
{
  assert_bound (f, TRUE);
}

static void
test_environment_under_at_secure (Fixture *f, gconstpointer data)
{
  test_secure_mode = TRUE;
  assert_bound (f, FALSE);
}
#endif

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*func) (Fixture *f, gconstpointer data);
  } tests[] = {
    { "relative-to-the-library", test_relative_to_library },
    { "directory-in-libdir", test_directory_in_libdir },
    { "not-moved", test_not_moved },
    { "without-translations", test_without_translations },
    { "beside-library", test_beside_library },
    { "beside-library/without-translations", test_beside_without_translations },
    { "beside-library/writable-by-others", test_beside_writable_by_others },
    { "another-libdir", test_another_libdir },
    { "absolute-localedir", test_absolute_localedir },
    { "not-under-at-secure", test_not_under_at_secure },
    { "not-in-a-program", test_not_in_a_program },
    { "writable-by-others", test_writable_by_others },
    { "another-owner", test_another_owner },
    { "symbolic-link", test_symbolic_link },
#ifdef HAVE_LIBINTL
    { "environment", test_environment },
    { "environment-under-at-secure", test_environment_under_at_secure },
#endif
  };

  g_test_init (&argc, &argv, NULL);

  for (unsigned int i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strdup_printf ("/translations/%s", tests[i].path);

      g_test_add (path, Fixture, NULL, set_up, tests[i].func, tear_down);
    }

  return g_test_run ();
}
