/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-gateway-private.h"
#include "plum-policy-private.h"
#include "plum-state-record.h"

G_BEGIN_DECLS

/* What is held on a router for one port of this host: the lease, its renewal, the retries. Equal
 * mappings share one claim; it is given back with its last user. */

/* Which port, and where. Two claims never have the same. */
typedef struct
{
  PlumProtocol protocol;
  GSocketFamily family;
  guint internal_port;
  const char *interface_name; /* (nullable), interned. NULL: the default route's, while there is
                               * none */
} PlumClaimId;

/* Who owns claims. */
typedef struct
{
  /* The claim holds nothing and has no user: the owner may let go of it. */
  void (*over) (PlumClaim *claim, gpointer user_data);
  /* What is going to be asked for, or was granted. record: (transfer full). FALSE: do not ask yet,
   * plum_claim_race_changed () is called when it is time. */
  gboolean (*note) (PlumClaim *claim, PlumStateRecord *record, gpointer user_data);
  /* It was given back. left_behind: the router may still have it. */
  void (*released) (PlumClaim *claim, gboolean left_behind, gpointer user_data);
} PlumClaimOwner;

PlumClaim *plum_claim_new (const PlumClaimId *id,
                           GBytes *key,
                           PlumGateway *gateway,
                           const GError *reason,
                           PlumClock *clock,
                           const PlumPolicy *policy,
                           const PlumClaimOwner *owner,
                           gpointer owner_data);
PlumClaim *plum_claim_ref (PlumClaim *self);
void plum_claim_unref (PlumClaim *self);

/* For a hash table of claims. */
guint plum_claim_id_hash (gconstpointer id);
gboolean plum_claim_id_equal (gconstpointer a, gconstpointer b);

const PlumClaimId *plum_claim_get_id (PlumClaim *self);
PlumGateway *plum_claim_get_gateway (PlumClaim *self);
GList *plum_claim_get_link (PlumClaim *self);

/* What an earlier run was granted: asked for where no mapping wishes another. */
void plum_claim_suggest_port (PlumClaim *self, guint external_port);

/* A mapping wants it, or does not any more. */
void plum_claim_join (PlumClaim *self, PlumMapping *mapping);
void plum_claim_leave (PlumClaim *self, PlumMapping *mapping);
/* Lets another claim have a user, and asks for the port there that is known outside: nothing is
 * said but where the mapping is now. */
void plum_claim_hand_over (PlumClaim *self, PlumMapping *mapping, PlumClaim *to);
/* Its users. (element-type PlumMapping) (transfer full) */
GPtrArray *plum_claim_copy_users (PlumClaim *self);
/* The manager goes: nothing is said to anybody but the mappings. */
void plum_claim_drop (PlumClaim *self);

/* Where to ask: what was held elsewhere is forgotten. reason: why there is none. The name is the
 * new gateway's, and the owner's to keep unique. */
void plum_claim_set_interface (PlumClaim *self, const char *interface_name);
void plum_claim_set_gateway (PlumClaim *self, PlumGateway *gateway, const GError *reason);

/* The gateway's news. */
void plum_claim_race_changed (PlumClaim *self);
void plum_claim_lost (PlumClaim *self, PlumBackend *backend);
void plum_claim_address_changed (PlumClaim *self, PlumBackend *backend, GInetAddress *address);
void plum_claim_recheck (PlumClaim *self);
/* Tries what would be tried later, and what is overdue, within spread_ms. */
void plum_claim_hurry (PlumClaim *self, guint spread_ms);
gboolean plum_claim_holds (PlumClaim *self, guint external_port);
PlumBackend *plum_claim_get_backend (PlumClaim *self);

G_END_DECLS
