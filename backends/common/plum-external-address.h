/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* Whether an address may be the external one of a router. Private and shared ones are: there may be
 * another NAT. A mapped IPv4 address is no IPv6 address. */
static inline gboolean
plum_external_address_is_possible (GInetAddress *address)
{
  gboolean is_ipv4 = g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4;
  const guint8 *bytes = g_inet_address_to_bytes (address);

  switch (plum_address_get_scope (address))
    {
    case PLUM_ADDRESS_SCOPE_UNKNOWN:
    case PLUM_ADDRESS_SCOPE_UNSPECIFIED:
    case PLUM_ADDRESS_SCOPE_LOOPBACK:
    case PLUM_ADDRESS_SCOPE_LINK_LOCAL:
    case PLUM_ADDRESS_SCOPE_MULTICAST:
      return FALSE;

    case PLUM_ADDRESS_SCOPE_RESERVED:
      /* 240.0.0.0/4 with 255.255.255.255. The others include DS-Lite (RFC 6333). ::/8 includes the
       * IPv4-compatible addresses. */
      return is_ipv4 ? bytes[0] < 240 : bytes[0] != 0;

    case PLUM_ADDRESS_SCOPE_PRIVATE:
    case PLUM_ADDRESS_SCOPE_CGNAT:
    case PLUM_ADDRESS_SCOPE_DOCUMENTATION:
    case PLUM_ADDRESS_SCOPE_PUBLIC:
    default:
      return is_ipv4 || bytes[0] != 0;
    }
}

G_END_DECLS
