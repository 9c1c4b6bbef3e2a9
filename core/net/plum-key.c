/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-key-private.h"

#include "plum-system.h"

GBytes *
plum_key_new (GError **error)
{
  guint8 key[PLUM_KEY_SIZE];

  return plum_system_fill_random (key, sizeof key, error) ? g_bytes_new (key, sizeof key) : NULL;
}
