/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

/* What a router says when two of them stand in a row. Each protocol has a number or a silence of
 * its own for it; a person reads the same words whichever was asked. */

/* It has no address that it could map to, so it refuses, or tells none: PCP NETWORK_FAILURE (RFC
 * 6887 7.4), NAT-PMP "network failure" (RFC 6886 3.5, quirk 5), 0.0.0.0, an empty
 * GetExternalIPAddress. The error is NO_RESOURCES: it may be otherwise later. */
#define PLUM_NO_PUBLIC_ADDRESS                                                                     \
  "the router has no public address itself: another router stands before it, or it has no "        \
  "connection at present"

/* It sees that packets come from another address than they were sent from: PCP ADDRESS_MISMATCH
 * (RFC 6887 8.2; the other protocols cannot see it). Nothing that it maps would lead to this host,
 * so it is NOT_SUPPORTED, and not a matter of waiting. */
#define PLUM_ROUTER_BETWEEN                                                                        \
  "another router stands between this host and that one, which therefore cannot open a port of "   \
  "this host"
