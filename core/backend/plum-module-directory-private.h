/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* The path of the shared library that contains this code, or NULL if a program contains it.
 * (transfer full) (nullable) */
char *plum_module_directory_get_library (void);

/* The directory of the installed modules: compiled_in, or the same directory relative to library
 * (nullable) if compiled_in does not exist because the installation was moved. A program with more
 * privileges than its user uses compiled_in only. A relative compiled_in is in the directory of the
 * library. (transfer full) (nullable) */
char *plum_module_directory_find (const char *compiled_in, const char *library);

/* Whether directory is a directory, not a symbolic link, that only the owner of library can write
 * to. */
gboolean plum_module_directory_is_trusted (const char *directory, const char *library);

G_END_DECLS
