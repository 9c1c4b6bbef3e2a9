/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-key-private.h"

#include "plum-system.h"

#include <string.h>

/* Requested from the system together: a request for one key takes about as long as for eight. */
#define KEYS_MAX 8
G_STATIC_ASSERT (KEYS_MAX *PLUM_KEY_SIZE <= 256); /* see plum_system_fill_random () */

G_LOCK_DEFINE_STATIC (keys);
static guint8 keys[KEYS_MAX][PLUM_KEY_SIZE];
static guint n_keys; /* the first ones are unused */

GBytes *
plum_key_new (GError **error)
{
  GBytes *key = NULL;

  G_LOCK (keys);
  if (n_keys == 0 && plum_system_fill_random (keys, sizeof keys, error))
    n_keys = KEYS_MAX;
  if (n_keys > 0)
    {
      key = g_bytes_new (keys[--n_keys], PLUM_KEY_SIZE);
      memset (keys[n_keys], 0, PLUM_KEY_SIZE);
    }
  G_UNLOCK (keys);
  return key;
}
