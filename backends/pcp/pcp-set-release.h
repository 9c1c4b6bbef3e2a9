/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "pcp-codec.h"
#include "pcp-session.h"

G_BEGIN_DECLS

/* A call of unmap (): finds the set of the mapping. lease: (nullable). FALSE: the mapping is not of
 * a set; the call has not finished. */
gboolean pcp_set_release (PcpSession *pcp, const PcpMap *map, PlumLease *lease, PlumCall *call);

G_END_DECLS
