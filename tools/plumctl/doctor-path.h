/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "doctor-log.h"
#include "doctor-routers.h"
#include "gateway-watch.h"
#include "hop-probe.h"

#define DOCTOR_PATH_HOPS 2

typedef struct _DoctorPath DoctorPath;

/* Looks for a second router: who are the first on the way to the internet, and what does the one
 * say of its outer address that the doctor has not asked yet? It is asked only if its own address
 * is private: the provider's routers are left alone. */
struct _DoctorPath
{
  PlumGateway *gateway;            /* the one that the doctor is about */
  DoctorLog *log;                  /* where everything that is sent and received goes */
  gboolean named;                  /* the user chose the gateway: it may be any hop, or none */
  PlumAddressScope scope;          /* of the gateway's outer address */
  const char *interface;           /* the only one to go by; NULL: as the routes say */
  HopProbe hops[DOCTOR_PATH_HOPS]; /* by TTL - 1 */
  guint n_open;                    /* of them */

  /* The second router, and the manager that asks it. */
  PlumManager *manager;
  PlumGateway *other; /* NULL: not asked */
  GatewayWatch watch;
  GCancellable *cancellable;
  guint deadline_id;
  gboolean returned; /* the library is done with it */

  gpointer user_data;

  void (*done) (DoctorPath *self);
};

gboolean doctor_path_start (DoctorPath *self, PlumManager *manager);
void doctor_path_clear (DoctorPath *self);

/* What was found; NULL: nobody. */
GInetAddress *doctor_path_get_between (DoctorPath *self);
GInetAddress *doctor_path_get_next (DoctorPath *self);
gboolean doctor_path_other_maps (DoctorPath *self);
/* In the order in which a packet meets them. @external: what the gateway told of itself; nullable.
 * @translated: packets do not come to the gateway with this computer's address. */
void doctor_path_list (DoctorPath *self,
                       const char *external,
                       gboolean translated,
                       DoctorRouters *routers);
