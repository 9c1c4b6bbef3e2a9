/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "doctor-log.h"
#include "doctor-routers.h"
#include "gateway-watch.h"
#include "hop-probe.h"

#define DOCTOR_PATH_HOPS 4

typedef struct _DoctorPath DoctorPath;

/* Looks for the router beyond those that are known: finds the first routers on the path to the
 * internet, and queries the external address of the one after the gateway, or between it and this
 * computer. It is queried only if its own address is private: the provider's routers are left
 * alone. */
struct _DoctorPath
{
  PlumGateway *gateway;   /* the gateway under examination */
  DoctorLog *log;         /* records all packets */
  gboolean named;         /* chosen by the user: it may be any router on the path, or none */
  guint n_known;          /* of the routers that map the port, at least 1: the gateway */
  PlumAddressScope scope; /* of the external address of the last one of them */
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
/* Adds the router between this computer and the gateway, if there is one. @translated: there is. */
void doctor_path_add_between (DoctorPath *self, gboolean translated, DoctorRouters *routers);
/* Adds the router beyond those that are known. */
void doctor_path_add_next (DoctorPath *self, DoctorRouters *routers);
