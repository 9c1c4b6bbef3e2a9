/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "soap-codec.h"

G_BEGIN_DECLS

#define UPNP_LADDER_MAX_PORTS 10

/* A fault without a number, and the numbers that nobody has defined: read as 501, action failed. */
#define UPNP_CODE_FAILED 501

/* How long an entry is asked to live. A router may take only some of them (quirks 46 to 48). */
typedef enum {
  UPNP_LEASE_REQUESTED, /* as long as the request says */
  UPNP_LEASE_PERMANENT, /* 0 */
  UPNP_LEASE_HOUR,      /* 3600 */
  UPNP_LEASE_WEEK,      /* 604800 */
  UPNP_N_LEASES
} UpnpLeaseKind;

/* What a device has taught us, kept for the next request. */
typedef struct
{
  UpnpLeaseKind lease;
  gboolean same_port;      /* 724: the external port must be the internal one */
  gboolean short_text;     /* it minds the description */
  gboolean no_add_any;     /* it has no AddAnyPortMapping */
  gboolean star_on_delete; /* its RemoteHost is "*" where an entry is deleted (quirk 52) */
} UpnpMemory;

/* One request's way up. */
typedef struct
{
  UpnpAction action; /* what was just tried */
  guint lifetime;    /* s, as the request asks */
  UpnpLeaseKind first_lease;
  UpnpLeaseKind lease;
  guint leases;  /* bits: every kind that was tried */
  guint n_ports; /* how many external ports were tried */
  guint external_port;
  guint internal_port;
  gboolean exact;      /* no other external port will do; for the caller to set */
  gboolean entry_read; /* whose the port is, is known: another's */
  gboolean v2;         /* the service has AddAnyPortMapping */
  gboolean has_others; /* we hold ports, which AddAnyPortMapping might give away as free: a
                        * router lets its own client have them again (quirk 50) */
  gboolean tried_any;
  UpnpMemory memory;
} UpnpAttempt;

typedef enum {
  UPNP_NEXT_FAIL,
  UPNP_NEXT_DONE,       /* a delete: there is nothing to delete */
  UPNP_NEXT_LEASE,      /* with the lease given */
  UPNP_NEXT_READ_ENTRY, /* whose is the port? */
  UPNP_NEXT_OTHER_PORT,
  UPNP_NEXT_FRESH_PORT, /* another port, and every kind of lease anew */
  UPNP_NEXT_HIGH_PORT,  /* another port, and not a privileged one */
  UPNP_NEXT_SAME_PORT,  /* external = internal */
  UPNP_NEXT_ADD_ANY,    /* let the router choose */
  UPNP_NEXT_ADD_PLAIN,  /* never AddAnyPortMapping again: another port */
  UPNP_NEXT_SHORT_TEXT,
  UPNP_NEXT_STAR,        /* RemoteHost "*" */
  UPNP_NEXT_ADD_PINHOLE, /* what should be updated is gone: open it anew */
  UPNP_NEXT_NO_FIREWALL, /* there is no firewall: nothing needs to be opened */
} UpnpNext;

typedef struct
{
  UpnpNext next;
  UpnpLeaseKind lease; /* of UPNP_NEXT_LEASE */
  PlumError error;     /* of UPNP_NEXT_FAIL */
  const char *advice;  /* of UPNP_NEXT_FAIL: what a person can do, or why */
} UpnpStep;

void upnp_attempt_init (UpnpAttempt *self,
                        UpnpAction action,
                        const UpnpMemory *memory,
                        guint internal_port,
                        guint lifetime,
                        gboolean v2);
/* Records the port that is tried now. */
void upnp_attempt_set_port (UpnpAttempt *self, guint external_port);
/* What to try after a fault with this number. Never without end: each step changes the attempt so
 * that it is not taken again. */
UpnpStep upnp_ladder_next (const UpnpAttempt *self, int code);
/* Takes a step: changes the attempt. The other port is the caller's to choose and to set. */
void upnp_attempt_take (UpnpAttempt *self, const UpnpStep *step);
/* What to ask for, in seconds; 0: for ever. */
guint upnp_attempt_get_lease (const UpnpAttempt *self);
/* What the device has taught by the end of the attempt. */
void upnp_attempt_learn (const UpnpAttempt *self, gboolean success, UpnpMemory *memory);

G_END_DECLS
