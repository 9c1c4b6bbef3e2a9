/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-lease-file-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plum-log-private.h"

#define FILE_SUFFIX ".plum"
#define LOCK_SUFFIX ".lock"
#define NEW_SUFFIX ".new"
#define DAMAGED_SUFFIX ".damaged"

#define DIRECTORY_MODE 0700
#define FILE_MODE 0600

#define NAME_TRIES 8

/* A file name in the directory, locked by this process. */
typedef struct
{
  char *path;
  char *lock_path;
  int lock_fd;
} Slot;

struct _PlumLeaseFile
{
  char *directory;
  Slot *slot;
  GPtrArray *inherited; /* (element-type Slot): removed by the next write */
};

static void
slot_free (Slot *slot)
{
  if (slot->lock_fd >= 0)
    close (slot->lock_fd);
  g_free (slot->path);
  g_free (slot->lock_path);
  g_free (slot);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Slot, slot_free)

static gboolean
set_io_error (GError **error, int code, const char *doing, const char *path)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "Cannot %s %s: %s", doing, path,
               g_strerror (code));
  return FALSE;
}

/* A lock that another user can hold, or that is no file, protects nothing. Sets errno. */
static gboolean
check_lock (const struct stat *status)
{
  errno = S_ISREG (status->st_mode) ? EPERM : EINVAL;
  return S_ISREG (status->st_mode) && status->st_uid == geteuid ();
}

/* Locks DIRECTORY/STEM. flock() locks the open file, not the process, so it also excludes other
 * managers of the same process. */
static Slot *
slot_lock (const char *directory, const char *stem, int flags, GError **error)
{
  g_autoptr (Slot) slot = g_new0 (Slot, 1);
  g_autofree char *base = g_build_filename (directory, stem, NULL);
  struct stat status;

  slot->path = g_strconcat (base, FILE_SUFFIX, NULL);
  slot->lock_path = g_strconcat (base, LOCK_SUFFIX, NULL);
  slot->lock_fd = open (slot->lock_path,
                        O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags, FILE_MODE);

  if (slot->lock_fd < 0 || flock (slot->lock_fd, LOCK_EX | LOCK_NB) != 0 ||
      fstat (slot->lock_fd, &status) != 0 || !check_lock (&status))
    {
      set_io_error (error, errno, "lock", slot->lock_path);
      return NULL;
    }

  /* Another manager removed the lock between open() and flock(). */
  if (status.st_nlink == 0)
    {
      set_io_error (error, ESTALE, "lock", slot->lock_path);
      return NULL;
    }

  return g_steal_pointer (&slot);
}

/* The lock is removed last, so that there is never a file without a lock. */
static void
slot_remove (Slot *slot)
{
  g_unlink (slot->path);
  g_unlink (slot->lock_path);
}

/* Another manager can inherit the new name before it is locked here; then the next name is
 * tried. */
static Slot *
slot_new (const char *directory, GError **error)
{
  for (unsigned int i = 0; i < NAME_TRIES; i++)
    {
      g_autofree char *stem = g_uuid_string_random ();
      Slot *slot;

      g_clear_error (error);
      slot = slot_lock (directory, stem, O_EXCL, error);
      if (slot != NULL)
        return slot;
    }

  return NULL;
}

/* --- Inherited files --- */

/* Refuses files that another user can have written. */
static gboolean
check_owner (int fd, struct stat *status, GError **error)
{
  const char *what = NULL;

  if (fstat (fd, status) != 0)
    return set_io_error (error, errno, "get the status of", "the file");

  if (!S_ISREG (status->st_mode))
    what = "The file is not a regular file";
  else if (status->st_uid != geteuid ())
    what = "The file belongs to another user";
  else if ((status->st_mode & (S_IWGRP | S_IWOTH)) != 0)
    what = "The file is writable by other users";
  else if (status->st_nlink != 1)
    what = "The file has another name";
  else if (status->st_size > PLUM_LEASE_CODEC_MAX_SIZE)
    what = "The file is too long";

  if (what != NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, what);
  return what == NULL;
}

static gboolean
read_all (int fd, char *data, gsize size, GError **error)
{
  gsize have = 0;

  while (have < size)
    {
      gssize n = read (fd, data + have, size - have);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return set_io_error (error, errno, "read", "the file");
      if (n == 0)
        return set_io_error (error, EIO, "read", "the file");
      have += (gsize) n;
    }

  return TRUE;
}

static GPtrArray *
read_records (const char *path, GError **error)
{
  /* O_NONBLOCK: opening a named pipe must not block. */
  int fd = open (path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  g_autofree char *data = NULL;
  GPtrArray *records = NULL;
  struct stat status;

  if (fd < 0)
    {
      set_io_error (error, errno, "open", "the file");
      return NULL;
    }

  if (check_owner (fd, &status, error))
    {
      gsize size = (gsize) status.st_size;

      /* The keys are secret. */
      if ((status.st_mode & (S_IRGRP | S_IROTH)) != 0 && fchmod (fd, FILE_MODE) != 0)
        plum_warn ("The lease file %s is readable by other users", path);

      data = g_malloc (size + 1);
      if (read_all (fd, data, size, error))
        records = plum_lease_codec_decode (data, size, error);
    }

  close (fd);
  return records;
}

static void
slot_rename_damaged (Slot *slot, const GError *reason)
{
  g_autofree char *renamed = g_strconcat (slot->path, DAMAGED_SUFFIX, NULL);

  plum_warn ("Cannot use the lease file %s: %s", slot->path, reason->message);
  if (g_rename (slot->path, renamed) != 0)
    plum_warn ("Cannot rename %s: %s", slot->path, g_strerror (errno));
  else
    g_unlink (slot->lock_path);
}

/* Temporary files of interrupted writes. */
static void
remove_temporary_files (const char *directory, const char *stem, GPtrArray *names)
{
  g_autofree char *prefix = g_strconcat (stem, FILE_SUFFIX, ".", NULL);

  for (unsigned int i = 0; i < names->len; i++)
    if (g_str_has_prefix (names->pdata[i], prefix) &&
        !g_str_has_suffix (names->pdata[i], DAMAGED_SUFFIX))
      {
        g_autofree char *path = g_build_filename (directory, names->pdata[i], NULL);

        g_unlink (path);
      }
}

/* Whether a later start may succeed: the failure does not depend on the contents. */
static gboolean
may_be_read_later (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_FAILED);
}

static void
plum_lease_file_inherit (PlumLeaseFile *self,
                         const char *stem,
                         GPtrArray *names,
                         GPtrArray *records)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (Slot) slot = slot_lock (self->directory, stem, 0, &error);

  if (slot == NULL)
    {
      /* Another manager uses the file, or it belongs to another user. */
      plum_debug ("%s", error->message);
      return;
    }

  remove_temporary_files (self->directory, stem, names);

  found = read_records (slot->path, &error);
  if (found != NULL)
    {
      plum_info ("Inherited %s with %u record%s of a manager that was not closed", slot->path,
                 found->len, found->len == 1 ? "" : "s");
      for (unsigned int i = 0; i < found->len; i++)
        g_ptr_array_add (records, plum_lease_record_copy (found->pdata[i]));
      g_ptr_array_add (self->inherited, g_steal_pointer (&slot));
    }
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    slot_remove (slot); /* a lock without a file */
  else if (may_be_read_later (error))
    plum_warn ("Keeping the lease file %s for a later start: %s", slot->path, error->message);
  else
    slot_rename_damaged (slot, error);
}

/* Adds the names that end with suffix, without the suffix. */
static void
collect_stems (GPtrArray *names, const char *suffix, GHashTable *stems)
{
  for (unsigned int i = 0; i < names->len; i++)
    {
      const char *name = names->pdata[i];

      if (*name != '.' && g_str_has_suffix (name, suffix))
        g_hash_table_add (stems, g_strndup (name, strlen (name) - strlen (suffix)));
    }
}

static void
plum_lease_file_inherit_all (PlumLeaseFile *self, GPtrArray *records)
{
  g_autoptr (GDir) dir = g_dir_open (self->directory, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) stems = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  const char *name;
  gpointer stem;

  if (dir == NULL)
    return;

  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  collect_stems (names, FILE_SUFFIX, stems);
  collect_stems (names, LOCK_SUFFIX, stems);

  g_hash_table_iter_init (&iter, stems);
  while (g_hash_table_iter_next (&iter, &stem, NULL))
    plum_lease_file_inherit (self, stem, names, records);
}

/* --- The own file --- */

/* In a directory where other users can replace files, nothing is certain. In a directory with the
 * sticky bit, such as /tmp, they cannot. */
static gboolean
check_directory (const char *directory, GError **error)
{
  const char *what = NULL;
  struct stat status;

  if (stat (directory, &status) != 0)
    return set_io_error (error, errno, "get the status of", directory);

  if (!S_ISDIR (status.st_mode))
    what = "is not a directory";
  else if (status.st_uid != geteuid () && status.st_uid != 0)
    what = "belongs to another user";
  else if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (status.st_mode & S_ISVTX) == 0)
    what = "is writable by other users";

  if (what != NULL)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "The directory %s %s", directory,
                 what);
  return what == NULL;
}

PlumLeaseFile *
plum_lease_file_open (const char *directory, GPtrArray *records, GError **error)
{
  PlumLeaseFile *self;
  Slot *slot;

  if (g_mkdir_with_parents (directory, DIRECTORY_MODE) != 0)
    {
      set_io_error (error, errno, "create the directory", directory);
      return NULL;
    }

  if (!check_directory (directory, error))
    return NULL;

  slot = slot_new (directory, error);
  if (slot == NULL)
    return NULL;

  self = g_new0 (PlumLeaseFile, 1);
  self->directory = g_strdup (directory);
  self->inherited = g_ptr_array_new_with_free_func ((GDestroyNotify) slot_free);

  /* After the own lock, so that the own file is not inherited. */
  self->slot = slot;
  plum_lease_file_inherit_all (self, records);
  return self;
}

void
plum_lease_file_free (PlumLeaseFile *self)
{
  /* A lock without a file is not needed. */
  if (g_access (self->slot->path, F_OK) != 0)
    g_unlink (self->slot->lock_path);

  g_clear_pointer (&self->slot, slot_free);
  g_clear_pointer (&self->inherited, g_ptr_array_unref);
  g_free (self->directory);
  g_free (self);
}

gboolean
plum_lease_file_has_inherited (PlumLeaseFile *self)
{
  return self->inherited->len > 0;
}

static gboolean
write_all (int fd, const char *data, gsize size)
{
  gsize done = 0;

  while (done < size)
    {
      gssize n = write (fd, data + done, size - done);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;
      done += (gsize) n;
    }

  return TRUE;
}

/* The name cannot be guessed, and is never that of an existing file. */
static gboolean
write_new (const char *path, const GString *text, GError **error)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
  gboolean ok;
  int code;

  if (fd < 0)
    return set_io_error (error, errno, "create", path);

  ok = fchmod (fd, FILE_MODE) == 0 && write_all (fd, text->str, text->len);
  code = errno;
  if (close (fd) != 0 && ok)
    {
      ok = FALSE;
      code = errno;
    }
  return ok || set_io_error (error, code, "write", path);
}

static gboolean
plum_lease_file_replace (PlumLeaseFile *self, GPtrArray *records, GError **error)
{
  g_autoptr (GString) text = NULL;
  g_autofree char *path = NULL;
  g_autofree char *random = NULL;

  if (records->len == 0)
    return g_unlink (self->slot->path) == 0 || errno == ENOENT ||
           set_io_error (error, errno, "remove", self->slot->path);

  /* With rename(), a crash of the program leaves either the old or the new contents. fsync() could
   * block the main loop for seconds on a busy disk. Without it, a crash of the system can damage
   * the file; it is then renamed at the next start, and the leases expire. */
  text = plum_lease_codec_encode (records);
  random = g_uuid_string_random ();
  path = g_strconcat (self->slot->path, ".", random, NEW_SUFFIX, NULL);
  if (write_new (path, text, error) && (g_rename (path, self->slot->path) == 0 ||
                                        set_io_error (error, errno, "replace", self->slot->path)))
    return TRUE;

  g_unlink (path);
  return FALSE;
}

gboolean
plum_lease_file_write (PlumLeaseFile *self, GPtrArray *records, GError **error)
{
  if (!plum_lease_file_replace (self, records, error))
    return FALSE;

  /* Their records are in the own file now. */
  for (unsigned int i = 0; i < self->inherited->len; i++)
    slot_remove (self->inherited->pdata[i]);
  g_ptr_array_set_size (self->inherited, 0);
  return TRUE;
}

void
plum_lease_file_read_all (const char *directory, GPtrArray *records)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (directory, name, NULL);
      g_autoptr (GPtrArray) found = NULL;

      if (*name != '.' && g_str_has_suffix (name, FILE_SUFFIX))
        found = read_records (path, NULL);
      for (unsigned int i = 0; found != NULL && i < found->len; i++)
        g_ptr_array_add (records, plum_lease_record_copy (found->pdata[i]));
    }
}
