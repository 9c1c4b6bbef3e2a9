/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(PLUM_INSIDE) && !defined(PLUM_COMPILATION)
#  error "Only <plum-glib/plum-glib.h> can be included directly."
#endif

#include <gio/gio.h>
#include <plum-glib/plum-version-macros.h>

G_BEGIN_DECLS

#define PLUM_TYPE_VERDICT (plum_verdict_get_type ())

PLUM_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (PlumVerdict, plum_verdict, PLUM, VERDICT, GObject)

PLUM_AVAILABLE_IN_1_0
const char *plum_verdict_get_backend_name (PlumVerdict *self);
PLUM_AVAILABLE_IN_1_0
const char *plum_verdict_get_backend_title (PlumVerdict *self);
PLUM_AVAILABLE_IN_1_0
GError *plum_verdict_get_error (PlumVerdict *self);
PLUM_AVAILABLE_IN_1_0
gboolean plum_verdict_get_requested (PlumVerdict *self);

G_END_DECLS
