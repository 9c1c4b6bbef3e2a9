/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "way-text.h"

typedef struct
{
  const char *name;
  const char *routers[3];
  guint n_routers;
  const char *text; /* (nullable) */
} Row;

static const Row rows[] = {
  { "none", { NULL }, 0, NULL },
  { "one", { "192.168.1.1" }, 1, "192.168.1.1" },
  { "two", { "192.168.1.1", "192.168.0.1" }, 2, "192.168.1.1 and 192.168.0.1" },
  { "three",
    { "192.168.1.1", "192.168.0.1", "10.0.0.1" },
    3,
    "192.168.1.1, 192.168.0.1 and 10.0.0.1" },
  { "unknown", { "192.168.1.1", NULL }, 2, "192.168.1.1 and an unknown router" },
};

static void
test_join (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autofree char *text = NULL;

  for (guint i = 0; i < row->n_routers; i++)
    g_ptr_array_add (names, (gpointer) row->routers[i]);
  text = way_text_join (names);
  g_assert_cmpstr (text, ==, row->text);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/way-text/join/%s", rows[i].name);

      g_test_add_data_func (path, &rows[i], test_join);
    }

  return g_test_run ();
}
