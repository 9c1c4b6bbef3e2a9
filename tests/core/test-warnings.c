/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test-warnings.h"

#include <plum-glib/plum-glib.h>
#include <string.h>

static guint n_warnings;

static GLogWriterOutput
write_log (GLogLevelFlags   level,
           const GLogField *fields,
           gsize            n_fields,
           gpointer         user_data)
{
  for (gsize i = 0; i < n_fields; i++)
    if (strcmp (fields[i].key, "PLUM_LOG_LEVEL") == 0 && strcmp (fields[i].value, "warn") == 0)
      {
        n_warnings++;
        return G_LOG_WRITER_HANDLED;
      }

  return g_log_writer_default (level, fields, n_fields, user_data);
}

void
test_warnings_catch (void)
{
  plum_set_log_level (PLUM_LOG_LEVEL_WARN);
  g_log_set_writer_func (write_log, NULL, NULL);
}

guint
test_warnings_take (void)
{
  guint n = n_warnings;

  n_warnings = 0;
  return n;
}
