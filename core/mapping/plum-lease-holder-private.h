/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-gateway-private.h"
#include "plum-settings-private.h"

G_BEGIN_DECLS

typedef struct _PlumLeaseHolder PlumLeaseHolder;

/* What is held on a router for one port of this host: the lease, its renewal, the retries. Equal
 * mappings share one holder; it is given back with its last user. */

/* Which port, and where. Two holders never have the same. */
typedef struct
{
  PlumProtocol protocol;
  GSocketFamily family;
  guint internal_port;
  const char *interface_name; /* (nullable), interned. NULL: the default route's, while there is
                               * none */
} PlumLeaseHolderId;

/* Who owns holders. */
/* What a holder is going to request, or was granted. All borrowed. */
typedef struct
{
  guint external_port;
  GBytes *key;
  const char *backend_name;
  PlumLease *lease; /* (nullable) */
  gint64 expires;   /* on the real-time clock, in microseconds; 0: never, or no lease */
} PlumLeaseNote;

typedef struct
{
  /* The holder holds nothing and has no user: the owner may let go of it. */
  void (*over) (PlumLeaseHolder *holder, gpointer user_data);
  /* FALSE: the holder must not send the request yet, plum_lease_holder_race_changed () is called
   * when it may. */
  gboolean (*note) (PlumLeaseHolder *holder, const PlumLeaseNote *note, gpointer user_data);
  /* It was given back. left_behind: the router may still have it. */
  void (*released) (PlumLeaseHolder *holder, gboolean left_behind, gpointer user_data);
} PlumLeaseHolderOwner;

PlumLeaseHolder *plum_lease_holder_new (const PlumLeaseHolderId *id,
                                        GBytes *key,
                                        PlumGateway *gateway,
                                        const GError *reason,
                                        PlumClock *clock,
                                        const PlumSettings *settings,
                                        const PlumLeaseHolderOwner *owner,
                                        gpointer owner_data);
PlumLeaseHolder *plum_lease_holder_ref (PlumLeaseHolder *self);
void plum_lease_holder_unref (PlumLeaseHolder *self);

/* For a hash table of holders. */
guint plum_lease_holder_id_hash (gconstpointer id);
gboolean plum_lease_holder_id_equal (gconstpointer a, gconstpointer b);

const PlumLeaseHolderId *plum_lease_holder_get_id (PlumLeaseHolder *self);
PlumGateway *plum_lease_holder_get_gateway (PlumLeaseHolder *self);

/* What an earlier run was granted: asked for where no mapping wishes another. */
void plum_lease_holder_suggest_port (PlumLeaseHolder *self, guint external_port);

/* A mapping wants it, or does not any more. */
void plum_lease_holder_join (PlumLeaseHolder *self, PlumMapping *mapping);
void plum_lease_holder_leave (PlumLeaseHolder *self, PlumMapping *mapping);
/* Lets another holder have a user, and asks for the port there that is known outside: nothing is
 * said but where the mapping is now. */
void plum_lease_holder_hand_over (PlumLeaseHolder *self, PlumMapping *mapping, PlumLeaseHolder *to);
/* Its users. (element-type PlumMapping) (transfer full) */
GPtrArray *plum_lease_holder_copy_users (PlumLeaseHolder *self);
/* The manager goes: nothing is said to anybody but the mappings. */
void plum_lease_holder_drop (PlumLeaseHolder *self);

/* Where to ask: what was held elsewhere is forgotten. reason: why there is none. The name is the
 * new gateway's, and the owner's to keep unique. */
void plum_lease_holder_set_interface (PlumLeaseHolder *self, const char *interface_name);
void plum_lease_holder_set_gateway (PlumLeaseHolder *self,
                                    PlumGateway *gateway,
                                    const GError *reason);

/* The race of the gateway, or the answer of note (), may be another one now. */
void plum_lease_holder_race_changed (PlumLeaseHolder *self);

G_END_DECLS
