/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(PLUM_INSIDE) && !defined(PLUM_COMPILATION)
#  error "Only <plum-glib/plum-glib.h> can be included directly."
#endif

#include <glib-object.h>
#include <plum-glib/plum-version-macros.h>

G_BEGIN_DECLS

/**
 * PLUM_BACKEND_ABI:
 *
 * The version of the interface between the library and its backend modules.
 *
 * The library refuses a module that was built with another value. The value changes if a field of
 * [struct@Plum.BackendModule], the size or the order of the class structure of
 * [class@Plum.Backend], or an argument or the meaning of a method changes. A new method that uses
 * the padding of the class structure does not change it.
 *
 * Since: 1.0
 */
#define PLUM_BACKEND_ABI 1

/**
 * PlumBackendModule: (skip)
 * @abi: the value of [const@Plum.BACKEND_ABI] in the headers that the module was built with
 * @name: a short name that matches `[a-z][a-z0-9-]*` and is unique among the backends
 * @description: a human-readable description
 * @priority: the priority; the library tries backends with a higher priority first. The priorities
 *   of the backends of this library are 400 for `direct`, 300 for `pcp`, 200 for `natpmp` and 100
 *   for `upnp`
 * @get_type: registers and returns the `GType` of the [class@Plum.Backend] subclass
 *
 * The description of a backend module.
 *
 * A module exports one constant of this type under the name `plum_backend_module`. Use
 * %PLUM_DEFINE_BACKEND_MODULE to define it. The strings must remain valid for the lifetime of the
 * process.
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

/* Not PLUM_EXTERN: a module exports its symbol, but imports those of the library. */
#ifdef _WIN32
#  define PLUM_BACKEND_MODULE_EXTERN __declspec(dllexport) extern
#else
#  define PLUM_BACKEND_MODULE_EXTERN PLUM_EXTERN
#endif

/**
 * PLUM_DEFINE_BACKEND_MODULE: (skip)
 * @module_name: the name of the backend, as a string literal
 * @module_description: the human-readable description, as a string literal
 * @module_priority: the priority, as an integer constant
 * @type_macro: the type macro of the backend, such as `PLUM_TYPE_PCP_BACKEND`; it expands to a call
 *   of the `_get_type()` function
 *
 * Defines the symbol that a backend module exports.
 *
 * Use it once per module, at file scope. See [struct@Plum.BackendModule] for the meaning of the
 * arguments.
 *
 * Since: 1.0
 */
#define PLUM_DEFINE_BACKEND_MODULE(module_name, module_description, module_priority, type_macro)   \
  static GType plum_backend_module_get_type (void) { return type_macro; }                          \
                                                                                                   \
  PLUM_BACKEND_MODULE_EXTERN const PlumBackendModule plum_backend_module;                          \
  const PlumBackendModule plum_backend_module = {                                                  \
    PLUM_BACKEND_ABI,                                                                              \
    module_name,                                                                                   \
    module_description,                                                                            \
    module_priority,                                                                               \
    plum_backend_module_get_type,                                                                  \
  };

G_END_DECLS
