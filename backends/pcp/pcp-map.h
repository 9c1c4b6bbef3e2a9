/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "pcp-backend-private.h"

G_BEGIN_DECLS

/* One MAP on its way: a wish, a renewal, a question for the address, or a deletion. */

void pcp_map_fill (PlumPcpBackend *self, PlumRequest *request, gboolean deletion, PcpMap *map);
/* The fields that a response must repeat (RFC 6887 11.4). */
void pcp_map_make_key (const PcpMap *map, PlumExchangeKey *key);
/* lifetime 0: a deletion. Settles the call. */
void pcp_map_start (PlumPcpBackend *self, PlumCall *call, const PcpMap *map, uint32_t lifetime);
/* Renews some mapping that lives: no other question tells the router's address. call: (nullable):
 * one for the address. FALSE: no mapping lives, and call is not settled. */
gboolean pcp_map_refresh (PlumPcpBackend *self, PlumCall *call);
/* FALSE: it answers nothing that is on its way. */
gboolean pcp_map_answered (PlumPcpBackend *self, const PcpReply *reply);

G_END_DECLS
