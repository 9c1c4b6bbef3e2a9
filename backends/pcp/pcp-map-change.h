/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "pcp-codec.h"
#include "pcp-session.h"
#include "plum-udp-operation.h"

G_BEGIN_DECLS

/* A pending MAP for one port, and how it changes from one try to the next. */

/* The try before the present one: what may differ from that. */
typedef struct
{
  gboolean exists;
  gboolean prefer_failure;
  uint16_t external_port;
  uint8_t external_address[PCP_ADDRESS_SIZE];
} PcpMapTry;

typedef struct
{
  PlumUdpOperation base; /* first; base.call is NULL if nothing waits for a refresh */
  PcpSession *pcp;       /* borrowed */
  PcpMap map;
  PcpMap requested; /* the first try, with the option if the external port is required */
  PcpMapTry previous;
  guint tried; /* bits, 1 << PcpNext */

  uint32_t probe_lifetime; /* s, of the request that follows the probe; 0: no probe */
} MapOp;

size_t map_op_encode (PlumUdpOperation *base, uint8_t *out, size_t size);
/* (nullable): the mapping that the operation requests for a call; NULL: it deletes or refreshes
 * one, or is about a set. */
const PcpMap *map_op_get_requested (PlumUdpOperation *base);

/* Changes the request as the result suggests. FALSE: that was done before, or changes nothing. */
gboolean map_op_change (MapOp *op, uint8_t code);
/* Whether an error response is a copy of the answer to the previous try. */
gboolean map_op_is_copy (MapOp *op, const PcpMap *reply);

/* A server may repeat a filter in its answer, and ignore it (quirk 96). One that processes filters
 * refuses this request, which has no effect: the deletion of the mapping with an invalid filter. */
void map_op_begin_probe (MapOp *op);
/* Restores the request. (transfer full) (nullable): why a filter cannot be requested. */
GError *map_op_end_probe (MapOp *op, const PcpReply *reply);
/* Whether a response is a copy of the answer to the probe. */
gboolean map_op_is_probe_copy (const PcpReply *reply);

G_END_DECLS
