/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(PLUM_INSIDE) && !defined(PLUM_COMPILATION)
#  error "Only <plum-glib/plum-glib.h> can be included directly."
#endif

#include <gio/gio.h>
#include <plum-glib/plum-enums.h>
#include <plum-glib/plum-version-macros.h>

G_BEGIN_DECLS

PLUM_AVAILABLE_IN_1_0
void plum_set_log_level (PlumLogLevel level);
PLUM_AVAILABLE_IN_1_0
PlumLogLevel plum_get_log_level (void);
PLUM_AVAILABLE_IN_1_0
void plum_log (const char *domain, PlumLogLevel level, const char *format, ...)
  G_GNUC_PRINTF (3, 4);

G_END_DECLS
