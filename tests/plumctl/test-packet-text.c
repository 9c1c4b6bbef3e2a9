/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "packet-text.h"

#include <string.h>

typedef struct
{
  const char *name;
  const char *hex;
  const char *expected; /* NULL: no description */
} BinaryRow;

#define PCP_TAIL                                                                                   \
  "0102030405060708090a0b0c"                                                                       \
  "06000000"                                                                                       \
  "1f90"

static const BinaryRow packets[] = {
  { "pcp-announce",
    "0200000000000000"
    "00000000000000000000ffffc0a8010a",
    "PCP: announce" },
  { "pcp-announce-answer",
    "0280000000000000"
    "0000000700000000000000000000000000",
    "PCP: SUCCESS (0), epoch 7 s" },
  { "pcp-map",
    "0201000000000078"
    "00000000000000000000ffffc0a8010a" PCP_TAIL "2382"
    "00000000000000000000ffff00000000",
    "PCP: map tcp:8080:9090 for 120 s" },
  { "pcp-map-any",
    "0201000000000078"
    "00000000000000000000ffffc0a8010a" PCP_TAIL "0000"
    "00000000000000000000ffff00000000",
    "PCP: map tcp:8080 for 120 s" },
  { "pcp-remove",
    "0201000000000000"
    "00000000000000000000ffffc0a8010a" PCP_TAIL "0000"
    "00000000000000000000ffff00000000",
    "PCP: remove tcp:8080" },
  { "pcp-granted",
    "0281000000000078"
    "00000009000000000000000000000000" PCP_TAIL "2382"
    "00000000000000000000ffff01020304",
    "PCP: SUCCESS (0): tcp:8080 is 1.2.3.4:9090 for 120 s, epoch 9 s" },
  { "pcp-granted-ipv6",
    "0281000000000078"
    "00000009000000000000000000000000" PCP_TAIL "1f90"
    "20010db8000000000000000000000001",
    "PCP: SUCCESS (0): tcp:8080 is [2001:db8::1]:8080 for 120 s, epoch 9 s" },
  { "pcp-refused",
    "028100020000001e"
    "00000009000000000000000000000000" PCP_TAIL "2382"
    "00000000000000000000ffff00000000",
    "PCP: NOT_AUTHORIZED (2) for tcp:8080, lifetime 30 s, epoch 9 s" },
  { "pcp-unknown-result",
    "028100420000001e"
    "00000009000000000000000000000000",
    "PCP: unknown result (66), epoch 9 s" },
  { "pcp-cut", "0281", NULL },
  { "natpmp-address", "0000", "NAT-PMP: external address request" },
  { "natpmp-address-answer", "008000000000000501020304",
    "NAT-PMP: success (0): the external address is 1.2.3.4, epoch 5 s" },
  { "natpmp-no-address", "008000030000000500000000", "NAT-PMP: network failure (3), epoch 5 s" },
  { "natpmp-map", "000100001f90238200000078", "NAT-PMP: map udp:8080:9090 for 120 s" },
  { "natpmp-remove", "000200001f90000000000000", "NAT-PMP: remove tcp:8080" },
  { "natpmp-granted", "00810000000000051f90238200000078",
    "NAT-PMP: success (0): udp:8080 is port 9090 for 120 s, epoch 5 s" },
  { "natpmp-version", "00810001000000051f90", "NAT-PMP: unsupported version (1), epoch 5 s" },
  { "natpmp-cut", "00810000", "NAT-PMP: success (0), epoch 0 s" },
  { "nothing", "", NULL },
  { "other", "ffff", NULL },
};

static GBytes *
parse_hex (const char *hex)
{
  gsize size = strlen (hex) / 2;
  guint8 *data = g_malloc (size); /* exactly this size, so that an overread is detected */

  for (gsize i = 0; i < size; i++)
    data[i] =
      (guint8) (g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]));
  return g_bytes_new_take (data, size);
}

static void
test_binary (gconstpointer data)
{
  const BinaryRow *row = data;
  g_autoptr (GBytes) bytes = parse_hex (row->hex);
  g_autofree char *text = packet_text_describe (bytes);

  g_assert_cmpstr (text, ==, row->expected);
}

/* No prefix of a packet makes the parser read beyond its end. */
static void
test_prefixes (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (packets); i++)
    for (gsize length = 0; length < strlen (packets[i].hex); length += 2)
      {
        g_autofree char *hex = g_strndup (packets[i].hex, length);
        g_autoptr (GBytes) bytes = parse_hex (hex);
        g_autofree char *text = packet_text_describe (bytes);

        g_assert_true (text == NULL || *text != '\0');
      }
}

typedef struct
{
  const char *name;
  const char *text;
  const char *expected;
} TextRow;

static const TextRow texts[] = {
  { "search", "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nST: upnp:rootdevice\r\n\r\n",
    "M-SEARCH * HTTP/1.1: upnp:rootdevice" },
  { "search-answer", "HTTP/1.1 200 OK\nst:urn:x\n", "HTTP/1.1 200 OK: urn:x" },
  { "notify", "NOTIFY * HTTP/1.1\r\nNT: y\r\nNTS: ssdp:alive\r\n\r\n",
    "NOTIFY * HTTP/1.1: ssdp:alive" },
  { "get", "GET /rootDesc.xml HTTP/1.1\r\n\r\n", "GET /rootDesc.xml HTTP/1.1" },
  { "action",
    "POST /ctl HTTP/1.1\r\nSOAPAction: \"urn:s:WANIPConnection:1#AddPortMapping\"\r\n\r\n",
    "POST /ctl HTTP/1.1: AddPortMapping" },
  { "fault", "HTTP/1.1 500 Error\r\n\r\n<errorCode>718</errorCode>",
    "HTTP/1.1 500 Error: error 718" },
  { "fault-cut", "HTTP/1.1 500 Error\r\n\r\n<errorCode>71", "HTTP/1.1 500 Error: error 71" },
  { "no-end", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK" },
  { "piece", "<root>", NULL },
};

static void
test_text (gconstpointer data)
{
  const TextRow *row = data;
  g_autoptr (GBytes) bytes = g_bytes_new (row->text, strlen (row->text));
  g_autofree char *text = packet_text_describe (bytes);

  g_assert_cmpstr (text, ==, row->expected);
}

/* Only this PCP result: the same number has other meanings elsewhere. */
static void
test_address_mismatch (void)
{
  static const struct
  {
    const char *hex;
    gboolean expected;
  } rows[] = {
    { "0281000c00000000"
      "00000001000000000000000000000000" PCP_TAIL "0000"
      "00000000000000000000ffff00000000",
      TRUE },
    { "0280000c00000000"
      "00000001000000000000000000000000",
      TRUE },
    { "0281000200000000"
      "00000001000000000000000000000000",
      FALSE },
    { "0201000c00000078"
      "00000000000000000000ffffc0a8010a",
      FALSE },
    { "0081000c00000005"
      "1f90238200000078"
      "0000000000000000",
      FALSE },
    { "0281000c", FALSE },
    { "", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) bytes = parse_hex (rows[i].hex);

      g_assert_cmpint (packet_text_is_address_mismatch (bytes), ==, rows[i].expected);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (packets); i++)
    {
      g_autofree char *path = g_strdup_printf ("/plumctl/packet-text/%s", packets[i].name);

      g_test_add_data_func (path, &packets[i], test_binary);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *path = g_strdup_printf ("/plumctl/packet-text/%s", texts[i].name);

      g_test_add_data_func (path, &texts[i], test_text);
    }
  g_test_add_func ("/plumctl/packet-text/prefixes", test_prefixes);
  g_test_add_func ("/plumctl/packet-text/address-mismatch", test_address_mismatch);

  return g_test_run ();
}
