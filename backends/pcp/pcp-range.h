/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "pcp-session.h"

G_BEGIN_DECLS

/* map_several (): finds the ports that one exchange can request, or renew. calls: (element-type
 * PlumCall) */
void pcp_range_map (PcpSession *pcp, GListModel *calls);

G_END_DECLS
