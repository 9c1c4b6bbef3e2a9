/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(PLUM_INSIDE) && !defined(PLUM_COMPILATION)
#  error "Only <plum-glib/plum-glib.h> can be included directly."
#endif

#include <gio/gio.h>
#include <plum-glib/plum-version-macros.h>

G_BEGIN_DECLS

#define PLUM_TYPE_BACKEND_INFO (plum_backend_info_get_type ())

PLUM_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (PlumBackendInfo, plum_backend_info, PLUM, BACKEND_INFO, GObject)

PLUM_AVAILABLE_IN_1_0
const char *plum_backend_info_get_name (PlumBackendInfo *self);
PLUM_AVAILABLE_IN_1_0
const char *plum_backend_info_get_title (PlumBackendInfo *self);
PLUM_AVAILABLE_IN_1_0
const char *plum_backend_info_get_description (PlumBackendInfo *self);
PLUM_AVAILABLE_IN_1_0
int plum_backend_info_get_priority (PlumBackendInfo *self);
PLUM_AVAILABLE_IN_1_0
const char *plum_backend_info_get_path (PlumBackendInfo *self);
PLUM_AVAILABLE_IN_1_0
GError *plum_backend_info_get_error (PlumBackendInfo *self);

G_END_DECLS
