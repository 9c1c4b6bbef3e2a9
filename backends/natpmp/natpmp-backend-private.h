/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "natpmp-backend.h"
#include "natpmp-codec.h"
#include "plum-announcements.h"
#include "plum-call-set.h"
#include "plum-server-probe.h"
#include "plum-lease-table.h"

G_BEGIN_DECLS

struct _PlumNatpmpBackend
{
  PlumBackend parent_instance;

  PlumExchanges *exchanges;
  PlumServerProbe *probe;           /* for the external address */
  PlumAnnouncements *announcements; /* (nullable): only while a mapping lives */
  PlumLeaseTable *leases;
  PlumCallSet *address_calls; /* wait for the inquiry, too */
  GQueue granted;             /* maps that have their port and wait for the address */

  gboolean address_known; /* the router told it once */
  GInetAddress *address;  /* (nullable): NULL is 0.0.0.0, none at present */
  gint64 address_time;

  gboolean epoch_known;
  gint64 epoch_server; /* s */
  gint64 epoch_client; /* s, when epoch_server came */
};

/* (transfer full) */
GError *plum_natpmp_backend_make_result_error (PlumNatpmpBackend *self,
                                               uint16_t code,
                                               const char *to_what);
/* Asks for the address, unless it is on its way or was told a short time ago. */
void plum_natpmp_backend_want_address (PlumNatpmpBackend *self);
/* Opens the ear for announcements with the first mapping, and closes it with the last. */
void plum_natpmp_backend_listen (PlumNatpmpBackend *self);

G_END_DECLS
