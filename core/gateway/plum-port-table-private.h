/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-gateway-client-private.h"
#include "plum-hosts-private.h"

G_BEGIN_DECLS

/* Which client of a gateway holds which external port. At most one client holds a port. Clients
 * are borrowed: a client releases its ports before it is freed.
 *
 * An IPv6 firewall does not translate ports: a pinhole has the port of its internal host, so ports
 * of other hosts do not conflict. In IPv4 one port has one client, whatever its hosts: most routers
 * do not distinguish entries of one port by their remote hosts. */
typedef struct _PlumPortTable PlumPortTable;

PlumPortTable *plum_port_table_new (GSocketFamily family);
void plum_port_table_free (PlumPortTable *self);

/* Returns FALSE if another client holds the port. */
gboolean plum_port_table_hold (PlumPortTable *self,
                               PlumProtocol protocol,
                               guint port,
                               const PlumHosts *hosts,
                               PlumGatewayClient *client);
/* Holds a random free port of 1024 to 65535 and returns it. */
guint plum_port_table_reserve (PlumPortTable *self,
                               PlumProtocol protocol,
                               const PlumHosts *hosts,
                               PlumGatewayClient *client);
/* (transfer none) (nullable) */
PlumGatewayClient *plum_port_table_find (PlumPortTable *self,
                                         PlumProtocol protocol,
                                         guint port,
                                         const PlumHosts *hosts);
/* Does nothing if client does not hold the port. */
void plum_port_table_release (PlumPortTable *self,
                              PlumProtocol protocol,
                              guint port,
                              const PlumHosts *hosts,
                              PlumGatewayClient *client);

G_END_DECLS
