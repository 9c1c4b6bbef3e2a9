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

/* Why a router beyond the gateway does not map the port of the trial. */
typedef enum {
  DOCTOR_BEYOND_NOT_ASKED,
  DOCTOR_BEYOND_SILENT,
  DOCTOR_BEYOND_REFUSED,
} DoctorBeyond;

/* Addresses as text; NULL: unknown. */
typedef struct
{
  DoctorRouterRole role;
  char *address; /* on the side of this computer */
  char *external;
  PlumAddressScope scope; /* of the external address */
} DoctorRouter;

/* Routers in a row, starting at this computer. */
typedef struct
{
  char *local;
  char *interface;
  DoctorRouter routers[3];
  guint n_routers;       /* 0: no second router was looked for */
  gboolean chained;      /* all of them map the port */
  DoctorBeyond beyond;   /* of the router after the gateway, if it does not map the port */
  gboolean maps_nothing; /* the gateway refuses, because its external address is not public */
} DoctorRouters;

void doctor_routers_clear (DoctorRouters *self);
void doctor_routers_add (DoctorRouters *self,
                         DoctorRouterRole role,
                         const char *address,
                         const char *external,
                         PlumAddressScope scope);
const char *doctor_router_role_get_name (DoctorRouterRole role);
char *doctor_routers_describe (const DoctorRouters *self);
char *doctor_routers_draw (const DoctorRouters *self);
char *doctor_routers_dup_sentence (const DoctorRouters *self, DoctorVerdict verdict);
char *doctor_routers_dup_next_step (const DoctorRouters *self, DoctorVerdict verdict);
