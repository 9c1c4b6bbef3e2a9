/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mask-chars.h"

void
mask_chars_init (MaskChars *self, char *text, size_t length)
{
  *self = (MaskChars){ .text = text, .chars = g_new0 (MaskChar, length + 1) };
  for (size_t i = 0; i < length; self->length++)
    {
      MaskChar *c = &self->chars[self->length];

      c->offset = i;
      c->encoded = text[i] == '%' && length - i > 2 && g_ascii_isxdigit (text[i + 1]) &&
                   g_ascii_isxdigit (text[i + 2]);
      c->c =
        c->encoded
          ? (char) (g_ascii_xdigit_value (text[i + 1]) * 16 + g_ascii_xdigit_value (text[i + 2]))
          : text[i];
      i += c->encoded ? 3 : 1;
    }
}

void
mask_chars_clear (MaskChars *self)
{
  g_clear_pointer (&self->chars, g_free);
}

char
mask_chars_at (const MaskChars *self, size_t i)
{
  return i < self->length ? self->chars[i].c : '\0';
}

gboolean
mask_chars_is_digit (const MaskChars *self, size_t i)
{
  return g_ascii_isdigit (mask_chars_at (self, i)) && !self->chars[i].done;
}

gboolean
mask_chars_is_xdigit (const MaskChars *self, size_t i)
{
  return g_ascii_isxdigit (mask_chars_at (self, i)) && !self->chars[i].done;
}

gboolean
mask_chars_has (const MaskChars *self, size_t i, const char *expected)
{
  for (; *expected != '\0'; i++, expected++)
    if (g_ascii_tolower (mask_chars_at (self, i)) != *expected)
      return FALSE;

  return TRUE;
}

char *
mask_chars_dup (const MaskChars *self, size_t start, size_t end)
{
  char *part = g_malloc0 (end - start + 1);

  for (size_t i = start; i < end; i++)
    part[i - start] = self->chars[i].c;
  return part;
}

void
mask_chars_put (MaskChars *self, size_t i, char c)
{
  static const char digits[] = "0123456789ABCDEF";
  char *out = self->text + self->chars[i].offset;

  self->chars[i].c = c;
  if (!self->chars[i].encoded)
    {
      *out = c;
      return;
    }

  out[1] = digits[(guchar) c >> 4];
  out[2] = digits[(guchar) c & 15];
}
