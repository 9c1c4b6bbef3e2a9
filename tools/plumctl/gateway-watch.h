/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

typedef struct _GatewayWatch GatewayWatch;

/* Connects to every gateway, and to the routers beyond it, when it appears, before the gateway is
 * queried. Callbacks that are NULL are not connected, so that unneeded traffic is not recorded. */
struct _GatewayWatch
{
  PlumManager *manager;
  GPtrArray *gateways; /* of PlumGateway, connected */
  GPtrArray *beyond;   /* of PlumGateway, connected: the routers beyond gateways */
  GPtrArray *probes;   /* of PlumProbe, connected */
  gpointer user_data;

  /* Not for the routers beyond the gateways. */
  void (*gateway) (GatewayWatch *self, PlumGateway *gateway, gboolean present);
  /* The next router of gateway, or NULL, has changed. */
  void (*upstream) (GatewayWatch *self, PlumGateway *gateway, PlumGateway *upstream);
  void (*probe) (GatewayWatch *self, PlumGateway *gateway, PlumProbe *probe);
  void (*property) (GatewayWatch *self, PlumGateway *gateway, const char *name);
  void (*note) (GatewayWatch *self, PlumGateway *gateway, const char *backend, const char *text);
  void (*traffic) (GatewayWatch *self,
                   PlumGateway *gateway,
                   const char *backend,
                   PlumTrafficDirection direction,
                   GSocketAddress *peer,
                   GBytes *bytes);
};

void gateway_watch_start (GatewayWatch *self, PlumManager *manager);
void gateway_watch_clear (GatewayWatch *self);
gboolean gateway_watch_is_beyond (const GatewayWatch *self, PlumGateway *gateway);
