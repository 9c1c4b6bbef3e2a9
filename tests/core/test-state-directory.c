/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test-state-directory.h"

#include <glib/gstdio.h>

void
test_state_directory_set_up (TestStateDirectory *self)
{
  g_autoptr (GError) error = NULL;

  self->parent = g_dir_make_tmp ("plum-state-XXXXXX", &error);
  g_assert_no_error (error);
  self->path = g_build_filename (self->parent, "state", NULL);
}

void
test_state_directory_tear_down (TestStateDirectory *self)
{
  g_autoptr (GDir) dir = g_dir_open (self->path, 0, NULL);
  const char *name;

  test_state_directory_unwatch (self);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->path, name, NULL);

      g_assert_cmpint (g_remove (path), ==, 0);
    }

  g_remove (self->path);
  g_assert_cmpint (g_rmdir (self->parent), ==, 0);
  g_free (self->path);
  g_free (self->parent);
}

char *
test_state_directory_build (TestStateDirectory *self, const char *name)
{
  return g_build_filename (self->path, name, NULL);
}

char *
test_state_directory_find (TestStateDirectory *self, const char *suffix)
{
  g_autoptr (GDir) dir = g_dir_open (self->path, 0, NULL);
  char *found = NULL;
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      if (!g_str_has_suffix (name, suffix))
        continue;
      g_assert_null (found);
      found = g_build_filename (self->path, name, NULL);
    }

  return found;
}

guint
test_state_directory_count (TestStateDirectory *self)
{
  g_autoptr (GDir) dir = g_dir_open (self->path, 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;

  return n;
}

void
test_state_directory_write (TestStateDirectory *self, const char *name, const char *text, int mode)
{
  g_autofree char *path = test_state_directory_build (self, name);

  g_assert_cmpint (g_mkdir_with_parents (self->path, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_assert_cmpint (g_chmod (path, mode), ==, 0);
}
