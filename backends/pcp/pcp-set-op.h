/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "pcp-set.h"
#include "pcp-set-call.h"
#include "plum-udp-operation.h"

G_BEGIN_DECLS

/* Exchanges about a set of ports: a request or a renewal for all its members, and its deletion.
 * What the server does not map as a set is requested port by port. */

/* Adds a request for a member of the set: it joins the pending request, or is answered from the
 * last answer. (nullable) (transfer full): the set has to be requested for it, by pcp_set_op_start
 * (). */
PcpSetCall *pcp_set_op_add (PcpSet *set, PlumCall *call, const PcpMap *map);
/* Requests the set for the calls. lifetime: s. calls: (element-type PcpSetCall) (transfer full) */
void pcp_set_op_start (PcpSet *set, uint32_t lifetime, GPtrArray *calls);
/* A member is released: it is not used any longer, unless a call waits for it. */
void pcp_set_op_drop_member (PcpSet *set, guint internal_port);
/* A call of unmap () for a port of the set: fails with BUSY as long as other ports are used. */
void pcp_set_op_release (PcpSet *set, guint internal_port, PlumCall *call);

/* These return FALSE if the answer, or the operation, is not about a set. */
gboolean pcp_set_op_handle_reply (PcpSession *pcp, const PcpReply *reply);
/* As pcp_map_give_up (). error: (transfer full) if TRUE is returned. */
gboolean pcp_set_op_give_up (PlumUdpOperation *operation, GError *error);

G_END_DECLS
