/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Call this once per process, before the tests run. */
void test_warnings_catch (void);
/* Returns the number of warnings of the library since the last call. */
guint test_warnings_take (void);
/* Returns the last warning since then, or NULL. */
const char *test_warnings_get_last (void);

G_END_DECLS
