/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-gateway-private.h"

G_BEGIN_DECLS

/* Questions to a gateway that are no mapping: the external address and the router's table. */

/* Asks the backends that can map, the best first, until one knows; address is NULL if none does. */
void plum_gateway_query_external_address (PlumGateway *gateway,
                                          void (*func) (PlumGateway *gateway,
                                                        GInetAddress *address));

/* Asks each backend that holds a lease; func is called for each that knows. */
void plum_gateway_query_served_address (PlumGateway *gateway,
                                        void (*func) (PlumBackend *backend,
                                                      GInetAddress *address,
                                                      PlumGateway *gateway));

G_END_DECLS
