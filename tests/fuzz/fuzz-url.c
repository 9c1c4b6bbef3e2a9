/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fuzzes: backends/upnp/igd-url.c */

#include "fuzz-upnp.h"

/* An absolute URL, a line end, and a reference to resolve against it. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  char *reference = strchr (text, '\n');
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) reference_error = NULL;
  g_autoptr (UpnpUrl) url = NULL;
  g_autoptr (UpnpUrl) resolved = NULL;

  if (reference != NULL)
    *reference++ = '\0';

  url = upnp_url_parse (text, &error);
  if (url == NULL)
    {
      g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
      return 0;
    }

  fuzz_assert_url (url);
  if (reference == NULL)
    return 0;

  resolved = upnp_url_resolve (url, reference, &reference_error);
  if (resolved != NULL)
    fuzz_assert_url (resolved);
  else
    g_assert_error (reference_error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
  return 0;
}
