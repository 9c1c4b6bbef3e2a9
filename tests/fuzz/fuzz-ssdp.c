/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fuzzes: backends/upnp/ssdp-codec.c backends/upnp/igd-url.c */

#include "fuzz-upnp.h"

#include "ssdp-codec.h"

static void
check_text (const char *text)
{
  if (text == NULL)
    return;

  fuzz_assert_one_line (text);
  g_assert_cmpstr (text, !=, "");
  g_assert_cmpuint (g_utf8_strlen (text, -1), <, UPNP_SSDP_MAX_DATAGRAM);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (UpnpSsdpMessage) message = upnp_ssdp_decode ((const char *) data, size, &error);
  g_autoptr (UpnpUrl) url = NULL;

  if (message == NULL)
    {
      g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
      return 0;
    }

  g_assert_no_error (error);
  g_assert_cmpint (message->kind, <=, UPNP_SSDP_UPDATE);
  g_assert_cmpint (message->class, <=, UPNP_SSDP_OTHER);
  g_assert_cmpint (message->boot_id, >=, -1);
  g_assert_cmpint (message->boot_id, <=, G_MAXINT32);
  check_text (message->target);
  check_text (message->location);
  check_text (message->server);

  url = message->location != NULL ? upnp_url_parse (message->location, NULL) : NULL;
  if (url != NULL)
    fuzz_assert_url (url);
  return 0;
}
