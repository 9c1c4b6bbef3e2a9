/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "natpmp-codec.h"
#include "test-bytes.h"

static void
test_encode_address (void)
{
  uint8_t out[2];

  g_assert_cmpuint (natpmp_encode_address (out, 2), ==, 2);
  test_bytes_assert_hex (out, 2, "0000");
  g_assert_cmpuint (natpmp_encode_address (out, 1), ==, 0);
}

typedef struct
{
  const char *name;
  PlumProtocol protocol;
  uint16_t internal_port;
  uint16_t external_port;
  uint32_t lifetime;
  const char *wire;
} MapRow;

static const MapRow map_rows[] = {
  { "udp", PLUM_PROTOCOL_UDP, 50000, 50000, 7200, "00010000c350c35000001c20" },
  { "tcp", PLUM_PROTOCOL_TCP, 8080, 8081, 60, "000200001f901f910000003c" },
  { "delete-tcp", PLUM_PROTOCOL_TCP, 8080, 0, 0, "000200001f90000000000000" },
  { "delete-udp", PLUM_PROTOCOL_UDP, 8080, 0, 0, "000100001f90000000000000" },
};

static void
test_encode_map (gconstpointer data)
{
  const MapRow *row = data;
  uint8_t out[12];

  g_assert_cmpuint (natpmp_encode_map (row->protocol, row->internal_port, row->external_port,
                                       row->lifetime, out, 12),
                    ==, 12);
  test_bytes_assert_hex (out, 12, row->wire);
  g_assert_cmpuint (natpmp_encode_map (row->protocol, row->internal_port, row->external_port,
                                       row->lifetime, out, 11),
                    ==, 0);
}

#define DROP (-1)

typedef struct
{
  const char *name;
  const char *wire;
  int kind;
  uint8_t version;
  uint16_t result;
  uint32_t epoch;
  const char *address;
  PlumProtocol protocol;
  uint16_t internal_port;
  uint16_t external_port;
  uint32_t lifetime;
} ReplyRow;

static const ReplyRow reply_rows[] = {
  { "address", "0080000000000e10cb007107", NATPMP_REPLY_ADDRESS, 0, 0, 3600, "cb007107" },
  { "address-long", "0080000000000e10cb007107ffff", NATPMP_REPLY_ADDRESS, 0, 0, 3600, "cb007107" },
  { "address-none", "0080000000000e1000000000", NATPMP_REPLY_ADDRESS, 0, 0, 3600, "00000000" },
  { "address-failure", "0080000300000e1400000000", NATPMP_REPLY_ADDRESS, 0, 3, 3604, "00000000" },
  { "granted-udp", "0081000000000e11c350c35100001c20", NATPMP_REPLY_MAP, 0, 0, 3601, "00000000",
    PLUM_PROTOCOL_UDP, 50000, 50001, 7200 },
  { "deleted-tcp", "0082000000000e121f90000000000000", NATPMP_REPLY_MAP, 0, 0, 3602, "00000000",
    PLUM_PROTOCOL_TCP, 8080, 0, 0 },
  { "refused", "0081000200000e13c350000000000000", NATPMP_REPLY_MAP, 0, 2, 3603, "00000000",
    PLUM_PROTOCOL_UDP, 50000, 0, 0 },
  { "version-op-128", "0080000100000e15", NATPMP_REPLY_VERSION, 0, 1, 0, "00000000" },
  { "version-op-0", "0000000100000e15", NATPMP_REPLY_VERSION, 0, 1, 0, "00000000" },
  { "version-op-129", "0081000100000e15", NATPMP_REPLY_VERSION, 0, 1, 0, "00000000" },
  { "version-4-bytes", "00800001", NATPMP_REPLY_VERSION, 0, 1, 0, "00000000" },
  { "pcp-only", "02800001000007080000012c000000000000000000000000", NATPMP_REPLY_VERSION, 2, 1, 0,
    "00000000" },
  { "pcp-in-12-bytes", "02810002a2a90000004f8fd2", NATPMP_REPLY_VERSION, 2, 2, 0, "00000000" },
  { "opcode", "0089000500000e16", NATPMP_REPLY_ERROR, 0, 5, 3606, "00000000" },
  { "opcode-4-bytes", "00890005", NATPMP_REPLY_ERROR, 0, 5, 0, "00000000" },
  { "address-unsupported", "0080000500000e16", NATPMP_REPLY_ADDRESS, 0, 5, 3606, "00000000" },
  { "address-failure-4-bytes", "00800003", NATPMP_REPLY_ADDRESS, 0, 3, 0, "00000000" },
  { "address-failure-8-bytes", "0080000300000e14", NATPMP_REPLY_ADDRESS, 0, 3, 3604, "00000000" },
  { "refused-4-bytes", "00810002", NATPMP_REPLY_MAP, 0, 2, 0, "00000000", PLUM_PROTOCOL_UDP },
  { "refused-7-bytes", "0082000200000e", NATPMP_REPLY_MAP, 0, 2, 0, "00000000", PLUM_PROTOCOL_TCP },
  { "refused-8-bytes", "0081000200000e13", NATPMP_REPLY_MAP, 0, 2, 3603, "00000000",
    PLUM_PROTOCOL_UDP },
  { "refused-9-bytes", "0081000200000e13c3", NATPMP_REPLY_MAP, 0, 2, 3603, "00000000",
    PLUM_PROTOCOL_UDP },
  { "refused-10-bytes", "0081000200000e13c350", NATPMP_REPLY_MAP, 0, 2, 3603, "00000000",
    PLUM_PROTOCOL_UDP, 50000, 0, 0 },
  { "refused-12-bytes", "0082000200000e13c350c351", NATPMP_REPLY_MAP, 0, 2, 3603, "00000000",
    PLUM_PROTOCOL_TCP, 50000, 50001, 0 },
  { "empty", "", DROP },
  { "pcp-in-2-bytes", "0280", DROP },
  { "request", "00010000c350c35000001c20", DROP },
  { "address-request", "00000000", DROP },
  { "address-cut", "0080000000000e10cb00", DROP },
  { "map-cut", "0081000000000e11c350c3510000", DROP },
  { "unknown-opcode-error", "0089000200000e13", DROP },
  { "unknown-opcode", "008900000000000000000000000000000000", DROP },
};

static void
test_decode (gconstpointer data)
{
  const ReplyRow *row = data;
  g_autoptr (GError) error = NULL;
  size_t len;
  g_autofree uint8_t *wire = test_bytes_from_hex (row->wire, &len);
  NatpmpReply reply = { .epoch = 77 };

  if (row->kind == DROP)
    {
      g_assert_false (natpmp_decode_reply (wire, len, &reply, &error));
      g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
      g_assert_cmpuint (reply.epoch, ==, 77);
      return;
    }

  g_assert_true (natpmp_decode_reply (wire, len, &reply, &error));
  g_assert_no_error (error);
  g_assert_cmpint (reply.kind, ==, row->kind);
  g_assert_cmpuint (reply.version, ==, row->version);
  g_assert_cmpuint (reply.result, ==, row->result);
  g_assert_cmpuint (reply.epoch, ==, row->epoch);
  if (row->kind != NATPMP_REPLY_VERSION)
    g_assert_cmpint (reply.has_epoch, ==, len >= 8);
  g_assert_cmpint (reply.has_port, ==, row->internal_port != 0);
  test_bytes_assert_hex (reply.address, NATPMP_ADDRESS_SIZE, row->address);
  g_assert_cmpint (reply.protocol, ==, row->protocol);
  g_assert_cmpuint (reply.internal_port, ==, row->internal_port);
  g_assert_cmpuint (reply.external_port, ==, row->external_port);
  g_assert_cmpuint (reply.lifetime, ==, row->lifetime);
}

/* Every prefix, in a block of exactly its size. */
static void
test_truncation (gconstpointer data)
{
  const ReplyRow *row = data;
  size_t len;
  g_autofree uint8_t *wire = test_bytes_from_hex (row->wire, &len);

  for (size_t n = 0; n < len; n++)
    {
      g_autofree uint8_t *block = g_memdup2 (wire, n);
      g_autoptr (GError) error = NULL;
      NatpmpReply reply;

      g_assert_false (natpmp_decode_reply (block, n, &reply, &error));
      g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
    }
}

static void
test_results (void)
{
  static const struct
  {
    guint16 code;
    PlumError error;
    guint hold;
    gboolean other_port;
  } rows[] = {
    { 1, PLUM_ERROR_NOT_SUPPORTED, 300, FALSE }, { 2, PLUM_ERROR_REFUSED, 300, TRUE },
    { 3, PLUM_ERROR_NO_RESOURCES, 30, FALSE },   { 4, PLUM_ERROR_NO_RESOURCES, 30, TRUE },
    { 5, PLUM_ERROR_NOT_SUPPORTED, 300, FALSE }, { 66, PLUM_ERROR_REFUSED, 300, FALSE },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const NatpmpResult *result = natpmp_result_lookup (rows[i].code);

      g_assert_cmpint (result->error, ==, rows[i].error);
      g_assert_cmpuint (result->hold_s, ==, rows[i].hold);
      g_assert_cmpint (result->other_port, ==, rows[i].other_port);
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
    { 3600, 100, 3600, 100, TRUE },  { 3600, 100, 3598, 100, TRUE },
    { 3600, 100, 3597, 100, FALSE }, { 3600, 100, 99999, 100, TRUE }, /* forward means nothing */
    { 3600, 100, 4298, 900, TRUE },                                   /* 7/8 of 800 is 700 */
    { 3600, 100, 4297, 900, FALSE }, { 0, 100, 0, 102, TRUE },
    { 0, 100, 0, 1000, FALSE },      { G_MAXUINT32, 100, 3, 103, FALSE },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("row %" G_GSIZE_FORMAT, i);
      g_assert_cmpint (natpmp_epoch_is_valid (rows[i].server, rows[i].client, rows[i].cur_server,
                                              rows[i].cur_client),
                       ==, rows[i].valid);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/natpmp/encode/address", test_encode_address);
  for (size_t i = 0; i < G_N_ELEMENTS (map_rows); i++)
    {
      g_autofree char *path = g_strconcat ("/natpmp/encode/map/", map_rows[i].name, NULL);

      g_test_add_data_func (path, &map_rows[i], test_encode_map);
    }
  for (size_t i = 0; i < G_N_ELEMENTS (reply_rows); i++)
    {
      g_autofree char *path = g_strconcat ("/natpmp/decode/", reply_rows[i].name, NULL);

      g_test_add_data_func (path, &reply_rows[i], test_decode);
    }
  g_test_add_data_func ("/natpmp/truncation/address", &reply_rows[0], test_truncation);
  g_test_add_data_func ("/natpmp/truncation/map", &reply_rows[4], test_truncation);
  g_test_add_func ("/natpmp/results", test_results);
  g_test_add_func ("/natpmp/epoch", test_epoch);

  return g_test_run ();
}
