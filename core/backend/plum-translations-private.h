/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Binds the text domain, so that gettext finds the translations of the library, its backends and
 * the programs of this repository. The library calls this when it is loaded. */
void plum_translations_bind (void);

/* The directory of the translations: compiled_in, or the same directory relative to library
 * (nullable) if the installation was moved. libdir and localedir are the directories of the library
 * and of the translations relative to the prefix of the installation. A program with more
 * privileges than its user uses compiled_in only. A relative compiled_in is in the directory of
 * library, which may be a program; NULL if it does not exist, or another user can write to it.
 * (transfer full) (nullable) */
char *plum_translations_find (const char *compiled_in,
                              const char *library,
                              const char *libdir,
                              const char *localedir);

G_END_DECLS
