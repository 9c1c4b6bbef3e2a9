/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "doctor-verdict.h"

/* The position of a router, relative to the gateway under examination. */
typedef enum {
  DOCTOR_ROUTER_BETWEEN, /* between this computer and the gateway */
  DOCTOR_ROUTER_ASKED,   /* the gateway itself */
  DOCTOR_ROUTER_NEXT,    /* beyond the gateway, towards the internet: a second router of the home */
  DOCTOR_ROUTER_PROVIDER, /* beyond the gateway, a router of the provider */
} DoctorRouterRole;

/* Why the router after the last one that maps the port of the trial does not map it. */
typedef enum {
  DOCTOR_BEYOND_NOT_ASKED,
  DOCTOR_BEYOND_LIMITED, /* --max-hops does not permit to ask it */
  DOCTOR_BEYOND_SILENT,
  DOCTOR_BEYOND_REFUSED,
} DoctorBeyond;

/* Whether a router forwards packets from the internet towards this computer. */
typedef enum {
  DOCTOR_FORWARDS,
  DOCTOR_FORWARDS_ONE, /* only those of one transport */
  DOCTOR_FORWARDS_NOTHING,
  DOCTOR_FORWARDS_UNKNOWN,
} DoctorForwards;

/* Addresses as text; NULL: unknown. */
typedef struct
{
  DoctorRouterRole role;
  char *address; /* on the side of this computer */
  char *external;
  PlumAddressScope scope; /* of the external address */
  guint n_mapped;         /* the number of transports that it maps, 0 to 2 */
  gboolean permanent;     /* it has granted a lease that does not expire */
  gboolean unanswered;    /* it did not answer the search for it */
  DoctorForwards forwards;
} DoctorRouter;

/* A router in between, the routers of the longest chain, and one beyond. */
#define DOCTOR_MAX_ROUTERS 6

/* Routers in a row, starting at this computer. */
typedef struct
{
  char *local;
  char *interface;
  char *seen; /* where the internet sees this computer, if no router has this address; nullable */
  DoctorRouter routers[DOCTOR_MAX_ROUTERS];
  guint n_routers; /* 0: no second router was looked for */
  guint max_hops;  /* the number of routers that may be asked */
  gboolean no_map; /* none is asked to map a port */
  DoctorBeyond beyond;
  gboolean maps_nothing; /* the gateway refuses, because its external address is not public */
} DoctorRouters;

void doctor_routers_clear (DoctorRouters *self);
DoctorRouter *doctor_routers_add (DoctorRouters *self,
                                  DoctorRouterRole role,
                                  const char *address,
                                  const char *external,
                                  PlumAddressScope scope);
/* Decides which routers forward the port, so that the drawing and the verdict agree. */
void doctor_routers_judge (DoctorRouters *self,
                           const DoctorFindings *findings,
                           DoctorVerdict verdict);
/* The first one of a role, or NULL. */
const DoctorRouter *doctor_routers_find (const DoctorRouters *self, DoctorRouterRole role);
const DoctorRouter *doctor_routers_find_edge (const DoctorRouters *self);
const DoctorRouter *doctor_routers_find_beyond (const DoctorRouters *self);
gboolean doctor_router_is_mapping (const DoctorRouter *router);
/* Whether the port is mapped at more than the gateway. */
gboolean doctor_routers_is_chain (const DoctorRouters *self);
/* "192.168.1.1 and 192.168.0.1" */
char *doctor_routers_dup_way (const DoctorRouters *self);
const char *doctor_router_role_get_name (DoctorRouterRole role);
char *doctor_routers_describe (const DoctorRouters *self);
char *doctor_routers_draw (const DoctorRouters *self);
char *doctor_routers_dup_sentence (const DoctorRouters *self, DoctorVerdict verdict);
char *doctor_routers_dup_next_step (const DoctorRouters *self, DoctorVerdict verdict);
