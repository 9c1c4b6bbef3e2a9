/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-wire-address.h"

#include "plum-bytes.h"

#define PREFIX_SIZE 12

/* RFC 4291 2.5.5.2: the prefix of an IPv4 address, followed by 0.0.0.0. */
static const uint8_t mapped_any[PLUM_WIRE_ADDRESS_SIZE] = { [10] = 0xff, [11] = 0xff };
static const uint8_t any[PLUM_WIRE_ADDRESS_SIZE];

void
plum_wire_address_from_inet (GInetAddress *address, uint8_t wire[PLUM_WIRE_ADDRESS_SIZE])
{
  size_t size = g_inet_address_get_native_size (address);

  plum_bytes_copy (wire, mapped_any, PREFIX_SIZE);
  plum_bytes_copy (wire + PLUM_WIRE_ADDRESS_SIZE - size, g_inet_address_to_bytes (address), size);
}

void
plum_wire_address_any (GSocketFamily family, uint8_t wire[PLUM_WIRE_ADDRESS_SIZE])
{
  plum_bytes_copy (wire, family == G_SOCKET_FAMILY_IPV4 ? mapped_any : any, PLUM_WIRE_ADDRESS_SIZE);
}

gboolean
plum_wire_address_is_ipv4 (const uint8_t wire[PLUM_WIRE_ADDRESS_SIZE])
{
  return plum_bytes_equal (wire, mapped_any, PREFIX_SIZE);
}

GInetAddress *
plum_wire_address_to_inet (const uint8_t wire[PLUM_WIRE_ADDRESS_SIZE])
{
  g_autoptr (GInetAddress) address = NULL;

  if (plum_wire_address_is_ipv4 (wire))
    address = g_inet_address_new_from_bytes (wire + PREFIX_SIZE, G_SOCKET_FAMILY_IPV4);
  else
    address = g_inet_address_new_from_bytes (wire, G_SOCKET_FAMILY_IPV6);

  return g_inet_address_get_is_any (address) ? NULL : g_steal_pointer (&address);
}
