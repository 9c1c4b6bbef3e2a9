/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-private-file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIRECTORY_MODE 0700
#define FILE_MODE 0600

struct _PlumFileLock
{
  int fd;
};

static gboolean
set_file_error (GError **error, int code, const char *doing, const char *path)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "Cannot %s %s: %s", doing, path,
               g_strerror (code));
  return FALSE;
}

/* --- Locks --- */

/* A lock that another user can hold, or that is no file, protects nothing. Sets errno. */
static gboolean
check_lock (const struct stat *status)
{
  errno = S_ISREG (status->st_mode) ? EPERM : EINVAL;
  return S_ISREG (status->st_mode) && status->st_uid == geteuid ();
}

/* flock() locks the open file, not the process, so it also excludes other locks of the same
 * process. */
PlumFileLock *
plum_file_lock_new (const char *path, gboolean must_be_new, GError **error)
{
  g_autoptr (PlumFileLock) self = g_new0 (PlumFileLock, 1);
  struct stat status;

  self->fd =
    open (path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (must_be_new ? O_EXCL : 0),
          FILE_MODE);

  if (self->fd < 0 || flock (self->fd, LOCK_EX | LOCK_NB) != 0 || fstat (self->fd, &status) != 0 ||
      !check_lock (&status))
    {
      set_file_error (error, errno, "lock", path);
      return NULL;
    }

  /* Another manager removed the lock between open() and flock(). */
  if (status.st_nlink == 0)
    {
      set_file_error (error, ESTALE, "lock", path);
      return NULL;
    }

  return g_steal_pointer (&self);
}

void
plum_file_lock_free (PlumFileLock *self)
{
  if (self->fd >= 0)
    close (self->fd);
  g_free (self);
}

/* --- Directories --- */

/* In a directory where other users can replace files, nothing is certain. In a directory with the
 * sticky bit, such as /tmp, they cannot. */
static gboolean
check_directory (const char *directory, GError **error)
{
  const char *what = NULL;
  struct stat status;

  if (stat (directory, &status) != 0)
    return set_file_error (error, errno, "get the status of", directory);

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

gboolean
plum_private_directory_make (const char *directory, GError **error)
{
  if (g_mkdir_with_parents (directory, DIRECTORY_MODE) != 0)
    return set_file_error (error, errno, "create the directory", directory);

  return check_directory (directory, error);
}

/* --- Files --- */

static gboolean
check_owner (int fd, gsize max_size, struct stat *status, GError **error)
{
  const char *what = NULL;

  if (fstat (fd, status) != 0)
    return set_file_error (error, errno, "get the status of", "the file");

  if (!S_ISREG (status->st_mode))
    what = "The file is not a regular file";
  else if (status->st_uid != geteuid ())
    what = "The file belongs to another user";
  else if ((status->st_mode & (S_IWGRP | S_IWOTH)) != 0)
    what = "The file is writable by other users";
  else if (status->st_nlink != 1)
    what = "The file has another name";
  else if ((guint64) status->st_size > max_size)
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
        return set_file_error (error, errno, "read", "the file");
      if (n == 0)
        return set_file_error (error, EIO, "read", "the file");
      have += (gsize) n;
    }

  return TRUE;
}

char *
plum_private_file_read (
  const char *path, gsize max_size, gsize *size, gboolean *was_readable, GError **error)
{
  /* O_NONBLOCK: opening a named pipe must not block. */
  int fd = open (path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  g_autofree char *data = NULL;
  gboolean valid = FALSE;
  struct stat status;

  *was_readable = FALSE;
  if (fd < 0)
    {
      set_file_error (error, errno, "open", "the file");
      return NULL;
    }

  if (check_owner (fd, max_size, &status, error))
    {
      *was_readable = (status.st_mode & (S_IRGRP | S_IROTH)) != 0 && fchmod (fd, FILE_MODE) != 0;
      *size = (gsize) status.st_size;
      data = g_malloc (*size + 1);
      valid = read_all (fd, data, *size, error);
    }

  close (fd);
  return valid ? g_steal_pointer (&data) : NULL;
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

gboolean
plum_private_file_create (const char *path, const char *data, gsize size, GError **error)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
  gboolean ok;
  int code;

  if (fd < 0)
    return set_file_error (error, errno, "create", path);

  ok = fchmod (fd, FILE_MODE) == 0 && write_all (fd, data, size);
  code = errno;
  if (close (fd) != 0 && ok)
    {
      ok = FALSE;
      code = errno;
    }
  return ok || set_file_error (error, code, "write", path);
}

gboolean
plum_private_file_append (const char *path, const char *data, gsize size, GError **error)
{
  int fd = open (path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  struct stat status;
  gboolean ok;

  if (fd < 0)
    return set_file_error (error, errno, "open", path);

  ok = check_owner (fd, G_MAXSIZE, &status, error) &&
       (write_all (fd, data, size) || set_file_error (error, errno, "append to", path));
  close (fd);
  return ok;
}
