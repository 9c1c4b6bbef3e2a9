/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* NULL-terminated; generated. */
extern const PlumBackendModule *const plum_builtin_backends[];

/* Finds and opens modules, in the order in which they may serve: (element-type PlumBackendInfo)
 * (transfer full). A module that cannot be used is in it with its error. What the program added
 * itself comes with it, and stands over a module of the same name. */
GPtrArray *plum_module_load_all (GPtrArray *added);

/* The ones that may serve, in order, as PLUM_BACKENDS or enabled (nullable) say, their types
 * registered; then the broken ones: (element-type PlumBackendInfo) (transfer full). */
GPtrArray *plum_module_select (GPtrArray *infos, const char *const *enabled);

/* For tests: where to look after PLUM_BACKEND_PATH; NULL is nowhere. */
void plum_module_set_directory (const char *directory);

G_END_DECLS
