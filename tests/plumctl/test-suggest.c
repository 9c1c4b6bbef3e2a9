/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "suggest.h"

typedef struct
{
  const char *name;
  const char *word;
  const char *expected;
} Row;

static const Row rows[] = {
  { "swapped", "mpa", "map" },
  { "one-more", "mapp", "map" },
  { "one-less", "statu", "status" },
  { "beginning", "ext", "external" },
  { "replaced", "docter", "doctor" },
  { "far", "frobnicate", NULL },
  { "empty", "", NULL },
  { "very-long", "mapmapmapmapmapmapmapmapmapmapmapmapmapmapmap", NULL },
};

static void
test_row (gconstpointer data)
{
  static const char *const known[] = { "map", "status", "external", "doctor", NULL };
  const Row *row = data;

  g_assert_cmpstr (suggest_nearest (row->word, known), ==, row->expected);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/plumctl/suggest/%s", rows[i].name);

      g_test_add_data_func (path, &rows[i], test_row);
    }

  return g_test_run ();
}
