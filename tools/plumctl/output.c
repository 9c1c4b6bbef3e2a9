/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "output.h"

#include "shown-text.h"
#include "standard-output.h"

#include <glib/gi18n-lib.h>
#include <locale.h>
#include <stdio.h>

/* The output settings. Set once by output_init(). */
static struct
{
  gboolean terminal; /* standard output is a terminal that understands escape sequences */
  gboolean coloured;
  gboolean utf8;
  gboolean quiet;
  gboolean live_shown; /* the cursor is on the status line */
} output;

static const char *const colours[] = {
  [OUTPUT_PLAIN] = "",
  [OUTPUT_GOOD] = "\033[32m",
  [OUTPUT_BAD] = "\033[31m",
  [OUTPUT_FAINT] = "\033[2m",
};

static const char *
find_domain (const GLogField *fields, gsize n_fields)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "GLIB_DOMAIN"))
      return fields[i].value;
  return NULL;
}

/* GLib prints debug and info messages on standard output, where the results are, and on Windows
 * that cannot be changed once GIO is loaded. */
static GLogWriterOutput
write_fields (GLogLevelFlags level, const GLogField *fields, gsize n_fields)
{
  const int descriptor = fileno (stderr);
  g_autofree char *text = NULL;

  if ((level & (G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG)) == 0 ||
      g_log_writer_is_journald (descriptor))
    return g_log_writer_default (level, fields, n_fields, NULL);
  if (g_log_writer_default_would_drop (level, find_domain (fields, n_fields)))
    return G_LOG_WRITER_HANDLED;

  text =
    g_log_writer_format_fields (level, fields, n_fields, g_log_writer_supports_color (descriptor));
  fprintf (stderr, "%s\n", text);
  fflush (stderr);
  return G_LOG_WRITER_HANDLED;
}

/* Log messages quote text from the network, too. */
static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  g_autofree GLogField *copy = g_memdup2 (fields, n_fields * sizeof *fields);
  g_autofree char *clean = NULL;

  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (copy[i].key, "MESSAGE") && clean == NULL)
      {
        g_autofree char *text = copy[i].length < 0
                                  ? g_strdup (copy[i].value)
                                  : g_strndup (copy[i].value, (gsize) copy[i].length);

        clean = shown_text_dup (text, "?");
        copy[i].value = clean;
        copy[i].length = -1;
      }

  return write_fields (level, copy, n_fields);
}

void
output_init (void)
{
  const char *no_color = g_getenv ("NO_COLOR");

  setlocale (LC_ALL, "");
#ifdef HAVE_LIBINTL
  /* The library has bound the domain. */
  textdomain (GETTEXT_PACKAGE);
#endif
  output.utf8 = g_get_charset (NULL);
  output.terminal = standard_output_is_terminal ();
  output.coloured = output.terminal && (no_color == NULL || *no_color == '\0');
  g_log_set_writer_func (write_log, NULL, NULL);
}

gboolean
output_is_terminal (void)
{
  return output.terminal;
}

/* What machines read, such as JSON, does not depend on the locale. */
void
output_set_untranslated (void)
{
#ifdef LC_MESSAGES
  setlocale (LC_MESSAGES, "C");
#endif
  setlocale (LC_NUMERIC, "C");
}

void
output_set_quiet (gboolean quiet)
{
  output.quiet = quiet;
}

/* Frees text. */
static char *
convert_to_locale (GString *text)
{
  const char *charset;
  char *converted;

  g_get_charset (&charset);
  converted = g_convert_with_fallback (text->str, (gssize) text->len, charset, "UTF-8", "?", NULL,
                                       NULL, NULL);
  if (converted == NULL)
    converted = g_str_to_ascii (text->str, NULL);
  g_string_free (text, TRUE);
  return converted;
}

/* Text from the network must not control the user's terminal or hide in it. Without UTF-8, ASCII
 * replaces typographic marks, and other characters are converted. */
static char *
make_printable (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *clean = g_string_new (NULL);

  for (const char *c = valid; *c != '\0'; c = g_utf8_next_char (c))
    {
      gunichar u = g_utf8_get_char (c);

      if (!shown_text_is_visible (u))
        g_string_append_c (clean, '?');
      else if (output.utf8)
        g_string_append_unichar (clean, u);
      else if (u >= 0x201c && u <= 0x201e)
        g_string_append_c (clean, '"');
      else if (u == 0x2192)
        g_string_append (clean, "->");
      else
        g_string_append_unichar (clean, u);
    }

  return output.utf8 ? g_string_free (clean, FALSE) : convert_to_locale (clean);
}

static void
erase_live (void)
{
  if (output.live_shown)
    fputs ("\r\033[K", stdout);
  output.live_shown = FALSE;
}

/* Prints a line on standard output, unless --quiet is given. */
void
output_line (OutputColour colour, const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autofree char *clean = NULL;
  va_list args;

  if (output.quiet)
    return;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  clean = make_printable (text);

  erase_live ();
  if (output.coloured && colour != OUTPUT_PLAIN)
    fprintf (stdout, "%s%s\033[0m\n", colours[colour], clean);
  else
    fprintf (stdout, "%s\n", clean);
  fflush (stdout);
}

/* Prints a JSON document, which is already escaped, on standard output. */
void
output_json (const char *json)
{
  fprintf (stdout, "%s\n", json);
  fflush (stdout);
}

/* Draws the status line of a terminal, replacing the previous one; NULL removes it. */
void
output_live (const char *text)
{
  g_autofree char *clean = NULL;

  if (!output.terminal || output.quiet)
    return;

  erase_live ();
  if (text != NULL)
    {
      clean = make_printable (text);
      fputs (clean, stdout);
      output.live_shown = TRUE;
    }
  fflush (stdout);
}

static void G_GNUC_PRINTF (2, 0) put_error (const char *prefix, const char *format, va_list args)
{
  g_autofree char *text = g_strdup_vprintf (format, args);
  g_autofree char *clean = make_printable (text);

  erase_live ();
  fflush (stdout);
  fprintf (stderr, "%s%s\n", prefix, clean);
}

/* Prints an error on standard error. */
void
output_error (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  put_error ("plumctl: ", format, args);
  va_end (args);
}

/* Prints advice for the user on standard error. */
void
output_hint (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  put_error ("", format, args);
  va_end (args);
}
