/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

#define UPNP_IPV4_SIZE 4

typedef enum {
  UPNP_MATCH_UNKNOWN, /* the router does not report the value */
  UPNP_MATCH_SAME,
  UPNP_MATCH_OTHER,
} UpnpMatch;

/* Reads an IPv4 address as routers write it: zeros before a number and ::ffff: do not matter.
 * Returns FALSE if text is something else. */
gboolean upnp_client_read_ipv4 (const char *text, guint8 *bytes);
/* Compares the internal client of an entry, as the router writes it, with an IPv4 address. Only
 * another address is UPNP_MATCH_OTHER: some routers report a host name, a hardware address, 0.0.0.0
 * or nothing (quirk 100). Zeros before a number, a port, a mask, brackets and ::ffff: do not
 * matter. text: (nullable); address: (nullable): no address is the same */
UpnpMatch upnp_client_match (const char *text, const char *address);

G_END_DECLS
