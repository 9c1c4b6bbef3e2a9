/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fuzzes: backends/natpmp/natpmp-codec.c */

#include "fuzz.h"

#include <string.h>

#include "natpmp-codec.h"

#define STALE 0xa5

static void
check_epoch (const uint8_t *data, size_t size)
{
  uint32_t times[4];

  if (size < sizeof times)
    return;

  memcpy (times, data, sizeof times);
  natpmp_epoch_is_valid (times[0], times[1], times[2], times[3]);
  /* A server whose epoch is ahead has not lost its state (RFC 6886 3.6). */
  g_assert_true (natpmp_epoch_is_valid (times[0], times[1],
                                        (int64_t) times[0] + times[2] + times[3],
                                        (int64_t) times[1] + times[2]));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  NatpmpReply before, reply;

  check_epoch (data, size);
  memset (&before, STALE, sizeof before);
  memset (&reply, STALE, sizeof reply);

  if (!natpmp_decode_reply (data, size, &reply, &error))
    {
      g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
      g_assert_cmpmem (&reply, sizeof reply, &before, sizeof before);
      return 0;
    }

  g_assert_no_error (error);
  g_assert_nonnull (natpmp_result_lookup (reply.result)->name);

  switch (reply.kind)
    {
    case NATPMP_REPLY_ADDRESS:
      g_assert_cmpuint (size, >=, reply.result == 0 ? 12 : 4);
      g_assert_cmpint (reply.has_epoch, ==, size >= 8);
      g_assert_cmpuint (data[1], ==, 128);
      break;
    case NATPMP_REPLY_MAP:
      g_assert_cmpuint (size, >=, reply.result == 0 ? 16 : 4);
      g_assert_cmpint (reply.has_epoch, ==, size >= 8);
      g_assert_cmpint (reply.has_port, ==, size >= 10);
      g_assert_cmpuint (data[1], ==, reply.protocol == PLUM_PROTOCOL_UDP ? 129 : 130);
      break;
    case NATPMP_REPLY_VERSION:
    case NATPMP_REPLY_ERROR:
      g_assert_cmpuint (size, >=, 2);
      break;
    default:
      g_assert_not_reached ();
    }
  return 0;
}
