/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "pcp-backend.h"
#include "pcp-codec.h"
#include "plum-announcements.h"
#include "plum-server-probe.h"
#include "plum-lease-table.h"

G_BEGIN_DECLS

struct _PlumPcpBackend
{
  PlumBackend parent_instance;

  PlumExchanges *exchanges;
  PlumServerProbe *probe;           /* by ANNOUNCE */
  PlumAnnouncements *announcements; /* (nullable): only while a mapping lives */
  PlumLeaseTable *leases;
  GInetAddress *external_address; /* (nullable): the last one seen */

  gboolean announced; /* the inquiry on its way is for an announcement's sake */
  gboolean epoch_known;
  gint64 epoch_server; /* s */
  gint64 epoch_client; /* s, when epoch_server came */
};

gboolean plum_pcp_backend_is_ipv4 (PlumPcpBackend *self);
/* RFC 6887 8.1: the header's address is the packet's source, and so the socket's. */
void plum_pcp_backend_get_client_address (PlumPcpBackend *self, uint8_t client[PCP_ADDRESS_SIZE]);
/* (transfer full) */
GError *plum_pcp_backend_make_result_error (PlumPcpBackend *self,
                                            uint8_t code,
                                            const char *to_what);
/* Notes where a mapping is now, and tells if its address on the internet is another one. */
void plum_pcp_backend_note_grant (PlumPcpBackend *self,
                                  const PlumExchangeKey *key,
                                  GInetAddress *address,
                                  uint16_t port,
                                  uint32_t lifetime);

G_END_DECLS
