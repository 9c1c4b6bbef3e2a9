/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test-secure-mode.h"

#include <gmodule.h>
#include <unistd.h>
#ifdef PLUM_PLATFORM_LINUX
#  include <sys/auxv.h>
#endif

gboolean test_secure_mode = FALSE;

#ifdef PLUM_PLATFORM_LINUX
unsigned long __getauxval (unsigned long type);

/* Replaces the function of the C library, also for the code under test. */
G_MODULE_EXPORT unsigned long
getauxval (unsigned long type)
{
  return type == AT_SECURE && test_secure_mode ? 1 : __getauxval (type);
}
#else
/* Replaces the function of the C library, also for the code under test. */
G_MODULE_EXPORT uid_t
getuid (void)
{
  return geteuid () + (test_secure_mode ? 1 : 0);
}
#endif
