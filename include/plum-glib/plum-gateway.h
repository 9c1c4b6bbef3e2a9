/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(PLUM_INSIDE) && !defined(PLUM_COMPILATION)
#  error "Only <plum-glib/plum-glib.h> can be included directly."
#endif

#include <gio/gio.h>
#include <plum-glib/plum-entry.h>
#include <plum-glib/plum-enums.h>
#include <plum-glib/plum-version-macros.h>

G_BEGIN_DECLS

#define PLUM_TYPE_GATEWAY (plum_gateway_get_type ())

PLUM_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (PlumGateway, plum_gateway, PLUM, GATEWAY, GObject)

PLUM_AVAILABLE_IN_1_0
const char *plum_gateway_get_interface (PlumGateway *self);
PLUM_AVAILABLE_IN_1_0
GInetAddress *plum_gateway_get_address (PlumGateway *self);
PLUM_AVAILABLE_IN_1_0
GInetAddress *plum_gateway_get_local_address (PlumGateway *self);
PLUM_AVAILABLE_IN_1_0
GSocketFamily plum_gateway_get_family (PlumGateway *self);
PLUM_AVAILABLE_IN_1_0
const char *plum_gateway_get_backend_name (PlumGateway *self);
PLUM_AVAILABLE_IN_1_0
GInetAddress *plum_gateway_get_external_address (PlumGateway *self);
PLUM_AVAILABLE_IN_1_0
PlumAddressScope plum_gateway_get_external_scope (PlumGateway *self);
PLUM_AVAILABLE_IN_1_0
GListModel *plum_gateway_get_probes (PlumGateway *self);
PLUM_AVAILABLE_IN_1_0
PlumGateway *plum_gateway_get_upstream (PlumGateway *self);
PLUM_AVAILABLE_IN_1_0
const char *plum_gateway_get_manufacturer (PlumGateway *self);
PLUM_AVAILABLE_IN_1_0
const char *plum_gateway_get_model (PlumGateway *self);
PLUM_AVAILABLE_IN_1_0
const char *plum_gateway_get_model_version (PlumGateway *self);
PLUM_AVAILABLE_IN_1_0
const char *plum_gateway_get_presentation_url (PlumGateway *self);
PLUM_AVAILABLE_IN_1_0
PlumConnectionStatus plum_gateway_get_connection_status (PlumGateway *self);
PLUM_AVAILABLE_IN_1_0
guint plum_gateway_get_uptime (PlumGateway *self);
PLUM_AVAILABLE_IN_1_0
void plum_gateway_query_external_address_async (PlumGateway *self,
                                                GCancellable *cancellable,
                                                GAsyncReadyCallback callback,
                                                gpointer user_data);
PLUM_AVAILABLE_IN_1_0
GInetAddress *plum_gateway_query_external_address_finish (PlumGateway *self,
                                                          GAsyncResult *result,
                                                          GError **error);
PLUM_AVAILABLE_IN_1_0
void plum_gateway_query_upstream_async (PlumGateway *self,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
PLUM_AVAILABLE_IN_1_0
PlumGateway *plum_gateway_query_upstream_finish (PlumGateway *self,
                                                 GAsyncResult *result,
                                                 GError **error);
PLUM_AVAILABLE_IN_1_0
void plum_gateway_list_entries_async (PlumGateway *self,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
PLUM_AVAILABLE_IN_1_0
GListModel *plum_gateway_list_entries_finish (PlumGateway *self,
                                              GAsyncResult *result,
                                              GError **error);
PLUM_AVAILABLE_IN_1_0
void plum_gateway_delete_entry_async (PlumGateway *self,
                                      PlumEntry *entry,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
PLUM_AVAILABLE_IN_1_0
gboolean plum_gateway_delete_entry_finish (PlumGateway *self, GAsyncResult *result, GError **error);

G_END_DECLS
