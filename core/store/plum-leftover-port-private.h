/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-lease-store-private.h"

G_BEGIN_DECLS

/* A port whose leftovers on the first router, and on those beyond, belong together. */
typedef struct
{
  PlumProtocol protocol;
  GSocketFamily family;
  guint internal_port; /* of this host, or of the internal one of hosts */
  guint external_port; /* on the first router; 0: any */
  PlumHosts hosts;     /* only the internal host counts */
} PlumLeftoverPort;

/* If external_port is that of a leftover beyond the first router, replaces it by the one of the
 * first router that leads there. */
void plum_leftover_port_resolve (PlumLeftoverPort *self, PlumLeaseStore *store);
/* Whether record, which has not expired, is of the port or leads there. */
gboolean plum_leftover_port_has (const PlumLeftoverPort *self,
                                 PlumLeaseStore *store,
                                 const PlumLeaseRecord *record);
/* A leftover of the port on a router directly beyond that of network. (nullable): borrowed, until
 * the store changes. */
const PlumLeaseRecord *plum_leftover_port_find_beyond (const PlumLeftoverPort *self,
                                                       PlumLeaseStore *store,
                                                       PlumNetwork *network);
/* The request that an earlier run may have made for the port, with a key that the router does not
 * know. NULL if a mapping of the internal port is recorded, on any router and with any external
 * port: it must not be removed without its record. (nullable) (transfer full) */
PlumRequest *plum_leftover_port_make_request (const PlumLeftoverPort *self,
                                              PlumLeaseStore *store,
                                              guint lifetime);

G_END_DECLS
