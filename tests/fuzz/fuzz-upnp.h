/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "fuzz.h"

#include <string.h>

#include "igd-url.h"

/* Checks a value for a request line or a header: it must not contain a line end, a space or a
 * quote. */
static inline void
fuzz_assert_one_word (const char *text)
{
  for (const char *p = text; *p != '\0'; p++)
    g_assert_true ((guchar) *p > 0x20 && (guchar) *p < 0x7f);
}

/* Checks a text for display: it must be a single line. */
static inline void
fuzz_assert_one_line (const char *text)
{
  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_null (strpbrk (text, "\r\n"));
}

static inline void
fuzz_assert_url (const UpnpUrl *url)
{
  g_assert_cmpstr (url->host, !=, "");
  g_assert_cmpuint (url->port, !=, 0);
  g_assert_cmpint (url->target[0], ==, '/');
  g_assert_null (strchr (url->target, '#'));
  fuzz_assert_one_word (url->target);
}
