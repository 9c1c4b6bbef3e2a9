/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-gateway-set-private.h"
#include "plum-lease-holder-private.h"

G_BEGIN_DECLS

/* The place of a mapping: which of the gateways it uses at present. */

/* Sets id to that of the lease holder for the mapping. It borrows from the mapping. Returns the
 * gateway that the mapping selects. (transfer none) (nullable) */
PlumGateway *plum_place_make_id (PlumGatewaySet *gateways,
                                 PlumMapping *mapping,
                                 PlumLeaseHolderId *id);
/* The gateway of a lease holder; NULL with an error if it is gone. (transfer none) (nullable) */
PlumGateway *plum_place_find_gateway (PlumGatewaySet *gateways,
                                      const PlumLeaseHolderId *id,
                                      GError **error);
/* Whether the mapping can be added: returns FALSE with an error if it names a place from which no
 * router is reached, or another host that cannot be reached. */
gboolean plum_place_check (PlumGatewaySet *gateways, PlumMapping *mapping, GError **error);

G_END_DECLS
