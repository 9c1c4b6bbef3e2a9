/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-udp-session.h"

G_BEGIN_DECLS

/*
 * One pending request that changes a mapping: a new mapping, a renewal or a deletion. Embedded as
 * the first member of the protocol's own structure, and freed with it when it finishes. After a
 * refusal the protocol may change the request and send it again.
 */
typedef struct _PlumUdpOperation PlumUdpOperation;

typedef size_t (*PlumUdpOperationEncode) (PlumUdpOperation *self, uint8_t *out, size_t size);

struct _PlumUdpOperation
{
  PlumExchange exchange;   /* first: one is found by the other */
  PlumUdpSession *session; /* borrowed */
  PlumCall *call;          /* (nullable): finished by the operation */
  PlumUdpOperationEncode encode;

  uint32_t lifetime;        /* s, requested; 0: a deletion */
  guint requested_port;     /* the external port of the first request; later ones may differ */
  gboolean exact;           /* the external port is required */
  gboolean silence_is_done; /* if no further answer comes, the call succeeds */
};

/* size: of the protocol's structure. The session must be open. */
PlumUdpOperation *plum_udp_operation_new (size_t size,
                                          PlumUdpSession *session,
                                          PlumCall *call,
                                          const PlumExchangeKey *key,
                                          PlumUdpOperationEncode encode);
void plum_udp_operation_free (PlumUdpOperation *self);
/* (nullable) (transfer none): the one that a response with this key answers. */
PlumUdpOperation *plum_udp_operation_lookup (PlumUdpSession *session, const PlumExchangeKey *key);

/* Sends the request, by the retry plan in exchange.plan; if that is NULL, by the plan for a
 * deletion, a renewal or a new mapping. */
void plum_udp_operation_start (PlumUdpOperation *self);
/* Sends a changed request in place of the one that was answered. */
void plum_udp_operation_restart (PlumUdpOperation *self);
/* Whether the request was sent more than once. Before that, an answer that does not fit may be the
 * late answer to an earlier request; if the gateway repeats it, it is not. */
gboolean plum_udp_operation_is_repeated (PlumUdpOperation *self);

/* These finish the call, and free the operation. */
void plum_udp_operation_done (PlumUdpOperation *self);
/* error: (transfer full) */
void plum_udp_operation_fail (PlumUdpOperation *self, GError *error);
/* The same; and the same request is not sent again for hold_s. error: (transfer full) */
void plum_udp_operation_refuse (PlumUdpOperation *self, GError *error, guint hold_s);
/* A grant of nothing. Does nothing for an answer that may be the late one to a deletion. */
void plum_udp_operation_grant_nothing (PlumUdpOperation *self, guint port, guint lifetime);

G_END_DECLS
