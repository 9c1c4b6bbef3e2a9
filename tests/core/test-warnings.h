/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Once per process, before the tests. */
void test_warnings_catch (void);
/* How many warnings the library has given since the last call. */
guint test_warnings_take (void);
/* The last warning since then, NULL if there was none. */
const char *test_warnings_get_last (void);

G_END_DECLS
