/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-exchange.h"

G_BEGIN_DECLS

/* What is known of each mapping on one gateway: whether it lives, where, and whether the gateway
 * said not to ask for it again yet (an error lifetime, RFC 6887 7.4). Pure but for memory: the
 * time comes in as an argument, in microseconds. */
typedef struct _PlumLeaseTable PlumLeaseTable;

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
} PlumLeaseTableRow;

PlumLeaseTable *plum_lease_table_new (void);
void plum_lease_table_free (PlumLeaseTable *self);
guint plum_lease_table_get_n_live (PlumLeaseTable *self);
PlumLeaseTableRow *plum_lease_table_lookup (PlumLeaseTable *self, const PlumExchangeKey *key);
/* Any that lives and is certain to; NULL: none. */
PlumLeaseTableRow *plum_lease_table_find_live (PlumLeaseTable *self);
/* The mapping lives. TRUE: it lived before, with another address. */
gboolean plum_lease_table_grant (PlumLeaseTable *self,
                                 const PlumExchangeKey *key,
                                 GInetAddress *external_address,
                                 uint16_t external_port);
/* Whether to ask for the port would only renew what is held. */
gboolean plum_lease_table_is_renewal (PlumLeaseTable *self, const PlumExchangeKey *key, guint port);
/* exact: no other port will do. That is another request than one for which the port is a wish. */
void plum_lease_table_hold (PlumLeaseTable *self,
                            const PlumExchangeKey *key,
                            guint port,
                            gboolean exact,
                            const GError *error,
                            gint64 now,
                            gint64 until);
/* Whether the same request must wait, and why. */
gboolean plum_lease_table_check_hold (PlumLeaseTable *self,
                                      const PlumExchangeKey *key,
                                      guint port,
                                      gboolean exact,
                                      gint64 now,
                                      GError **error);
void plum_lease_table_remove (PlumLeaseTable *self, const PlumExchangeKey *key);
/* The gateway was restarted: it is a new one, without holds, and no mapping is certain. */
void plum_lease_table_restart (PlumLeaseTable *self);

G_END_DECLS
