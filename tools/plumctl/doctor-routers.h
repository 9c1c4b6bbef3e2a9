/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "doctor-verdict.h"

/* Where a router stands, seen from the one that the doctor is about. */
typedef enum {
  DOCTOR_ROUTER_BETWEEN,  /* between this computer and it */
  DOCTOR_ROUTER_ASKED,    /* it is that one */
  DOCTOR_ROUTER_NEXT,     /* behind it, on the way to the internet: a second router of the home */
  DOCTOR_ROUTER_PROVIDER, /* the same, but a router of the provider's */
} DoctorRouterRole;

/* All texts are addresses; NULL: unknown. */
typedef struct
{
  DoctorRouterRole role;
  char *address; /* on our side of it */
  char *external;
  PlumAddressScope scope; /* of the external address */
} DoctorRouter;

/* Two routers in a row, from this computer on. */
typedef struct
{
  char *local;
  char *interface;
  DoctorRouter routers[2];
  guint n_routers;        /* 0: there was no reason to look for a second one */
  gboolean opens_nothing; /* the asked one refuses, because its outer address is not public */
} DoctorRouters;

void doctor_routers_clear (DoctorRouters *self);
void doctor_routers_add (DoctorRouters *self,
                         DoctorRouterRole role,
                         const char *address,
                         const char *external,
                         PlumAddressScope scope);
const char *doctor_router_role_get_name (DoctorRouterRole role);
char *doctor_routers_describe (const DoctorRouters *self);
char *doctor_routers_dup_sentence (const DoctorRouters *self, DoctorVerdict verdict);
char *doctor_routers_dup_next_step (const DoctorRouters *self, DoctorVerdict verdict);
