/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "stun-codec.h"

#include <plum-glib/plum-glib.h>
#include <string.h>

/* That of the test vectors of RFC 5769. */
static const guint8 transaction[STUN_TRANSACTION_SIZE] = {
  0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,
};

#define COOKIE_AND_ID "2112a442b7e7a701bc34d686fa87dfae"
#define SUCCESS(length) "0101" length COOKIE_AND_ID
#define ERROR(length) "0111" length COOKIE_AND_ID
/* 192.0.2.1:32853, as in RFC 5769. */
#define XOR_MAPPED "002000080001a147e112a643"
#define MAPPED "0001000800018055c0000201"

/* A heap block of the exact size, so that sanitizers detect a read past its end. (transfer full) */
static guint8 *
from_hex (const char *hex, gsize *size)
{
  guint8 *bytes = g_malloc (MAX (strlen (hex) / 2, 1));

  *size = strlen (hex) / 2;
  for (gsize i = 0; i < *size; i++)
    bytes[i] =
      (guint8) (g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]));
  return bytes;
}

static gboolean
decode (const char *hex, StunResponse *response, GError **error)
{
  gsize size;
  g_autofree guint8 *bytes = from_hex (hex, &size);

  return stun_decode_response (bytes, size, transaction, response, error);
}

static void
assert_address (const StunAddress *address, const char *expected)
{
  g_autoptr (GInetAddress) inet = NULL;
  g_autoptr (GSocketAddress) endpoint = NULL;
  g_autofree char *text = NULL;

  if (expected == NULL)
    {
      g_assert_cmpint (address->family, ==, G_SOCKET_FAMILY_INVALID);
      return;
    }

  g_assert_cmpint (address->family, !=, G_SOCKET_FAMILY_INVALID);
  inet = g_inet_address_new_from_bytes (address->bytes, address->family);
  endpoint = g_inet_socket_address_new (inet, address->port);
  text = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (endpoint));
  g_assert_cmpstr (text, ==, expected);
}

static void
assert_request (gboolean change, const char *expected)
{
  guint8 request[STUN_REQUEST_MAX];
  gsize size;
  g_autofree guint8 *bytes = from_hex (expected, &size);

  g_assert_cmpmem (request, stun_encode_binding (transaction, change, request), bytes, size);
}

static void
test_request (void)
{
  assert_request (FALSE, "00010000" COOKIE_AND_ID);
}

static void
test_change_request (void)
{
  assert_request (TRUE, "00010008" COOKIE_AND_ID "0003000400000006");
}

typedef struct
{
  const char *name;
  const char *hex;
  const char *mapped;
  const char *other;
  const char *origin;
  guint error_code;
  guint unknown;
} GoodRow;

static const GoodRow good[] = {
  { "xor-mapped", SUCCESS ("000c") XOR_MAPPED, "192.0.2.1:32853", NULL, NULL, 0, 0 },
  { "xor-mapped-ipv6", SUCCESS ("0018") "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9",
    "[2001:db8:1234:5678:11:2233:4455:6677]:32853", NULL, NULL, 0, 0 },
  { "mapped", SUCCESS ("000c") MAPPED, "192.0.2.1:32853", NULL, NULL, 0, 0 },
  { "xor-mapped-is-preferred", SUCCESS ("0018") "00010008000100010a000001" XOR_MAPPED,
    "192.0.2.1:32853", NULL, NULL, 0, 0 },
  { "first-of-two", SUCCESS ("0018") XOR_MAPPED "002000080001000000000000", "192.0.2.1:32853", NULL,
    NULL, 0, 0 },
  { "rfc-5780",
    SUCCESS ("0024") XOR_MAPPED "802b000800010d9601020301"
                                "802c000800010d9701020302",
    "192.0.2.1:32853", "1.2.3.2:3479", "1.2.3.1:3478", 0, 0 },
  { "rfc-3489-attributes",
    SUCCESS ("0024") "0004000800010d9601020301"
                     "0005000800010d9701020302" MAPPED,
    "192.0.2.1:32853", NULL, NULL, 0, 0 },
  { "padded-software", SUCCESS ("0018") "8022000561626364650000ff" XOR_MAPPED, "192.0.2.1:32853",
    NULL, NULL, 0, 0 },
  { "empty-attribute", SUCCESS ("0010") "80220000" XOR_MAPPED, "192.0.2.1:32853", NULL, NULL, 0,
    0 },
  { "unknown-optional", SUCCESS ("0010") "ffff0000" XOR_MAPPED, "192.0.2.1:32853", NULL, NULL, 0,
    0 },
  { "unknown-required",
    SUCCESS ("0014") XOR_MAPPED "7fff0000"
                                "7ffe0000",
    "192.0.2.1:32853", NULL, NULL, 0, 0x7fff },
  { "change-request-in-answer", SUCCESS ("0014") XOR_MAPPED "0003000400000006", "192.0.2.1:32853",
    NULL, NULL, 0, 0x0003 },
  { "unknown-required-only", SUCCESS ("0004") "7fff0000", NULL, NULL, NULL, 0, 0x7fff },
  { "after-integrity-is-ignored",
    SUCCESS ("0034") XOR_MAPPED "000800140000000000000000000000000000000000000000"
                                "7fff0000"
                                "802c000800010d9701020302",
    "192.0.2.1:32853", NULL, NULL, 0, 0 },
  { "error-code-of-success-is-ignored", SUCCESS ("0014") XOR_MAPPED "0009000400000414",
    "192.0.2.1:32853", NULL, NULL, 0, 0 },
  { "error-420",
    ERROR ("0010") "0009000400000414"
                   "000a000200030000",
    NULL, NULL, NULL, 420, 0 },
  { "error-401",
    ERROR ("0018") "0009000400000401"
                   "001400017a000000"
                   "001500017a000000",
    NULL, NULL, NULL, 401, 0 },
  { "error-with-reason",
    ERROR ("0010") "0009000900000500"
                   "6661696c65000000",
    NULL, NULL, NULL, 500, 0 },
  { "error-300",
    ERROR ("0014") "0009000400000300"
                   "8023000800010d9601020301",
    NULL, NULL, NULL, 300, 0 },
  { "error-699", ERROR ("0008") "0009000400000663", NULL, NULL, NULL, 699, 0 },
  { "first-error-code",
    ERROR ("0010") "0009000400000414"
                   "0009000400000500",
    NULL, NULL, NULL, 420, 0 },
};

static void
test_good (gconstpointer data)
{
  const GoodRow *row = data;
  g_autoptr (GError) error = NULL;
  StunResponse response;
  gboolean decoded = decode (row->hex, &response, &error);

  g_assert_no_error (error);
  g_assert_true (decoded);
  assert_address (&response.mapped, row->mapped);
  assert_address (&response.other, row->other);
  assert_address (&response.origin, row->origin);
  g_assert_cmpuint (response.error_code, ==, row->error_code);
  g_assert_cmpuint (response.unknown_attribute, ==, row->unknown);
}

typedef struct
{
  const char *name;
  const char *hex;
  const char *message; /* a part */
} BadRow;

static const BadRow bad[] = {
  { "empty", "", "0 bytes are too short" },
  { "http", "485454502f312e3120323030204f4b0d0a0d0a00", "no magic cookie" },
  { "no-cookie", "0101000c2112a443b7e7a701bc34d686fa87dfae" XOR_MAPPED, "no magic cookie" },
  { "request", "0001000c" COOKIE_AND_ID XOR_MAPPED, "0x0001" },
  { "indication", "0011000c" COOKIE_AND_ID XOR_MAPPED, "0x0011" },
  { "other-method", "0103000c" COOKIE_AND_ID XOR_MAPPED, "0x0103" },
  { "first-bits", "c101000c" COOKIE_AND_ID XOR_MAPPED, "0xc101" },
  { "length-too-small", SUCCESS ("0008") XOR_MAPPED, "length 8 in a message of 32 bytes" },
  { "length-too-great", SUCCESS ("0010") XOR_MAPPED, "length 16 in a message of 32 bytes" },
  { "other-transaction", "0101000c2112a442b7e7a701bc34d686fa87dfaf" XOR_MAPPED,
    "another transaction" },
  { "no-address", SUCCESS ("0000"), "without a mapped address" },
  { "port-0", SUCCESS ("000c") "00010008000100000a000001", "without a mapped address" },
  { "attribute-too-long", SUCCESS ("000c") "002000090001a147e112a643", "passes the end" },
  { "no-padding", SUCCESS ("000d") XOR_MAPPED "80", "passes the end" },
  { "padding-too-short", SUCCESS ("0012") XOR_MAPPED "802200016100", "passes the end" },
  { "address-too-short", SUCCESS ("0008") "002000040001a147", "does not match its family" },
  { "address-too-long", SUCCESS ("0010") "0020000c0001a147e112a64300000000",
    "does not match its family" },
  { "address-of-4-bytes-as-ipv6", SUCCESS ("000c") "002000080002a147e112a643",
    "does not match its family" },
  { "address-family-0", SUCCESS ("000c") "002000080000a147e112a643", "family 0 is unknown" },
  { "address-family-3", SUCCESS ("000c") "002000080003a147e112a643", "family 3 is unknown" },
  { "other-address-too-short", SUCCESS ("0014") XOR_MAPPED "802c000400010d97",
    "does not match its family" },
  { "error-without-code", ERROR ("000c") XOR_MAPPED, "without ERROR-CODE" },
  { "error-code-too-short", ERROR ("0008") "0009000300000400", "too short" },
  { "error-code-200", ERROR ("0008") "0009000400000200", "2.00 is out of range" },
  { "error-code-700", ERROR ("0008") "0009000400000700", "7.00 is out of range" },
  { "error-code-4-100", ERROR ("0008") "0009000400000464", "4.100 is out of range" },
  { "fingerprint-wrong", SUCCESS ("0014") XOR_MAPPED "8028000412345678", "FINGERPRINT is wrong" },
  { "fingerprint-too-short", SUCCESS ("0014") XOR_MAPPED "8028000312345678", "is not 4" },
  { "fingerprint-too-long", SUCCESS ("0018") XOR_MAPPED "802800081234567812345678", "is not 4" },
};

/* Also that nothing is stored. */
static void
assert_malformed (const char *hex, const char *message)
{
  g_autoptr (GError) error = NULL;
  StunResponse response, before;

  memset (&response, 0xa5, sizeof response);
  memset (&before, 0xa5, sizeof before);
  g_assert_false (decode (hex, &response, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
  g_assert_cmpmem (&response, sizeof response, &before, sizeof before);
  if (message != NULL && strstr (error->message, message) == NULL)
    g_error ("“%s” does not contain “%s”", error->message, message);
}

static void
test_bad (gconstpointer data)
{
  const BadRow *row = data;

  assert_malformed (row->hex, row->message);
}

/* The response of RFC 5769 2.2, with SOFTWARE, MESSAGE-INTEGRITY and FINGERPRINT. */
#define VECTOR                                                                                     \
  SUCCESS ("003c")                                                                                 \
  "8022000b7465737420766563746f7220" XOR_MAPPED "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7" \
  "80280004c07d4c96"

static void
test_vector (void)
{
  g_autoptr (GError) error = NULL;
  StunResponse response;
  gboolean decoded = decode (VECTOR, &response, &error);

  g_assert_no_error (error);
  g_assert_true (decoded);
  assert_address (&response.mapped, "192.0.2.1:32853");
}

/* FINGERPRINT detects each changed bit, except where a change hides the attribute itself. */
static void
test_fingerprint (void)
{
  gsize size;
  g_autofree guint8 *bytes = from_hex (VECTOR, &size);

  for (gsize bit = 0; bit < size * 8; bit++)
    {
      gsize byte = bit / 8;
      gboolean in_attribute_header = (byte >= 20 && byte < 24) || (byte >= 36 && byte < 40) ||
                                     (byte >= 48 && byte < 52) || (byte >= 72 && byte < 76);
      StunResponse response;

      if (in_attribute_header)
        continue;
      bytes[bit / 8] ^= (guint8) (1 << bit % 8);
      g_assert_false (stun_decode_response (bytes, size, transaction, &response, NULL));
      bytes[bit / 8] ^= (guint8) (1 << bit % 8);
    }
}

static void
test_fingerprint_is_not_last (void)
{
  assert_malformed (SUCCESS ("001c") "8028000412345678" XOR_MAPPED "8022000461626364",
                    "not the last attribute");
}

/* Every part of a message is rejected. With a corrected length, it may be valid, but nothing beyond
 * its end is read. */
static void
assert_no_part_is_accepted (const char *hex)
{
  gsize size;
  g_autofree guint8 *whole = from_hex (hex, &size);

  for (gsize n = 0; n < size; n++)
    {
      g_autofree guint8 *part = g_malloc (MAX (n, 1));
      StunResponse response;

      memcpy (part, whole, n);
      g_assert_false (stun_decode_response (part, n, transaction, &response, NULL));
      if (n < 20)
        continue;
      part[2] = 0;
      part[3] = (guint8) (n - 20);
      stun_decode_response (part, n, transaction, &response, NULL);
    }
}

static void
test_truncated (void)
{
  assert_no_part_is_accepted (VECTOR);
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    assert_no_part_is_accepted (good[i].hex);
}

static void
test_error_text (void)
{
  static const guint codes[] = { 300, 400, 401, 403, 420, 500 };
  const char *unknown = stun_error_get_text (699);

  for (gsize i = 0; i < G_N_ELEMENTS (codes); i++)
    g_assert_cmpstr (stun_error_get_text ((guint16) codes[i]), !=, unknown);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/plumctl/stun-codec/request", test_request);
  g_test_add_func ("/plumctl/stun-codec/change-request", test_change_request);
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autofree char *path = g_strconcat ("/plumctl/stun-codec/", good[i].name, NULL);

      g_test_add_data_func (path, &good[i], test_good);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *path = g_strconcat ("/plumctl/stun-codec/malformed/", bad[i].name, NULL);

      g_test_add_data_func (path, &bad[i], test_bad);
    }
  g_test_add_func ("/plumctl/stun-codec/vector-of-rfc-5769", test_vector);
  g_test_add_func ("/plumctl/stun-codec/fingerprint", test_fingerprint);
  g_test_add_func ("/plumctl/stun-codec/fingerprint-is-not-last", test_fingerprint_is_not_last);
  g_test_add_func ("/plumctl/stun-codec/truncated", test_truncated);
  g_test_add_func ("/plumctl/stun-codec/error-text", test_error_text);

  return g_test_run ();
}
