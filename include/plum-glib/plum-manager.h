/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(PLUM_INSIDE) && !defined(PLUM_COMPILATION)
#  error "Only <plum-glib/plum-glib.h> can be included directly."
#endif

#include <gio/gio.h>
#include <plum-glib/plum-enums.h>
#include <plum-glib/plum-mapping.h>
#include <plum-glib/plum-version-macros.h>

G_BEGIN_DECLS

#define PLUM_TYPE_MANAGER (plum_manager_get_type ())

PLUM_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (PlumManager, plum_manager, PLUM, MANAGER, GObject)

PLUM_AVAILABLE_IN_1_0
PlumManager *plum_manager_new (void);
PLUM_AVAILABLE_IN_1_0
GMainContext *plum_manager_get_main_context (PlumManager *self);
PLUM_AVAILABLE_IN_1_0
guint plum_manager_get_discover_timeout (PlumManager *self);
PLUM_AVAILABLE_IN_1_0
void plum_manager_set_discover_timeout (PlumManager *self, guint discover_timeout);
PLUM_AVAILABLE_IN_1_0
guint plum_manager_get_mapping_timeout (PlumManager *self);
PLUM_AVAILABLE_IN_1_0
void plum_manager_set_mapping_timeout (PlumManager *self, guint mapping_timeout);
PLUM_AVAILABLE_IN_1_0
guint plum_manager_get_release_timeout (PlumManager *self);
PLUM_AVAILABLE_IN_1_0
void plum_manager_set_release_timeout (PlumManager *self, guint release_timeout);
PLUM_AVAILABLE_IN_1_0
guint plum_manager_get_recheck_period (PlumManager *self);
PLUM_AVAILABLE_IN_1_0
void plum_manager_set_recheck_period (PlumManager *self, guint recheck_period);
PLUM_AVAILABLE_IN_1_0
guint plum_manager_get_lease_duration (PlumManager *self);
PLUM_AVAILABLE_IN_1_0
void plum_manager_set_lease_duration (PlumManager *self, guint lease_duration);
PLUM_AVAILABLE_IN_1_0
guint plum_manager_get_max_hops (PlumManager *self);
PLUM_AVAILABLE_IN_1_0
void plum_manager_set_max_hops (PlumManager *self, guint max_hops);
PLUM_AVAILABLE_IN_1_0
GListModel *plum_manager_get_gateways (PlumManager *self);
PLUM_AVAILABLE_IN_1_0
GListModel *plum_manager_get_backends (PlumManager *self);
PLUM_AVAILABLE_IN_1_0
GInetAddress *plum_manager_get_gateway_address (PlumManager *self);
PLUM_AVAILABLE_IN_1_0
void plum_manager_set_gateway_address (PlumManager *self, GInetAddress *gateway_address);
PLUM_AVAILABLE_IN_1_0
const char *plum_manager_get_interface (PlumManager *self);
PLUM_AVAILABLE_IN_1_0
void plum_manager_set_interface (PlumManager *self, const char *interface_name);
PLUM_AVAILABLE_IN_1_0
const char *const *plum_manager_get_enabled_backends (PlumManager *self);
PLUM_AVAILABLE_IN_1_0
void plum_manager_set_enabled_backends (PlumManager *self, const char *const *enabled_backends);
PLUM_AVAILABLE_IN_1_0
const char *plum_manager_get_application_name (PlumManager *self);
PLUM_AVAILABLE_IN_1_0
void plum_manager_set_application_name (PlumManager *self, const char *application_name);
PLUM_AVAILABLE_IN_1_0
const char *plum_manager_get_state_directory (PlumManager *self);
PLUM_AVAILABLE_IN_1_0
void plum_manager_set_state_directory (PlumManager *self, const char *state_directory);
PLUM_AVAILABLE_IN_1_0
gboolean plum_manager_add_backend_type (
  PlumManager *self, GType type, const char *name, int priority, GError **error);
PLUM_AVAILABLE_IN_1_0
gboolean plum_manager_set_backend_option (
  PlumManager *self, const char *backend_name, const char *key, GVariant *value, GError **error);
PLUM_AVAILABLE_IN_1_0
GVariant *plum_manager_dup_backend_option (PlumManager *self,
                                           const char *backend_name,
                                           const char *key);
PLUM_AVAILABLE_IN_1_0
gboolean plum_manager_add_mapping (PlumManager *self, PlumMapping *mapping, GError **error);
PLUM_AVAILABLE_IN_1_0
gboolean plum_manager_has_mapping (PlumManager *self, guint id);
PLUM_AVAILABLE_IN_1_0
PlumMapping *plum_manager_lookup_mapping (PlumManager *self, guint id);
PLUM_AVAILABLE_IN_1_0
void plum_manager_create_mapping_async (PlumManager *self,
                                        PlumProtocol protocol,
                                        guint internal_port,
                                        guint external_port,
                                        guint timeout_ms,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
PLUM_AVAILABLE_IN_1_0
PlumMapping *plum_manager_create_mapping_finish (PlumManager *self,
                                                 GAsyncResult *result,
                                                 GError **error);
PLUM_AVAILABLE_IN_1_0
void plum_manager_destroy_mapping_async (PlumManager *self,
                                         guint id,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
PLUM_AVAILABLE_IN_1_0
gboolean plum_manager_destroy_mapping_finish (PlumManager *self,
                                              GAsyncResult *result,
                                              GError **error);
PLUM_AVAILABLE_IN_1_0
void plum_manager_unmap_async (PlumManager *self,
                               PlumProtocol protocol,
                               GSocketFamily family,
                               guint internal_port,
                               guint external_port,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
PLUM_AVAILABLE_IN_1_0
gboolean plum_manager_unmap_finish (PlumManager *self, GAsyncResult *result, GError **error);
PLUM_AVAILABLE_IN_1_0
void plum_manager_unmap_host_async (PlumManager *self,
                                    PlumProtocol protocol,
                                    GInetAddress *host,
                                    guint internal_port,
                                    guint external_port,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
PLUM_AVAILABLE_IN_1_0
gboolean plum_manager_unmap_host_finish (PlumManager *self, GAsyncResult *result, GError **error);
PLUM_AVAILABLE_IN_1_0
GListModel *plum_manager_dup_recorded_entries (PlumManager *self, GSocketFamily family);
PLUM_AVAILABLE_IN_1_0
GListModel *plum_manager_dup_recorded_host_entries (PlumManager *self, GSocketFamily family);
PLUM_AVAILABLE_IN_1_0
GListModel *plum_manager_dup_recorded_upstream_entries (PlumManager *self);
PLUM_AVAILABLE_IN_1_0
GInetAddress *plum_manager_get_local_address (PlumManager *self, GError **error);
PLUM_AVAILABLE_IN_1_0
void plum_manager_discover_async (PlumManager *self,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
PLUM_AVAILABLE_IN_1_0
void plum_manager_discover_family_async (PlumManager *self,
                                         GSocketFamily family,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
PLUM_AVAILABLE_IN_1_0
gboolean plum_manager_discover_family_finish (PlumManager *self,
                                              GAsyncResult *result,
                                              GError **error);
PLUM_AVAILABLE_IN_1_0
gboolean plum_manager_discover_finish (PlumManager *self, GAsyncResult *result, GError **error);
PLUM_AVAILABLE_IN_1_0
void plum_manager_close_async (PlumManager *self,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
PLUM_AVAILABLE_IN_1_0
gboolean plum_manager_close_finish (PlumManager *self, GAsyncResult *result, GError **error);

G_END_DECLS
