/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define PLUM_KEY_SIZE 32

/* Creates the key of a mapping. It authenticates deletes (the nonce of RFC 6887 11.1), so it must
 * not be predictable. (transfer full) */
GBytes *plum_key_new (GError **error);

G_END_DECLS
