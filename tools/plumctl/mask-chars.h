/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

/* A character of a text, after percent-decoding (RFC 3986 2.1). */
typedef struct
{
  char c;
  gboolean encoded;
  gboolean done; /* part of an address that was handled */
  size_t offset;
} MaskChar;

/* A text whose characters are replaced in place, encoded as before. */
typedef struct
{
  char *text;
  MaskChar *chars;
  size_t length;
} MaskChars;

void mask_chars_init (MaskChars *self, char *text, size_t length);
void mask_chars_clear (MaskChars *self);

/* The character at @i; 0 beyond the end. */
char mask_chars_at (const MaskChars *self, size_t i);
/* Not of an address that was handled. */
gboolean mask_chars_is_digit (const MaskChars *self, size_t i);
gboolean mask_chars_is_xdigit (const MaskChars *self, size_t i);
/* Ignores the case of the text; @expected has lower case. */
gboolean mask_chars_has (const MaskChars *self, size_t i, const char *expected);
char *mask_chars_dup (const MaskChars *self, size_t start, size_t end);
void mask_chars_put (MaskChars *self, size_t i, char c);
