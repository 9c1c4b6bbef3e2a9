/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <plum-glib/plum-glib.h>

#include <stddef.h>
#include <string.h>

#include "plum-route-message-private.h"

/* The headers of <net/route.h>, as FreeBSD 14, OpenBSD 7 and macOS 14 document them, and not as the
 * decoder describes them. */

typedef struct
{
  guint16 msglen;
  guint8 version, type;
  guint16 index, spare;
  gint32 flags, addrs, pid, seq, error, fmask;
  guint64 inits;
  guint64 metrics[14];
} FreebsdHeader;

typedef struct
{
  guint16 msglen;
  guint8 version, type;
  guint16 hdrlen, index, tableid;
  guint8 priority, mpls;
  gint32 addrs, flags, fmask, pid, seq, error;
  guint32 inits;
  guint64 pksent;
  gint64 expire;
  guint32 metrics[10];
} OpenbsdHeader;

typedef struct
{
  guint16 msglen;
  guint8 version, type;
  guint16 index;
  gint32 flags, addrs, pid, seq, error, use;
  guint32 inits;
  guint32 metrics[14];
} MacosHeader;

G_STATIC_ASSERT (sizeof (FreebsdHeader) == 152);
G_STATIC_ASSERT (sizeof (OpenbsdHeader) == 96);
G_STATIC_ASSERT (sizeof (MacosHeader) == 92);

typedef enum {
  FREEBSD,
  OPENBSD,
  MACOS,
  N_SYSTEMS
} System;

static const PlumRouteLayout *const layouts[] = {
  &plum_route_layout_freebsd,
  &plum_route_layout_openbsd,
  &plum_route_layout_macos,
};
static const char *const names[] = { "freebsd", "openbsd", "macos" };
static const guint8 inet6[] = { 28, 24, 30 };
static const gsize alignments[] = { 8, 8, 4 };

#define RTA_DST 1
#define RTA_GATEWAY 2
#define RTA_NETMASK 4
#define RTA_IFP 0x10
#define RTF_SCOPED 0x1000000

#define DEFAULT_FLAGS (PLUM_ROUTE_FLAG_UP | PLUM_ROUTE_FLAG_GATEWAY)

/* Puts the header of a system before the addresses. (transfer full) */
static GByteArray *
message_new (System system, guint8 type, guint flags, guint addrs, GByteArray *addresses)
{
  GByteArray *message = g_byte_array_new ();
  const gint32 f = (gint32) flags, a = (gint32) addrs;
  const FreebsdHeader freebsd = { .version = 5, .type = type, .index = 3, .flags = f, .addrs = a };
  const OpenbsdHeader openbsd = { .version = 5,
                                  .type = type,
                                  .hdrlen = sizeof openbsd,
                                  .index = 3,
                                  .priority = 8,
                                  .flags = f,
                                  .addrs = a };
  const MacosHeader macos = { .version = 5, .type = type, .index = 3, .flags = f, .addrs = a };
  guint16 len;

  if (system == FREEBSD)
    g_byte_array_append (message, (const guint8 *) &freebsd, sizeof freebsd);
  else if (system == OPENBSD)
    g_byte_array_append (message, (const guint8 *) &openbsd, sizeof openbsd);
  else
    g_byte_array_append (message, (const guint8 *) &macos, sizeof macos);
  if (addresses != NULL)
    g_byte_array_append (message, addresses->data, addresses->len);

  len = (guint16) message->len;
  memcpy (message->data, &len, sizeof len);
  return message;
}

static void
add_padded (GByteArray *addresses, System system, const guint8 *data, gsize len)
{
  static const guint8 zeros[8];
  const gsize unit = alignments[system];

  g_byte_array_append (addresses, data, (guint) len);
  if (len == 0)
    g_byte_array_append (addresses, zeros, (guint) unit);
  else if (len % unit != 0)
    g_byte_array_append (addresses, zeros, (guint) (unit - len % unit));
}

/* A struct sockaddr_in or sockaddr_in6. */
static void
add_address (GByteArray *addresses, System system, const char *text)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);
  guint8 bytes[28] = { 0 };

  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4)
    {
      bytes[0] = 16;
      bytes[1] = 2;
      memcpy (bytes + 4, g_inet_address_to_bytes (address), 4);
    }
  else
    {
      bytes[0] = 28;
      bytes[1] = inet6[system];
      memcpy (bytes + 8, g_inet_address_to_bytes (address), 16);
    }
  add_padded (addresses, system, bytes, bytes[0]);
}

/* A mask as the kernels shorten it: without the zeros at the end, and with any family. */
static void
add_mask (GByteArray *addresses, System system, const guint8 *mask, gsize len, gsize offset)
{
  guint8 bytes[28] = { 0 };

  bytes[0] = (guint8) (len == 0 ? 0 : offset + len);
  bytes[1] = 0xff;
  if (len > 0)
    memcpy (bytes + offset, mask, len);
  add_padded (addresses, system, bytes, bytes[0]);
}

/* A struct sockaddr_dl of an Ethernet address, or without one. */
static void
add_link (GByteArray *addresses, System system, gboolean has_address)
{
  static const guint8 mac[] = { 0x02, 0x00, 0x5e, 0x10, 0x00, 0x01 };
  guint8 bytes[20] = { 20, 18, 3, 0, 6, 3, has_address ? 6 : 0, 0, 'e', 'm', '0' };

  if (has_address)
    memcpy (bytes + 11, mac, sizeof mac);
  add_padded (addresses, system, bytes, sizeof bytes);
}

/* 0.0.0.0/0 via 192.168.1.1. (transfer full) */
static GByteArray *
default_new (System system, guint flags)
{
  g_autoptr (GByteArray) addresses = g_byte_array_new ();

  add_address (addresses, system, "0.0.0.0");
  add_address (addresses, system, "192.168.1.1");
  add_mask (addresses, system, NULL, 0, 4);
  add_link (addresses, system, FALSE);
  return message_new (system, PLUM_ROUTE_GET, flags, RTA_DST | RTA_GATEWAY | RTA_NETMASK | RTA_IFP,
                      addresses);
}

/* Decodes exactly one message, from memory that ends behind it. */
static PlumRouteMessage
decode (System system, GByteArray *message)
{
  g_autofree guint8 *data = g_memdup2 (message->data, message->len);
  PlumRouteMessage out = { 0 };
  g_autoptr (GError) error = NULL;
  gsize offset = 0;

  g_assert_true (
    plum_route_message_next (layouts[system], data, message->len, &offset, &out, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (offset, ==, message->len);
  g_assert_false (
    plum_route_message_next (layouts[system], data, message->len, &offset, &out, &error));
  g_assert_no_error (error);
  return out;
}

static void
assert_malformed (System system, const guint8 *bytes, gsize len)
{
  g_autofree guint8 *data = g_memdup2 (bytes, len);
  PlumRouteMessage out = { .interface_index = 77 };
  g_autoptr (GError) error = NULL;
  gsize offset = 0;

  g_assert_false (plum_route_message_next (layouts[system], data, len, &offset, &out, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
  g_assert_cmpuint (offset, ==, 0);
  g_assert_cmpuint (out.interface_index, ==, 77);
}

static void
assert_bytes (const guint8 *bytes, GSocketFamily family, const char *expected)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_bytes (bytes, family);
  g_autofree char *text = g_inet_address_to_string (address);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_default_route (gconstpointer data)
{
  const System system = GPOINTER_TO_UINT (data);
  g_autoptr (GByteArray) message = default_new (system, DEFAULT_FLAGS);
  const PlumRouteMessage route = decode (system, message);

  g_assert_cmpint (route.type, ==, PLUM_ROUTE_GET);
  g_assert_cmpuint (route.interface_index, ==, 3);
  g_assert_cmpuint (route.flags, ==, DEFAULT_FLAGS);
  g_assert_cmpuint (route.priority, ==, system == OPENBSD ? 8 : 0);
  g_assert_cmpint (route.family, ==, G_SOCKET_FAMILY_IPV4);
  g_assert_cmpuint (route.prefix_len, ==, 0);
  g_assert_true (route.has_gateway);
  assert_bytes (route.gateway, G_SOCKET_FAMILY_IPV4, "192.168.1.1");
  g_assert_false (route.has_link_address);
}

/* Only macOS has such a flag: on other systems, the bit has another meaning. */
static void
test_scoped (gconstpointer data)
{
  const System system = GPOINTER_TO_UINT (data);
  g_autoptr (GByteArray) message = default_new (system, DEFAULT_FLAGS | RTF_SCOPED);

  g_assert_cmpint (decode (system, message).is_scoped, ==, system == MACOS);
}

static void
test_default_route_ipv6 (gconstpointer data)
{
  const System system = GPOINTER_TO_UINT (data);
  g_autoptr (GByteArray) addresses = g_byte_array_new ();
  g_autoptr (GByteArray) message = NULL;
  PlumRouteMessage route;

  add_address (addresses, system, "::");
  /* The index of the interface is in the address. */
  add_address (addresses, system, "fe80:3::1");
  add_mask (addresses, system, NULL, 0, 8);
  message = message_new (system, PLUM_ROUTE_ADD, DEFAULT_FLAGS, RTA_DST | RTA_GATEWAY | RTA_NETMASK,
                         addresses);
  route = decode (system, message);

  g_assert_cmpint (route.family, ==, G_SOCKET_FAMILY_IPV6);
  g_assert_cmpuint (route.prefix_len, ==, 0);
  assert_bytes (route.gateway, G_SOCKET_FAMILY_IPV6, "fe80::1");
}

static void
test_prefixes (gconstpointer data)
{
  static const struct
  {
    const char *destination;
    guint8 mask[16];
    gsize len;
    guint expected;
  } cases[] = {
    { "128.0.0.0", { 0x80 }, 1, 1 },
    { "10.0.0.0", { 0xff }, 1, 8 },
    { "192.168.1.0", { 0xff, 0xff, 0xff }, 3, 24 },
    { "192.168.1.16", { 0xff, 0xff, 0xff, 0xf0 }, 4, 28 },
    { "2001:db8::", { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 8, 64 },
    { "8000::", { 0x80 }, 1, 1 },
  };
  const System system = GPOINTER_TO_UINT (data);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const gboolean ipv6 = strchr (cases[i].destination, ':') != NULL;
      g_autoptr (GByteArray) addresses = g_byte_array_new ();
      g_autoptr (GByteArray) message = NULL;
      PlumRouteMessage route;

      add_address (addresses, system, cases[i].destination);
      add_link (addresses, system, FALSE);
      add_mask (addresses, system, cases[i].mask, cases[i].len, ipv6 ? 8 : 4);
      message = message_new (system, PLUM_ROUTE_GET, PLUM_ROUTE_FLAG_UP,
                             RTA_DST | RTA_GATEWAY | RTA_NETMASK, addresses);
      route = decode (system, message);
      g_assert_cmpuint (route.prefix_len, ==, cases[i].expected);
      g_assert_false (route.has_gateway);
      assert_bytes (route.destination, route.family, cases[i].destination);
    }
}

/* Without a mask, all zeros is a default route, and another destination a host. */
static void
test_without_mask (gconstpointer data)
{
  const System system = GPOINTER_TO_UINT (data);

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GByteArray) addresses = g_byte_array_new ();
      g_autoptr (GByteArray) message = NULL;

      add_address (addresses, system, i == 0 ? "0.0.0.0" : "192.168.1.1");
      add_address (addresses, system, "192.168.1.1");
      message =
        message_new (system, PLUM_ROUTE_GET, DEFAULT_FLAGS, RTA_DST | RTA_GATEWAY, addresses);
      g_assert_cmpuint (decode (system, message).prefix_len, ==, i == 0 ? 0 : 32);
    }
}

static void
test_neighbour (gconstpointer data)
{
  static const guint8 expected[] = { 0x02, 0x00, 0x5e, 0x10, 0x00, 0x01 };
  const System system = GPOINTER_TO_UINT (data);
  g_autoptr (GByteArray) addresses = g_byte_array_new ();
  g_autoptr (GByteArray) message = NULL;
  PlumRouteMessage route;

  add_address (addresses, system, "192.168.1.1");
  add_link (addresses, system, TRUE);
  message = message_new (system, PLUM_ROUTE_GET,
                         PLUM_ROUTE_FLAG_UP | PLUM_ROUTE_FLAG_HOST | PLUM_ROUTE_FLAG_LINK_LAYER,
                         RTA_DST | RTA_GATEWAY, addresses);
  route = decode (system, message);
  g_assert_true (route.has_link_address);
  g_assert_cmpmem (route.link_address, sizeof route.link_address, expected, sizeof expected);
  g_assert_cmpuint (route.prefix_len, ==, 32);
}

/* Messages of another version, and those that are not about routes, are skipped: the second one is
 * found. */
static void
test_skipped (gconstpointer data)
{
  const System system = GPOINTER_TO_UINT (data);
  g_autoptr (GByteArray) both = g_byte_array_new ();
  g_autoptr (GByteArray) message = default_new (system, DEFAULT_FLAGS);
  const guint8 others[][8] = { { 8, 0, 5, PLUM_ROUTE_LINK }, { 8, 0, 99, PLUM_ROUTE_GET } };
  const guint16 len = 8;
  PlumRouteMessage out;
  gsize offset;

  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_byte_array_set_size (both, 0);
      g_byte_array_append (both, others[i], sizeof others[i]);
      memcpy (both->data, &len, sizeof len);
      g_byte_array_append (both, message->data, message->len);

      offset = 0;
      g_assert_true (
        plum_route_message_next (layouts[system], both->data, both->len, &offset, &out, NULL));
      g_assert_cmpint (out.type, ==, i == 0 ? PLUM_ROUTE_LINK : 0);
      g_assert_cmpint (out.family, ==, G_SOCKET_FAMILY_INVALID);
      g_assert_true (
        plum_route_message_next (layouts[system], both->data, both->len, &offset, &out, NULL));
      g_assert_cmpuint (out.interface_index, ==, 3);
    }
}

/* Every truncation is an error: with the original length, and with a length that says so. */
static void
test_truncated (gconstpointer data)
{
  const System system = GPOINTER_TO_UINT (data);
  g_autoptr (GByteArray) message = default_new (system, DEFAULT_FLAGS);
  /* The mask of a default route is empty, and the link behind it is not decoded. */
  const gsize needed = layouts[system]->size + 2 * 16 + 1;

  for (guint16 len = 1; len < message->len; len++)
    {
      g_autofree guint8 *cut = g_memdup2 (message->data, len);

      assert_malformed (system, cut, len);
      if (len >= sizeof len && len < needed)
        {
          memcpy (cut, &len, sizeof len);
          assert_malformed (system, cut, len);
        }
    }
}

static void
test_malformed (gconstpointer data)
{
  const System system = GPOINTER_TO_UINT (data);
  static const guint8 gap[] = { 0xff, 0x00, 0xff };
  g_autoptr (GByteArray) message = default_new (system, DEFAULT_FLAGS);
  g_autoptr (GByteArray) addresses = g_byte_array_new ();
  g_autoptr (GByteArray) odd = NULL;
  guint16 number = 3;
  const guint header = layouts[system]->size;

  /* The first address is longer than the message. */
  message->data[header] = 0xff;
  assert_malformed (system, message->data, message->len);
  message->data[header] = 16;

  memcpy (message->data, &number, sizeof number);
  assert_malformed (system, message->data, message->len);
  number = (guint16) message->len;
  memcpy (message->data, &number, sizeof number);

  if (system == OPENBSD)
    {
      const guint16 wrong[] = { 0, 95, (guint16) (message->len + 1), G_MAXUINT16 };

      for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
        {
          memcpy (message->data + offsetof (OpenbsdHeader, hdrlen), &wrong[i], sizeof wrong[i]);
          assert_malformed (system, message->data, message->len);
        }
    }

  add_address (addresses, system, "10.0.0.0");
  add_address (addresses, system, "192.168.1.1");
  add_mask (addresses, system, gap, sizeof gap, 4);
  odd = message_new (system, PLUM_ROUTE_GET, DEFAULT_FLAGS, RTA_DST | RTA_GATEWAY | RTA_NETMASK,
                     addresses);
  assert_malformed (system, odd->data, odd->len);
}

/* A later version of OpenBSD has a longer header. */
static void
test_longer_header (void)
{
  g_autoptr (GByteArray) message = default_new (OPENBSD, DEFAULT_FLAGS);
  g_autoptr (GByteArray) longer = g_byte_array_new ();
  const guint16 hdrlen = 104, len = (guint16) (message->len + 8);
  static const guint8 more[8];
  PlumRouteMessage route;

  g_byte_array_append (longer, message->data, 96);
  g_byte_array_append (longer, more, sizeof more);
  g_byte_array_append (longer, message->data + 96, message->len - 96);
  memcpy (longer->data, &len, sizeof len);
  memcpy (longer->data + 4, &hdrlen, sizeof hdrlen);
  route = decode (OPENBSD, longer);
  assert_bytes (route.gateway, G_SOCKET_FAMILY_IPV4, "192.168.1.1");
}

static void
test_matters (void)
{
  static const struct
  {
    PlumRouteType type;
    guint flags;
    gboolean matters;
  } cases[] = {
    { PLUM_ROUTE_ADD, DEFAULT_FLAGS, TRUE },
    { PLUM_ROUTE_DELETE, DEFAULT_FLAGS, TRUE },
    { PLUM_ROUTE_CHANGE, DEFAULT_FLAGS, TRUE },
    { PLUM_ROUTE_NEW_ADDRESS, 0, TRUE },
    { PLUM_ROUTE_DELETE_ADDRESS, 0, TRUE },
    { PLUM_ROUTE_LINK, 0, TRUE },
    { PLUM_ROUTE_GET, DEFAULT_FLAGS, FALSE },
    { PLUM_ROUTE_ADD, PLUM_ROUTE_FLAG_UP | PLUM_ROUTE_FLAG_HOST, FALSE },
    { PLUM_ROUTE_ADD, PLUM_ROUTE_FLAG_UP | PLUM_ROUTE_FLAG_LINK_LAYER, FALSE },
    { 0, 0, FALSE },
    { 0x7, 0, FALSE }, /* RTM_MISS */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const PlumRouteMessage message = { .type = cases[i].type, .flags = cases[i].flags };

      g_assert_cmpint (plum_route_message_matters (&message), ==, cases[i].matters);
    }
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *name;
    GTestDataFunc func;
  } tests[] = {
    { "default-route", test_default_route },
    { "default-route-ipv6", test_default_route_ipv6 },
    { "scoped", test_scoped },
    { "prefixes", test_prefixes },
    { "without-mask", test_without_mask },
    { "neighbour", test_neighbour },
    { "skipped", test_skipped },
    { "truncated", test_truncated },
    { "malformed", test_malformed },
  };

  g_test_init (&argc, &argv, NULL);

  for (System system = FREEBSD; system < N_SYSTEMS; system++)
    for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
      {
        g_autofree char *path =
          g_strdup_printf ("/route-message/%s/%s", names[system], tests[i].name);

        g_test_add_data_func (path, GUINT_TO_POINTER (system), tests[i].func);
      }
  g_test_add_func ("/route-message/openbsd/longer-header", test_longer_header);
  g_test_add_func ("/route-message/matters", test_matters);

  return g_test_run ();
}
