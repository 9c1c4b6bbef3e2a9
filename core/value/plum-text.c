/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-values-private.h"

static gboolean
is_quote (gunichar c)
{
  return g_utf8_strchr ("\"“”„«»", -1, c) != NULL;
}

/* Letters without a shape: Unicode lists them as default ignorable, but not as format characters.
 */
static gboolean
is_blank_letter (gunichar c)
{
  return c == 0x115f || c == 0x1160 || c == 0x2800 || c == 0x3164 || c == 0xffa0;
}

/**
 * plum_text_make_printable:
 * @text: (nullable): text from the network, in any encoding
 * @max_chars: the maximum number of characters to keep
 *
 * Makes text from the network safe to display in one line of a message or on a terminal.
 *
 * The result is valid UTF-8. Control characters (U+0000 to U+001F, U+007F to U+009F), characters
 * that change the direction of text or have no width (such as U+202A to U+202E, U+2066 to U+2069,
 * U+200B to U+200F, U+FEFF, U+00AD) and double quotes are removed. Line separators and other spaces
 * become one space. Longer text ends in “…”. The result is not escaped for markup.
 *
 * The texts of [class@Plum.Entry] and the messages of the backends are printable already.
 *
 * Returns: (transfer full): the printable text, which may be empty
 *
 * Since: 1.0
 */
char *
plum_text_make_printable (const char *text, guint max_chars)
{
  g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", -1);
  GString *out = g_string_new (NULL);
  guint n = 0;

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (g_unichar_isspace (c))
        c = ' ';
      if (!g_unichar_isprint (c) || is_quote (c) || is_blank_letter (c) ||
          (c == ' ' && (out->len == 0 || out->str[out->len - 1] == ' ')))
        continue;
      if (++n > max_chars)
        {
          g_string_append (out, "…");
          break;
        }
      g_string_append_unichar (out, c);
    }

  return g_strchomp (g_string_free (out, FALSE));
}
