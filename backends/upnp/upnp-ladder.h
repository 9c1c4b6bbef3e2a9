/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "soap-codec.h"

G_BEGIN_DECLS

#define UPNP_LADDER_MAX_PORTS 10

/* The code for a fault without a number, and the meaning of unknown numbers: action failed. */
#define UPNP_CODE_FAILED 501

/* The lease to request. A router may accept only some of them (quirks 46 to 48). */
typedef enum {
  UPNP_LEASE_REQUESTED, /* as in the request */
  UPNP_LEASE_PERMANENT, /* 0 */
  UPNP_LEASE_HOUR,      /* 3600 */
  UPNP_LEASE_WEEK,      /* 604800 */
  UPNP_N_LEASES
} UpnpLeaseKind;

/* Whether a device reads one entry of its table (GetSpecificPortMappingEntry). */
typedef enum {
  UPNP_LOOKUPS_UNTRIED,
  UPNP_LOOKUPS_WORK,
  UPNP_LOOKUPS_FAIL,
} UpnpLookups;

/* What is known about the behavior of a device, for the next request. */
typedef struct
{
  UpnpLeaseKind lease;
  gboolean same_port;      /* 724: the external port must be the internal one */
  gboolean short_text;     /* it accepts only a short description */
  gboolean no_add_any;     /* it has no AddAnyPortMapping */
  gboolean star_on_delete; /* it expects RemoteHost "*" in a delete (quirk 52) */
  gboolean sends_faults;   /* it has answered a request with a fault in SOAP */
  UpnpLookups lookups;
  guint kept_lease;         /* s, the longest limited lease that was read back (quirks 8, 75) */
  gboolean keeps_permanent; /* a permanent entry was read back */
  gboolean keeps_ports;     /* an entry with two different ports was read back (quirk 51) */
  gboolean replaces_text;   /* it shows other descriptions than the requested ones */
  gboolean says_no_entry;   /* it has answered 714 for a port without an entry */
  gboolean disables;        /* it has disabled an entry of this host: read back each new one */
  gboolean deletes;         /* an entry was gone after a delete */
  gboolean verifies_delete; /* an entry is being read back after a delete */
  gboolean keeps_deleted;   /* an entry was still there after a delete that it confirmed */
} UpnpMemory;

/* The state of one request on the ladder. */
typedef struct
{
  UpnpAction action; /* of the last request */
  guint lifetime;    /* s, as requested */
  UpnpLeaseKind first_lease;
  UpnpLeaseKind lease;
  guint leases;  /* bits: the kinds that were tried */
  guint n_ports; /* the number of external ports that were tried */
  guint external_port;
  guint internal_port;
  gboolean exact;             /* the external port is required; set by the caller */
  gboolean entry_read;        /* the entry of the port was read */
  gboolean v2;                /* the service has AddAnyPortMapping */
  gboolean has_others;        /* this host has other ports: AddAnyPortMapping may grant one of them
                               * again (quirk 50) */
  gboolean sees_taken;        /* the router shows which ports are taken */
  gboolean no_public_address; /* of the router: it may answer 501 to every request (quirk 65) */
  gboolean has_remote;        /* the entry is for one remote host */
  gboolean tried_any;
  UpnpMemory memory;
} UpnpAttempt;

typedef enum {
  UPNP_NEXT_FAIL,
  UPNP_NEXT_DONE,       /* of a delete: the entry does not exist */
  UPNP_NEXT_LEASE,      /* with the given lease */
  UPNP_NEXT_READ_ENTRY, /* to find the owner of the port */
  UPNP_NEXT_OTHER_PORT,
  UPNP_NEXT_FRESH_PORT, /* another port, with every kind of lease again */
  UPNP_NEXT_HIGH_PORT,  /* another port that is not privileged */
  UPNP_NEXT_SAME_PORT,  /* external = internal */
  UPNP_NEXT_ADD_ANY,    /* the router chooses the port */
  UPNP_NEXT_ADD_PLAIN,  /* another port, without AddAnyPortMapping */
  UPNP_NEXT_SHORT_TEXT,
  UPNP_NEXT_STAR,        /* RemoteHost "*" */
  UPNP_NEXT_ADD_PINHOLE, /* the pinhole cannot be updated: add it again */
  UPNP_NEXT_NO_FIREWALL, /* the firewall is off: the port is open */
} UpnpNext;

typedef struct
{
  UpnpNext next;
  UpnpLeaseKind lease; /* of UPNP_NEXT_LEASE */
  PlumError error;     /* of UPNP_NEXT_FAIL */
  const char *advice;  /* of UPNP_NEXT_FAIL: the reason, or what the user can do */
} UpnpStep;

void upnp_attempt_init (UpnpAttempt *self,
                        UpnpAction action,
                        const UpnpMemory *memory,
                        guint internal_port,
                        guint lifetime,
                        gboolean v2);
/* Sets the port of the next request. */
void upnp_attempt_set_port (UpnpAttempt *self, guint external_port);
/* The step after a fault with this number. The ladder is finite: each step changes the attempt so
 * that the step does not apply again. */
UpnpStep upnp_ladder_next (const UpnpAttempt *self, int code);
/* Applies a step to the attempt. The caller chooses and sets another port. */
void upnp_attempt_take (UpnpAttempt *self, const UpnpStep *step);
/* The lease to request, in s; 0: permanent. */
guint upnp_attempt_get_lease (const UpnpAttempt *self);
/* The RemoteHost of a request. remote: (nullable): the only host that may connect. (nullable) */
const char *upnp_attempt_get_remote_host (const UpnpAttempt *self,
                                          UpnpAction action,
                                          const char *remote);
/* Records in memory what the attempt has shown about the device. */
void upnp_attempt_learn (const UpnpAttempt *self, gboolean success, UpnpMemory *memory);

G_END_DECLS
