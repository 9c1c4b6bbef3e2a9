/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The structs that programs contain and no function of the library takes: abidw lists only types
 * that a function uses. */

#include <plum-glib/plum-glib.h>

PLUM_EXTERN void plum_abi_backend (PlumBackend *instance, PlumBackendClass *klass);
PLUM_EXTERN void plum_abi_backend_module (PlumBackendModule *module);

void
plum_abi_backend (PlumBackend *instance, PlumBackendClass *klass)
{
}

void
plum_abi_backend_module (PlumBackendModule *module)
{
}
