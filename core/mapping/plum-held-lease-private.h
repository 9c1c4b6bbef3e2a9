/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-gateway-private.h"
#include "plum-settings-private.h"

G_BEGIN_DECLS

/* The lease of a lease holder: renews it in time, notices that it expires, and checks that the
 * router still has it. A lost lease is kept while it is requested again, so that it can still be
 * deleted. */
typedef struct _PlumHeldLease PlumHeldLease;

typedef enum {
  PLUM_HELD_LEASE_RENEWED,    /* the router granted lease in place of the last one */
  PLUM_HELD_LEASE_UNFIT,      /* the router granted lease, which does not fit */
  PLUM_HELD_LEASE_EXPIRED,    /* no renewal succeeded */
  PLUM_HELD_LEASE_SHORTENED,  /* a check found that the router keeps it for less time than known */
  PLUM_HELD_LEASE_MISSING,    /* a check found that the router no longer has the mapping */
  PLUM_HELD_LEASE_UNANSWERED, /* the port of the protocol is closed */
} PlumHeldLeaseEventKind;

/* Fields that do not apply are NULL. All borrowed. */
typedef struct
{
  PlumHeldLeaseEventKind kind;
  PlumLease *lease;
} PlumHeldLeaseEvent;

typedef struct
{
  /* Returns the request of a renewal. (transfer full) */
  PlumRequest *(*make_request) (gpointer user_data);
  /* Returns why lease does not fit, NULL if it fits. (transfer full) (nullable) */
  GError *(*check_lease) (guint candidate, PlumLease *lease, gpointer user_data);
  void (*handle_event) (const PlumHeldLeaseEvent *event, gpointer user_data);
} PlumHeldLeaseClientInterface;

PlumHeldLease *plum_held_lease_new (PlumClock *clock,
                                    const PlumSettings *settings,
                                    const PlumHeldLeaseClientInterface *iface,
                                    gpointer user_data);
void plum_held_lease_free (PlumHeldLease *self);

/* Stores a lease of a candidate of the gateway, without renewing it. */
void plum_held_lease_set (PlumHeldLease *self,
                          PlumGateway *gateway,
                          guint candidate,
                          PlumLease *lease);
/* Stores a lease that was granted now, as the answer to request, and schedules its renewal. */
void plum_held_lease_take (PlumHeldLease *self,
                           PlumGateway *gateway,
                           guint candidate,
                           PlumRequest *request,
                           PlumLease *lease);
/* Replaces the external address of the lease. Returns FALSE if it is the same. */
gboolean plum_held_lease_set_address (PlumHeldLease *self, GInetAddress *address);

/* Asks the router whether it still has the mapping, unless a renewal or a check is pending. */
void plum_held_lease_check (PlumHeldLease *self);
/* On the clock: before that, the last lease must not be requested again, also if it has expired. */
gint64 plum_held_lease_get_next_request (PlumHeldLease *self);
/* The host was suspended: moves an overdue renewal to when. */
void plum_held_lease_on_resume (PlumHeldLease *self, gint64 when);

/* For a holder that never had a lease, self is NULL. */

/* No backend could map the port after PLUM_HELD_LEASE_UNANSWERED: keeps the lease, and renews it,
 * unless it has expired, or the router is known to have lost it. Returns FALSE if it is not kept.
 */
gboolean plum_held_lease_keep (PlumHeldLease *self);
/* The router may have lost the lease; a lease that is granted later is not suspected. */
void plum_held_lease_suspect (PlumHeldLease *self);
gboolean plum_held_lease_is_suspected (PlumHeldLease *self);
/* Cancels the renewal and the check, and schedules no more. Keeps the lease. */
void plum_held_lease_cancel (PlumHeldLease *self);
/* Clears the lease, after plum_held_lease_cancel (). */
void plum_held_lease_clear (PlumHeldLease *self);

PlumLease *plum_held_lease_get_lease (PlumHeldLease *self);     /* (transfer none) (nullable) */
guint plum_held_lease_get_port (PlumHeldLease *self);           /* 0: no lease */
PlumBackend *plum_held_lease_get_backend (PlumHeldLease *self); /* (transfer none) (nullable) */
guint plum_held_lease_get_candidate (PlumHeldLease *self);
/* On the real-time clock, in microseconds; 0: never, or no lease. */
gint64 plum_held_lease_get_expires (PlumHeldLease *self);
/* Whether the router has a mapping of another host in place of the lease. */
gboolean plum_held_lease_is_taken_over (PlumHeldLease *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlumHeldLease, plum_held_lease_free)

G_END_DECLS
