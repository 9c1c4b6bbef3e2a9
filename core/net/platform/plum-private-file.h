/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Files that only this user can write to, and locks between processes. All functions block on I/O.
 * Errors are %G_IO_ERROR codes. */

/* Excludes other locks of the same file, also of this process. Released by the system when the
 * process ends. */
typedef struct _PlumFileLock PlumFileLock;

/* Opens the file, creates it if it does not exist, and locks it. must_be_new: fails if it exists.
 * Does not wait: fails if the file is locked, belongs to another user, is not a regular file, or
 * was removed at the same time. (transfer full) */
PlumFileLock *plum_file_lock_new (const char *path, gboolean must_be_new, GError **error);
/* Releases the lock. The file stays. It may also be removed while it is locked. */
void plum_file_lock_free (PlumFileLock *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlumFileLock, plum_file_lock_free)

/* Creates the directory and its parents, accessible to this user only, if it does not exist. Fails
 * if other users can replace files in it. */
gboolean plum_private_directory_make (const char *directory, GError **error);

/* Reads a file that no other user can have written. Makes it unreadable to other users;
 * was_readable: whether that failed. Fails with %G_IO_ERROR_PERMISSION_DENIED if the file can have
 * been written by another user, or is larger than max_size. (transfer full) */
char *plum_private_file_read (
  const char *path, gsize max_size, gsize *size, gboolean *was_readable, GError **error);

/* Creates a file that only this user can access. Fails if the name exists. */
gboolean plum_private_file_create (const char *path, const char *data, gsize size, GError **error);

/* Appends to a file that no other user can have written. If this fails, a part of data may have
 * been written. */
gboolean plum_private_file_append (const char *path, const char *data, gsize size, GError **error);

G_END_DECLS
