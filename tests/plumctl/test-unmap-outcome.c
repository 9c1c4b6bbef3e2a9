/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unmap-outcome.h"

typedef struct
{
  const char *name;
  UnmapOutcome outcome;
  UnmapOutcome entry;
  gboolean has_entry;
  gboolean asks_beyond;
  gboolean replaced;
} Row;

static const Row rows[] = {
  { "found-in-the-table-only", UNMAP_NOT_FOUND, UNMAP_REMOVED, FALSE, FALSE, TRUE },
  { "found-in-the-table-and-beyond", UNMAP_NOT_FOUND, UNMAP_REMOVED, FALSE, TRUE, TRUE },
  { "refused-by-another-protocol", UNMAP_FAILED, UNMAP_REMOVED, FALSE, FALSE, TRUE },
  { "other-host-at-another-port", UNMAP_OTHER_HOST, UNMAP_REMOVED, FALSE, FALSE, TRUE },
  { "refused-beyond", UNMAP_FAILED, UNMAP_REMOVED, FALSE, TRUE, FALSE },
  { "other-host-beyond", UNMAP_OTHER_HOST, UNMAP_REMOVED, FALSE, TRUE, FALSE },
  { "not-confirmed", UNMAP_NOT_CONFIRMED, UNMAP_REMOVED, FALSE, FALSE, FALSE },
  { "not-confirmed-beyond", UNMAP_NOT_CONFIRMED, UNMAP_REMOVED, FALSE, TRUE, FALSE },
  { "entry-refused", UNMAP_REMOVED, UNMAP_FAILED, FALSE, FALSE, TRUE },
  { "entry-refused-after-beyond", UNMAP_REMOVED, UNMAP_FAILED, FALSE, TRUE, TRUE },
  { "entry-refused-before", UNMAP_FAILED, UNMAP_REMOVED, TRUE, FALSE, FALSE },
  { "entry-of-other-host-before", UNMAP_OTHER_HOST, UNMAP_REMOVED, TRUE, FALSE, FALSE },
  { "second-entry-refused", UNMAP_REMOVED, UNMAP_FAILED, TRUE, FALSE, TRUE },
};

static void
test_is_replaced (gconstpointer data)
{
  const Row *row = data;

  g_assert_cmpint (unmap_outcome_is_replaced (row->outcome, row->entry, row->has_entry,
                                              row->asks_beyond),
                   ==, row->replaced);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/unmap-outcome/is-replaced/%s", rows[i].name);

      g_test_add_data_func (path, &rows[i], test_is_replaced);
    }

  return g_test_run ();
}
