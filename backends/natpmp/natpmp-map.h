/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "natpmp-backend-private.h"

G_BEGIN_DECLS

/* One map request on its way: a wish, a renewal, or a deletion. */

/* All that a response repeats: NAT-PMP has no other mark of a request. */
void natpmp_map_make_key (PlumProtocol protocol, guint internal_port, PlumExchangeKey *key);
/* Settles the call. */
void natpmp_map_start (PlumNatpmpBackend *self,
                       PlumRequest *request,
                       gboolean deletion,
                       PlumCall *call);
/* FALSE: it answers nothing that is on its way. */
gboolean natpmp_map_answered (PlumNatpmpBackend *self, const NatpmpReply *reply);
/* Whether the address came or not, those that waited for it only get their lease. */
void natpmp_map_complete_all (PlumNatpmpBackend *self);

G_END_DECLS
