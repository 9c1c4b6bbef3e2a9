/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* The backends that are linked into the library, NULL-terminated. Generated. */
extern const PlumBackendModule *const plum_builtin_backends[];

/* Finds and opens all modules, and sorts them by priority. A module that cannot be used is listed
 * with its error. added: the backends that the program has added; they take precedence over
 * modules of the same name. (element-type PlumBackendInfo) (transfer full) */
GPtrArray *plum_module_load_all (GPtrArray *added);

/* Selects the backends that PLUM_BACKENDS or enabled (nullable) names, in that order, and registers
 * their types. The modules that cannot be used follow. (element-type PlumBackendInfo)
 * (transfer full) */
GPtrArray *plum_module_select (GPtrArray *infos, const char *const *enabled);

/* For tests: sets the directory that is searched after PLUM_BACKEND_PATH, or NULL for none. */
void plum_module_set_directory (const char *directory);

G_END_DECLS
