/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>
#include <stdint.h>

G_BEGIN_DECLS

/* Addresses in PCP packets: 16 bytes, in which IPv4 is ::ffff:a.b.c.d (RFC 6887 5). */
#define PLUM_WIRE_ADDRESS_SIZE 16

void plum_wire_address_from_inet (GInetAddress *address, uint8_t wire[PLUM_WIRE_ADDRESS_SIZE]);
/* "No preference": all zeros of the family. The two are not interchangeable (RFC 6887 5). */
void plum_wire_address_any (GSocketFamily family, uint8_t wire[PLUM_WIRE_ADDRESS_SIZE]);
gboolean plum_wire_address_is_ipv4 (const uint8_t wire[PLUM_WIRE_ADDRESS_SIZE]);
/* (transfer full) (nullable): NULL for all zeros of either family */
GInetAddress *plum_wire_address_to_inet (const uint8_t wire[PLUM_WIRE_ADDRESS_SIZE]);

G_END_DECLS
