/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "way-text.h"

#include <glib/gi18n-lib.h>

/* The routers that a port is forwarded by, such as "192.168.1.1, 192.168.0.1 and 10.0.0.1". names:
 * (element-type utf8); NULL stands for an unknown router. Returns NULL if there is no router. */
char *
way_text_join (GPtrArray *names)
{
  char *text = NULL;

  for (guint i = 0; i < names->len; i++)
    {
      const char *name = names->pdata[i] != NULL ? names->pdata[i] : _ ("an unknown router");
      g_autofree char *before = text;

      if (i == 0)
        text = g_strdup (name);
      else if (i + 1 < names->len)
        text = g_strdup_printf ("%s, %s", before, name);
      else
        /* Translators: the end of a list of routers. */
        text = g_strdup_printf (C_ ("way", "%s and %s"), before, name);
    }
  return text;
}
