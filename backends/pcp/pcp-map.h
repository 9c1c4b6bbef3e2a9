/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "pcp-codec.h"
#include "pcp-session.h"
#include "plum-udp-operation.h"

G_BEGIN_DECLS

/* One pending MAP: a new mapping, a renewal, a request for the external address, or a
 * deletion. */

/* The error of a result. hosts: (nullable). what: what the server answered. (transfer full) */
GError *pcp_map_make_error (PlumUdpSession *session,
                            const PcpHosts *hosts,
                            uint8_t result,
                            const char *what);
/* The same, of a deletion. (transfer full) */
GError *pcp_map_make_deletion_error (PlumUdpSession *session,
                                     const PcpHosts *hosts,
                                     uint8_t result,
                                     const char *what);
/* Whether an answer to a deletion means that the server has no mapping with this nonce. is_undo:
 * the deletion is of a grant that cannot be used, and of which the server may have kept nothing. */
gboolean pcp_map_is_absent (uint8_t result, gboolean is_undo);
/* lifetime 0: a deletion. Finishes the call. */
void pcp_map_start (PcpSession *pcp, PlumCall *call, const PcpMap *map, uint32_t lifetime);
/* A call of unmap () for a mapping that is in no set. */
void pcp_map_release (PcpSession *pcp, const PcpMap *map, PlumCall *call);
/* Deletes an entry of this host: with the nonce of a live mapping, otherwise with a new one, which
 * the server refuses if it has the mapping with another one. */
void pcp_map_delete_entry (PcpSession *pcp, PlumEntry *entry, PlumCall *call);
/* Requests a live mapping once more. */
void pcp_map_refresh_key (PcpSession *pcp, const PlumExchangeKey *key);
/* Renews any live mapping: no other request returns the external address. call: (nullable): a
 * request for it. FALSE: no mapping is live, and the call has not finished. */
gboolean pcp_map_refresh (PcpSession *pcp, PlumCall *call);
/* The server's answers cannot be read: fails the operation, and deletes what it may have mapped.
 * error: (transfer full) */
void pcp_map_give_up (PlumUdpOperation *operation, GError *error);
/* FALSE: it answers no pending MAP. */
gboolean pcp_map_handle_reply (PcpSession *pcp, const PcpReply *reply);
/* Records where a mapping is, and reports the external address if it has changed. */
void pcp_map_note_grant (PlumUdpSession *session, const PlumUdpGrant *grant, GInetAddress *address);
/* (transfer full) (nullable): NULL if the address is unknown: the field holds all zeros, an address
 * of another family (quirk 86), or one that cannot be an external address. */
GInetAddress *pcp_map_dup_address (PlumUdpSession *session, const PcpMap *map);

G_END_DECLS
