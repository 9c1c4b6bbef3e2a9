/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* Whether repeating the request cannot lead to another answer: the router refused it, does not
 * support it, or no longer has the mapping. */
gboolean plum_error_is_final (const GError *error);

G_END_DECLS
