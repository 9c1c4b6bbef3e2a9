/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "pcp-codec.h"
#include "pcp-session.h"

G_BEGIN_DECLS

typedef struct _PcpSetOp PcpSetOp;

/* A mapping of this host that uses a port of a set. */
typedef struct
{
  gboolean used;                 /* core holds it, or requests it */
  uint8_t nonce[PCP_NONCE_SIZE]; /* its own, which is that of the set for one of them only */
} PcpMember;

/*
 * Ports that the server maps, or may map, as one (RFC 7753). The server renews and deletes them
 * together, under the nonce of the mapping that was the first one when they were requested.
 */
typedef struct
{
  PcpSession *pcp;     /* borrowed */
  PlumExchangeKey key; /* of the row in the lease table, and of the requests */
  /* What the next request contains: the internal port and the external port are the first ones, the
   * size is as granted. */
  PcpMap map;
  gboolean exact;     /* the external ports are required */
  gboolean has_lease; /* the row of the key is that of the set: a mapping of the first port alone
                       * has the same key */
  guint first_member;
  guint n_members;
  PcpMember *members; /* of the ports from first_member on */

  PcpSetOp *op;         /* (nullable): the pending request for it, or its deletion */
  GPtrArray *releasing; /* (element-type PcpSetCall): deletions of members that are not decided
                         * about: of this turn, or those that the pending request decides */
  GSourceFunc decide;   /* (nullable): decides about them */
  GSource *release;     /* (nullable): calls it */
} PcpSet;

typedef enum {
  PCP_SET_END_NONE,      /* it has not, or a long time ago */
  PCP_SET_END_DELETED,   /* on the release of its last port */
  PCP_SET_END_DISSOLVED, /* the server does not have it: its ports are mapped one by one */
} PcpSetEnd;

typedef struct
{
  PlumExchangeKey key;
  PcpSetEnd end;
} PcpEndedSet;

/* map: of the first port, with the size. (transfer none): the session owns it. */
PcpSet *pcp_set_new (PcpSession *pcp, const PcpMap *map);
/* Removes it from the session. No operation and no deletion of a member may be pending. */
void pcp_set_remove (PcpSet *self);
void pcp_set_free (gpointer data);
/* Whether the server has it, as far as is known. certain: since its last restart. */
gboolean pcp_set_is_live (PcpSet *self);
gboolean pcp_set_is_certain (PcpSet *self);
void pcp_set_remove_lease (PcpSet *self);
/* (nullable): what is known of the grant. */
PlumLeaseTableRow *pcp_set_get_row (PcpSet *self);
/* The ports that the server granted, of which the first one has external_port. Members outside of
 * them leave the set. Returns whether one of these is used. */
gboolean pcp_set_set_range (PcpSet *self, guint first, guint size, guint external_port);

/* Decides about the deletions of members, in the next turn. */
void pcp_set_schedule_release (PcpSet *self);
/* (transfer full) (element-type PcpSetCall): removes these deletions: of the ports that the set
 * does not have; all of them. */
GPtrArray *pcp_set_take_outside_releases (PcpSet *self);
GPtrArray *pcp_set_take_releases (PcpSet *self);

/* The member of the internal port; NULL: it has none. */
PcpMember *pcp_set_get_member (PcpSet *self, guint internal_port);
/* Whether the set has the port, which may be of no member. */
gboolean pcp_set_has_port (PcpSet *self, guint internal_port);
/* Returns whether it was not used before. */
gboolean pcp_set_use_member (PcpSet *self, const PcpMap *map);
/* The port is not used any longer. */
void pcp_set_drop_member (PcpSet *self, guint internal_port);
gboolean pcp_set_has_used_member (PcpSet *self);
guint pcp_set_get_external_port (PcpSet *self, guint internal_port);
/* The members no longer have mappings of their own. */
void pcp_set_remove_own_leases (PcpSet *self);
/* Whether a request would be for a port of the set, with the same hosts. */
gboolean pcp_set_covers (PcpSet *self, const PcpMap *map);
/* (transfer full): the error of a deletion that would remove used ports with that of map. */
GError *pcp_set_make_busy_error (PcpSession *pcp, const PcpMap *map);
/* Fails calls of ports that the set keeps. calls: (element-type PcpSetCall). */
void pcp_set_fail_busy (PcpSet *self, GPtrArray *calls);
/* Whether the server describes the set as it was granted. */
gboolean pcp_set_fits (PcpSet *self, const PcpMap *map, guint external_port);

/* The token of the lease of each member: what deletes the set after a restart of the program. */
GVariant *pcp_set_make_token (PcpSet *self);
/* Returns FALSE if the token is not one of a set, or of a set without this port. map: has the port;
 * it gets the range of the set. */
gboolean pcp_set_parse_token (GVariant *token, PcpMap *map);

/* (nullable) (transfer none): the set with the key; the set whose lease has the key; that of a live
 * member; any with the member. */
PcpSet *pcp_sets_find (PcpSession *pcp, const PlumExchangeKey *key);
PcpSet *pcp_sets_find_lease (PcpSession *pcp, const PlumExchangeKey *key);
PcpSet *pcp_sets_find_live (PcpSession *pcp, const PcpMap *map);
PcpSet *pcp_sets_find_member (PcpSession *pcp, const PcpMap *map);
/* Drops the members of the sets whose leases have ended, and for which no request is pending. */
void pcp_sets_expire (PcpSession *pcp);
/* The lease with the key is that of a mapping of the first port alone. */
void pcp_sets_lose_lease (PcpSession *pcp, const PlumExchangeKey *key);
/* The port is requested again: removes it from the sets that the server does not have. */
void pcp_sets_forget_member (PcpSession *pcp, const PcpMap *map);
/* Whether the port is in a set that the server has, whatever remote hosts may connect. */
gboolean pcp_sets_has_live_port (PcpSession *pcp, const PcpMap *map);
/* (nullable) (transfer none): the live mapping of the port if it is in no set. */
PlumLeaseTableRow *pcp_sets_get_own_lease (PcpSession *pcp, const PcpMap *map);
/* Whether a mapping of this host uses a port of map, which may be a set, or a pending request is
 * for one. */
gboolean pcp_sets_uses_port_of (PcpSession *pcp, const PcpMap *map);

/* How the set with the key has ended: its leases may still name it. */
void pcp_sets_note_end (PcpSession *pcp, const PlumExchangeKey *key, PcpSetEnd end);
PcpSetEnd pcp_sets_get_end (PcpSession *pcp, const PlumExchangeKey *key);

G_END_DECLS
