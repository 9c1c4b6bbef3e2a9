/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Text from the network that is shown to the user, by all programs. */

#include "shown-text.h"

/* Whether a character neither controls the terminal or the line, nor changes the direction of the
 * text around it, nor is invisible. */
gboolean
shown_text_is_visible (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);

  /* FORMAT includes the marks, embeddings and isolates of UAX #9. */
  return type != G_UNICODE_CONTROL && type != G_UNICODE_FORMAT && type != G_UNICODE_SURROGATE &&
         type != G_UNICODE_LINE_SEPARATOR && type != G_UNICODE_PARAGRAPH_SEPARATOR;
}

/* Makes @text valid UTF-8 and replaces each character that must not be shown, except for line
 * feeds. */
char *
shown_text_dup (const char *text, const char *replacement)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *shown = g_string_new (NULL);

  for (const char *c = valid; *c != '\0'; c = g_utf8_next_char (c))
    {
      gunichar u = g_utf8_get_char (c);

      if (u == '\n' || shown_text_is_visible (u))
        g_string_append_unichar (shown, u);
      else
        g_string_append (shown, replacement);
    }

  return g_string_free (shown, FALSE);
}
