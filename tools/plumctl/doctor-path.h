/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "doctor-log.h"
#include "doctor-routers.h"
#include "gateway-watch.h"
#include "hop-probe.h"

#define DOCTOR_PATH_HOPS 2

typedef struct _DoctorPath DoctorPath;

/* Looks for a second router: finds the first routers on the path to the internet, and queries
 * the external address of the one that is not the gateway. It is queried only if its own address
 * is private: the provider's routers are left alone. */
struct _DoctorPath
{
  PlumGateway *gateway;   /* the gateway under examination */
  DoctorLog *log;         /* records all packets */
  gboolean named;         /* chosen by the user: it may be any router on the path, or none */
  PlumAddressScope scope; /* of the external address of the gateway */
  const char *interface;  /* NULL: as the routing table decides */
  HopProbe hops[DOCTOR_PATH_HOPS]; /* indexed by TTL - 1 */
  guint n_open;                    /* number of pending hops */

  /* The second router, and the manager that queries it. */
  PlumManager *manager;
  PlumGateway *other; /* NULL: not queried */
  GatewayWatch watch;
  GCancellable *cancellable;
  guint deadline_id;
  gboolean returned; /* the call has returned */

  gpointer user_data;

  void (*done) (DoctorPath *self);
};

gboolean doctor_path_start (DoctorPath *self, PlumManager *manager);
void doctor_path_clear (DoctorPath *self);

/* The router that was found, or NULL. */
GInetAddress *doctor_path_get_between (DoctorPath *self);
GInetAddress *doctor_path_get_next (DoctorPath *self);
gboolean doctor_path_other_maps (DoctorPath *self);
/* Lists the routers in the order in which a packet passes them. @external: the external address
 * reported by the gateway; nullable. @translated: another router translates packets to the
 * gateway. */
void doctor_path_list (DoctorPath *self,
                       const char *external,
                       gboolean translated,
                       DoctorRouters *routers);
