/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "json.h"

#include "shown-text.h"

/* Escapes what must not be shown: the reader may print the text (RFC 8259 7). */
static void
append_escaped (GString *text, gunichar c)
{
  if (c > 0xffff)
    g_string_append_printf (text, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
                            0xdc00 + ((c - 0x10000) & 0x3ff));
  else
    g_string_append_printf (text, "\\u%04x", c);
}

static void
append_quoted (GString *text, const char *value)
{
  /* Text from a router may not be UTF-8, but JSON must be (RFC 8259 8.1). */
  g_autofree char *valid = g_utf8_make_valid (value, -1);

  g_string_append_c (text, '"');
  for (const char *c = valid; *c != '\0'; c = g_utf8_next_char (c))
    {
      gunichar u = g_utf8_get_char (c);

      if (u == '"' || u == '\\')
        g_string_append_printf (text, "\\%c", (char) u);
      else if (u == '\n')
        g_string_append (text, "\\n");
      else if (!shown_text_is_visible (u))
        append_escaped (text, u);
      else
        g_string_append_unichar (text, u);
    }
  g_string_append_c (text, '"');
}

static void
begin_member (JsonWriter *self, const char *key)
{
  if (self->needs_comma)
    g_string_append_c (self->text, ',');
  self->needs_comma = TRUE;

  if (key != NULL)
    {
      append_quoted (self->text, key);
      g_string_append_c (self->text, ':');
    }
}

static void
begin_nested (JsonWriter *self, const char *key, char bracket)
{
  begin_member (self, key);
  g_string_append_c (self->text, bracket);
  self->needs_comma = FALSE;
}

static void
end_nested (JsonWriter *self, char bracket)
{
  g_string_append_c (self->text, bracket);
  self->needs_comma = TRUE;
}

void
json_writer_init (JsonWriter *self)
{
  self->text = g_string_new (NULL);
  self->needs_comma = FALSE;
}

/* Returns the text (transfer full). */
char *
json_writer_finish (JsonWriter *self)
{
  return g_string_free (g_steal_pointer (&self->text), FALSE);
}

void
json_writer_begin_object (JsonWriter *self, const char *key)
{
  begin_nested (self, key, '{');
}

void
json_writer_end_object (JsonWriter *self)
{
  end_nested (self, '}');
}

void
json_writer_begin_array (JsonWriter *self, const char *key)
{
  begin_nested (self, key, '[');
}

void
json_writer_end_array (JsonWriter *self)
{
  end_nested (self, ']');
}

/* A @value of NULL is written as null. */
void
json_writer_string (JsonWriter *self, const char *key, const char *value)
{
  if (value == NULL)
    {
      json_writer_null (self, key);
      return;
    }

  begin_member (self, key);
  append_quoted (self->text, value);
}

void
json_writer_int (JsonWriter *self, const char *key, gint64 value)
{
  begin_member (self, key);
  g_string_append_printf (self->text, "%" G_GINT64_FORMAT, value);
}

void
json_writer_bool (JsonWriter *self, const char *key, gboolean value)
{
  begin_member (self, key);
  g_string_append (self->text, value ? "true" : "false");
}

void
json_writer_null (JsonWriter *self, const char *key)
{
  begin_member (self, key);
  g_string_append (self->text, "null");
}
