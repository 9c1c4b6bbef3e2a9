/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fuzzes: backends/upnp/http-codec.c */

#include "fuzz.h"

#include "http-codec.h"

#define MAX_BODY 4096

/* Passes the data in one piece, or in pieces whose sizes pattern defines. */
static gboolean
feed (UpnpHttpDecoder *decoder, const char *data, size_t size, guint pattern)
{
  g_autoptr (GError) error = NULL;

  for (size_t at = 0; at < size;)
    {
      size_t piece = pattern == 0 ? size : 1 + (pattern >> (at % 4)) % 7;

      piece = MIN (piece, size - at);
      if (!upnp_http_decoder_feed (decoder, data + at, piece, &error))
        {
          g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
          return FALSE;
        }
      at += piece;

      /* The transport does the same after each piece. */
      upnp_http_decoder_is_complete (decoder);
    }

  return TRUE;
}

static void
check_body (UpnpHttpDecoder *decoder)
{
  gsize len;
  const char *body = upnp_http_decoder_get_body (decoder, &len);

  g_assert_nonnull (body);
  g_assert_cmpuint (len, <=, MAX_BODY);
  g_assert_cmpint (body[len], ==, '\0');
}

/* The first byte defines how the rest is split. The result must not depend on the split. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (UpnpHttpDecoder) whole = upnp_http_decoder_new (MAX_BODY);
  g_autoptr (UpnpHttpDecoder) pieces = upnp_http_decoder_new (MAX_BODY);
  g_autoptr (GError) error = NULL;
  const char *text = (const char *) data + 1;
  const char *body, *other_body;
  gsize len, other_len;
  gboolean ok, finished;

  if (size == 0)
    return 0;

  ok = feed (whole, text, size - 1, 0);
  g_assert_true (ok == feed (pieces, text, size - 1, 1 + data[0]));
  check_body (whole);
  check_body (pieces);
  if (!ok)
    return 0;

  g_assert_true (upnp_http_decoder_is_complete (whole) == upnp_http_decoder_is_complete (pieces));
  finished = upnp_http_decoder_finish (whole, &error);
  g_assert_true (finished == upnp_http_decoder_finish (pieces, NULL));
  g_assert_cmpuint (upnp_http_decoder_get_status (whole), ==,
                    upnp_http_decoder_get_status (pieces));

  body = upnp_http_decoder_get_body (whole, &len);
  other_body = upnp_http_decoder_get_body (pieces, &other_len);
  g_assert_cmpmem (body, len, other_body, other_len);

  if (finished)
    g_assert_cmpuint (upnp_http_decoder_get_status (whole), >=, 200);
  else
    g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
  return 0;
}
