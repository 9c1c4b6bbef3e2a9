/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-wire-address.h"

#include "plum-bytes.h"

#define PREFIX_SIZE 12

static const uint8_t mapped_prefix[PREFIX_SIZE] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

void
plum_wire_address_from_inet (GInetAddress *address,
                             uint8_t       wire[PLUM_WIRE_ADDRESS_SIZE])
{
  size_t size = g_inet_address_get_native_size (address);

  plum_bytes_copy (wire, mapped_prefix, PREFIX_SIZE);
  plum_bytes_copy (wire + PLUM_WIRE_ADDRESS_SIZE - size, g_inet_address_to_bytes (address), size);
}

void
plum_wire_address_any (GSocketFamily family,
                       uint8_t       wire[PLUM_WIRE_ADDRESS_SIZE])
{
  g_autoptr (GInetAddress) any = g_inet_address_new_any (family);

  plum_wire_address_from_inet (any, wire);
}

gboolean
plum_wire_address_is_ipv4 (const uint8_t wire[PLUM_WIRE_ADDRESS_SIZE])
{
  return plum_bytes_equal (wire, mapped_prefix, PREFIX_SIZE);
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
