/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "pcp-codec.h"
#include "plum-exchange.h"
#include "test-bytes.h"

#define CLIENT_4 "00000000000000000000ffffc0a8010a"
#define ZERO_4 "00000000000000000000ffff00000000"
#define PUBLIC_4 "00000000000000000000ffffcb007107"
#define CLIENT_6 "20010db8000100000000000000000010"
#define ZERO_6 "00000000000000000000000000000000"
#define NONCE "000102030405060708090a0b"
#define RESERVED "000000000000000000000000"
#define GRANTED "0281000000001c2000000e11" RESERVED NONCE "11000000c350c351" PUBLIC_4

typedef struct
{
  const char *name;
  const char *client;
  uint32_t lifetime;
  PlumProtocol protocol;
  uint16_t internal_port;
  uint16_t external_port;
  const char *external_address;
  const char *wire;
  gboolean prefer_failure;
} MapRow;

static const MapRow map_rows[] = {
  { "any-port", CLIENT_4, 7200, PLUM_PROTOCOL_UDP, 50000, 0, ZERO_4,
    "0201000000001c20" CLIENT_4 NONCE "11000000c3500000" ZERO_4 },
  { "renewal", CLIENT_4, 7200, PLUM_PROTOCOL_UDP, 50000, 50001, PUBLIC_4,
    "0201000000001c20" CLIENT_4 NONCE "11000000c350c351" PUBLIC_4 },
  { "delete", CLIENT_4, 0, PLUM_PROTOCOL_UDP, 50000, 0, ZERO_4,
    "0201000000000000" CLIENT_4 NONCE "11000000c3500000" ZERO_4 },
  { "tcp", CLIENT_4, 7200, PLUM_PROTOCOL_TCP, 8080, 8080, ZERO_4,
    "0201000000001c20" CLIENT_4 NONCE "060000001f901f90" ZERO_4 },
  { "pinhole", CLIENT_6, 7200, PLUM_PROTOCOL_TCP, 8080, 0, ZERO_6,
    "0201000000001c20" CLIENT_6 NONCE "060000001f900000" ZERO_6 },
  { "delete-pinhole", CLIENT_6, 0, PLUM_PROTOCOL_TCP, 8080, 0, ZERO_6,
    "0201000000000000" CLIENT_6 NONCE "060000001f900000" ZERO_6 },
  { "prefer-failure", CLIENT_4, 7200, PLUM_PROTOCOL_TCP, 8080, 8080, ZERO_4,
    "0201000000001c20" CLIENT_4 NONCE "060000001f901f90" ZERO_4 "02000000", TRUE },
};

static void
fill (uint8_t *out, size_t size, const char *hex)
{
  size_t len;
  g_autofree uint8_t *bytes = test_bytes_from_hex (hex, &len);

  g_assert_cmpuint (len, ==, size);
  memcpy (out, bytes, size);
}

static void
test_encode_map (gconstpointer data)
{
  const MapRow *row = data;
  PcpMap map = { .protocol = row->protocol,
                 .internal_port = row->internal_port,
                 .external_port = row->external_port,
                 .prefer_failure = row->prefer_failure };
  uint8_t client[PCP_ADDRESS_SIZE];
  uint8_t out[64];
  size_t len;

  fill (client, sizeof client, row->client);
  fill (map.nonce, sizeof map.nonce, NONCE);
  fill (map.external_address, sizeof map.external_address, row->external_address);

  len = pcp_encode_map (client, row->lifetime, &map, out, sizeof out);
  test_bytes_assert_hex (out, len, row->wire);
  g_assert_cmpuint (pcp_encode_map (client, row->lifetime, &map, out, len - 1), ==, 0);
}

static void
test_encode_announce (void)
{
  uint8_t client[PCP_ADDRESS_SIZE];
  uint8_t out[24];

  fill (client, sizeof client, CLIENT_4);
  g_assert_cmpuint (pcp_encode_announce (client, out, sizeof out), ==, 24);
  test_bytes_assert_hex (out, 24, "0200000000000000" CLIENT_4);
  g_assert_cmpuint (pcp_encode_announce (client, out, 23), ==, 0);
}

/* version: of PCP_REPLY_VERSION; -1: the packet is dropped */
typedef struct
{
  const char *name;
  const char *wire;
  int kind;
  uint8_t version;
  uint8_t result;
  uint32_t lifetime;
  uint32_t epoch;
  uint16_t external_port;
} ReplyRow;

#define DROP (-1)

static const ReplyRow reply_rows[] = {
  { "announce", "028000000000000000000e10" RESERVED, PCP_REPLY_ANNOUNCE, 2, 0, 0, 3600, 0 },
  { "announce-unsolicited", "028000000000000000000000" RESERVED, PCP_REPLY_ANNOUNCE, 2, 0, 0, 0,
    0 },
  { "granted", GRANTED, PCP_REPLY_MAP, 2, 0, 7200, 3601, 50001 },
  { "not-authorized", "028100020000070800000e13" RESERVED NONCE "11000000c3500000" ZERO_4,
    PCP_REPLY_MAP, 2, 2, 1800, 3603, 0 },
  { "no-resources", "028100080000001e00000e14" RESERVED NONCE "11000000c3500000" ZERO_4,
    PCP_REPLY_MAP, 2, 8, 30, 3604, 0 },
  { "address-mismatch", "0281000c0000070800000e15" RESERVED NONCE "11000000c3500000" ZERO_4,
    PCP_REPLY_MAP, 2, 12, 1800, 3605, 0 },
  { "pinhole", "0281000000001c2000000e17" RESERVED NONCE "060000001f901f90" CLIENT_6, PCP_REPLY_MAP,
    2, 0, 7200, 3607, 8080 },
  { "unknown-option", GRANTED "7d000003aabbcc00", PCP_REPLY_MAP, 2, 0, 7200, 3601, 50001 },
  { "option-of-odd-length", GRANTED "820000050064c35000000000", PCP_REPLY_MAP, 2, 0, 7200, 3601,
    50001 },
  { "static-lifetime", "02810000ffffffff00000e11" RESERVED NONCE "11000000c350c351" PUBLIC_4,
    PCP_REPLY_MAP, 2, 0, 0xffffffff, 3601, 50001 },
  { "version-2", "028100010000070800000e16" RESERVED NONCE "11000000c3500000" ZERO_4,
    PCP_REPLY_VERSION, 2, 1, 0, 0, 0 },
  { "version-0-in-4", "00800001", PCP_REPLY_VERSION, 0, 1, 0, 0, 0 },
  { "version-0-in-8", "0081000100000e15", PCP_REPLY_VERSION, 0, 1, 0, 0, 0 },
  { "version-0-op-128", "0080000100000e15", PCP_REPLY_VERSION, 0, 1, 0, 0, 0 },
  { "version-0-op-0", "0000000100000e15", PCP_REPLY_VERSION, 0, 1, 0, 0, 0 },
  { "version-1", "01800001", PCP_REPLY_VERSION, 1, 1, 0, 0, 0 },
  { "version-zeroed-ports", "028100010000000000000e16" RESERVED RESERVED "0000000000000000" ZERO_4,
    PCP_REPLY_VERSION, 2, 1, 0, 0, 0 },
  { "empty", "", DROP },
  { "two-bytes", "0280", DROP },
  { "request", "0201000000001c2000000e11" RESERVED NONCE "11000000c350c351" PUBLIC_4, DROP },
  { "request-as-version", "02010001", DROP },
  { "58-bytes",
    "0281000000001c2000000e11" RESERVED NONCE "11000000c350c351"
    "00000000000000000000ffffcb00",
    DROP },
  { "44-bytes", "0281000000001c2000000e11" RESERVED NONCE "11000000c350c351", DROP },
  { "option-past-end", GRANTED "0300001400000000", DROP },
  { "option-header-cut", GRANTED "03000014", DROP },
  { "natpmp-network-failure",
    "00800003000000000000001500000000"
    "0000000000000000",
    DROP },
  { "natpmp-257", "00800101", DROP },
  { "peer", "0282000000001c2000000e11" RESERVED NONCE "11000000c350c351" PUBLIC_4, DROP },
  { "sctp", "0281000000001c2000000e11" RESERVED NONCE "84000000c350c351" PUBLIC_4, DROP },
};

static void
test_decode (gconstpointer data)
{
  const ReplyRow *row = data;
  g_autoptr (GError) error = NULL;
  size_t len;
  g_autofree uint8_t *wire = test_bytes_from_hex (row->wire, &len);
  PcpReply reply = { .epoch = 77 };

  if (row->kind == DROP)
    {
      g_assert_false (pcp_decode_reply (wire, len, &reply, &error));
      g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
      g_assert_cmpuint (reply.epoch, ==, 77);
      return;
    }

  g_assert_true (pcp_decode_reply (wire, len, &reply, &error));
  g_assert_no_error (error);
  g_assert_cmpint (reply.kind, ==, row->kind);
  g_assert_cmpuint (reply.version, ==, row->version);
  g_assert_cmpuint (reply.result, ==, row->result);
  g_assert_cmpuint (reply.lifetime, ==, row->lifetime);
  g_assert_cmpuint (reply.epoch, ==, row->epoch);
  g_assert_cmpuint (reply.map.external_port, ==, row->external_port);
}

static void
test_decode_map_fields (void)
{
  g_autoptr (GError) error = NULL;
  size_t len;
  g_autofree uint8_t *wire = test_bytes_from_hex (GRANTED, &len);
  PcpReply reply;

  g_assert_true (pcp_decode_reply (wire, len, &reply, &error));
  g_assert_no_error (error);
  g_assert_cmpint (reply.map.protocol, ==, PLUM_PROTOCOL_UDP);
  g_assert_cmpuint (reply.map.internal_port, ==, 50000);
  test_bytes_assert_hex (reply.map.nonce, PCP_NONCE_SIZE, NONCE);
  test_bytes_assert_hex (reply.map.external_address, PCP_ADDRESS_SIZE, PUBLIC_4);
}

/* An error repeats the request's options, which shows the request that it answers. */
static void
test_decode_prefer_failure (void)
{
  static const struct
  {
    const char *options;
    gboolean there;
  } rows[] = {
    { "", FALSE },
    { "02000000", TRUE },
    { "7d000003aabbcc00"
      "02000000",
      TRUE },
    { "0200000400000000", FALSE },
    { "82000000", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *hex = g_strconcat (GRANTED, rows[i].options, NULL);
      size_t len;
      g_autofree uint8_t *wire = test_bytes_from_hex (hex, &len);
      PcpReply reply;

      g_assert_true (pcp_decode_reply (wire, len, &reply, NULL));
      g_assert_cmpint (reply.map.prefer_failure, ==, rows[i].there);
    }
}

#define OPTION_THIRD_PARTY "0100001000000000000000000000ffffc0a80132"
#define OPTION_FILTER                                                                              \
  "0300001400780000"                                                                               \
  "00000000000000000000ffffcb007100"
#define OPTION_FILTER_ALL                                                                          \
  "0300001400000000"                                                                               \
  "00000000000000000000000000000000"

/* RFC 6887 13.1, 13.3 */
static void
test_encode_hosts (void)
{
  PcpMap map = { .protocol = PLUM_PROTOCOL_TCP, .internal_port = 80, .external_port = 8080 };
  uint8_t client[PCP_ADDRESS_SIZE] = { 0 };
  uint8_t out[PLUM_EXCHANGE_REQUEST_MAX];
  size_t len;

  fill (map.hosts.internal_address, PCP_ADDRESS_SIZE, "00000000000000000000ffffc0a80132");
  map.hosts.has_internal = TRUE;
  len = pcp_encode_map (client, 7200, &map, out, sizeof out);
  g_assert_cmpuint (len, ==, PCP_MAP_SIZE + PCP_THIRD_PARTY_SIZE);
  test_bytes_assert_hex (out + PCP_MAP_SIZE, len - PCP_MAP_SIZE, OPTION_THIRD_PARTY);

  fill (map.hosts.filters[0].address, PCP_ADDRESS_SIZE, "00000000000000000000ffffcb007100");
  map.hosts.filters[0].prefix = 120;
  map.hosts.n_filters = 1;
  map.hosts.replace_filters = TRUE;
  map.prefer_failure = TRUE;
  len = pcp_encode_map (client, 7200, &map, out, sizeof out);
  test_bytes_assert_hex (out + PCP_MAP_SIZE, len - PCP_MAP_SIZE,
                         OPTION_THIRD_PARTY "02000000" OPTION_FILTER_ALL OPTION_FILTER);
  g_assert_cmpuint (pcp_encode_map (client, 7200, &map, out, len - 1), ==, 0);
}

static void
test_decode_hosts (void)
{
  static const struct
  {
    const char *options;
    gboolean has_internal;
    uint8_t prefix;
  } rows[] = {
    { OPTION_THIRD_PARTY, TRUE, 0 },
    { OPTION_FILTER, FALSE, 120 },
    { OPTION_FILTER_ALL, FALSE, 0 },
    { OPTION_FILTER_ALL OPTION_FILTER OPTION_THIRD_PARTY, TRUE, 120 },
    /* for one port only; another length; another code */
    { "0300001400780050"
      "00000000000000000000ffffcb007100",
      FALSE, 0 },
    { "0300001000780000"
      "00000000000000000000ffff",
      FALSE, 0 },
    { "0100000400000000", FALSE, 0 },
    { "8100001000000000000000000000ffffc0a80132", FALSE, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *hex = g_strconcat (GRANTED, rows[i].options, NULL);
      size_t len;
      g_autofree uint8_t *wire = test_bytes_from_hex (hex, &len);
      PcpReply reply;

      g_assert_true (pcp_decode_reply (wire, len, &reply, NULL));
      g_assert_cmpint (reply.map.hosts.has_internal, ==, rows[i].has_internal);
      g_assert_cmpuint (reply.map.hosts.n_filters, ==, rows[i].prefix != 0 ? 1 : 0);
      g_assert_cmpuint (reply.map.hosts.filters[0].prefix, ==, rows[i].prefix);
    }
}

static void
test_truncated_hosts (void)
{
  size_t len;
  g_autofree uint8_t *wire =
    test_bytes_from_hex (GRANTED OPTION_THIRD_PARTY OPTION_FILTER_ALL OPTION_FILTER, &len);

  for (size_t n = 0; n <= len; n++)
    {
      g_autofree uint8_t *block = g_memdup2 (wire, n);
      PcpReply reply;

      g_assert_cmpint (pcp_decode_reply (block, n, &reply, NULL), ==,
                       n == 60 || n == 80 || n == 104 || n == 128);
    }
}

/* --- PORT_SET (RFC 7753 4) --- */

#define OPTION_PORT_SET "82000005000b1f4000000000"
#define OPTION_PORT_SET_PARITY "82000005000b1f4001000000"

static void
test_encode_port_set (void)
{
  PcpMap map = { .protocol = PLUM_PROTOCOL_TCP,
                 .internal_port = 8000,
                 .external_port = 9000,
                 .set = { .size = 11, .first = 8000 } };
  uint8_t client[PCP_ADDRESS_SIZE] = { 0 };
  uint8_t out[PLUM_EXCHANGE_REQUEST_MAX];
  size_t len = pcp_encode_map (client, 7200, &map, out, sizeof out);

  g_assert_cmpuint (len, ==, PCP_MAP_SIZE + PCP_PORT_SET_SIZE);
  test_bytes_assert_hex (out + PCP_MAP_SIZE, len - PCP_MAP_SIZE, OPTION_PORT_SET);

  map.set.keep_parity = TRUE;
  len = pcp_encode_map (client, 7200, &map, out, sizeof out);
  test_bytes_assert_hex (out + PCP_MAP_SIZE, len - PCP_MAP_SIZE, OPTION_PORT_SET_PARITY);
  for (size_t n = 0; n < len; n++)
    g_assert_cmpuint (pcp_encode_map (client, 7200, &map, out, n), ==, 0);
}

static void
test_decode_port_set (void)
{
  static const struct
  {
    const char *options;
    guint size;
    guint first;
    gboolean keep_parity;
  } rows[] = {
    { "", 0, 0, FALSE },
    { OPTION_PORT_SET, 11, 8000, FALSE },
    { OPTION_PORT_SET_PARITY, 11, 8000, TRUE },
    /* reserved bits are set; the padding is not zero */
    { "82ff0005000b1f40fe010203", 11, 8000, FALSE },
    /* the last port; the largest set; the first one counts */
    { "820000050001ffff00000000", 1, 65535, FALSE },
    { "82000005ffff000100000000", 65535, 1, FALSE },
    { OPTION_PORT_SET "820000050064c35000000000", 11, 8000, FALSE },
    /* no ports; port 0; past the last port */
    { "8200000500001f4000000000", 0, 0, FALSE },
    { "82000005000b000000000000", 0, 0, FALSE },
    { "820000050002ffff00000000", 0, 0, FALSE },
    { "82000005ffff1f4000000000", 0, 0, FALSE },
    /* another length */
    { "82000004000b1f40", 0, 0, FALSE },
    { "82000006000b1f4000000000", 0, 0, FALSE },
    { "82000008000b1f4000000000", 0, 0, FALSE },
    { "82000000", 0, 0, FALSE },
    { "02000005000b1f4000000000", 0, 0, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *hex = g_strconcat (GRANTED, rows[i].options, NULL);
      size_t len;
      g_autofree uint8_t *wire = test_bytes_from_hex (hex, &len);
      PcpReply reply;

      g_assert_true (pcp_decode_reply (wire, len, &reply, NULL));
      g_assert_cmpuint (reply.map.set.size, ==, rows[i].size);
      g_assert_cmpuint (reply.map.set.first, ==, rows[i].first);
      g_assert_cmpint (reply.map.set.keep_parity, ==, rows[i].keep_parity);
    }
}

static void
test_truncated_port_set (void)
{
  size_t len;
  g_autofree uint8_t *wire = test_bytes_from_hex (GRANTED OPTION_FILTER OPTION_PORT_SET, &len);

  for (size_t n = 0; n <= len; n++)
    {
      g_autofree uint8_t *block = g_memdup2 (wire, n);
      PcpReply reply;
      gboolean ok = pcp_decode_reply (block, n, &reply, NULL);

      g_assert_cmpint (ok, ==, n == 60 || n == 84 || n == 96);
      if (ok)
        g_assert_cmpuint (reply.map.set.size, ==, n == 96 ? 11 : 0);
    }
}

/* --- Several filters --- */

static void
test_most_filters (void)
{
  PcpMap map = { .protocol = PLUM_PROTOCOL_TCP, .internal_port = 80, .external_port = 8080 };
  uint8_t client[PCP_ADDRESS_SIZE] = { 0 };
  uint8_t out[PLUM_EXCHANGE_REQUEST_MAX];
  PcpReply reply;
  size_t len;

  map.hosts.has_internal = TRUE;
  map.hosts.n_filters = PCP_FILTERS_MAX;
  map.hosts.replace_filters = TRUE;
  map.prefer_failure = TRUE;
  map.set = (PcpPortSet){ .size = 2, .first = 80 };
  for (guint i = 0; i < PCP_FILTERS_MAX; i++)
    {
      map.hosts.filters[i].prefix = 128;
      map.hosts.filters[i].address[15] = (uint8_t) i;
    }
  len = pcp_encode_map (client, 7200, &map, out, sizeof out);
  g_assert_cmpuint (len, ==,
                    PCP_MAP_SIZE + PCP_THIRD_PARTY_SIZE + PCP_PREFER_FAILURE_SIZE +
                      (PCP_FILTERS_MAX + 1) * PCP_FILTER_SIZE + PCP_PORT_SET_SIZE);
  g_assert_cmpuint (len, <=, PCP_PACKET_MAX);

  out[1] |= 0x80;
  g_assert_true (pcp_decode_reply (out, len, &reply, NULL));
  g_assert_cmpuint (reply.map.hosts.n_filters, ==, PCP_FILTERS_MAX);
  g_assert_cmpuint (reply.map.hosts.filters[PCP_FILTERS_MAX - 1].address[15], ==,
                    PCP_FILTERS_MAX - 1);
}

/* More than a request can have do not answer one. */
static void
test_too_many_filters (void)
{
  GString *hex = g_string_new (GRANTED);
  g_autofree uint8_t *wire = NULL;
  PcpReply reply;
  size_t len;

  for (guint i = 0; i < PCP_FILTERS_MAX + 1; i++)
    g_string_append (hex, OPTION_FILTER);
  wire = test_bytes_from_hex (hex->str, &len);
  g_string_free (hex, TRUE);
  g_assert_true (pcp_decode_reply (wire, len, &reply, NULL));
  g_assert_cmpuint (reply.map.hosts.n_filters, ==, PCP_FILTERS_MAX);
}

/* Every prefix, in a block of exactly its size: only a cut between options is valid. */
static void
test_truncation (void)
{
  size_t len;
  g_autofree uint8_t *wire = test_bytes_from_hex (GRANTED "7d000003aabbcc00", &len);

  for (size_t n = 0; n <= len; n++)
    {
      g_autofree uint8_t *block = g_memdup2 (wire, n);
      g_autoptr (GError) error = NULL;
      PcpReply reply;
      gboolean ok = pcp_decode_reply (block, n, &reply, &error);

      g_assert_cmpint (ok, ==, n == 60 || n == 68);
      g_assert_cmpint (error == NULL, ==, ok);
    }
}

static void
test_too_long (void)
{
  g_autofree uint8_t *block = g_malloc0 (1104);
  g_autoptr (GError) error = NULL;
  PcpReply reply;

  fill (block, 24, "028000000000000000000e10" RESERVED);
  g_assert_true (pcp_decode_reply (block, 1100, &reply, NULL));
  g_assert_false (pcp_decode_reply (block, 1104, &reply, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
}

static void
test_results (void)
{
  static const struct
  {
    guint8 code;
    const char *name;
    PlumError error;
    PcpNext next;
    uint32_t least;
  } rows[] = {
    { 2, "NOT_AUTHORIZED", PLUM_ERROR_REFUSED, PCP_NEXT_NOTHING, 300 },
    { 3, "MALFORMED_REQUEST", PLUM_ERROR_MALFORMED, PCP_NEXT_BARE, 300 },
    { 4, "UNSUPP_OPCODE", PLUM_ERROR_NOT_SUPPORTED, PCP_NEXT_NOTHING, 300 },
    { 5, "UNSUPP_OPTION", PLUM_ERROR_NOT_SUPPORTED, PCP_NEXT_BARE, 300 },
    { 6, "MALFORMED_OPTION", PLUM_ERROR_MALFORMED, PCP_NEXT_BARE, 300 },
    { 7, "NETWORK_FAILURE", PLUM_ERROR_NO_RESOURCES, PCP_NEXT_NOTHING, 30 },
    { 8, "NO_RESOURCES", PLUM_ERROR_NO_RESOURCES, PCP_NEXT_NO_PORT, 30 },
    { 9, "UNSUPP_PROTOCOL", PLUM_ERROR_NOT_SUPPORTED, PCP_NEXT_NOTHING, 300 },
    { 10, "USER_EX_QUOTA", PLUM_ERROR_NO_RESOURCES, PCP_NEXT_NOTHING, 30 },
    { 11, "CANNOT_PROVIDE_EXTERNAL", PLUM_ERROR_CONFLICT, PCP_NEXT_NO_ADDRESS, 30 },
    { 12, "ADDRESS_MISMATCH", PLUM_ERROR_NOT_SUPPORTED, PCP_NEXT_NOTHING, 300 },
    { 13, "EXCESSIVE_REMOTE_PEERS", PLUM_ERROR_NO_RESOURCES, PCP_NEXT_NOTHING, 300 },
    { 15, "AUTHENTICATION_REQUIRED", PLUM_ERROR_REFUSED, PCP_NEXT_NOTHING, 300 },
    { 66, "unknown result", PLUM_ERROR_REFUSED, PCP_NEXT_NOTHING, 300 },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const PcpResult *result = pcp_result_lookup (rows[i].code);

      g_assert_cmpstr (result->name, ==, rows[i].name);
      g_assert_cmpint (result->error, ==, rows[i].error);
      g_assert_cmpint (result->next, ==, rows[i].next);
      g_assert_cmpuint (pcp_error_lifetime (rows[i].code, 0), ==, rows[i].least);
      g_assert_cmpuint (pcp_error_lifetime (rows[i].code, 1000), ==, 1000);
      g_assert_cmpuint (pcp_error_lifetime (rows[i].code, G_MAXUINT32), ==, 86400);
    }
}

static void
test_epoch (void)
{
  static const struct
  {
    gint64 server, client, cur_server, cur_client;
    gboolean valid;
  } rows[] = {
    { 3600, 100, 3600, 100, TRUE },
    { 3600, 100, 3700, 200, TRUE },
    { 3600, 100, 3599, 100, TRUE }, /* answers in the wrong order */
    { 3600, 100, 3598, 100, FALSE },
    { 3600, 100, 0, 100, FALSE }, /* a restart */
    { 0, 100, 0, 100, TRUE },     /* no wrap at 0 */
    { 0, 100, 2, 100, TRUE },
    { 0, 100, 3, 100, FALSE }, /* forward without time, more than rounding */
    { 3600, 100, 3600, 102, TRUE },
    { 3600, 100, 3600, 103, FALSE },              /* stuck */
    { 3600, 100, 3600 + 1600, 100 + 1502, TRUE }, /* ours slow by a sixteenth */
    { 3600, 100, 3600 + 1600, 100 + 1497, FALSE },
    { 3600, 100, 3600 + 1498, 100 + 1600, TRUE },
    { 3600, 100, 3600 + 1497, 100 + 1600, FALSE },
    { G_MAXUINT32, 100, 5, 105, FALSE }, /* after 136 years */
    { 50, 100, 40, 86500, FALSE },       /* a restart in the night */
  };

  for (size_t i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("row %" G_GSIZE_FORMAT, i);
      g_assert_cmpint (pcp_epoch_is_valid (rows[i].server, rows[i].client, rows[i].cur_server,
                                           rows[i].cur_client),
                       ==, rows[i].valid);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/pcp/encode/announce", test_encode_announce);
  for (size_t i = 0; i < G_N_ELEMENTS (map_rows); i++)
    {
      g_autofree char *path = g_strconcat ("/pcp/encode/map/", map_rows[i].name, NULL);

      g_test_add_data_func (path, &map_rows[i], test_encode_map);
    }
  for (size_t i = 0; i < G_N_ELEMENTS (reply_rows); i++)
    {
      g_autofree char *path = g_strconcat ("/pcp/decode/", reply_rows[i].name, NULL);

      g_test_add_data_func (path, &reply_rows[i], test_decode);
    }
  g_test_add_func ("/pcp/decode-map-fields", test_decode_map_fields);
  g_test_add_func ("/pcp/decode-prefer-failure", test_decode_prefer_failure);
  g_test_add_func ("/pcp/truncation", test_truncation);
  g_test_add_func ("/pcp/encode-hosts", test_encode_hosts);
  g_test_add_func ("/pcp/decode-hosts", test_decode_hosts);
  g_test_add_func ("/pcp/truncation-of-hosts", test_truncated_hosts);
  g_test_add_func ("/pcp/encode/port-set", test_encode_port_set);
  g_test_add_func ("/pcp/decode/port-set", test_decode_port_set);
  g_test_add_func ("/pcp/decode/port-set-truncated", test_truncated_port_set);
  g_test_add_func ("/pcp/encode/most-filters", test_most_filters);
  g_test_add_func ("/pcp/decode/too-many-filters", test_too_many_filters);
  g_test_add_func ("/pcp/too-long", test_too_long);
  g_test_add_func ("/pcp/results", test_results);
  g_test_add_func ("/pcp/epoch", test_epoch);

  return g_test_run ();
}
