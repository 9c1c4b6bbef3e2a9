/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(PLUM_INSIDE) && !defined(PLUM_COMPILATION)
#  error "Only <plum-glib/plum-glib.h> can be included directly."
#endif

#include <gio/gio.h>
#include <plum-glib/plum-enums.h>
#include <plum-glib/plum-version-macros.h>

G_BEGIN_DECLS

#define PLUM_TYPE_PROBE (plum_probe_get_type ())

PLUM_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (PlumProbe, plum_probe, PLUM, PROBE, GObject)

PLUM_AVAILABLE_IN_1_0
const char *plum_probe_get_name (PlumProbe *self);
PLUM_AVAILABLE_IN_1_0
PlumProbeOutcome plum_probe_get_outcome (PlumProbe *self);
PLUM_AVAILABLE_IN_1_0
GError *plum_probe_get_error (PlumProbe *self);
PLUM_AVAILABLE_IN_1_0
guint plum_probe_get_ms (PlumProbe *self);

G_END_DECLS
