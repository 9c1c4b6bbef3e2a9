/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(PLUM_INSIDE) && !defined(PLUM_COMPILATION)
#  error "Only <plum-glib/plum-glib.h> can be included directly."
#endif

#include <gmodule.h>
#include <plum-glib/plum-version-macros.h>

G_BEGIN_DECLS

/**
 * PLUM_BACKEND_ABI:
 *
 * The number that a module and the library must share. It changes whenever
 * [struct@Plum.BackendModule] or the layout of [class@Plum.Backend] does.
 *
 * Since: 1.0
 */
#define PLUM_BACKEND_ABI 1

/**
 * PlumBackendModule: (skip)
 * @abi: [const@Plum.BACKEND_ABI] of the headers that the module was built with
 * @name: a short name, `[a-z][a-z0-9-]*`, unique among the backends
 * @description: what it is, for people
 * @priority: higher is asked for a mapping first; `direct` is 400, `pcp` 300,
 *   `natpmp` 200, `upnp` 100
 * @get_type: registers and gives the [class@Plum.Backend] type
 *
 * What a backend module exports, as the constant `plum_backend_module`.
 * Write it with %PLUM_DEFINE_BACKEND_MODULE.
 *
 * Since: 1.0
 */
typedef struct
{
  guint abi;
  const char *name;
  const char *description;
  int priority;
  GType (*get_type) (void);
} PlumBackendModule;

/**
 * PLUM_DEFINE_BACKEND_MODULE: (skip)
 * @module_name: a string literal
 * @module_description: a string literal
 * @module_priority: a number
 * @type_macro: the backend's type, as `PLUM_TYPE_PCP_BACKEND`, that is a call
 *   of its `_get_type ()` function
 *
 * Writes the one symbol that a backend module exports.
 *
 * Since: 1.0
 */
#define PLUM_DEFINE_BACKEND_MODULE(module_name, module_description, module_priority, type_macro)   \
  static GType plum_backend_module_get_type (void) { return type_macro; }                          \
                                                                                                   \
  extern const PlumBackendModule plum_backend_module;                                              \
  G_MODULE_EXPORT const PlumBackendModule plum_backend_module = {                                  \
    .abi = PLUM_BACKEND_ABI,                                                                       \
    .name = module_name,                                                                           \
    .description = module_description,                                                             \
    .priority = module_priority,                                                                   \
    .get_type = plum_backend_module_get_type,                                                      \
  };

G_END_DECLS
