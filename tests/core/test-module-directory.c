/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-module-directory-private.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test-secure-mode.h"

/* The directory of the modules of a library that was moved with its modules. */

#define COMPILED_IN "/nonexistent/lib/plum-glib-1.0/backends"

typedef struct
{
  char *root;
  char *library;
  char *parent;
  char *backends;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->root = g_dir_make_tmp ("plum-moved-XXXXXX", &error);
  g_assert_no_error (error);
  f->library = g_build_filename (f->root, "libplum-glib-1.0.so.0", NULL);
  f->parent = g_build_filename (f->root, "plum-glib-1.0", NULL);
  f->backends = g_build_filename (f->parent, "backends", NULL);
  g_file_set_contents (f->library, "", 0, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_mkdir_with_parents (f->backends, 0755), ==, 0);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  test_secure_mode = FALSE;
  g_rmdir (f->backends);
  if (g_rmdir (f->parent) != 0)
    g_unlink (f->parent);
  g_unlink (f->library);
  g_assert_cmpint (g_rmdir (f->root), ==, 0);
  g_free (f->root);
  g_free (f->library);
  g_free (f->parent);
  g_free (f->backends);
}

static void
assert_found (const char *compiled_in, const char *library, const char *expected)
{
  g_autofree char *found = plum_module_directory_find (compiled_in, library);

  g_assert_cmpstr (found, ==, expected);
}

static void
test_relative_to_library (Fixture *f, gconstpointer data)
{
  assert_found (COMPILED_IN, f->library, f->backends);
}

static void
test_compiled_in_takes_precedence (Fixture *f, gconstpointer data)
{
  assert_found (f->root, f->library, f->root);
}

static void
test_without_modules (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (g_rmdir (f->backends), ==, 0);
  assert_found (COMPILED_IN, f->library, COMPILED_IN);
}

static void
test_not_under_at_secure (Fixture *f, gconstpointer data)
{
  test_secure_mode = TRUE;
  assert_found (COMPILED_IN, f->library, COMPILED_IN);
}

static void
test_not_in_a_program (Fixture *f, gconstpointer data)
{
  g_autofree char *library = plum_module_directory_get_library ();

  g_assert_null (library);
  assert_found (COMPILED_IN, library, COMPILED_IN);
}

static void
test_writable_by_others (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (g_chmod (f->backends, 0777), ==, 0);
  assert_found (COMPILED_IN, f->library, COMPILED_IN);
  g_assert_cmpint (g_chmod (f->backends, 0755), ==, 0);
  g_assert_cmpint (g_chmod (f->parent, 01777), ==, 0);
  assert_found (COMPILED_IN, f->library, COMPILED_IN);
}

/* As in /tmp, where another user can create the directory. */
static void
test_another_owner (Fixture *f, gconstpointer data)
{
  if (geteuid () != 0 || chown (f->parent, 12345, (gid_t) -1) != 0)
    {
      g_test_skip ("only root can change the owner of a file");
      return;
    }

  assert_found (COMPILED_IN, f->library, COMPILED_IN);
}

static void
test_symbolic_link (Fixture *f, gconstpointer data)
{
  g_autofree char *elsewhere = g_build_filename (f->root, "elsewhere", NULL);

  g_assert_cmpint (g_rename (f->parent, elsewhere), ==, 0);
  g_assert_cmpint (symlink (elsewhere, f->parent), ==, 0);
  assert_found (COMPILED_IN, f->library, COMPILED_IN);
  g_assert_cmpint (g_unlink (f->parent), ==, 0);
  g_assert_cmpint (g_rename (elsewhere, f->parent), ==, 0);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*func) (Fixture *f, gconstpointer data);
  } tests[] = {
    { "relative-to-the-library", test_relative_to_library },
    { "compiled-in-takes-precedence", test_compiled_in_takes_precedence },
    { "without-modules", test_without_modules },
    { "not-under-at-secure", test_not_under_at_secure },
    { "not-in-a-program", test_not_in_a_program },
    { "writable-by-others", test_writable_by_others },
    { "another-owner", test_another_owner },
    { "symbolic-link", test_symbolic_link },
  };

  g_test_init (&argc, &argv, NULL);

  for (unsigned int i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strdup_printf ("/module-directory/%s", tests[i].path);

      g_test_add (path, Fixture, NULL, set_up, tests[i].func, tear_down);
    }

  return g_test_run ();
}
