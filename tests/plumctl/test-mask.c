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
  { "colon-before", "ip:93.184.216.34", "ip:1.120.130.140" },
  { "header", "Host:93.184.216.34:80", "Host:1.120.130.140:80" },
  { "sentence", "at 93.184.216.34.", "at 1.120.130.140." },
  { "letters", "ip93.184.216.34x", "ip1.120.130.140x" },
  { "mapped", "::ffff:93.184.216.34", "::ffff:1.120.130.140" },
  { "mapped-private", "::ffff:192.168.1.1", "::ffff:192.168.1.1" },
  { "mapped-hex", "::ffff:5db8:d822", "::ffff:0100:0100" },
  { "nat64", "64:ff9b::93.184.216.34", "64:ff9b::1.120.130.140" },
  { "nat64-hex", "64:ff9b::5db8:d822", "64:0000::0000:0000" },
  { "6to4", "2002:5db8:d822::1", "2002:0000:0000::0" },
  { "teredo", "2001:0:5ef5:79fb::a247:27dd", "2001:0:0000:0000::0000:0000" },
  { "ipv6-colon", "2a02:8070:1::5: HTTP 404", "2a02:0000:0::0: HTTP 404" },
  { "ipv6-after-colon", "ip:2a02:8070:1::5", "ip:2a02:0000:0::0" },
  { "ipv6-port", "[2a02::5]:80", "[2a02::0]:80" },
  { "ula", "from fd12:3456::1: x", "from fd12:3456::1: x" },
  { "padded", "093.184.216.034", "111.120.130.140" },
  { "octal", "0135.0270.0330.0042", "0111.0120.0130.0140" },
  { "dashed", "p93-184-216-34.example.net", "p11-120-130-40.example.net" },
  { "dashed-private", "192-168-1-20.example.net", "192-168-1-20.example.net" },
  { "reversed", "34.216.184.93.in-addr.arpa", "1.120.130.140.in-addr.arpa" },
  { "reversed-private", "1.1.168.192.in-addr.arpa", "1.1.168.192.in-addr.arpa" },
  { "reversed-looks-private", "10.168.216.34.in-addr.arpa", "1.120.130.140.in-addr.arpa" },
  { "encoded", "u=http%3A%2F%2F93%2E184%2E216%2E34", "u=http%3A%2F%2F1.%3120.%3130.%3140" },
  { "encoded-ipv6", "%5B2a02%3A8070%3A%3A5%5D", "%5B2a02%3A0000%3A%3A0%5D" },
  { "number", "http://1572395042/", "http://0020000000/" },
  { "path-number", "http://192.168.1.1/1572395042/", "http://192.168.1.1/1572395042/" },
  { "user-number", "http://a@1572395042/", "http://a@0020000000/" },
  { "hex-name", "p5DB8D822.dip0.example.net", "p01000000.dip0.example.net" },
  { "hex-file", "/5DB8D822.xml", "/5DB8D822.xml" },
  { "hex-number", "0x5db8d822", "0x01000000" },
  { "mac", "00:11:22:33:44:55", "00:11:22:00:00:00" },
  { "mac-dashed", "at 00-11-22-33-44-55.", "at 00-11-22-00-00-00." },
  { "mac-letters", "ip:aA:bb:CC:dd:ee:Ff", "ip:aA:bb:CC:00:00:00" },
  { "mac-plain", "Router 001122aabbcc", "Router 001122000000" },
  { "mac-plain-before-colons", "at 001122aabbcc::x", "at 001122000000::x" },
  { "mac-encoded", "00%3A11%3a22%3A33%3A44%3A55", "00%3A11%3a22%3A00%3A00%3A00" },
  { "mac-of-many-groups", "ab:00:11:22:33:44:55", "ab:00:11:00:00:00:55" },
  { "not-a-mac", "0:1:2:3:4:5 PCP 001122334455667788990011",
    "0:1:2:3:4:5 PCP 001122334455667788990011" },
  { "serial-number", "<serialNumber>AB-1234 x</serialNumber><UPC>12</UPC>",
    "<serialNumber>0000000 0</serialNumber><UPC>12</UPC>" },
  { "serial-number-with-prefix", "<d:SERIALNUMBER a=\"1\" >12</d:SERIALNUMBER>",
    "<d:SERIALNUMBER a=\"1\" >00</d:SERIALNUMBER>" },
  { "serial-number-entity", "<serialNumber>1&#65;&amp;2</serialNumber>",
    "<serialNumber>000000000000</serialNumber>" },
  { "serial-number-cdata", "<serialNumber><![CDATA[AB12]]></serialNumber>",
    "<serialNumber><![CDATA[0000]]></serialNumber>" },
  { "serial-number-utf-8", "<serialNumber>\xc3\xa4</serialNumber>",
    "<serialNumber>00</serialNumber>" },
  { "serial-number-cut-off", "<serialNumber>AB12", "<serialNumber>0000" },
  { "serial-number-empty", "<serialNumber/><UPC>12</UPC><serialNumber></serialNumber>",
    "<serialNumber/><UPC>12</UPC><serialNumber></serialNumber>" },
  { "other-element", "<serialNumbers>12</serialNumbers>", "<serialNumbers>12</serialNumbers>" },
  { "time", "21:04:06", "21:04:06" },
  { "usn", "uuid:12345678-aaaa-bbbb-cccc-0123456789ab::upnp:rootdevice",
    "uuid:00000008-0000-0000-0000-00000000000b::upnp:rootdevice" },
  { "kernel", "Linux/6.18.44-fc-v595 UPnP/1.1", "Linux/6.18.44-fc-v595 UPnP/1.1" },
  { "uuid", "<UDN>UUID:12345678-aaaa-bbbb-cccc-0123456789AB<",
    "<UDN>UUID:00000008-0000-0000-0000-00000000000B<" },
  { "uuid-of-path", "POST /12345678-1234-1234-1234-123456789012/ctl",
    "POST /00000008-0000-0000-0000-000000000002/ctl" },
  { "uuid-encoded", "/uuid%3A12345678-aaaa-bbbb-cccc-0123456789ab/",
    "/uuid%3A00000008-0000-0000-0000-00000000000b/" },
  { "uuid-of-words", "uuid:upnp-InternetGatewayDevice-1_0-001122aabbcc::upnp:rootdevice",
    "uuid:upnp-InternetGatewayDevice-1_0-00000000000c::upnp:rootdevice" },
  { "uuid-of-letters", "uuid:RT_AB12CD34", "uuid:RT_00000004" },
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

/* --- Random addresses in random contexts, in every form --- */

static guint
random_below (guint n)
{
  return (guint) g_test_rand_int_range (0, (gint32) n);
}

/* A public address that no form makes ambiguous. */
static GInetAddress *
make_random_address (GSocketFamily family)
{
  for (;;)
    {
      guint8 bytes[16];
      g_autoptr (GInetAddress) address = NULL;

      for (gsize i = 0; i < sizeof bytes; i++)
        bytes[i] = i > 3 && random_below (4) == 0 ? 0 : (guint8) (1 + random_below (255));
      if (family == G_SOCKET_FAMILY_IPV6)
        bytes[0] = 0x2a;
      address = g_inet_address_new_from_bytes (bytes, family);
      if (plum_address_get_scope (address) == PLUM_ADDRESS_SCOPE_PUBLIC)
        return g_steal_pointer (&address);
    }
}

static char *
dup_percent_encoded (const char *text)
{
  GString *encoded = g_string_new (NULL);

  for (; *text != '\0'; text++)
    if (random_below (2) == 0 || g_ascii_ispunct (*text))
      g_string_append_printf (encoded, "%%%02x", (guint) *text);
    else
      g_string_append_c (encoded, *text);

  return g_string_free (encoded, FALSE);
}

static const char *const ipv4_forms[] = {
  "%1$u.%2$u.%3$u.%4$u",
  "%1$03u.%2$03u.%3$03u.%4$03u",
  "%1$u-%2$u-%3$u-%4$u",
  "%1$03u-%2$03u-%3$03u-%4$03u",
  "%1$u_%2$u_%3$u_%4$u",
  "%4$u.%3$u.%2$u.%1$u.in-addr.arpa",
  "0%1$03o.0%2$03o.0%3$03o.0%4$03o",
  "::ffff:%1$u.%2$u.%3$u.%4$u",
  "::ffff:%1$02x%2$02x:%3$02x%4$02x",
  "::%1$u.%2$u.%3$u.%4$u",
  "64:ff9b::%1$u.%2$u.%3$u.%4$u",
  "64:ff9b::%1$02x%2$02x:%3$02x%4$02x",
  "64:ff9b:1::%1$u.%2$u.%3$u.%4$u",
  "2002:%1$02x%2$02x:%3$02x%4$02x::1",
  "2001:0:%1$02x%2$02x:%3$02x%4$02x::1",
  "0x%1$02x%2$02x%3$02x%4$02x",
};

static char *
dup_ipv4_form (GInetAddress *address, guint form)
{
  const guint8 *b = g_inet_address_to_bytes (address);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  return g_strdup_printf (ipv4_forms[form], b[0], b[1], b[2], b[3]);
#pragma GCC diagnostic pop
}

static char *
dup_ipv6_form (GInetAddress *address, guint form)
{
  const guint8 *b = g_inet_address_to_bytes (address);
  g_autofree char *compressed = g_inet_address_to_string (address);
  GString *text = g_string_new (NULL);

  switch (form)
    {
    case 0:
      g_string_append (text, compressed);
      break;
    case 1:
      for (guint i = 0; i < 16; i += 2)
        g_string_append_printf (text, "%s%X", i > 0 ? ":" : "", (guint) (b[i] << 8 | b[i + 1]));
      break;
    case 2:
      for (guint i = 0; i < 16; i += 2)
        g_string_append_printf (text, "%s%02x%02x", i > 0 ? ":" : "", b[i], b[i + 1]);
      break;
    case 3:
      for (guint i = 16; i > 0; i--)
        g_string_append_printf (text, "%x.%x.", b[i - 1] & 15, b[i - 1] >> 4);
      g_string_append (text, "ip6.arpa");
      break;
    default:
      for (guint i = 0; i < 16; i += 2)
        g_string_append_printf (text, "%s%x", i > 0 ? "-" : "", (guint) (b[i] << 8 | b[i + 1]));
      g_string_append (text, ".ipv6-literal.net");
      break;
    }

  return g_string_free (text, FALSE);
}

#define N_IPV6_FORMS 5

static const char *const befores[] = {
  "",     " ",   "ip:", "Host:", "at ",   "x",  "ABC",     "face", "1234",  "7.",
  "1.2.", "-",   "a-",  "::",    "<New>", "\"", "http://", "u@",   "[",     "=",
  "%3D",  "%20", "1:",  "e:",    "(",     "\t", "\xff",    "\n",   "uuid:",
};

static const char *const afters[] = {
  "",     " ",  ".",  ":",    ":80", ": HTTP 404", "/24",  "]",  "]:80", "x", "e",
  "12",   ".5", "-1", ".x",   ",",   "%25eth0",    "</N>", "\"", "%20",  ";", "-dsl.example.net",
  "\xff", ")",  "_",  ".1.2",
};

/* Whether any part of @text is the address, or contains it (IPv4 in IPv6). */
static gboolean
reveals (const char *text, GInetAddress *address)
{
  gsize size = g_inet_address_get_native_size (address);
  gsize length = strlen (text);

  for (gsize i = 0; i < length; i++)
    for (gsize n = 2; i + n <= length && n <= 45; n++)
      {
        g_autofree char *part = g_strndup (text + i, n);
        g_autoptr (GInetAddress) found = g_inet_address_new_from_string (part);
        gsize found_size = found != NULL ? g_inet_address_get_native_size (found) : 0;

        for (gsize j = 0; j + size <= found_size; j++)
          if (memcmp (g_inet_address_to_bytes (found) + j, g_inet_address_to_bytes (address),
                      size) == 0)
            return TRUE;
      }

  return FALSE;
}

static void
check_random (GInetAddress *address, const char *form)
{
  const char *before = befores[random_below (G_N_ELEMENTS (befores))];
  const char *after = afters[random_below (G_N_ELEMENTS (afters))];
  g_autofree char *encoded = random_below (4) == 0 ? dup_percent_encoded (form) : g_strdup (form);
  g_autofree char *text = g_strconcat (before, encoded, after, NULL);
  g_autofree char *masked = mask_text (text);
  g_autofree char *decoded = g_uri_unescape_string (masked, NULL);
  const char *shown = decoded != NULL ? decoded : masked;

  g_assert_cmpuint (strlen (masked), ==, strlen (text));
  if (reveals (shown, address) || strstr (shown, form) != NULL)
    g_error ("“%s” became “%s”", text, masked);
}

static void
test_random_ipv4 (void)
{
  for (guint i = 0; i < 960; i++)
    {
      g_autoptr (GInetAddress) address = make_random_address (G_SOCKET_FAMILY_IPV4);
      g_autofree char *form = dup_ipv4_form (address, i % G_N_ELEMENTS (ipv4_forms));

      check_random (address, form);
    }
}

static void
test_random_ipv6 (void)
{
  for (guint i = 0; i < 400; i++)
    {
      g_autoptr (GInetAddress) address = make_random_address (G_SOCKET_FAMILY_IPV6);
      g_autofree char *form = dup_ipv6_form (address, i % N_IPV6_FORMS);

      check_random (address, form);
    }
}

/* A public address in the address fields of a random packet, complete or cut off. */
static void
test_random_packet (void)
{
  static const struct
  {
    guint8 version, opcode;
    gsize offset;
    GSocketFamily family;
  } places[] = {
    { 2, 0, 8, G_SOCKET_FAMILY_IPV6 },     { 2, 1, 8, G_SOCKET_FAMILY_IPV6 },
    { 2, 1, 44, G_SOCKET_FAMILY_IPV6 },    { 2, 0x81, 44, G_SOCKET_FAMILY_IPV6 },
    { 2, 2, 64, G_SOCKET_FAMILY_IPV6 },    { 2, 0x82, 64, G_SOCKET_FAMILY_IPV6 },
    { 2, 1, 20, G_SOCKET_FAMILY_IPV4 },    { 2, 0x81, 20, G_SOCKET_FAMILY_IPV4 },
    { 2, 0x81, 56, G_SOCKET_FAMILY_IPV4 }, { 2, 2, 76, G_SOCKET_FAMILY_IPV4 },
    { 0, 0x80, 8, G_SOCKET_FAMILY_IPV4 },  { 0, 0x81, 20, G_SOCKET_FAMILY_IPV4 },
  };

  for (guint i = 0; i < 2400; i++)
    {
      gsize place = i % G_N_ELEMENTS (places);
      g_autoptr (GInetAddress) address = make_random_address (places[place].family);
      const guint8 *bytes = g_inet_address_to_bytes (address);
      gsize size = g_inet_address_get_native_size (address);
      guint8 packet[100] = { places[place].version, places[place].opcode };
      gsize length = places[place].offset + size + random_below (10);
      g_autoptr (GPtrArray) no_addresses = g_ptr_array_new ();
      g_autoptr (GBytes) original = NULL;
      g_autoptr (GBytes) masked = NULL;

      for (gsize j = 0; j < size; j++)
        packet[places[place].offset + j] = bytes[j];
      if (size == 4 && places[place].offset >= 20)
        packet[places[place].offset - 2] = packet[places[place].offset - 1] = 0xff;
      original = g_bytes_new (packet, length);
      masked = mask_bytes (original, no_addresses);
      g_assert_cmpuint (g_bytes_get_size (masked), ==, length);
      if (memcmp ((const guint8 *) g_bytes_get_data (masked, NULL) + places[place].offset, bytes,
                  size) == 0)
        g_error ("version %u, opcode %u, offset %" G_GSIZE_FORMAT, places[place].version,
                 places[place].opcode, places[place].offset);
    }
}

/* What is long and almost an address takes linear time. */
static void
test_long (void)
{
  static const char *const parts[] = { "300.", "1.", "a.", "1-", "a:",        ":",
                                       "::",   "f",  "0x", "9",  "abcdefab.", "%41" };

  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      GString *text = g_string_new (NULL);
      g_autofree char *masked = NULL;

      while (text->len < 50000)
        g_string_append (text, parts[i]);
      g_test_timer_start ();
      masked = mask_text (text->str);
      g_assert_cmpfloat (g_test_timer_elapsed (), <, 5.0);
      g_string_free (text, TRUE);
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
  g_test_add_func ("/plumctl/mask/random/ipv4", test_random_ipv4);
  g_test_add_func ("/plumctl/mask/random/ipv6", test_random_ipv6);
  g_test_add_func ("/plumctl/mask/random/packet", test_random_packet);
  g_test_add_func ("/plumctl/mask/long", test_long);

  return g_test_run ();
}
