/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <glib/gstdio.h>
#include <gmodule.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plum-lease-file-private.h"
#include "test-state-directory.h"
#include "test-syscalls.h"
#include "test-warnings.h"

#define KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define FILE_OF_ONE                                                                                \
  "plum-state 1\n"                                                                                 \
  "map protocol=tcp family=ipv4 internal=8080 external=8081 key=" KEY                              \
  " interface=eth0 backend=pcp until=never\n"                                                      \
  "end 1\n"

typedef struct
{
  TestStateDirectory directory;
  GPtrArray *records;
} Fixture;

static guint n_syncs;

/* Replaces the function of the C library, also for GLib. */
G_MODULE_EXPORT int
fsync (int fd)
{
  n_syncs++;
  return 0;
}

static GPtrArray *
records_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) plum_lease_record_free);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  test_state_directory_set_up (&f->directory);
  f->records = records_new ();
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  test_syscalls_reset ();
  g_clear_pointer (&f->records, g_ptr_array_unref);
  test_state_directory_tear_down (&f->directory);
}

static PlumLeaseFile *
open_file (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  PlumLeaseFile *file = plum_lease_file_open (f->directory.path, f->records, &error);

  g_assert_no_error (error);
  return file;
}

static void
write_file (Fixture *f, PlumLeaseFile *file)
{
  g_autoptr (GError) error = NULL;

  plum_lease_file_write (file, f->records, &error);
  g_assert_no_error (error);
}

static void
test_nothing_stays (Fixture *f, gconstpointer data)
{
  PlumLeaseFile *file = open_file (f);

  write_file (f, file);
  plum_lease_file_free (file);
  g_assert_cmpuint (test_state_directory_count (&f->directory), ==, 0);
}

static void
test_inherit (Fixture *f, gconstpointer data)
{
  PlumLeaseFile *file;
  g_autofree char *path = NULL;

  test_state_directory_write (&f->directory, "old.plum", FILE_OF_ONE, 0600);
  file = open_file (f);
  g_assert_cmpuint (f->records->len, ==, 1);
  g_assert_true (plum_lease_file_has_inherited (file));

  /* The old file stays until the new one is written, so that a crash in between loses nothing. */
  path = test_state_directory_find (&f->directory, "old.plum");
  g_assert_nonnull (path);
  write_file (f, file);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  plum_lease_file_free (file);
  g_assert_cmpuint (test_state_directory_count (&f->directory), ==, 2);
}

static void
test_locked_is_left_alone (Fixture *f, gconstpointer data)
{
  PlumLeaseFile *first, *second;

  test_state_directory_write (&f->directory, "old.plum", FILE_OF_ONE, 0600);
  first = open_file (f);
  write_file (f, first);
  g_ptr_array_set_size (f->records, 0);

  second = open_file (f);
  g_assert_cmpuint (f->records->len, ==, 0);
  g_assert_false (plum_lease_file_has_inherited (second));
  plum_lease_file_free (second);
  plum_lease_file_free (first);
}

static void
test_temporary_files_are_removed (Fixture *f, gconstpointer data)
{
  PlumLeaseFile *file;
  g_autofree char *temporary = NULL;

  test_state_directory_write (&f->directory, "old.plum", FILE_OF_ONE, 0600);
  test_state_directory_write (&f->directory, "old.plum.A1B2C3", "half a fi", 0600);
  test_state_directory_write (&f->directory, "gone.lock", "", 0600);
  file = open_file (f);
  write_file (f, file);
  temporary = test_state_directory_find (&f->directory, ".A1B2C3");
  g_assert_null (temporary);
  plum_lease_file_free (file);
  g_assert_cmpuint (test_state_directory_count (&f->directory), ==, 2);
}

static void
test_append (Fixture *f, gconstpointer data)
{
  PlumLeaseFile *file, *next;
  g_autoptr (GError) error = NULL;

  test_state_directory_write (&f->directory, "old.plum", FILE_OF_ONE, 0600);
  file = open_file (f);
  g_assert_false (plum_lease_file_append (file, f->records, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);

  write_file (f, file);
  for (guint i = 0; i < 3; i++)
    {
      plum_lease_file_append (file, f->records, &error);
      g_assert_no_error (error);
    }
  plum_lease_file_free (file);

  g_ptr_array_set_size (f->records, 0);
  next = open_file (f);
  g_assert_cmpuint (f->records->len, ==, 4);
  plum_lease_file_free (next);
}

/* A part of the addition may be in the file: whatever is appended to it would be lost. */
static void
test_append_after_failure (Fixture *f, gconstpointer data)
{
  PlumLeaseFile *file;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  test_state_directory_write (&f->directory, "old.plum", FILE_OF_ONE, 0600);
  file = open_file (f);
  write_file (f, file);
  path = test_state_directory_find (&f->directory, ".plum");
  g_assert_cmpint (g_chmod (path, 0602), ==, 0);
  g_assert_false (plum_lease_file_append (file, f->records, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  g_clear_error (&error);

  g_assert_cmpint (g_chmod (path, 0600), ==, 0);
  g_assert_false (plum_lease_file_append (file, f->records, NULL));
  write_file (f, file);
  g_assert_true (plum_lease_file_append (file, f->records, NULL));
  plum_lease_file_free (file);
}

/* The main loop never waits for the disk, neither for the first write nor for later ones. */
static void
test_no_sync (Fixture *f, gconstpointer data)
{
  PlumLeaseFile *file;

  test_state_directory_write (&f->directory, "old.plum", FILE_OF_ONE, 0600);
  file = open_file (f);
  g_assert_cmpuint (f->records->len, ==, 1);
  for (guint i = 0; i < 3; i++)
    {
      write_file (f, file);
      g_assert_true (plum_lease_file_append (file, f->records, NULL));
    }
  g_assert_cmpuint (test_state_directory_count (&f->directory), ==, 2);
  g_assert_cmpuint (n_syncs, ==, 0);
  plum_lease_file_free (file);
}

/* Asserts that the file was renamed, with a warning. */
static void
assert_renamed (Fixture *f)
{
  PlumLeaseFile *file;
  g_autofree char *renamed = NULL;

  file = open_file (f);
  g_assert_cmpuint (test_warnings_take (), ==, 1);
  g_assert_cmpuint (f->records->len, ==, 0);
  renamed = test_state_directory_find (&f->directory, "old.plum.damaged");
  g_assert_nonnull (renamed);
  plum_lease_file_free (file);
  g_assert_cmpuint (test_state_directory_count (&f->directory), ==, 1);
}

static void
test_damaged (Fixture *f, gconstpointer data)
{
  test_state_directory_write (&f->directory, "old.plum", data, 0600);
  assert_renamed (f);
}

static void
test_writable_by_others (Fixture *f, gconstpointer data)
{
  test_state_directory_write (&f->directory, "old.plum", FILE_OF_ONE, 0602);
  assert_renamed (f);
}

static void
test_symlink (Fixture *f, gconstpointer data)
{
  g_autofree char *link = test_state_directory_build (&f->directory, "old.plum");
  g_autofree char *target = g_build_filename (f->directory.parent, "target", NULL);

  g_assert_cmpint (g_mkdir (f->directory.path, 0700), ==, 0);
  g_assert_true (g_file_set_contents (target, FILE_OF_ONE, -1, NULL));
  g_assert_cmpint (symlink (target, link), ==, 0);
  assert_renamed (f);
  g_assert_cmpint (g_remove (target), ==, 0);
}

/* Opening a named pipe must not block. */
static void
test_pipe (Fixture *f, gconstpointer data)
{
  g_autofree char *path = test_state_directory_build (&f->directory, "old.plum");

  g_assert_cmpint (g_mkdir (f->directory.path, 0700), ==, 0);
  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  assert_renamed (f);
}

static void
test_other_owner (Fixture *f, gconstpointer data)
{
  g_autofree char *path = test_state_directory_build (&f->directory, "old.plum");

  test_state_directory_write (&f->directory, "old.plum", FILE_OF_ONE, 0600);
  if (chown (path, 12345, 12345) != 0)
    {
      g_test_skip ("only root can change the owner of a file");
      return;
    }

  assert_renamed (f);
}

static void
test_no_directory (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->directory.parent, "file", NULL);
  g_autofree char *below = g_build_filename (path, "state", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  g_assert_null (plum_lease_file_open (below, f->records, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY);
  g_assert_cmpint (g_remove (path), ==, 0);
}

static void
test_read_only (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  /* Even root cannot create files there. */
  g_assert_null (plum_lease_file_open ("/proc/self", f->records, &error));
  g_assert_nonnull (error);
}

/* A read error does not mean that the file is damaged: a later start inherits it. */
static void
test_unreadable (Fixture *f, gconstpointer call)
{
  PlumLeaseFile *file;

  test_state_directory_write (&f->directory, "old.plum", FILE_OF_ONE, 0600);
  /* The first fstat() is for the new lock, the second for the old one. */
  test_syscall_fail_after (GPOINTER_TO_INT (call),
                           GPOINTER_TO_INT (call) == TEST_SYSCALL_FSTAT ? 2 : 0, EIO);
  file = open_file (f);
  g_assert_cmpuint (test_warnings_take (), ==, 1);
  g_assert_cmpuint (f->records->len, ==, 0);
  plum_lease_file_free (file);

  test_syscalls_reset ();
  file = open_file (f);
  g_assert_cmpuint (f->records->len, ==, 1);
  write_file (f, file);
  plum_lease_file_free (file);
}

/* --- Changes by others between two system calls --- */

static void
cut_off (gpointer user_data)
{
  Fixture *f = user_data;
  g_autofree char *path = test_state_directory_build (&f->directory, "old.plum");

  g_assert_cmpint (truncate (path, 20), ==, 0);
}

/* The file is truncated after it was opened: the rest must not be taken for the whole file. */
static void
test_cut_off_meanwhile (Fixture *f, gconstpointer data)
{
  PlumLeaseFile *file;
  g_autofree char *old = NULL;
  const char *warning;

  test_state_directory_write (&f->directory, "old.plum", FILE_OF_ONE, 0600);
  test_syscall_set_hook (TEST_SYSCALL_READ, cut_off, f);
  file = open_file (f);
  g_assert_cmpuint (f->records->len, ==, 0);
  old = test_state_directory_find (&f->directory, "old.plum");
  g_assert_nonnull (old);

  warning = test_warnings_get_last ();
  g_assert_nonnull (strstr (warning, old));
  g_assert_nonnull (strstr (warning, "for a later start: Cannot read the file"));
  g_assert_cmpuint (test_warnings_take (), ==, 1);
  plum_lease_file_free (file);
}

typedef struct
{
  Fixture *f;
  const char *suffix; /* of the locks to remove */
  guint times;
} Remover;

static void
remove_locks (gpointer user_data)
{
  Remover *remover = user_data;
  g_autofree char *path = NULL;

  if (remover->times == 0)
    return;

  path = test_state_directory_find (&remover->f->directory, remover->suffix);
  if (path != NULL)
    {
      remover->times--;
      g_assert_cmpint (g_unlink (path), ==, 0);
    }
}

/* A manager that starts at the same time inherits the new lock. A lock without a name excludes
 * nothing, so another name is used. */
static void
test_own_lock_removed (Fixture *f, gconstpointer data)
{
  Remover remover = { f, ".lock", 1 };
  PlumLeaseFile *file;
  g_autofree char *lock = NULL;

  test_syscall_set_hook (TEST_SYSCALL_FLOCK, remove_locks, &remover);
  file = open_file (f);
  g_assert_cmpuint (remover.times, ==, 0);
  lock = test_state_directory_find (&f->directory, ".lock");
  g_assert_nonnull (lock);
  plum_lease_file_free (file);
}

/* Another process removes every file that is created. */
static void
test_own_lock_always_removed (Fixture *f, gconstpointer data)
{
  Remover remover = { f, ".lock", G_MAXUINT };
  g_autoptr (GError) error = NULL;

  test_syscall_set_hook (TEST_SYSCALL_FLOCK, remove_locks, &remover);
  g_assert_null (plum_lease_file_open (f->directory.path, f->records, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_test_message ("%s", error->message);
  g_assert_true (g_str_has_prefix (error->message, "Cannot lock "));
  g_assert_nonnull (strstr (error->message, f->directory.path));
}

/* Another manager inherits and removes the old file before it is locked here. */
static void
test_old_lock_removed (Fixture *f, gconstpointer data)
{
  Remover remover = { f, "old.lock", G_MAXUINT };
  PlumLeaseFile *file;

  test_state_directory_write (&f->directory, "old.lock", "", 0600);
  test_state_directory_write (&f->directory, "old.plum", FILE_OF_ONE, 0600);
  test_syscall_set_hook (TEST_SYSCALL_FLOCK, remove_locks, &remover);
  file = open_file (f);
  g_assert_cmpuint (f->records->len, ==, 0);
  g_assert_false (plum_lease_file_has_inherited (file));
  g_assert_cmpuint (test_warnings_take (), ==, 0);
  plum_lease_file_free (file);
}

/* If a write fails, neither the own file nor the inherited ones are removed. */
static void
test_write_fails (Fixture *f, gconstpointer call)
{
  PlumLeaseFile *file;
  g_autofree char *old = NULL;
  g_autoptr (GError) error = NULL;

  test_state_directory_write (&f->directory, "old.plum", FILE_OF_ONE, 0600);
  file = open_file (f);
  if (GPOINTER_TO_INT (call) == TEST_SYSCALL_UNLINK)
    g_ptr_array_set_size (f->records, 0);
  test_syscall_fail (GPOINTER_TO_INT (call), EROFS);

  g_assert_false (plum_lease_file_write (file, f->records, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_READ_ONLY);
  old = test_state_directory_find (&f->directory, "old.plum");
  g_assert_nonnull (old);
  g_assert_true (plum_lease_file_has_inherited (file));

  test_syscalls_reset ();
  write_file (f, file);
  g_assert_false (plum_lease_file_has_inherited (file));
  plum_lease_file_free (file);
}

/* --- Directories and files that others can change --- */

static void
test_directory_mode (Fixture *f, gconstpointer mode)
{
  const guint bits = GPOINTER_TO_UINT (mode);
  const gboolean safe = (bits & 022) == 0 || (bits & 01000) != 0;
  g_autoptr (GError) error = NULL;
  PlumLeaseFile *file;

  g_assert_cmpint (g_mkdir_with_parents (f->directory.path, 0700), ==, 0);
  g_assert_cmpint (chmod (f->directory.path, bits), ==, 0);
  file = plum_lease_file_open (f->directory.path, f->records, &error);
  g_assert_true ((file != NULL) == safe);
  if (!safe)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  g_clear_pointer (&file, plum_lease_file_free);
  g_assert_cmpint (chmod (f->directory.path, 0700), ==, 0);
}

/* As root only: a directory of another user. */
static void
test_directory_owner (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (f->directory.path, 0700), ==, 0);
  if (geteuid () != 0 || chown (f->directory.path, 12345, 12345) != 0)
    {
      g_test_skip ("Only root can change the owner");
      return;
    }

  g_assert_null (plum_lease_file_open (f->directory.path, f->records, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  g_assert_cmpint (chown (f->directory.path, 0, 0), ==, 0);
}

static void
test_directory_is_file (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;

  test_state_directory_write (&f->directory, "old.plum.x", "", 0600);
  path = test_state_directory_build (&f->directory, "old.plum.x");
  g_assert_null (plum_lease_file_open (path, f->records, &error));
  g_assert_nonnull (error);
}

/* A symbolic link to the directory is followed: whoever set the path chose it. */
static void
test_directory_link (Fixture *f, gconstpointer data)
{
  g_autofree char *link = NULL;
  g_autoptr (GError) error = NULL;
  PlumLeaseFile *file;

  test_state_directory_write (&f->directory, "old.plum", FILE_OF_ONE, 0600);
  link = g_strconcat (f->directory.path, ".link", NULL);
  g_assert_cmpint (symlink (f->directory.path, link), ==, 0);
  file = plum_lease_file_open (link, f->records, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (f->records->len, ==, 1);
  write_file (f, file);
  plum_lease_file_free (file);
  g_assert_cmpint (unlink (link), ==, 0);
}

static void
test_hard_link (Fixture *f, gconstpointer data)
{
  g_autofree char *path = test_state_directory_build (&f->directory, "old.plum");
  g_autofree char *other = g_strconcat (f->directory.path, ".other", NULL);

  test_state_directory_write (&f->directory, "old.plum", FILE_OF_ONE, 0600);
  g_assert_cmpint (link (path, other), ==, 0);
  assert_renamed (f);
  g_assert_cmpint (unlink (other), ==, 0);
}

static void
test_readable_by_others (Fixture *f, gconstpointer data)
{
  g_autofree char *path = test_state_directory_build (&f->directory, "old.plum");
  PlumLeaseFile *file;

  test_state_directory_write (&f->directory, "old.plum", FILE_OF_ONE, 0644);
  file = open_file (f);
  g_assert_cmpuint (f->records->len, ==, 1);
  g_assert_cmpuint (test_state_get_mode (path), ==, 0600);
  plum_lease_file_free (file);
}

static void
test_lock_is_pipe (Fixture *f, gconstpointer data)
{
  g_autofree char *path = test_state_directory_build (&f->directory, "old.lock");
  PlumLeaseFile *file;

  test_state_directory_write (&f->directory, "old.plum", FILE_OF_ONE, 0600);
  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  file = open_file (f);
  g_assert_cmpuint (f->records->len, ==, 0);
  plum_lease_file_free (file);
}

/* The temporary file has another name each time, so that none can be prepared. */
static void
test_prepared_temporary_file (Fixture *f, gconstpointer data)
{
  PlumLeaseFile *file = open_file (f);
  g_autofree char *lock = test_state_directory_find (&f->directory, ".lock");
  g_autofree char *stem = g_strndup (lock, strlen (lock) - strlen (".lock"));
  g_autofree char *victim = g_strconcat (f->directory.path, ".victim", NULL);
  g_autofree char *prepared = g_strconcat (stem, ".plum.new", NULL);
  g_autofree char *path = g_strconcat (stem, ".plum", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GPtrArray) records = NULL;
  struct stat status;

  g_assert_true (g_file_set_contents (victim, "victim", -1, NULL));
  g_assert_cmpint (symlink (victim, prepared), ==, 0);
  g_assert_cmpint (symlink (victim, path), ==, 0);
  records = plum_lease_codec_decode (FILE_OF_ONE, strlen (FILE_OF_ONE), NULL);
  g_assert_true (plum_lease_file_write (file, records, NULL));

  g_assert_true (g_file_get_contents (victim, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "victim");
  g_assert_cmpint (lstat (path, &status), ==, 0);
  g_assert_true (S_ISREG (status.st_mode));
  g_assert_cmpuint (status.st_mode & 0777, ==, 0600);
  plum_lease_file_free (file);
  g_assert_cmpint (unlink (victim), ==, 0);
}

static void
test_target_is_directory (Fixture *f, gconstpointer data)
{
  PlumLeaseFile *file = open_file (f);
  g_autofree char *lock = test_state_directory_find (&f->directory, ".lock");
  g_autofree char *path = g_strndup (lock, strlen (lock) - strlen ("lock"));
  g_autofree char *target = g_strconcat (path, "plum", NULL);
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (mkdir (target, 0700), ==, 0);
  records = plum_lease_codec_decode (FILE_OF_ONE, strlen (FILE_OF_ONE), NULL);
  g_assert_false (plum_lease_file_write (file, records, &error));
  g_assert_nonnull (error);
  g_assert_cmpuint (test_state_directory_count (&f->directory), ==, 2);
  g_assert_cmpint (rmdir (target), ==, 0);
  plum_lease_file_free (file);
}

#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
#define ADD_CALL(path, call, func)                                                                 \
  g_test_add (path, Fixture, GINT_TO_POINTER (call), set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  test_warnings_catch ();

  ADD ("/lease-file/nothing-stays", test_nothing_stays);
  ADD ("/lease-file/inherit", test_inherit);
  ADD ("/lease-file/locked-is-left-alone", test_locked_is_left_alone);
  ADD ("/lease-file/temporary-files-are-removed", test_temporary_files_are_removed);
  ADD ("/lease-file/append", test_append);
  ADD ("/lease-file/append-after-failure", test_append_after_failure);
  ADD ("/lease-file/no-sync", test_no_sync);
  g_test_add ("/lease-file/damaged", Fixture, "plum-state 1\nend 1\n", set_up, test_damaged,
              tear_down);
  g_test_add ("/lease-file/other-version", Fixture, "plum-state 2\nend 0\n", set_up, test_damaged,
              tear_down);
  g_test_add ("/lease-file/empty", Fixture, "", set_up, test_damaged, tear_down);
  ADD ("/lease-file/writable-by-others", test_writable_by_others);
  ADD ("/lease-file/symlink", test_symlink);
  ADD ("/lease-file/pipe", test_pipe);
  ADD ("/lease-file/other-owner", test_other_owner);
  ADD ("/lease-file/no-directory", test_no_directory);
  ADD ("/lease-file/read-only", test_read_only);
  ADD_CALL ("/lease-file/unreadable/fstat", TEST_SYSCALL_FSTAT, test_unreadable);
  ADD_CALL ("/lease-file/unreadable/read", TEST_SYSCALL_READ, test_unreadable);
  ADD ("/lease-file/cut-off-meanwhile", test_cut_off_meanwhile);
  ADD ("/lease-file/own-lock-removed", test_own_lock_removed);
  ADD ("/lease-file/own-lock-always-removed", test_own_lock_always_removed);
  ADD ("/lease-file/old-lock-removed", test_old_lock_removed);
  ADD_CALL ("/lease-file/write-fails/rename", TEST_SYSCALL_RENAME, test_write_fails);
  ADD_CALL ("/lease-file/write-fails/unlink", TEST_SYSCALL_UNLINK, test_write_fails);

  ADD_CALL ("/lease-file/directory/0777", 0777, test_directory_mode);
  ADD_CALL ("/lease-file/directory/0770", 0770, test_directory_mode);
  ADD_CALL ("/lease-file/directory/01777", 01777, test_directory_mode);
  ADD_CALL ("/lease-file/directory/0755", 0755, test_directory_mode);
  ADD ("/lease-file/directory/other-owner", test_directory_owner);
  ADD ("/lease-file/directory/is-a-file", test_directory_is_file);
  ADD ("/lease-file/directory/symlink", test_directory_link);
  ADD ("/lease-file/hard-link", test_hard_link);
  ADD ("/lease-file/readable-by-others", test_readable_by_others);
  ADD ("/lease-file/lock-is-a-pipe", test_lock_is_pipe);
  ADD ("/lease-file/prepared-temporary-file", test_prepared_temporary_file);
  ADD ("/lease-file/target-is-a-directory", test_target_is_directory);

  return g_test_run ();
}
