/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "pcp-codec.h"
#include "pcp-session.h"

G_BEGIN_DECLS

/* A call of unmap (): finds the set of the mapping. map: is changed. lease: (nullable). FALSE: the
 * mapping is not of a set; the call has not finished, and map is as it was. */
gboolean pcp_set_release (PcpSession *pcp, PcpMap *map, PlumLease *lease, PlumCall *call);

G_END_DECLS
