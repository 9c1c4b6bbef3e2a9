/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(PLUM_INSIDE) && !defined(PLUM_COMPILATION)
#  error "Only <plum-glib/plum-glib.h> can be included directly."
#endif

#include <gio/gio.h>
#include <plum-glib/plum-enums.h>
#include <plum-glib/plum-version-macros.h>

G_BEGIN_DECLS

#define PLUM_TYPE_REQUEST (plum_request_get_type ())

PLUM_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (PlumRequest, plum_request, PLUM, REQUEST, GObject)

PLUM_AVAILABLE_IN_1_0
PlumProtocol plum_request_get_protocol (PlumRequest *self);
PLUM_AVAILABLE_IN_1_0
guint plum_request_get_internal_port (PlumRequest *self);
PLUM_AVAILABLE_IN_1_0
GInetAddress *plum_request_get_internal_address (PlumRequest *self);
PLUM_AVAILABLE_IN_1_0
GListModel *plum_request_get_remote_addresses (PlumRequest *self);
PLUM_AVAILABLE_IN_1_0
guint plum_request_get_external_port (PlumRequest *self);
PLUM_AVAILABLE_IN_1_0
gboolean plum_request_get_require_external_port (PlumRequest *self);
PLUM_AVAILABLE_IN_1_0
GInetAddress *plum_request_get_external_address (PlumRequest *self);
PLUM_AVAILABLE_IN_1_0
guint plum_request_get_lifetime (PlumRequest *self);
PLUM_AVAILABLE_IN_1_0
const char *plum_request_get_description (PlumRequest *self);
PLUM_AVAILABLE_IN_1_0
GBytes *plum_request_get_key (PlumRequest *self);

G_END_DECLS
