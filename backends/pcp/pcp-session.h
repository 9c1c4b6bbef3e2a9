/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-udp-session.h"

G_BEGIN_DECLS

/* What PCP adds to a session with one server. */
typedef struct
{
  PlumUdpSession *udp;
  gboolean filters_work; /* the server checks the option FILTER */
  gboolean sets_work;    /* the server has mapped a set of ports (RFC 7753) since its restart */
  gboolean sets_ignored; /* it refused the option PORT_SET, or did not use it: not sent again until
                          * the server is restarted */
  GPtrArray *sets;       /* (element-type PcpSet): see pcp-set.h */
  GArray *ended_sets;    /* (element-type PcpEndedSet): a short time ago; see pcp-set.h */
} PcpSession;

G_END_DECLS
