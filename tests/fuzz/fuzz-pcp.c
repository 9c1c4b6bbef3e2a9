/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fuzzes: backends/pcp/pcp-codec.c */

#include "fuzz.h"

#include <string.h>

#include "pcp-codec.h"

#define STALE 0xa5

/* A response has the format of the request (RFC 6887 7.2): encoding and decoding it again must
 * return the same values. */
static void
check_round_trip (const PcpReply *reply)
{
  static const uint8_t client[PCP_ADDRESS_SIZE] = { 0 };
  const PcpHosts *hosts = &reply->map.hosts;
  uint8_t packet[PCP_PACKET_MAX];
  size_t size = PCP_MAP_SIZE + (reply->map.prefer_failure ? PCP_PREFER_FAILURE_SIZE : 0) +
                (hosts->has_internal ? PCP_THIRD_PARTY_SIZE : 0) +
                hosts->n_filters * PCP_FILTER_SIZE +
                (reply->map.set.size != 0 ? PCP_PORT_SET_SIZE : 0);
  PcpReply again;

  g_assert_cmpuint (pcp_encode_map (client, reply->lifetime, &reply->map, packet, sizeof packet),
                    ==, size);
  packet[1] |= 0x80;
  g_assert_true (pcp_decode_reply (packet, size, &again, NULL));
  g_assert_cmpint (again.kind, ==, PCP_REPLY_MAP);
  g_assert_cmpuint (again.lifetime, ==, reply->lifetime);
  g_assert_cmpmem (again.map.nonce, PCP_NONCE_SIZE, reply->map.nonce, PCP_NONCE_SIZE);
  g_assert_cmpint (again.map.protocol, ==, reply->map.protocol);
  g_assert_cmpuint (again.map.internal_port, ==, reply->map.internal_port);
  g_assert_cmpuint (again.map.external_port, ==, reply->map.external_port);
  g_assert_cmpint (again.map.prefer_failure, ==, reply->map.prefer_failure);
  g_assert_cmpint (again.map.hosts.has_internal, ==, hosts->has_internal);
  g_assert_cmpuint (again.map.hosts.n_filters, ==, hosts->n_filters);
  for (guint i = 0; i < hosts->n_filters; i++)
    {
      g_assert_cmpuint (again.map.hosts.filters[i].prefix, ==, hosts->filters[i].prefix);
      g_assert_cmpmem (again.map.hosts.filters[i].address, PCP_ADDRESS_SIZE,
                       hosts->filters[i].address, PCP_ADDRESS_SIZE);
    }
  g_assert_cmpuint (again.map.set.size, ==, reply->map.set.size);
  g_assert_cmpuint (again.map.set.first, ==, reply->map.set.first);
  g_assert_cmpint (again.map.set.keep_parity, ==, reply->map.set.keep_parity);
  g_assert_cmpmem (again.map.hosts.internal_address, PCP_ADDRESS_SIZE, hosts->internal_address,
                   PCP_ADDRESS_SIZE);
  g_assert_cmpmem (again.map.external_address, PCP_ADDRESS_SIZE, reply->map.external_address,
                   PCP_ADDRESS_SIZE);
}

static void
check_epoch (const uint8_t *data, size_t size)
{
  uint32_t times[4];

  if (size < sizeof times)
    return;

  memcpy (times, data, sizeof times);
  pcp_epoch_is_valid (times[0], times[1], times[2], times[3]);
  /* A server whose clock is synchronous with that of the client has not lost its state. */
  g_assert_true (pcp_epoch_is_valid (times[0], times[1], (int64_t) times[0] + times[2],
                                     (int64_t) times[1] + times[2]));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  PcpReply before, reply;

  check_epoch (data, size);
  memset (&before, STALE, sizeof before);
  memset (&reply, STALE, sizeof reply);

  if (!pcp_decode_reply (data, size, &reply, &error))
    {
      g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
      g_assert_cmpmem (&reply, sizeof reply, &before, sizeof before);
      return 0;
    }

  g_assert_no_error (error);
  g_assert_nonnull (pcp_result_lookup (reply.result)->name);
  g_assert_cmpuint (pcp_error_lifetime (reply.result, reply.lifetime), >, 0);
  g_assert_cmpuint (pcp_error_lifetime (reply.result, reply.lifetime), <=, PCP_LIFETIME_MAX);

  if (reply.kind == PCP_REPLY_VERSION)
    {
      g_assert_cmpuint (size, >=, 4);
      g_assert_cmpuint (reply.result, ==, PCP_UNSUPP_VERSION);
      return 0;
    }

  g_assert_cmpuint (reply.version, ==, PCP_VERSION);
  g_assert_cmpuint (size % 4, ==, 0);
  g_assert_cmpuint (size, <=, PCP_PACKET_MAX);
  g_assert_cmpuint (size, >=, reply.kind == PCP_REPLY_MAP ? PCP_MAP_SIZE : PCP_HEADER_SIZE);
  if (reply.kind == PCP_REPLY_MAP)
    check_round_trip (&reply);
  return 0;
}
