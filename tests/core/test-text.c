/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <plum-glib/plum-glib.h>

#include <string.h>

/* Text from the network is made safe for a terminal and for one line of a message. */

static const struct
{
  const char *name;
  const char *text;
  const char *printable;
} cases[] = {
  { "plain", "My router", "My router" },
  { "letters", "Käse 日本 שלום", "Käse 日本 שלום" },
  { "lines",
    " a\r\n\tb\xe2\x80\xa8"
    "c\xe2\x80\xa9"
    "d ",
    "a b c d" },
  { "escape", "\x1b[31mred\x1b[0m\x07", "[31mred[0m" },
  { "c1",
    "a\xc2\x9b"
    "31mb\xc2\x85"
    "c\xc2\x80",
    "a31mbc" },
  { "delete",
    "a\x7f"
    "b",
    "ab" },
  { "embedding",
    "a\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad\xe2\x80\xae"
    "b",
    "ab" },
  { "isolates",
    "a\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9"
    "b",
    "ab" },
  { "zero-width",
    "a\xe2\x80\x8b\xe2\x80\x8c\xe2\x80\x8d\xe2\x80\x8e\xe2\x80\x8f"
    "b",
    "ab" },
  { "byte-order-mark",
    "\xef\xbb\xbf"
    "a",
    "a" },
  { "soft-hyphen",
    "a\xc2\xad"
    "b",
    "ab" },
  { "arabic-mark",
    "a\xd8\x9c"
    "b",
    "ab" },
  { "tags",
    "a\xf3\xa0\x81\x81"
    "b",
    "ab" },
  { "filler",
    "a\xe3\x85\xa4"
    "b",
    "ab" },
  { "quotes", "a\"b“c”d", "abcd" },
  { "not-utf8",
    "a\xff\xc0"
    "b",
    "a\xef\xbf\xbd\xef\xbf\xbd"
    "b" },
  { "empty", "", "" },
  { "null", NULL, "" },
  { "only-invisible", "\xe2\x80\xae\x1b\n", "" },
};

static void
test_case (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autofree char *printable = plum_text_make_printable (cases[i].text, 100);

  g_assert_cmpstr (printable, ==, cases[i].printable);
}

static void
test_length (void)
{
  g_autofree char *whole = plum_text_make_printable ("äöü", 3);
  g_autofree char *cut = plum_text_make_printable ("äöüß", 3);

  g_assert_cmpstr (whole, ==, "äöü");
  g_assert_cmpstr (cut, ==, "äöü…");
}

/* Whatever a backend reports: every text of an entry is printable and short. */
static void
test_entry (void)
{
  g_autofree char *flood = g_strnfill (40000, 'x');
  g_autofree char *text = g_strconcat ("a\xe2\x80\xae"
                                       "b\xc2\x9b\n",
                                       flood, NULL);
  g_autoptr (PlumEntry) plain = plum_entry_new (PLUM_PROTOCOL_TCP, 80, 80, NULL, text, 60, TRUE);
  g_autoptr (PlumEntry) odd =
    g_object_new (PLUM_TYPE_ENTRY, "protocol-text", text, "internal-port-text", text,
                  "internal-address-text", text, "problem", text, NULL);
  const char *texts[] = { plum_entry_get_description (plain), plum_entry_get_protocol_text (odd),
                          plum_entry_get_internal_port_text (odd),
                          plum_entry_get_internal_address_text (odd),
                          plum_entry_get_problem (odd) };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_assert_true (g_str_has_prefix (texts[i], "ab x"));
      g_assert_cmpuint (strlen (texts[i]), <, 210);
    }
  g_assert_true (plum_entry_is_readable (plain));
  g_assert_false (plum_entry_is_readable (odd));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/text/printable/", cases[i].name, NULL);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_case);
    }
  g_test_add_func ("/text/length", test_length);
  g_test_add_func ("/text/entry", test_entry);
  return g_test_run ();
}
