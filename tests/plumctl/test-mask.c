/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mask.h"

#include <string.h>

typedef struct
{
  const char *name;
  const char *text;
  const char *expected;
} TextRow;

static const TextRow texts[] = {
  { "public", "<NewExternalIPAddress>8.8.8.8</New", "<NewExternalIPAddress>1.2.3.4</New" },
  { "longest", "217.234.110.121", "111.120.130.140" },
  { "private", "LOCATION: http://192.168.1.1:5000/x", "LOCATION: http://192.168.1.1:5000/x" },
  { "port", "from 81.169.1.22:1900", "from 1.2.130.140:1900" },
  { "cgnat", "100.64.1.2", "100.64.1.2" },
  { "multicast", "HOST: 239.255.255.250:1900", "HOST: 239.255.255.250:1900" },
  { "ipv6", "at [2a02:8070:1:2::33]", "at [2a02:0000:0:0::00]" },
  { "link-local", "fe80::1", "fe80::1" },
  { "version", "MiniUPnPd/2.3.1", "MiniUPnPd/2.3.1" },
  { "uuid", "uuid:12345678-aaaa-bbbb-cccc-0123456789ab",
    "uuid:12345678-aaaa-bbbb-cccc-0123456789ab" },
};

static void
test_text (gconstpointer data)
{
  const TextRow *row = data;
  g_autofree char *masked = mask_text (row->text);

  g_assert_cmpstr (masked, ==, row->expected);
}

static GPtrArray *
make_addresses (const char *address)
{
  GPtrArray *addresses = g_ptr_array_new_with_free_func (g_object_unref);

  g_ptr_array_add (addresses, g_inet_address_new_from_string (address));
  return addresses;
}

static void
test_binary (void)
{
  static const guint8 packet[] = { 0, 128, 0, 0, 0, 0, 1, 2, 8, 8, 8, 8 };
  static const guint8 expected[] = { 0, 128, 0, 0, 0, 0, 1, 2, 1, 2, 3, 4 };
  g_autoptr (GPtrArray) addresses = make_addresses ("8.8.8.8");
  g_autoptr (GBytes) bytes = g_bytes_new (packet, sizeof packet);
  g_autoptr (GBytes) masked = mask_bytes (bytes, addresses);

  g_assert_cmpmem (g_bytes_get_data (masked, NULL), g_bytes_get_size (masked), expected,
                   sizeof expected);
}

static void
test_binary_private (void)
{
  static const guint8 packet[] = { 0, 192, 168, 1, 1 };
  g_autoptr (GPtrArray) addresses = make_addresses ("192.168.1.1");
  g_autoptr (GBytes) bytes = g_bytes_new (packet, sizeof packet);
  g_autoptr (GBytes) masked = mask_bytes (bytes, addresses);

  g_assert_cmpmem (g_bytes_get_data (masked, NULL), g_bytes_get_size (masked), packet,
                   sizeof packet);
}

/* 60.63.120.109 in bytes is "<?xm": text must be masked only as text. */
static void
test_text_is_not_binary (void)
{
  g_autoptr (GPtrArray) addresses = make_addresses ("60.63.120.109");
  g_autoptr (GBytes) bytes = g_bytes_new_static ("<?xml version=\"1.0\"?>", 21);
  g_autoptr (GBytes) masked = mask_bytes (bytes, addresses);

  g_assert_true (g_bytes_equal (bytes, masked));
}

/* Some routers pad their answers with zeros. */
static void
test_text_with_padding (void)
{
  static const char padded[] = "at 8.8.8.8\0\0";
  static const char expected[] = "at 1.2.3.4\0\0";
  g_autoptr (GPtrArray) addresses = make_addresses ("9.9.9.9");
  g_autoptr (GBytes) bytes = g_bytes_new_static (padded, sizeof padded);
  g_autoptr (GBytes) masked = mask_bytes (bytes, addresses);

  g_assert_cmpmem (g_bytes_get_data (masked, NULL), g_bytes_get_size (masked), expected,
                   sizeof expected);
}

typedef struct
{
  const char *name;
  guint8 version;
  guint8 opcode;
  size_t length;
  size_t offset; /* of the address */
  gboolean masked;
} FieldRow;

static const FieldRow fields[] = {
  { "pcp-client", 2, 1, 60, 20, TRUE },        { "pcp-map-request", 2, 1, 60, 56, TRUE },
  { "pcp-map-answer", 2, 0x81, 60, 56, TRUE }, { "pcp-epoch", 2, 0x81, 60, 8, FALSE },
  { "natpmp-address", 0, 0x80, 12, 8, TRUE },  { "natpmp-ports", 0, 0x81, 16, 8, FALSE },
};

/* Address fields of the protocols are masked even if the address was not known before. */
static void
test_field (gconstpointer data)
{
  static const guint8 address[] = { 9, 9, 9, 9 };
  static const guint8 replacement[] = { 1, 2, 3, 4 };
  const FieldRow *row = data;
  g_autoptr (GPtrArray) no_addresses = g_ptr_array_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) masked = NULL;
  guint8 packet[60] = { row->version, row->opcode };

  if (row->length == 60 && row->masked)
    packet[row->offset - 2] = packet[row->offset - 1] = 0xff;
  for (size_t i = 0; i < sizeof address; i++)
    packet[row->offset + i] = address[i];
  bytes = g_bytes_new (packet, row->length);
  masked = mask_bytes (bytes, no_addresses);

  for (size_t i = 0; row->masked && i < sizeof address; i++)
    packet[row->offset + i] = replacement[i];
  g_assert_cmpmem (g_bytes_get_data (masked, NULL), g_bytes_get_size (masked), packet, row->length);
}

/* All lengths, in a block of exactly this size. */
static void
test_lengths (void)
{
  static const char data[] = "\0"
                             "8.8.8.8\010\010\010\010"
                             "2a02::1";
  g_autoptr (GPtrArray) addresses = make_addresses ("8.8.8.8");

  for (size_t n = 0; n < sizeof data; n++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (data, n);
      g_autoptr (GBytes) masked = mask_bytes (bytes, addresses);

      g_assert_cmpuint (g_bytes_get_size (masked), ==, n);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *path = g_strdup_printf ("/plumctl/mask/text/%s", texts[i].name);

      g_test_add_data_func (path, &texts[i], test_text);
    }
  g_test_add_func ("/plumctl/mask/binary/public", test_binary);
  g_test_add_func ("/plumctl/mask/binary/private", test_binary_private);
  g_test_add_func ("/plumctl/mask/text-is-not-binary", test_text_is_not_binary);
  g_test_add_func ("/plumctl/mask/text-with-padding", test_text_with_padding);
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      g_autofree char *path = g_strdup_printf ("/plumctl/mask/field/%s", fields[i].name);

      g_test_add_data_func (path, &fields[i], test_field);
    }
  g_test_add_func ("/plumctl/mask/lengths", test_lengths);

  return g_test_run ();
}
