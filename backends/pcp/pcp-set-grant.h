/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "pcp-set.h"

G_BEGIN_DECLS

/* What an answer grants of a set. */

/* Reads it into granted, whose ports are the first ones: one port if the answer has no PORT_SET
 * (RFC 7753 4.3). FALSE: it cannot be used. */
gboolean pcp_set_grant_read (PcpSet *set, const PcpReply *reply, PcpMap *granted);
/* Sets what was granted. calls: (element-type PcpSetCall): those that the answer is for. Returns
 * whether a used member that none of them is for has moved, or has left the set. */
gboolean pcp_set_grant_take (PcpSet *set, const PcpMap *granted, GPtrArray *calls);
/* Settles the calls whose ports were granted. address: (nullable). (transfer full): the others. */
GPtrArray *pcp_set_grant_settle (PcpSet *set,
                                 GPtrArray *calls,
                                 uint32_t lifetime,
                                 GInetAddress *address);

G_END_DECLS
