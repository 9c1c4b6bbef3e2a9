/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-exchange.h"

G_BEGIN_DECLS

/* The mappings on one gateway: whether each is live, its external address and port, and its hold:
 * until when the same request must not be sent again (error lifetime, RFC 6887 7.4). A mapping is
 * live until it is removed, or its lease ends. */
typedef struct _PlumLeaseTable PlumLeaseTable;

/* Returns the time, in microseconds, as all times of the table. */
typedef gint64 (*PlumLeaseTableGetTime) (gpointer user_data);

typedef struct
{
  PlumExchangeKey key;
  gboolean live;
  gboolean certain;  /* granted since the gateway was last restarted */
  uint32_t lifetime; /* s, last requested */
  uint32_t answered; /* s: the lifetime in the last answer */
  gint64 granted_at;
  gint64 ends_at;    /* when the lease that core knows ends, if it is not renewed */
  guint n_questions; /* see plum_udp_session_doubts () */
  uint16_t requested_port;
  uint16_t external_port;
  GInetAddress *external_address; /* (nullable) */
  gint64 hold_until;
  guint held_port;     /* the requested external port */
  gboolean held_exact; /* the external port was required */
  GError *hold_error;  /* NULL: no hold */
  GBytes *options;     /* (nullable): the protocol's, to repeat the request with */
  gboolean apart;      /* the external address is that of another host, not the gateway's */
} PlumLeaseTableRow;

PlumLeaseTable *plum_lease_table_new (PlumLeaseTableGetTime get_time, gpointer user_data);
void plum_lease_table_free (PlumLeaseTable *self);
guint plum_lease_table_get_n_live (PlumLeaseTable *self);
PlumLeaseTableRow *plum_lease_table_lookup (PlumLeaseTable *self, const PlumExchangeKey *key);
/* Gets the row, and adds one that is not live if it does not exist. (transfer none) */
PlumLeaseTableRow *plum_lease_table_ensure (PlumLeaseTable *self, const PlumExchangeKey *key);
/* (nullable) (transfer none): any mapping that is live and certain, not apart, and not on hold. */
PlumLeaseTableRow *plum_lease_table_find_live (PlumLeaseTable *self);
/* (transfer full) (element-type PlumExchangeKey): the keys of all that are live. */
GArray *plum_lease_table_get_live (PlumLeaseTable *self);
/* Records a granted mapping, whose lease ends at ends_at. TRUE: it was live with another address.
 */
gboolean plum_lease_table_grant (PlumLeaseTable *self,
                                 const PlumExchangeKey *key,
                                 GInetAddress *external_address,
                                 uint16_t external_port,
                                 gint64 ends_at);
/* Whether a request for the port would only renew the mapping. */
gboolean plum_lease_table_is_renewal (PlumLeaseTable *self, const PlumExchangeKey *key, guint port);
/* exact: the port is required. A request that only suggests the port is a different one. */
void plum_lease_table_hold (PlumLeaseTable *self,
                            const PlumExchangeKey *key,
                            guint port,
                            gboolean exact,
                            const GError *error,
                            gint64 until);
/* TRUE: the same request must not be sent yet; sets error. */
gboolean plum_lease_table_check_hold (
  PlumLeaseTable *self, const PlumExchangeKey *key, guint port, gboolean exact, GError **error);
/* Requests that were refused may be granted now. */
void plum_lease_table_clear_holds (PlumLeaseTable *self);
void plum_lease_table_remove (PlumLeaseTable *self, const PlumExchangeKey *key);
/* The gateway was restarted: removes all holds, and no mapping is certain. */
void plum_lease_table_restart (PlumLeaseTable *self);

G_END_DECLS
