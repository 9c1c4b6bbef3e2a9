/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "pcp-codec.h"
#include "plum-udp-session.h"

G_BEGIN_DECLS

/* The mapping of a PlumRequest, and the key of its exchanges. */

/* FALSE: a request cannot have so many remote hosts and networks; the call fails. A deletion has
 * none. */
gboolean pcp_request_read (PlumUdpSession *session,
                           PlumRequest *request,
                           gboolean deletion,
                           PcpMap *map);
/* The fields that a response must repeat (RFC 6887 11.4). */
void pcp_request_make_key (const PcpMap *map, PlumExchangeKey *key);
/* What pcp_request_make_key () wrote, and the hosts of a granted mapping. */
void pcp_request_read_key (PlumUdpSession *session, const PlumExchangeKey *key, PcpMap *map);

G_END_DECLS
