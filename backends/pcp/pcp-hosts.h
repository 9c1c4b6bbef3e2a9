/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "pcp-codec.h"
#include "plum-udp-session.h"

G_BEGIN_DECLS

/* The options for another internal host and for the remote hosts (RFC 6887 13.1, 13.3). */

/* FALSE: more remote hosts and networks than a request can have; there are no filters then. */
gboolean pcp_hosts_fill (PcpHosts *self, PlumRequest *request);
gboolean pcp_hosts_is_empty (const PcpHosts *self);
gboolean pcp_hosts_equal (const PcpHosts *self, const PcpHosts *other);
/* Whether the mappings of both lead to the same host. */
gboolean pcp_hosts_has_same_internal (const PcpHosts *self, const PcpHosts *other);
/* For messages: “TCP port 80 of 192.168.1.5, from 203.0.113.0/24”. (transfer full) */
char *pcp_hosts_describe_map (const PcpMap *map);
/* (transfer full) (nullable): the error for a success that does not repeat the options: a server
 * that does not know them must refuse the request, and has mapped something else. */
GError *pcp_hosts_check_reply (const PcpHosts *self, const PcpHosts *reply, const char *peer);
/* (transfer full): the error for a result; see pcp_result_make_error(). */
GError *pcp_hosts_make_error (const PcpHosts *self,
                              uint8_t code,
                              const char *peer,
                              const char *to_what);
/* Keeps the options with a granted mapping, and reads them to request it again. */
void pcp_hosts_store (const PcpHosts *self, PlumUdpSession *session, const PlumExchangeKey *key);
void pcp_hosts_load (PcpHosts *self, const PlumLeaseTableRow *row);
/* Changes how the filter is requested after a result. FALSE: that changes nothing. */
gboolean pcp_hosts_adapt (PcpHosts *self, uint8_t code);

G_END_DECLS
