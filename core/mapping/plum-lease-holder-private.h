/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-gateway-private.h"
#include "plum-settings-private.h"

G_BEGIN_DECLS

/* Gets and keeps the lease for one port of this host, as long as it has users. Equal mappings share
 * one lease holder; when its last user is removed, it releases the lease.
 *
 * If there is another router beyond its gateway, the lease has a holder of its own for the lease
 * there, whose internal port is the external port of this lease; see plum-lease-chain.c. */
typedef struct _PlumLeaseHolder PlumLeaseHolder;

#define PLUM_LEASE_HOLDER_ADDRESS_SIZE 16

/* What a lease holder is for. No two lease holders have equal ids. */
typedef struct
{
  PlumProtocol protocol;
  GSocketFamily family;
  guint internal_port;
  /* Where the gateway is found. Without a gateway, the fields that no user selects are unset. */
  const char *interface_name;                           /* (nullable), interned */
  guint8 local_address[PLUM_LEASE_HOLDER_ADDRESS_SIZE]; /* zero: unset */
  PlumHosts hosts;
} PlumLeaseHolderId;

/* What a lease holder is going to request, or was granted. All borrowed. */
typedef struct
{
  guint external_port;
  GBytes *key;
  const char *description;
  const char *backend_name;
  PlumLease *lease;      /* (nullable) */
  gboolean one_per_port; /* the router has one mapping for each internal port */
  gint64 expires;        /* on the real-time clock, in microseconds; 0: never, or no lease */
} PlumLeaseNote;

/* What a lease holder, or an earlier run of the program, had on the gateway. Borrowed. */
typedef struct
{
  guint external_port; /* 0: nothing */
  GBytes *key;
  gboolean from_here; /* in this run, and from the local address of the gateway */
} PlumLeaseMemory;

/* What the router has of the mapping that was noted last. */
typedef enum {
  PLUM_LEASE_HOLDER_NOT_ADDED,   /* it has not added it */
  PLUM_LEASE_HOLDER_DELETED,     /* it has confirmed the delete */
  PLUM_LEASE_HOLDER_UNCONFIRMED, /* perhaps the mapping: a delete was not answered just now */
  PLUM_LEASE_HOLDER_KEPT,        /* perhaps the mapping: no delete was sent */
} PlumLeaseHolderRemains;

/* The client interface of the owner, the manager. */
typedef struct
{
  /* The holder has no lease and no users, and is closed. The owner must keep it until no function
   * of it is on the stack. */
  void (*closed) (PlumLeaseHolder *holder, gpointer user_data);
  /* Records a request before it is sent, or a lease. Returns FALSE if the request must not be sent
   * yet; the owner calls plum_lease_holder_race_changed () when it may. */
  gboolean (*note) (PlumLeaseHolder *holder, const PlumLeaseNote *note, gpointer user_data);
  /* Gets what is left, for a holder that is about to request its first lease at its gateway. */
  PlumLeaseMemory (*recall) (PlumLeaseHolder *holder, gpointer user_data);
  /* What was noted last is no longer the holder's. */
  void (*released) (PlumLeaseHolder *holder, PlumLeaseHolderRemains remains, gpointer user_data);
  /* Whether a router may still have an earlier lease of the holder's users. For the first holder of
   * a chain. */
  gboolean (*is_left) (PlumLeaseHolder *holder, gpointer user_data);
} PlumLeaseHolderOwner;

/* gateway: (nullable). reason: (nullable): why there is no gateway. */
PlumLeaseHolder *plum_lease_holder_new (const PlumLeaseHolderId *id,
                                        GBytes *key,
                                        PlumGateway *gateway,
                                        const GError *reason,
                                        PlumClock *clock,
                                        const PlumSettings *settings,
                                        PlumSignalQueue *signals,
                                        const PlumLeaseHolderOwner *owner,
                                        gpointer owner_data);
/* Finishes a pending release as not confirmed. */
void plum_lease_holder_expire_release (PlumLeaseHolder *self, const GError *error);
/* Sends nothing more. The users are destroyed. */
void plum_lease_holder_close (PlumLeaseHolder *self);
/* The holder must be closed. */
void plum_lease_holder_free (PlumLeaseHolder *self);

/* For a hash table of lease holders. */
guint plum_lease_holder_id_hash (gconstpointer id);
gboolean plum_lease_holder_id_equal (gconstpointer a, gconstpointer b);

const PlumLeaseHolderId *plum_lease_holder_get_id (PlumLeaseHolder *self);
/* The internal port of the lease that leads to this host. */
guint plum_lease_holder_get_first_port (PlumLeaseHolder *self);
PlumGateway *plum_lease_holder_get_gateway (PlumLeaseHolder *self);
/* Whether other must not request its port until the delete of this holder is finished: the external
 * port of IPv4 is in use until then. Both lead to one router, from two addresses of this host. */
gboolean plum_lease_holder_blocks (PlumLeaseHolder *self, PlumLeaseHolder *other);

/* Sets the port that an earlier run of the program was granted. It is requested if no user requests
 * another one. */
void plum_lease_holder_suggest_port (PlumLeaseHolder *self, guint external_port);

void plum_lease_holder_add_user (PlumLeaseHolder *self, PlumMapping *mapping);
void plum_lease_holder_remove_user (PlumLeaseHolder *self, PlumMapping *mapping);
/* Moves a user to another lease holder, which requests the external port that the user had. The
 * mapping is not destroyed in between. */
void plum_lease_holder_hand_over (PlumLeaseHolder *self, PlumMapping *mapping, PlumLeaseHolder *to);
/* (element-type PlumMapping) (transfer full) */
GPtrArray *plum_lease_holder_copy_users (PlumLeaseHolder *self);

/* Sets the place in an id. interface_name: (nullable). local_address: (nullable). */
void plum_lease_holder_id_set_place (PlumLeaseHolderId *self,
                                     const char *interface_name,
                                     GInetAddress *local_address);
/* (transfer full) (nullable) */
GInetAddress *plum_lease_holder_id_get_local_address (const PlumLeaseHolderId *self);

/* Sets the place in the id of the holder. The owner keeps the ids unique. */
void plum_lease_holder_set_place (PlumLeaseHolder *self, const PlumLeaseHolderId *id);
/* Sets the gateway to request from, and clears the lease of the last one. gateway: (nullable).
 * reason: (nullable): why there is no gateway. */
void plum_lease_holder_set_gateway (PlumLeaseHolder *self,
                                    PlumGateway *gateway,
                                    const GError *reason);

/* Reports a lease that is held back until the router beyond answers. */
void plum_lease_holder_hurry (PlumLeaseHolder *self);

/* Whether the holder, or one of those beyond, has or requests the mapping of internal_port on
 * gateway. */
gboolean plum_lease_holder_uses (PlumLeaseHolder *self,
                                 PlumGateway *gateway,
                                 PlumProtocol protocol,
                                 guint internal_port);

/* The race of the gateway, or the answer of note (), may have changed. */
void plum_lease_holder_race_changed (PlumLeaseHolder *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlumLeaseHolder, plum_lease_holder_free)

G_END_DECLS
