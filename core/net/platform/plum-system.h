/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Facilities of the operating system that GLib does not provide. Depends on GIO only, so that core
 * and the tools share it. */

/* Fills data with bytes that nobody can predict. Does not block once the system has booted.
 *
 * Errors: a %G_IO_ERROR, and data is not usable. */
gboolean plum_system_fill_random (gpointer data, gsize size, GError **error);

/* Whether the process has more privileges than the user who started it, such as a set-user-ID
 * program: it must not trust its environment. */
gboolean plum_system_is_privileged (void);

/* Returns the absolute path of the file that contains this code: the library, or a program that it
 * is linked into. (transfer full) (nullable) */
char *plum_system_get_library (void);

/* Whether function is in the same file as this code. */
gboolean plum_system_is_in_library (gpointer function);

/* The path in the encoding of the functions of the C library. path: as in GLib. (transfer full) */
char *plum_system_encode_path (const char *path);

/* Whether no user who cannot run code in this process anyway can write to the directory, for
 * example because the library is in a directory such as /tmp. With POSIX, this is the owner of the
 * file, the library. With Windows, these are the user of the process, the system and the
 * administrators, whoever owns the file. FALSE if the directory does not exist, or, with POSIX, the
 * file; reason: why else, or NULL. (transfer none) */
gboolean plum_system_is_trusted_directory (const char *directory,
                                           const char *file,
                                           const char **reason);

/* Why this process must not run the code of a file: it has the rights of an administrator, and any
 * user (POSIX) or another user than those above (Windows) can write to the file, or to its
 * directory. NULL if it may, or if the file does not exist. (transfer full) (nullable) */
char *plum_system_describe_danger (const char *file, const char *directory);

G_END_DECLS
