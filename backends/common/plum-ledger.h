/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-exchange.h"

G_BEGIN_DECLS

/* What is known of each mapping on one gateway: whether it lives, where, and whether the gateway
 * said not to ask for it again yet (an error lifetime, RFC 6887 7.4). Pure but for memory: the
 * time comes in as an argument, in microseconds. */
typedef struct _PlumLedger PlumLedger;

typedef struct
{
  PlumExchangeKey key;
  gboolean live;
  gboolean certain;  /* granted since the gateway was last restarted */
  uint32_t lifetime; /* s, that was asked for last */
  uint16_t external_port;
  GInetAddress *external_address; /* (nullable) */
  gint64 hold_until;
  guint held_port;     /* the external port that was asked for */
  gboolean held_exact; /* and no other */
  GError *hold_error;  /* NULL: no hold */
} PlumLedgerRow;

PlumLedger *plum_ledger_new (void);
void plum_ledger_free (PlumLedger *self);
guint plum_ledger_get_n_live (PlumLedger *self);
PlumLedgerRow *plum_ledger_lookup (PlumLedger *self, const PlumExchangeKey *key);
/* Any that lives and is certain to; NULL: none. */
PlumLedgerRow *plum_ledger_peek_live (PlumLedger *self);
/* The mapping lives. TRUE: it lived before, with another address. */
gboolean plum_ledger_grant (PlumLedger *self,
                            const PlumExchangeKey *key,
                            GInetAddress *external_address,
                            uint16_t external_port);
/* Whether to ask for the port would only renew what is held. */
gboolean plum_ledger_is_renewal (PlumLedger *self, const PlumExchangeKey *key, guint port);
/* exact: no other port will do. That is another request than one for which the port is a wish. */
void plum_ledger_hold (PlumLedger *self,
                       const PlumExchangeKey *key,
                       guint port,
                       gboolean exact,
                       const GError *error,
                       gint64 now,
                       gint64 until);
/* Whether the same request must wait, and why. */
gboolean plum_ledger_check_hold (PlumLedger *self,
                                 const PlumExchangeKey *key,
                                 guint port,
                                 gboolean exact,
                                 gint64 now,
                                 GError **error);
void plum_ledger_forget (PlumLedger *self, const PlumExchangeKey *key);
/* The gateway was restarted: it is a new one, without holds, and no mapping is certain. */
void plum_ledger_restart (PlumLedger *self);

G_END_DECLS
