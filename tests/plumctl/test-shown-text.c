/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "shown-text.h"

#include "ports-text.h"

/* What must not reach the user: controls, marks of direction, what is invisible or ends a line. */
static const char *const hidden[] = {
  "\x1b",   "\x07",   "\x7f",   "\xc2\x85", "\xc2\x9b", "\u061c", "\u200b", "\u200c",
  "\u200d", "\u200e", "\u200f", "\u2028",   "\u2029",   "\u202a", "\u202b", "\u202c",
  "\u202d", "\u202e", "\u2060", "\u2066",   "\u2067",   "\u2068", "\u2069", "\ufeff",
};

static void
test_hidden (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (hidden); i++)
    {
      g_autofree char *text = g_strdup_printf ("a%sb", hidden[i]);
      g_autofree char *removed = shown_text_dup (text, "");
      g_autofree char *replaced = shown_text_dup (text, "?");

      g_assert_cmpstr (removed, ==, "ab");
      g_assert_cmpstr (replaced, ==, "a?b");
    }
}

static void
test_kept (void)
{
  static const char *const kept[] = { "", "größe", "日本", "العربية", "a\nb", "é", "x → y" };
  g_autofree char *repaired = shown_text_dup ("a\xff", "");

  for (gsize i = 0; i < G_N_ELEMENTS (kept); i++)
    {
      g_autofree char *shown = shown_text_dup (kept[i], "");

      g_assert_cmpstr (shown, ==, kept[i]);
    }
  g_assert_cmpstr (repaired, ==, "a\xef\xbf\xbd");
}

/* The window shows the messages of errors of all domains. */
static void
test_window (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (hidden); i++)
    {
      g_autoptr (GError) own =
        g_error_new (PLUM_ERROR, PLUM_ERROR_CONFLICT, "the port of “%s”", hidden[i]);
      g_autoptr (GError) other = g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "“%s”", hidden[i]);
      g_autofree char *own_text = ports_text_for_error (own);
      g_autofree char *other_text = ports_text_for_error (other);

      g_assert_true (g_str_has_prefix (own_text, "The external port is not available."));
      g_assert_null (strstr (own_text, hidden[i]));
      g_assert_nonnull (strstr (own_text, "the port of “”"));
      g_assert_cmpstr (other_text, ==, "“”");
    }
}

/* The row of the public address is also shown if this computer has none. */
static void
test_window_backends (void)
{
  const struct
  {
    const char *name;
    const char *description;
    const char *title;
    const char *in_use;
  } cases[] = {
    { "direct", "Public address, nothing to map", "Public address of this computer",
      "This computer has a public address: no router has to map ports." },
    { "pcp", "Port Control Protocol (RFC 6887)", "Port Control Protocol (RFC 6887)",
      "Maps ports with Port Control Protocol (RFC 6887)" },
    { "parrot", NULL, "parrot", "Maps ports with parrot" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *title = ports_text_for_backend (cases[i].name, cases[i].description);
      g_autofree char *in_use = ports_text_for_backend_in_use (cases[i].name, cases[i].description);

      g_assert_cmpstr (title, ==, cases[i].title);
      g_assert_cmpstr (in_use, ==, cases[i].in_use);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/shown-text/hidden", test_hidden);
  g_test_add_func ("/shown-text/kept", test_kept);
  g_test_add_func ("/shown-text/window", test_window);
  g_test_add_func ("/shown-text/window-backends", test_window_backends);

  return g_test_run ();
}
