/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define PLUM_KEY_SIZE 32

/* Keys of mappings that nothing uses yet. Threads do not share it: two that took the same key could
 * delete each other's mappings. */
typedef struct
{
  guint8 keys[8][PLUM_KEY_SIZE];
  guint n_keys; /* the first ones */
} PlumKeyPool;

/* Creates the key of a mapping. It authenticates deletes (the nonce of RFC 6887 11.1), so it must
 * not be predictable. (transfer full) */
GBytes *plum_key_new (GError **error);

/* The same, for many mappings: a request to the system for one key takes about as long as for
 * eight. (transfer full) */
GBytes *plum_key_pool_take (PlumKeyPool *self, GError **error);

G_END_DECLS
