/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "json.h"

static char *
write_string (const char *value)
{
  JsonWriter json;

  json_writer_init (&json);
  json_writer_string (&json, NULL, value);
  return json_writer_finish (&json);
}

typedef struct
{
  const char *name;
  const char *value;
  const char *expected;
} StringRow;

static const StringRow strings[] = {
  { "plain", "plain", "\"plain\"" },
  { "empty", "", "\"\"" },
  { "none", NULL, "null" },
  { "quote", "a\"b", "\"a\\\"b\"" },
  { "backslash", "a\\b", "\"a\\\\b\"" },
  { "newline", "a\nb", "\"a\\nb\"" },
  { "control", "\x01\x1b[31m\x7f", "\"\\u0001\\u001b[31m\\u007f\"" },
  { "c1",
    "a\xc2\x9b"
    "31mb\xc2\x85",
    "\"a\\u009b31mb\\u0085\"" },
  { "embedding", "\u202a\u202b\u202c\u202d\u202e", "\"\\u202a\\u202b\\u202c\\u202d\\u202e\"" },
  { "isolate", "\u2066\u2067\u2068\u2069", "\"\\u2066\\u2067\\u2068\\u2069\"" },
  { "mark", "\u200b\u200c\u200d\u200e\u200f\u061c",
    "\"\\u200b\\u200c\\u200d\\u200e\\u200f\\u061c\"" },
  { "separator", "a\u2028b\u2029", "\"a\\u2028b\\u2029\"" },
  { "invisible", "\ufeff\u00ad\u2060", "\"\\ufeff\\u00ad\\u2060\"" },
  { "tag", "\U000e0041", "\"\\udb40\\udc41\"" },
  { "utf8", "größe", "\"größe\"" },
  { "not-utf8",
    "a\xff"
    "b",
    "\"a\xef\xbf\xbd"
    "b\"" },
};

static void
test_string (gconstpointer data)
{
  const StringRow *row = data;
  g_autofree char *text = write_string (row->value);

  g_assert_cmpstr (text, ==, row->expected);
}

static void
test_object (void)
{
  g_autofree char *text = NULL;
  JsonWriter json;

  json_writer_init (&json);
  json_writer_begin_object (&json, NULL);
  json_writer_int (&json, "n", G_MININT64);
  json_writer_begin_array (&json, "empty");
  json_writer_end_array (&json);
  json_writer_begin_array (&json, "list");
  json_writer_bool (&json, NULL, TRUE);
  json_writer_null (&json, NULL);
  json_writer_begin_object (&json, NULL);
  json_writer_end_object (&json);
  json_writer_end_array (&json);
  json_writer_bool (&json, "a\"key", FALSE);
  json_writer_end_object (&json);
  text = json_writer_finish (&json);

  g_assert_cmpstr (text, ==,
                   "{\"n\":-9223372036854775808,\"empty\":[],\"list\":[true,null,{}],"
                   "\"a\\\"key\":false}");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    {
      g_autofree char *path = g_strdup_printf ("/plumctl/json/string/%s", strings[i].name);

      g_test_add_data_func (path, &strings[i], test_string);
    }
  g_test_add_func ("/plumctl/json/object", test_object);

  return g_test_run ();
}
