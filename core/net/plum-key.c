/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-key-private.h"

#include "plum-system.h"

#include <string.h>

G_STATIC_ASSERT (sizeof ((PlumKeyPool *) NULL)->keys <= 256); /* see plum_system_fill_random () */

GBytes *
plum_key_new (GError **error)
{
  guint8 key[PLUM_KEY_SIZE];

  return plum_system_fill_random (key, sizeof key, error) ? g_bytes_new (key, sizeof key) : NULL;
}

GBytes *
plum_key_pool_take (PlumKeyPool *self, GError **error)
{
  GBytes *key = NULL;

  if (self->n_keys == 0 && plum_system_fill_random (self->keys, sizeof self->keys, error))
    self->n_keys = G_N_ELEMENTS (self->keys);
  if (self->n_keys > 0)
    {
      key = g_bytes_new (self->keys[--self->n_keys], PLUM_KEY_SIZE);
      memset (self->keys[self->n_keys], 0, PLUM_KEY_SIZE);
    }

  return key;
}
