/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-key-private.h"

#include <glib/gi18n-lib.h>
#include <sys/random.h>

GBytes *
plum_key_new (GError **error)
{
  guint8 key[PLUM_KEY_SIZE];

  if (getrandom (key, sizeof key, 0) != sizeof key)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                           _ ("The kernel provides no random numbers"));
      return NULL;
    }

  return g_bytes_new (key, sizeof key);
}
