/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-values-private.h"

typedef struct
{
  GSocketFamily family;
  guint8 prefix[16];
  guint length; /* in bits */
  PlumAddressScope scope;
} ScopeRule;

#define RULE(family, length, scope, ...)                                                           \
  {                                                                                                \
    G_SOCKET_FAMILY_##family, { __VA_ARGS__ }, length, PLUM_ADDRESS_SCOPE_##scope                  \
  }
#define V4(...) RULE (IPV4, __VA_ARGS__)
#define V6(...) RULE (IPV6, __VA_ARGS__)

/* The first matching rule applies. The table follows RFC 6890 and the two IANA registries of
 * special-purpose addresses. Blocks that these call globally reachable, but that contain no address
 * of an internet host (anycast services, transition mechanisms), are RESERVED here. */
static const ScopeRule rules[] = {
  V4 (8, UNSPECIFIED, 0),               /* RFC 791 3.2 */
  V4 (8, PRIVATE, 10),                  /* RFC 1918 */
  V4 (10, CGNAT, 100, 64),              /* RFC 6598 */
  V4 (8, LOOPBACK, 127),                /* RFC 1122 3.2.1.3 */
  V4 (16, LINK_LOCAL, 169, 254),        /* RFC 3927 */
  V4 (12, PRIVATE, 172, 16),            /* RFC 1918 */
  V4 (29, CGNAT, 192, 0, 0),            /* RFC 7335: DS-Lite (RFC 6333) and 464XLAT (RFC 6877) */
  V4 (24, RESERVED, 192, 0, 0),         /* RFC 6890 2.1 */
  V4 (24, DOCUMENTATION, 192, 0, 2),    /* RFC 5737 */
  V4 (24, RESERVED, 192, 88, 99),       /* RFC 7526: formerly 6to4 relays */
  V4 (16, PRIVATE, 192, 168),           /* RFC 1918 */
  V4 (15, RESERVED, 198, 18),           /* RFC 2544: benchmarks */
  V4 (24, DOCUMENTATION, 198, 51, 100), /* RFC 5737 */
  V4 (24, DOCUMENTATION, 203, 0, 113),  /* RFC 5737 */
  V4 (4, MULTICAST, 224),               /* RFC 5771 */
  V4 (4, RESERVED, 240),                /* RFC 1112 4, and the broadcast address */
  V4 (0, PUBLIC, 0),

  V6 (128, UNSPECIFIED, 0),      /* RFC 4291 2.5.2 */
  V6 (128, LOOPBACK, [15] = 1),  /* RFC 4291 2.5.3 */
  V6 (23, RESERVED, 0x20, 0x01), /* RFC 2928; includes Teredo, 2001::/32 (RFC 4380) */
  V6 (32, DOCUMENTATION, 0x20, 0x01, 0x0d, 0xb8), /* RFC 3849 */
  V6 (16, RESERVED, 0x20, 0x02),                  /* RFC 3056: 6to4 */
  V6 (20, DOCUMENTATION, 0x3f, 0xff),             /* RFC 9637 */
  V6 (3, PUBLIC, 0x20),                           /* RFC 4291 2.5.4: assigned global unicast */
  V6 (7, PRIVATE, 0xfc),                          /* RFC 4193 */
  V6 (10, LINK_LOCAL, 0xfe, 0x80),                /* RFC 4291 2.5.6 */
  V6 (8, MULTICAST, 0xff),                        /* RFC 4291 2.7 */
  V6 (0, RESERVED, 0),                            /* includes NAT64 (RFC 6052, RFC 8215) */
};

static const guint8 v4_mapped_prefix[16] = { [10] = 0xff, [11] = 0xff };

static gboolean
has_prefix (const guint8 *address, const guint8 *prefix, guint length)
{
  for (guint i = 0; i < length / 8; i++)
    {
      if (address[i] != prefix[i])
        return FALSE;
    }
  return length % 8 == 0 || (address[length / 8] ^ prefix[length / 8]) >> (8 - length % 8) == 0;
}

/**
 * plum_address_get_scope:
 * @address: (nullable): an address
 *
 * Gets the scope of an address.
 *
 * Use it to determine whether hosts on the internet can reach the external address of a mapping.
 * %PLUM_ADDRESS_SCOPE_PRIVATE and %PLUM_ADDRESS_SCOPE_CGNAT mean that there is another NAT between
 * the router and the internet.
 *
 * An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) has the scope of the IPv4 address that it
 * contains. Addresses of transition mechanisms (Teredo, 6to4, NAT64) have the scope
 * %PLUM_ADDRESS_SCOPE_RESERVED, because routers map no ports to them.
 *
 * %PLUM_ADDRESS_SCOPE_CGNAT includes 192.0.0.0/29 (RFC 7335), the addresses of a home router whose
 * provider shares IPv4 addresses over an IPv6 network (DS-Lite, 464XLAT).
 *
 * The classification follows RFC 6890 and the IANA registries of special-purpose addresses. The
 * function does not access the network.
 *
 * Returns: the scope, or %PLUM_ADDRESS_SCOPE_UNKNOWN if @address is %NULL
 *
 * Since: 1.0
 */
PlumAddressScope
plum_address_get_scope (GInetAddress *address)
{
  GSocketFamily family;
  const guint8 *bytes;

  g_return_val_if_fail (address == NULL || G_IS_INET_ADDRESS (address), PLUM_ADDRESS_SCOPE_UNKNOWN);

  if (address == NULL)
    return PLUM_ADDRESS_SCOPE_UNKNOWN;

  family = g_inet_address_get_family (address);
  bytes = g_inet_address_to_bytes (address);
  if (family == G_SOCKET_FAMILY_IPV6 && has_prefix (bytes, v4_mapped_prefix, 96))
    {
      family = G_SOCKET_FAMILY_IPV4;
      bytes += 12;
    }

  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    {
      if (rules[i].family == family && has_prefix (bytes, rules[i].prefix, rules[i].length))
        return rules[i].scope;
    }
  g_assert_not_reached ();
}

gboolean
plum_address_equal (GInetAddress *a, GInetAddress *b)
{
  return a == b || (a != NULL && b != NULL && g_inet_address_equal (a, b));
}
