/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <plum-glib/plum-glib.h>

#include <glib/gstdio.h>
#include <gmodule.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test-secure-mode.h"

/* The module loader, tested with the shared library, real modules and the public API. Each test
 * creates its own folders of modules. */

typedef struct
{
  char *root;
  GString *path;   /* the value of PLUM_BACKEND_PATH */
  GPtrArray *made; /* the paths to remove, in the order of their creation */
  PlumManager *manager;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->root = g_dir_make_tmp ("plum-modules-XXXXXX", &error);
  g_assert_no_error (error);
  f->path = g_string_new (NULL);
  f->made = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (f->made, g_strdup (f->root));
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_unsetenv ("PLUM_BACKEND_PATH");
  g_unsetenv ("PLUM_BACKENDS");
  test_secure_mode = FALSE;
  g_clear_object (&f->manager);
  for (unsigned int i = f->made->len; i > 0; i--)
    g_assert_cmpint (g_remove (f->made->pdata[i - 1]), ==, 0);
  g_ptr_array_unref (f->made);
  g_string_free (f->path, TRUE);
  g_free (f->root);
}

static char *
add_directory (Fixture *f, const char *name)
{
  char *directory = g_build_filename (f->root, name, NULL);

  g_assert_cmpint (g_mkdir (directory, 0700), ==, 0);
  g_ptr_array_add (f->made, directory);
  g_string_append_printf (f->path, "%s%s", f->path->len > 0 ? G_SEARCHPATH_SEPARATOR_S : "",
                          directory);
  return directory; /* made keeps it */
}

static char *
module_path (Fixture *f, const char *directory, const char *name)
{
  g_autofree char *file = g_strdup_printf ("libplum-backend-%s.%s", name, G_MODULE_SUFFIX);
  char *path = g_build_filename (directory, file, NULL);

  g_ptr_array_add (f->made, path);
  return path; /* made keeps it */
}

static char *
built_module (const char *name)
{
  g_autofree char *file = g_strdup_printf ("test-module-%s.%s", name, G_MODULE_SUFFIX);

  return g_build_filename (TEST_MODULES_DIR, file, NULL);
}

/* Adds a module under its own name. It is a link, so that a module that several tests use is opened
 * only once: its types cannot be unloaded. */
static const char *
add_module (Fixture *f, const char *directory, const char *name)
{
  g_autofree char *target = built_module (name);
  const char *path = module_path (f, directory, name);

  g_assert_true (g_file_test (target, G_FILE_TEST_IS_REGULAR));
  g_assert_cmpint (symlink (target, path), ==, 0);
  return path;
}

static void
load (Fixture *f)
{
  g_setenv ("PLUM_BACKEND_PATH", f->path->str, TRUE);
  f->manager = plum_manager_new ();
}

/* Finds the nth backend with that name or file name. (nullable), owned by the list */
static PlumBackendInfo *
find (Fixture *f, const char *name, guint nth)
{
  GListModel *backends = plum_manager_get_backends (f->manager);

  for (guint i = 0; i < g_list_model_get_n_items (backends); i++)
    {
      g_autoptr (PlumBackendInfo) info = g_list_model_get_item (backends, i);

      if (strstr (plum_backend_info_get_name (info), name) != NULL && nth-- == 0)
        return info;
    }

  return NULL;
}

static void
assert_fails (Fixture *f, const char *name, const char *path, const char *reason)
{
  PlumBackendInfo *info = find (f, name, 0);

  g_assert_nonnull (info);
  g_assert_error (plum_backend_info_get_error (info), PLUM_ERROR, PLUM_ERROR_MODULE);
  g_assert_cmpstr (plum_backend_info_get_path (info), ==, path);
  g_assert_nonnull (strstr (plum_backend_info_get_error (info)->message, path));
  g_assert_nonnull (strstr (plum_backend_info_get_error (info)->message, reason));
}

static void
test_good (Fixture *f, gconstpointer data)
{
  const char *path = add_module (f, add_directory (f, "one"), "good");
  PlumBackendInfo *info;

  load (f);
  info = find (f, "good", 0);
  g_assert_nonnull (info);
  g_assert_no_error (plum_backend_info_get_error (info));
  g_assert_cmpstr (plum_backend_info_get_description (info), ==, "A good one");
  g_assert_cmpint (plum_backend_info_get_priority (info), ==, 250);
  g_assert_cmpstr (plum_backend_info_get_path (info), ==, path);
  g_assert_cmpuint (g_type_from_name ("GoodBackend"), !=, G_TYPE_INVALID);
}

typedef struct
{
  const char *module;
  const char *listed_as;
  const char *reason;
} Broken;

static const Broken broken[] = {
  { "wrong-abi", "wrong-abi", "backend ABI 2, but this library has ABI 1" },
  { "no-name", "no-name", "no name" },
  { "empty-name", "empty-name", "no name" },
  { "odd-name", "odd-name", "not a valid name" },
  { "no-type", "no-type", "no type" },
  { "wrong-type", "wrong-type", "GObject" },
  { "abstract-type", "abstract-type", "PlumBackend" },
  { "no-symbol", "no-symbol", "plum_backend_module" },
};

static void
test_broken (Fixture *f, gconstpointer data)
{
  const Broken *row = data;
  const char *directory = add_directory (f, "one");
  const char *path = add_module (f, directory, row->module);

  add_module (f, directory, "better");
  load (f);
  assert_fails (f, row->listed_as, path, row->reason);

  /* The next module is not affected. */
  g_assert_no_error (plum_backend_info_get_error (find (f, "better", 0)));
}

static void
test_text_file (Fixture *f, gconstpointer data)
{
  const char *path = module_path (f, add_directory (f, "one"), "text");

  g_assert_true (g_file_set_contents (path, "not a module\n", -1, NULL));
  g_assert_cmpint (g_chmod (path, 0644), ==, 0);
  load (f);
  assert_fails (f, "text", path, path);
}

/* These are not regular files. The loader must not open them: opening some of them blocks. */
static void
test_not_a_file (Fixture *f, gconstpointer data)
{
  const char *directory = add_directory (f, "one");
  const char *pipe = module_path (f, directory, "pipe");
  const char *folder = module_path (f, directory, "folder");
  const char *terminal = module_path (f, directory, "terminal");
  const char *nowhere = module_path (f, directory, "nowhere");
  const char *itself = module_path (f, directory, "itself");

  g_assert_cmpint (mkfifo (pipe, 0600), ==, 0);
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_assert_cmpint (symlink ("/dev/tty", terminal), ==, 0);
  g_assert_cmpint (symlink ("/nowhere/at/all", nowhere), ==, 0);
  g_assert_cmpint (symlink (itself, itself), ==, 0);
  add_module (f, directory, "good");
  load (f);

  assert_fails (f, "pipe", pipe, "not a regular file");
  assert_fails (f, "folder", folder, "not a regular file");
  assert_fails (f, "terminal", terminal, "not a regular file");
  assert_fails (f, "nowhere", nowhere, "No such file");
  assert_fails (f, "itself", itself, "symbolic links");
  g_assert_no_error (plum_backend_info_get_error (find (f, "good", 0)));
}

/* Files that the dynamic linker rejects: empty, truncated, or built for another machine. It trusts
 * all other files, so further damage cannot be tested. */
static void
test_not_an_object (Fixture *f, gconstpointer data)
{
  static const gsize lengths[] = { 0, 1, 4, 16, 63, 64 };
  g_autofree char *source = built_module ("good");
  g_autofree char *contents = NULL;
  const char *directory = add_directory (f, "one");
  const char *paths[G_N_ELEMENTS (lengths) + 1];
  guint n = 0;
  gsize length;

  g_assert_true (g_file_get_contents (source, &contents, &length, NULL));
  for (; n < G_N_ELEMENTS (lengths); n++)
    {
      g_autofree char *name = g_strdup_printf ("short-%u", n);

      paths[n] = module_path (f, directory, name);
      g_assert_true (g_file_set_contents (paths[n], contents, (gssize) lengths[n], NULL));
    }

  contents[18] ^= 0x55; /* e_machine */
  paths[n] = module_path (f, directory, "short-machine");
  g_assert_true (g_file_set_contents (paths[n], contents, (gssize) length, NULL));

  add_module (f, directory, "good");
  load (f);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autofree char *name = g_path_get_basename (paths[i]);

      assert_fails (f, name, paths[i], name);
    }
  g_assert_no_error (plum_backend_info_get_error (find (f, "good", 0)));
}

static void
test_first_of_a_name_wins (Fixture *f, gconstpointer data)
{
  const char *first = add_module (f, add_directory (f, "one"), "good");
  const char *second = add_module (f, add_directory (f, "two"), "twin");
  PlumBackendInfo *twin;

  load (f);
  g_assert_cmpstr (plum_backend_info_get_path (find (f, "good", 0)), ==, first);
  g_assert_no_error (plum_backend_info_get_error (find (f, "good", 0)));

  /* Calling its get_type would abort this program. */
  twin = find (f, "good", 1);
  g_assert_cmpstr (plum_backend_info_get_path (twin), ==, second);
  g_assert_error (plum_backend_info_get_error (twin), PLUM_ERROR, PLUM_ERROR_MODULE);
  g_assert_nonnull (strstr (plum_backend_info_get_error (twin)->message, first));
}

static void
test_path_order (Fixture *f, gconstpointer data)
{
  const char *first;

  add_directory (f, "empty");
  first = add_module (f, add_directory (f, "zzz"), "better");
  add_module (f, add_directory (f, "aaa"), "better");
  load (f);
  g_assert_cmpstr (plum_backend_info_get_path (find (f, "better", 0)), ==, first);
  g_assert_error (plum_backend_info_get_error (find (f, "better", 1)), PLUM_ERROR,
                  PLUM_ERROR_MODULE);
}

static void
test_program_takes_precedence (Fixture *f, gconstpointer data)
{
  add_module (f, add_directory (f, "one"), "good");
  load (f);
  g_assert_nonnull (find (f, "good", 0));
  plum_manager_add_backend_type (f->manager, g_type_from_name ("GoodBackend"), "good", 1, NULL);
  g_assert_null (plum_backend_info_get_path (find (f, "good", 0)));
  g_assert_no_error (plum_backend_info_get_error (find (f, "good", 0)));
  g_assert_error (plum_backend_info_get_error (find (f, "good", 1)), PLUM_ERROR, PLUM_ERROR_MODULE);
}

static void
assert_not_added (
  PlumManager *manager, GType type, const char *name, GQuark domain, int code, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (plum_manager_add_backend_type (manager, type, name, 1, &error));
  g_assert_error (error, domain, code);
  g_assert_nonnull (strstr (error->message, text));
}

static void
test_program_errors (Fixture *f, gconstpointer data)
{
  static const char *const odd_names[] = { "",      "Good",        "1good", "-good",
                                           "go od", "good,better", "gööd",  "good_" };
  g_autoptr (GError) error = NULL;
  GType type;

  add_module (f, add_directory (f, "one"), "good");
  load (f);
  g_assert_nonnull (find (f, "good", 0));
  type = g_type_from_name ("GoodBackend");

  for (gsize i = 0; i < G_N_ELEMENTS (odd_names); i++)
    assert_not_added (f->manager, type, odd_names[i], G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                      odd_names[i]);
  assert_not_added (f->manager, G_TYPE_OBJECT, "other", G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "GObject");
  assert_not_added (f->manager, PLUM_TYPE_BACKEND, "other", G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "PlumBackend");
  assert_not_added (f->manager, G_TYPE_INVALID, "other", G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "no type");

  g_assert_true (plum_manager_add_backend_type (f->manager, type, "a-1", 1, &error));
  g_assert_no_error (error);
  assert_not_added (f->manager, type, "a-1", G_IO_ERROR, G_IO_ERROR_EXISTS, "a-1");

  plum_manager_close_async (f->manager, NULL, NULL, NULL);
  assert_not_added (f->manager, type, "late", G_IO_ERROR, G_IO_ERROR_CLOSED, "closed");
}

static void
assert_title (Fixture *f, const char *name, const char *title)
{
  PlumBackendInfo *info = find (f, name, 0);
  g_autofree char *property = NULL;

  g_assert_nonnull (info);
  g_object_get (info, "title", &property, NULL);
  g_assert_cmpstr (plum_backend_info_get_title (info), ==, title);
  g_assert_cmpstr (property, ==, title);
}

/* The name stands in for a title that is missing. */
static void
test_title (Fixture *f, gconstpointer data)
{
  const char *directory = add_directory (f, "one");

  add_module (f, directory, "good");
  add_module (f, directory, "wrong-type");
  load (f);
  assert_title (f, "good", "good");
  assert_title (f, "wrong-type", "wrong-type");
}

/* data: the mode of the folder */
static void
test_world_writable (Fixture *f, gconstpointer data)
{
  gboolean folder = data != NULL;
  g_autofree char *source = built_module ("good");
  g_autofree char *contents = NULL;
  const char *directory;
  const char *path;
  gsize length;

  if (geteuid () != 0)
    {
      g_test_skip ("only root refuses files that any user can write");
      return;
    }

  directory = add_directory (f, "one");
  path = module_path (f, directory, "good");
  g_assert_true (g_file_get_contents (source, &contents, &length, NULL));
  g_assert_true (g_file_set_contents (path, contents, (gssize) length, NULL));
  g_assert_cmpint (g_chmod (path, folder ? 0644 : 0646), ==, 0);
  if (folder)
    g_assert_cmpint (g_chmod (directory, GPOINTER_TO_UINT (data)), ==, 0);
  load (f);
  assert_fails (f, "good", path,
                folder ? "the directory of the file is writable" : "the file is writable");
}

/* Folders that cannot be read are listed with the reason, unless they do not exist. */
static void
test_unreadable_directories (Fixture *f, gconstpointer data)
{
  g_autofree char *file = g_build_filename (f->root, "file", NULL);
  g_autofree char *missing = g_build_filename (f->root, "missing", NULL);

  g_assert_true (g_file_set_contents (file, "", 0, NULL));
  g_ptr_array_add (f->made, g_strdup (file));
  g_string_append_printf (f->path, "%s" G_SEARCHPATH_SEPARATOR_S G_SEARCHPATH_SEPARATOR_S "%s",
                          missing, file);
  add_module (f, add_directory (f, "one"), "good");
  load (f);
  assert_fails (f, "file", file, "Not a directory");
  g_assert_null (find (f, "missing", 0));
  g_assert_no_error (plum_backend_info_get_error (find (f, "good", 0)));
}

/* If run as root, the test temporarily becomes another user. */
static void
test_forbidden_directory (Fixture *f, gconstpointer data)
{
  gboolean root = geteuid () == 0;
  const char *directory = add_directory (f, "closed");

  add_module (f, directory, "better");
  g_assert_cmpint (g_chmod (f->root, 0711), ==, 0);
  g_assert_cmpint (g_chmod (directory, 0), ==, 0);
  if (root && seteuid (65534) != 0)
    g_test_skip ("cannot become another user");
  else
    {
      load (f);
      find (f, "closed", 0); /* loads the modules */
      if (root)
        g_assert_no_errno (seteuid (0));
      assert_fails (f, "closed", directory, "Permission denied");
    }
  g_assert_cmpint (g_chmod (directory, 0700), ==, 0);
}

/* data: whether the program is privileged, so that the environment is not trusted */
static void
test_environment (Fixture *f, gconstpointer data)
{
  add_module (f, add_directory (f, "one"), "good");
  g_setenv ("PLUM_BACKENDS", "strange,good", TRUE);
  test_secure_mode = data != NULL;
  load (f);

  if (test_secure_mode)
    {
      g_assert_null (find (f, "good", 0));
      g_assert_null (find (f, "strange", 0));
    }
  else
    {
      GListModel *backends = plum_manager_get_backends (f->manager);
      g_autoptr (PlumBackendInfo) first = g_list_model_get_item (backends, 0);

      g_assert_no_error (plum_backend_info_get_error (find (f, "good", 0)));
      g_assert_error (plum_backend_info_get_error (find (f, "strange", 0)), PLUM_ERROR,
                      PLUM_ERROR_MODULE);
      g_assert_true (first == find (f, "good", 0)); /* what can be used comes first */
    }
}

static void
test_other_files_are_ignored (Fixture *f, gconstpointer data)
{
  const char *directory = add_directory (f, "one");
  g_autofree char *readme = g_build_filename (directory, "README", NULL);

  g_assert_true (g_file_set_contents (readme, "read me", -1, NULL));
  g_ptr_array_add (f->made, g_strdup (readme));
  load (f);
  g_assert_null (find (f, "README", 0));
}

static void
test_priority_orders (Fixture *f, gconstpointer data)
{
  const char *directory = add_directory (f, "one");
  GListModel *backends;
  int last = G_MAXINT;

  add_module (f, directory, "good");
  add_module (f, directory, "better");
  add_module (f, directory, "wrong-abi");
  load (f);
  backends = plum_manager_get_backends (f->manager);
  g_assert_cmpuint (g_list_model_get_n_items (backends), >=, 3);
  for (guint i = 0; i < g_list_model_get_n_items (backends); i++)
    {
      g_autoptr (PlumBackendInfo) info = g_list_model_get_item (backends, i);

      if (plum_backend_info_get_error (info) != NULL)
        {
          last = G_MININT; /* only unusable modules may follow */
          continue;
        }
      g_assert_cmpint (plum_backend_info_get_priority (info), <=, last);
      last = plum_backend_info_get_priority (info);
    }
}

#define ADD(path, func) g_test_add ("/module/" path, Fixture, NULL, set_up, func, tear_down)

static void
test_built_in (void)
{
  g_test_skip ("the backends are built into the library");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  if (TEST_BUILTIN)
    {
      g_test_add_func ("/module/built-in", test_built_in);
      return g_test_run ();
    }

  ADD ("good", test_good);
  for (unsigned int i = 0; i < G_N_ELEMENTS (broken); i++)
    {
      g_autofree char *path = g_strconcat ("/module/broken/", broken[i].module, NULL);

      g_test_add (path, Fixture, &broken[i], set_up, test_broken, tear_down);
    }
  ADD ("broken/text-file", test_text_file);
  ADD ("first-of-a-name-wins", test_first_of_a_name_wins);
  ADD ("path-order", test_path_order);
  ADD ("program-takes-precedence", test_program_takes_precedence);
  ADD ("program-errors", test_program_errors);
  ADD ("title", test_title);
  ADD ("broken/not-a-file", test_not_a_file);
  ADD ("broken/not-an-object", test_not_an_object);
  ADD ("world-writable/file", test_world_writable);
  g_test_add ("/module/world-writable/folder", Fixture, GUINT_TO_POINTER (0777), set_up,
              test_world_writable, tear_down);
  g_test_add ("/module/world-writable/sticky-folder", Fixture, GUINT_TO_POINTER (01777), set_up,
              test_world_writable, tear_down);
  ADD ("unreadable-directories", test_unreadable_directories);
  ADD ("forbidden-directory", test_forbidden_directory);
  ADD ("other-files-are-ignored", test_other_files_are_ignored);
  ADD ("priority-orders", test_priority_orders);
  ADD ("environment", test_environment);
  g_test_add ("/module/environment-under-at-secure", Fixture, GINT_TO_POINTER (TRUE), set_up,
              test_environment, tear_down);

  return g_test_run ();
}
