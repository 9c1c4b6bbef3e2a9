/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-udp-session.h"

G_BEGIN_DECLS

/*
 * One pending request that changes a mapping: a new mapping, a renewal or a deletion. Embedded as
 * the first member of the protocol's own structure, and freed with it when it finishes. After a
 * refusal the protocol may change the request and send it again.
 */
typedef size_t (*PlumUdpOperationEncode) (PlumUdpOperation *self, uint8_t *out, size_t size);

struct _PlumUdpOperation
{
  PlumExchange exchange;   /* first: one is found by the other */
  PlumUdpSession *session; /* borrowed */
  GList link;              /* in the operations of the session */
  PlumCall *call;          /* (nullable): finished by the operation */
  PlumUdpOperationEncode encode;

  uint32_t lifetime;    /* s, requested; 0: a deletion */
  guint requested_port; /* the external port of the first request; later ones may differ */
  uint32_t left;        /* s: what the answer to a deletion leaves */
  guint exact : 1;      /* the external port is required */
  guint is_refresh : 1; /* of a live mapping, for no call of map () */
  guint is_entry : 1;   /* the deletion of an entry of the table */

  uint32_t undo_left; /* s: how long the gateway may keep what it granted */
  GError *undo_error; /* (nullable): why the grant is being deleted */
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
/* The answer grants what cannot be used: sends the changed request, which is a deletion, and fails
 * the call when it is finished. Fails at once if the mapping was live before: it may still be.
 * error: (transfer full). granted: s; 0: unknown. */
void plum_udp_operation_undo (PlumUdpOperation *self, GError *error, uint32_t granted);
/* Whether the request was sent more than once. Before that, an answer that does not fit may be the
 * late answer to an earlier request; if the gateway repeats it, it is not. */
gboolean plum_udp_operation_is_repeated (PlumUdpOperation *self);

/* Sends a deletion in place of the request that was answered. */
void plum_udp_operation_restart_as_deletion (PlumUdpOperation *self);
/* (transfer full): the error of an exchange that was not answered. outcome: not CANCELLED.
 * error: (nullable) */
GError *plum_udp_operation_make_error (PlumUdpOperation *self,
                                       PlumExchangeOutcome outcome,
                                       const GError *error);

/* What the request and the answer to it are. */
PlumUdpGrant plum_udp_operation_make_grant (PlumUdpOperation *self,
                                            uint16_t port,
                                            uint32_t lifetime);
/* These finish the call, and free the operation. */
void plum_udp_operation_done (PlumUdpOperation *self);
/* error: (transfer full) */
void plum_udp_operation_fail (PlumUdpOperation *self, GError *error);
/* The same; and the same request is not sent again for hold_s. error: (transfer full) */
void plum_udp_operation_refuse (PlumUdpOperation *self, GError *error, guint hold_s);
/* (transfer full) (nullable): the error for a grant of nothing. NULL: the answer may be the late
 * one to a deletion. */
GError *plum_udp_operation_make_nothing_error (PlumUdpOperation *self, guint port, guint lifetime);

G_END_DECLS
