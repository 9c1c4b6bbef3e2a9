/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gmodule.h>

/* A shared object that is no backend module. */

G_MODULE_EXPORT int some_other_symbol (void);

int
some_other_symbol (void)
{
  return 1;
}
