/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-late-leases-private.h"
#include "plum-settings-private.h"
#include "plum-signal-queue-private.h"

G_BEGIN_DECLS

/* The gateways that a manager can use: for each used family, that of the default route and those of
 * the other interfaces that have a default route. The set follows changes of the network.
 *
 * While a network does not change, its gateway remains the same object, even if the default route
 * moves to another network. */
typedef struct _PlumGatewaySet PlumGatewaySet;

typedef struct
{
  /* The available backends. (element-type PlumBackendInfo) (transfer none) */
  GPtrArray *(*get_backends) (gpointer user_data);
  /* The gateways of family have changed, or another one is that of the default route. added: at
   * least one is new. Before it returns, the owner removes its clients from the gateways that are
   * no longer in the set: these are closed next. */
  void (*changed) (GSocketFamily family, gboolean added, gpointer user_data);
  /* Appends the addresses of this host from which leases were requested. The gateways that are
   * reached from them stay in the set: only they can delete the leases. (element-type GInetAddress)
   */
  void (*add_local_addresses) (GSocketFamily family, GPtrArray *addresses, gpointer user_data);
  /* A late lease is deleted: see plum_gateway_set_foreach_late(). */
  void (*idle) (gpointer user_data);
} PlumGatewaySetOwner;

PlumGatewaySet *plum_gateway_set_new (GMainContext *context,
                                      const PlumSettings *settings,
                                      PlumSignalQueue *signals,
                                      const PlumGatewaySetOwner *owner,
                                      gpointer owner_data);
void plum_gateway_set_unref (PlumGatewaySet *self);
/* Closes all gateways, which must have no clients. The owner is no longer called. */
void plum_gateway_set_close (PlumGatewaySet *self);

/* Calls func for each late lease that is being deleted from a router; see
 * plum_late_leases_foreach(). */
void plum_gateway_set_foreach_late (PlumGatewaySet *self,
                                    gboolean lost,
                                    PlumLeftFunc func,
                                    gpointer user_data);

/* A list of PlumGateway: IPv4 first, and for each family that of the default route first.
 * (transfer none) */
GListModel *plum_gateway_set_get_list (PlumGatewaySet *self);

/* The setters return FALSE if the value has not changed. */
gboolean plum_gateway_set_set_address (PlumGatewaySet *self, GInetAddress *gateway_address);
gboolean plum_gateway_set_set_interface (PlumGatewaySet *self, const char *interface_name);
GInetAddress *plum_gateway_set_get_address (PlumGatewaySet *self);
const char *plum_gateway_set_get_interface (PlumGatewaySet *self);

/* Gateways of a family are looked up and watched from its first use on. */
gboolean plum_gateway_set_is_used (PlumGatewaySet *self);
void plum_gateway_set_use (PlumGatewaySet *self, GSocketFamily family);
/* Looks up the gateways of all interfaces before it returns, also if the family is used already.
 * After plum_gateway_set_use() that happens a moment later, so that it does not delay a first
 * mapping. */
void plum_gateway_set_use_all (PlumGatewaySet *self, GSocketFamily family);
/* Looks up the gateways of a used family without waiting for a notification of the kernel. */
void plum_gateway_set_look_again (PlumGatewaySet *self, GSocketFamily family);
/* Replaces all gateways by new ones: the backends have changed. */
void plum_gateway_set_reset (PlumGatewaySet *self);

/* PlumSettings.max_hops, or the routes of this host, may have changed. */
void plum_gateway_set_check_upstreams (PlumGatewaySet *self);

/* Finds the gateway of an interface, or of the default route if interface_name is NULL. error is
 * set if no gateway exists, except for the default route of a family that is not used. (transfer
 * none) (nullable) */
PlumGateway *plum_gateway_set_find (PlumGatewaySet *self,
                                    GSocketFamily family,
                                    const char *interface_name,
                                    GError **error);
gboolean plum_gateway_set_has (PlumGatewaySet *self, PlumGateway *gateway);

/* Keeps a gateway in the set that is reached from this address of this host, for as long as the
 * host has the address. One call of release for each call of hold. */
void plum_gateway_set_hold_local (PlumGatewaySet *self, GInetAddress *address);
void plum_gateway_set_release_local (PlumGatewaySet *self, GInetAddress *address);
/* Removes gateways that are kept for an address without need. Call this when add_local_addresses ()
 * may have lost one. */
void plum_gateway_set_trim (PlumGatewaySet *self);
/* Finds the gateway that is reached from an address that is held. error is not set if the gateway
 * was not in the set, but can be reached now. (transfer none) (nullable) */
PlumGateway *plum_gateway_set_find_local (PlumGatewaySet *self,
                                          GInetAddress *address,
                                          GError **error);
/* Finds the gateway of an interface that is reached from an address. (transfer none) (nullable) */
PlumGateway *plum_gateway_set_find_at (PlumGatewaySet *self,
                                       const char *interface_name,
                                       GInetAddress *local_address,
                                       GError **error);
/* Copies the gateways of a family. (element-type PlumGateway) (transfer full) */
GPtrArray *plum_gateway_set_copy (PlumGatewaySet *self, GSocketFamily family);
/* The same with the routers beyond them. */
GPtrArray *plum_gateway_set_copy_chains (PlumGatewaySet *self, GSocketFamily family);
/* Looks up the network of the default route without changing the set. (transfer full) */
PlumNetwork *plum_gateway_set_look_up (PlumGatewaySet *self, GSocketFamily family, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlumGatewaySet, plum_gateway_set_unref)

G_END_DECLS
