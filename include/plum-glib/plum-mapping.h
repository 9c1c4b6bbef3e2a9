/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(PLUM_INSIDE) && !defined(PLUM_COMPILATION)
#  error "Only <plum-glib/plum-glib.h> can be included directly."
#endif

#include <gio/gio.h>
#include <plum-glib/plum-enums.h>
#include <plum-glib/plum-gateway.h>
#include <plum-glib/plum-version-macros.h>

G_BEGIN_DECLS

#define PLUM_TYPE_MAPPING (plum_mapping_get_type ())

PLUM_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (PlumMapping, plum_mapping, PLUM, MAPPING, GObject)

PLUM_AVAILABLE_IN_1_0
PlumMapping *plum_mapping_new (PlumProtocol protocol, guint internal_port);
PLUM_AVAILABLE_IN_1_0
PlumMapping *plum_mapping_new_for_socket (GSocket *socket, GError **error);
PLUM_AVAILABLE_IN_1_0
GInetAddress *plum_mapping_get_internal_address (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
GInetAddressMask *plum_mapping_get_remote_address (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
GListModel *plum_mapping_get_remote_addresses (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
guint plum_mapping_get_id (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
PlumProtocol plum_mapping_get_protocol (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
GSocketFamily plum_mapping_get_family (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
guint plum_mapping_get_internal_port (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
guint plum_mapping_get_requested_external_port (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
gboolean plum_mapping_get_require_external_port (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
const char *plum_mapping_get_description (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
GInetAddress *plum_mapping_get_local_address (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
PlumState plum_mapping_get_state (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
guint plum_mapping_get_external_port (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
const char *plum_mapping_get_external_host (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
GInetSocketAddress *plum_mapping_get_external_address (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
PlumAddressScope plum_mapping_get_external_scope (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
GError *plum_mapping_get_error (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
const char *plum_mapping_get_error_summary (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
GListModel *plum_mapping_get_verdicts (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
const char *plum_mapping_get_backend_name (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
PlumGateway *plum_mapping_get_requested_gateway (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
PlumGateway *plum_mapping_get_gateway (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
guint plum_mapping_get_lifetime (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
guint plum_mapping_get_generation (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
GDateTime *plum_mapping_get_expires_at (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
GListModel *plum_mapping_get_hops (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
GError *plum_mapping_get_upstream_error (PlumMapping *self);
PLUM_AVAILABLE_IN_1_0
void plum_mapping_wait_async (PlumMapping *self,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
PLUM_AVAILABLE_IN_1_0
gboolean plum_mapping_wait_finish (PlumMapping *self, GAsyncResult *result, GError **error);

G_END_DECLS
