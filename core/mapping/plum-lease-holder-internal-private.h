/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-attempt-private.h"
#include "plum-held-lease-private.h"
#include "plum-lease-holder-private.h"
#include "plum-lease-users-private.h"
#include "plum-port-choice-private.h"
#include "plum-values-private.h"

G_BEGIN_DECLS

/* The state machine of PlumLeaseHolder, for its own files only:
 * plum-lease-holder-lease.c <- plum-lease-holder-release.c <- plum-lease-holder.c, which reports
 * to plum-lease-chain.c. */

typedef enum {
  PLUM_PHASE_IDLE,       /* no gateway, or no users */
  PLUM_PHASE_ATTEMPTING, /* the attempt is active */
  PLUM_PHASE_HELD,       /* the lease is valid, and renewed in time */
  PLUM_PHASE_RETURNING,  /* a renewal was granted an unfit lease: its delete is pending */
  PLUM_PHASE_RECOVERING, /* the router lost the mapping; the timer is the next attempt */
  PLUM_PHASE_FAILED,     /* the timer is the next attempt */
  PLUM_PHASE_RELEASING,  /* the delete is pending, or first that of the lease beyond */
} PlumLeaseHolderPhase;

/* The place of a lease in the chain of routers, for the files above. */
typedef struct
{
  /* An event of the lease. error: (nullable). */
  void (*report) (PlumLeaseHolder *self, PlumMappingEvent event, const GError *error);
  /* The result of the search for the router beyond may have changed. */
  void (*upstream_changed) (PlumLeaseHolder *self);
  /* The gateway is no longer used: the leases beyond are given up, and nothing is sent. */
  void (*abandon) (PlumLeaseHolder *self);
  /* Of the timer patience. */
  void (*patience_ended) (gpointer self);
} PlumLeaseChainInterface;

struct _PlumLeaseHolder
{
  PlumLeaseHolderId id;
  GBytes *key;
  char *description; /* (nullable): of the first user */
  PlumLeaseUsers users;
  PlumPortHints hints;
  guint16 port; /* reserved at the gateway; 0: none */
  /* The local address of the id when hints.known was granted. */
  guint8 known_address[PLUM_LEASE_HOLDER_ADDRESS_SIZE];
  PlumLeaseHolderPhase phase;
  guint serial; /* of the last lease that was not a renewal */
  guint retries;

  PlumClock *clock;
  const PlumSettings *settings;
  PlumSignalQueue *signals;
  const PlumLeaseHolderOwner *owner; /* NULL if closed */
  gpointer owner_data;

  PlumGateway *gateway; /* (nullable) */
  PlumGatewayClient client;
  GError *no_gateway; /* (nullable): why gateway is NULL */

  PlumRequest *request; /* (nullable): the last one that was sent */
  PlumAttempt *attempt;
  GListModel *verdicts; /* (nullable): while a failure is reported */
  PlumHeldLease *held;  /* (nullable): until the first lease; also the lost lease during an attempt,
                         * and an unfit one */
  PlumCall *call;       /* (nullable): the pending delete */
  PlumTimer timer;      /* the next attempt */

  const PlumLeaseChainInterface *chain;
  PlumLeaseHolder *inner;    /* (nullable), borrowed: of the lease that this one leads to */
  PlumLeaseHolder *outer;    /* (nullable): of the lease at the router beyond; owned */
  GError *outer_error;       /* (nullable): why the router beyond has not granted a lease */
  guint wanted : 1;          /* by inner */
  guint reported : 1;        /* the users, or inner, know the lease and those beyond */
  guint borrows_address : 1; /* the lease has the address of the gateway, not one of its own */
  guint awaits_outer : 1;    /* in PLUM_PHASE_RELEASING: the delete waits for that of outer */
  guint16 outer_port;        /* the external port of the last lease there; 0: none */
  guint reported_serial;
  guint reported_port;
  guint delete_timeout;           /* ms: of the delete alone */
  GInetAddress *reported_address; /* (nullable) */
  PlumTimer patience; /* how long the users wait for the router beyond, or the delete for its own */

  PlumBackend *deleter;    /* (nullable): that the delete will be sent by */
  gint64 release_end;      /* on the clock: of the delete here and of those beyond */
  GError *release_error;   /* (nullable): why a lease beyond may be left */
  GError *release_expired; /* (nullable): the time of the release has passed */
};

/* --- plum-lease-holder-lease.c --- */

void plum_lease_holder_init_lease (PlumLeaseHolder *self);
void plum_lease_holder_set_phase (PlumLeaseHolder *self, PlumLeaseHolderPhase phase);

/* Returns the external port that the users require; 0: any port fits. */
guint plum_lease_holder_get_required_port (PlumLeaseHolder *self);
/* Returns whether the port that is leased or requested no longer serves any user. */
gboolean plum_lease_holder_has_port_mismatch (PlumLeaseHolder *self);
gboolean plum_lease_holder_is_up (PlumLeaseHolder *self);
/* Whether the external address is that of another host, and not the gateway's: a pinhole does not
 * translate addresses. */
gboolean plum_lease_holder_has_own_address (PlumLeaseHolder *self);

const char *plum_lease_holder_get_backend_name (PlumLeaseHolder *self, guint candidate);
/* Reports an event of the lease. error: (nullable). */
void plum_lease_holder_notify (PlumLeaseHolder *self, PlumMappingEvent event, const GError *error);
/* Reports the lease, or the next request, to the owner. Returns FALSE if the request must not be
 * sent yet. */
gboolean plum_lease_holder_note (PlumLeaseHolder *self, guint candidate);

/* Reports to the owner what the router has of the mapping that was noted last. */
void plum_lease_holder_note_released (PlumLeaseHolder *self, PlumLeaseHolderRemains remains);
/* What is left of a mapping after a delete; error: (nullable): its error. */
PlumLeaseHolderRemains plum_lease_holder_get_remains (const GError *error);
/* Cancels everything that is pending. */
void plum_lease_holder_cancel (PlumLeaseHolder *self);
/* Clears the lease, and releases the port at the gateway. */
void plum_lease_holder_clear_lease (PlumLeaseHolder *self);
/* Starts from the first candidate; the lost lease, if any, is requested again. */
void plum_lease_holder_start_attempt (PlumLeaseHolder *self);
/* The router may have lost the leases of the backend. backend: NULL: of all backends. */
void plum_lease_holder_suspect_loss (PlumLeaseHolder *self, PlumBackend *backend);

/* --- plum-lease-holder-release.c --- */

/* gateway: (nullable). */
void plum_lease_holder_replace_gateway (PlumLeaseHolder *self, PlumGateway *gateway);
/* The delete of outer is answered: sends that of the holder. */
void plum_lease_holder_continue_release (PlumLeaseHolder *self);
/* Whether a mapping, or a lease, uses the lease. */
gboolean plum_lease_holder_is_used (PlumLeaseHolder *self);
/* Reports to the released users that they are gone. error: (nullable): of the delete. */
void plum_lease_holder_finish_users (PlumLeaseHolder *self, const GError *error);
/* Closes a holder without lease and users, and reports it to the owner. */
void plum_lease_holder_close_unused (PlumLeaseHolder *self);
/* Deletes the lease, and what a pending request may have added. */
void plum_lease_holder_release (PlumLeaseHolder *self);

/* --- plum-lease-holder.c --- */

/* id, owner: of the holder of the lease beyond the one of inner. */
PlumLeaseHolder *plum_lease_holder_new_beyond (PlumLeaseHolder *inner,
                                               const PlumLeaseHolderId *id,
                                               PlumGateway *gateway,
                                               const PlumLeaseHolderOwner *owner);

/* --- plum-lease-chain.c --- */

extern const PlumLeaseChainInterface plum_lease_chain;

G_END_DECLS
