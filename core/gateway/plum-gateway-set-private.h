/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-clock-private.h"
#include "plum-settings-private.h"

G_BEGIN_DECLS

/* Which gateways a manager can ask, and how that changes: the one of the default route for each
 * family that is used, and those of the other interfaces with a default route.
 *
 * The gateway of a network that does not change stays the same object, also if the default route
 * moves to or from it. */
typedef struct _PlumGatewaySet PlumGatewaySet;

/* Who owns it. */
typedef struct
{
  /* What maps ports. (element-type PlumBackendInfo) (transfer none) */
  GPtrArray *(*get_backends) (gpointer user_data);
  /* There are other gateways, or another one is the default's: what is held on those that are gone
   * must have been let go of when this returns. come: there is one that was not there before. */
  void (*changed) (GSocketFamily family, gboolean come, gpointer user_data);
} PlumGatewaySetOwner;

PlumGatewaySet *plum_gateway_set_new (GMainContext *context,
                                      const PlumSettings *settings,
                                      const PlumGatewaySetOwner *owner,
                                      gpointer owner_data);
PlumGatewaySet *plum_gateway_set_ref (PlumGatewaySet *self);
void plum_gateway_set_unref (PlumGatewaySet *self);
/* Nothing is watched and nobody is called any more: it stays as it is. */
void plum_gateway_set_stop (PlumGatewaySet *self);
/* And the gateways are closed. */
void plum_gateway_set_close (PlumGatewaySet *self);

/* IPv4 first, and of each family that of the default route. */
GListModel *plum_gateway_set_get_list (PlumGatewaySet *self);

/* FALSE: it was set so already. */
gboolean plum_gateway_set_set_address (PlumGatewaySet *self, GInetAddress *gateway_address);
gboolean plum_gateway_set_set_interface (PlumGatewaySet *self, const char *interface_name);
GInetAddress *plum_gateway_set_get_address (PlumGatewaySet *self);
const char *plum_gateway_set_get_interface (PlumGatewaySet *self);

/* From the first need on gateways are looked for, and watched. */
gboolean plum_gateway_set_is_used (PlumGatewaySet *self);
void plum_gateway_set_use (PlumGatewaySet *self, GSocketFamily family);
/* Also those of other interfaces than the default route's, now. They are looked for in any case a
 * moment later, when whoever is in a hurry has been served. */
void plum_gateway_set_use_all (PlumGatewaySet *self, GSocketFamily family);
/* Looks again. */
void plum_gateway_set_refresh (PlumGatewaySet *self);
/* All gateways are made anew: the backends are others. */
void plum_gateway_set_reset (PlumGatewaySet *self);

/* That of an interface, or of the default route if interface_name is NULL. NULL: there is none;
 * error tells why, once the family is used. (transfer none) */
PlumGateway *plum_gateway_set_find (PlumGatewaySet *self,
                                    GSocketFamily family,
                                    const char *interface_name,
                                    GError **error);
gboolean plum_gateway_set_has (PlumGatewaySet *self, PlumGateway *gateway);
/* Those of a family. (element-type PlumGateway) (transfer full) */
GPtrArray *plum_gateway_set_copy (PlumGatewaySet *self, GSocketFamily family);
/* Where the gateway of the default route is, whatever is used or known. (transfer full) */
PlumNetwork *plum_gateway_set_look_up (PlumGatewaySet *self, GSocketFamily family, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlumGatewaySet, plum_gateway_set_unref)

G_END_DECLS
