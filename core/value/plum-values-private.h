/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-hosts-private.h"

G_BEGIN_DECLS

/* Whether both are NULL, or equal. */
gboolean plum_address_equal (GInetAddress *a, GInetAddress *b);

/* Constructors of value types that only core creates. */

PlumNetwork *plum_network_new (const char *interface_name,
                               guint interface_index,
                               GInetAddress *gateway,
                               GInetAddress *local_address,
                               gboolean overridden);
/* The network of the next router, gateway, which sees this host under client_address, the external
 * address of the gateway of inner. */
PlumNetwork *plum_network_new_beyond (PlumNetwork *inner,
                                      GInetAddress *gateway,
                                      GInetAddress *client_address);
/* The network of the router before the gateway. (transfer none) (nullable): NULL for the first */
PlumNetwork *plum_network_get_inner (PlumNetwork *self);
gboolean plum_network_equal (PlumNetwork *a, PlumNetwork *b);

/* address, external_address: (nullable). */
PlumHop *plum_hop_new (GInetAddress *address,
                       GInetAddress *external_address,
                       guint external_port,
                       const char *backend_name,
                       guint lifetime);
gboolean plum_hop_equal (PlumHop *a, PlumHop *b);

/* GObject replaces an invalid value of an enumeration by the default. */
gboolean plum_protocol_is_valid (PlumProtocol protocol);

PlumRequest *plum_request_new (PlumProtocol protocol,
                               guint internal_port,
                               guint external_port,
                               gboolean require_external_port,
                               GInetAddress *external_address,
                               guint lifetime,
                               const char *description,
                               GBytes *key);
/* For a new request, before it is passed on. */
void plum_request_set_hosts (PlumRequest *self, const PlumHosts *hosts);
const PlumHosts *plum_request_get_hosts (PlumRequest *self);
/* The internal port of the mapping. Beyond the first router, that of the request is a port of the
 * router before. For a new request, like plum_request_set_hosts(). */
void plum_request_set_first_port (PlumRequest *self, guint first_port);
guint plum_request_get_first_port (PlumRequest *self);

PlumProbe *plum_probe_new (const char *name);
void plum_probe_set_outcome (PlumProbe *self,
                             PlumProbeOutcome outcome,
                             const GError *error,
                             guint ms);

/* applies: FALSE if the backend does not support the network, so that it asked no router. */
PlumVerdict *plum_verdict_new (const char *backend_name,
                               const char *backend_title,
                               const GError *error,
                               gboolean requested,
                               gboolean applies);
gboolean plum_verdict_applies (PlumVerdict *self);

/* Whether the name matches [a-z][a-z0-9-]*. */
gboolean plum_backend_info_is_valid_name (const char *name);
PlumBackendInfo *plum_backend_info_new (const char *name,
                                        const char *description,
                                        int priority,
                                        const char *path,
                                        GType (*get_type) (void),
                                        GType type,
                                        const GError *error);
/* Registers the type, which must be a concrete subclass of parent_type. Returns G_TYPE_INVALID and
 * sets the error of the info if the backend cannot be used. */
GType plum_backend_info_ensure_type (PlumBackendInfo *self, GType parent_type);

G_END_DECLS
