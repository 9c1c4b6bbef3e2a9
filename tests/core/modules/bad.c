/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <plum-glib/plum-glib.h>

/* A module with one fault, which the macros select. */

#ifndef MODULE_ABI
#  define MODULE_ABI PLUM_BACKEND_ABI
#endif

#ifndef MODULE_GET_TYPE
#  define MODULE_GET_TYPE must_not_be_called
#endif

extern const PlumBackendModule plum_backend_module;

G_GNUC_UNUSED static GType
must_not_be_called (void)
{
  g_error ("the code of a module that cannot be used was run");
  return G_TYPE_INVALID;
}

G_MODULE_EXPORT const PlumBackendModule plum_backend_module = {
  .abi = MODULE_ABI,
  .name = MODULE_NAME,
  .description = "One thing is wrong with it",
  .priority = 500,
  .get_type = MODULE_GET_TYPE,
};
