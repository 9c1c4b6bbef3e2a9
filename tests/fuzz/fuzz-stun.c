/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fuzzes: tools/plumctl/stun-codec.c */

#include "fuzz.h"

#include <string.h>

#include "stun-codec.h"

#include <plum-glib/plum-glib.h>

#define STALE 0xa5
#define TRANSACTION_OFFSET 8

static void
check_address (const StunAddress *address)
{
  g_assert_true (address->family == G_SOCKET_FAMILY_INVALID ||
                 address->family == G_SOCKET_FAMILY_IPV4 ||
                 address->family == G_SOCKET_FAMILY_IPV6);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  uint8_t transaction[STUN_TRANSACTION_SIZE] = { 0 };
  StunResponse before, response;

  /* The transaction of the input, so that every input could be an answer. */
  if (size >= TRANSACTION_OFFSET + sizeof transaction)
    memcpy (transaction, data + TRANSACTION_OFFSET, sizeof transaction);
  memset (&before, STALE, sizeof before);
  memset (&response, STALE, sizeof response);

  if (!stun_decode_response (data, size, transaction, &response, &error))
    {
      g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_cmpmem (&response, sizeof response, &before, sizeof before);
      return 0;
    }

  g_assert_no_error (error);
  g_assert_cmpuint (size % 4, ==, 0);
  check_address (&response.mapped);
  check_address (&response.other);
  check_address (&response.origin);
  g_assert_true (response.error_code == 0 ||
                 (response.error_code >= 300 && response.error_code <= 699));
  g_assert_cmpuint (response.unknown_attribute, <, 0x8000);
  g_assert_nonnull (stun_error_get_text (response.error_code));
  /* A success that is understood has an endpoint. */
  if (response.error_code == 0 && response.unknown_attribute == 0)
    g_assert_true (response.mapped.family != G_SOCKET_FAMILY_INVALID && response.mapped.port != 0);

  /* The answer to another request is never accepted. */
  transaction[0] ^= 1;
  g_assert_false (stun_decode_response (data, size, transaction, &response, NULL));
  return 0;
}
