/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-gateway-set-private.h"

#include "plum-local-addresses-private.h"
#include "plum-network-watch-private.h"

G_BEGIN_DECLS

/* The fields of PlumGatewaySet, for its own files only:
 * plum-gateway-set.c <- plum-gateway-set-access.c */

typedef struct
{
  GSocketFamily family;
  gboolean used;
  gboolean all;         /* all interfaces, not only that of the default route */
  GPtrArray *gateways;  /* (element-type PlumGateway), that of the default route first */
  gboolean has_default; /* gateways starts with that of the default route */
  guint n_kept;         /* those at the end that are kept for their local address */
  GError *reason;       /* (nullable): why has_default is FALSE */
} PlumFamilyGateways;

struct _PlumGatewaySet
{
  GMainContext *context;
  const PlumSettings *settings;
  PlumSignalQueue *signals;
  const PlumGatewaySetOwner *owner; /* NULL once the watch is closed */
  gpointer owner_data;

  GInetAddress *gateway_address; /* (nullable) */
  char *interface_name;          /* (nullable) */

  PlumLocalAddresses *locals; /* of both families */

  PlumFamilyGateways families[2]; /* IPv4, IPv6 */
  GListStore *list;               /* (element-type PlumGateway), those of both families */
  PlumNetworkWatch *watch;
};

/* --- plum-gateway-set.c --- */

PlumFamilyGateways *plum_gateway_set_get_family (PlumGatewaySet *self, GSocketFamily family);
/* Looks up the networks again, and adapts the gateways. */
void plum_gateway_set_refresh_family (PlumGatewaySet *self, PlumFamilyGateways *family);
void plum_gateway_set_refresh (PlumGatewaySet *self);

/* (transfer none) (nullable) */
PlumGateway *plum_family_gateways_get_default (PlumFamilyGateways *self);
/* The gateway that is reached from an address of this host. (transfer none) (nullable) */
PlumGateway *plum_family_gateways_find_local (PlumFamilyGateways *self, GInetAddress *address);
/* Looks up the network of an address of this host. (transfer full) */
PlumNetwork *plum_gateway_set_look_up_from (PlumGatewaySet *self,
                                            GInetAddress *local_address,
                                            GError **error);

G_END_DECLS
