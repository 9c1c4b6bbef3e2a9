/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib/gi18n-lib.h>

/* The messages for double NAT. Each protocol reports it with a code of its own; the user reads the
 * same words whichever protocol was used. */

/* The router has no external address to map to, so it refuses, or returns no address: PCP
 * NETWORK_FAILURE (RFC 6887 7.4), NAT-PMP "network failure" (RFC 6886 3.5, quirk 5), 0.0.0.0, an
 * empty GetExternalIPAddress. The error is NO_RESOURCES: it may change. */
#define PLUM_NO_PUBLIC_ADDRESS                                                                     \
  N_ ("the router has no public address: it is behind another router, or it has no connection at " \
      "present")

/* A NAT changed the source address of a packet: PCP ADDRESS_MISMATCH (RFC 6887 8.2); the other
 * protocols cannot detect it. No mapping would lead to this host, so the error is NOT_SUPPORTED. */
#define PLUM_ROUTER_BETWEEN                                                                        \
  N_ ("a second router between this host and the gateway translates addresses, so the gateway "    \
      "cannot open a port of this host")
