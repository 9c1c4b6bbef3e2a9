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

/* Whether only the owner of the file can write to the directory. The owner of the library can run
 * code in this process anyway; other users must not, for example if the library is in a directory
 * such as /tmp. FALSE if either does not exist; reason: why else, or NULL. (transfer none) */
gboolean plum_system_is_trusted_directory (const char *directory,
                                           const char *file,
                                           const char **reason);

/* Why this process must not run the code of a file: any user can write to the file, or to its
 * directory, and the process has the rights of an administrator. NULL if it may, or if the file
 * does not exist. (transfer full) (nullable) */
char *plum_system_describe_danger (const char *file, const char *directory);

G_END_DECLS
