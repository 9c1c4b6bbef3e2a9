/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test-warnings.h"

#include <plum-glib/plum-glib.h>
#include <string.h>

static guint n_warnings;
static char *last;

static const char *
get_field (const GLogField *fields, gsize n_fields, const char *key)
{
  for (gsize i = 0; i < n_fields; i++)
    if (strcmp (fields[i].key, key) == 0)
      return fields[i].value;

  return NULL;
}

static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  if (g_strcmp0 (get_field (fields, n_fields, "PLUM_LOG_LEVEL"), "warn") == 0)
    {
      n_warnings++;
      g_free (last);
      last = g_strdup (get_field (fields, n_fields, "MESSAGE"));
      return G_LOG_WRITER_HANDLED;
    }

  return g_log_writer_default (level, fields, n_fields, user_data);
}

void
test_warnings_catch (void)
{
  plum_log_set_level (PLUM_LOG_LEVEL_WARN);
  g_log_set_writer_func (write_log, NULL, NULL);
}

guint
test_warnings_take (void)
{
  guint n = n_warnings;

  n_warnings = 0;
  g_clear_pointer (&last, g_free);
  return n;
}

const char *
test_warnings_get_last (void)
{
  return last;
}
