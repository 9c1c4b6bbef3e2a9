/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(PLUM_INSIDE) && !defined(PLUM_COMPILATION)
#  error "Only <plum-glib/plum-glib.h> can be included directly."
#endif

#include <gio/gio.h>
#include <plum-glib/plum-version-macros.h>

G_BEGIN_DECLS

PLUM_AVAILABLE_IN_1_0
char *plum_text_make_printable (const char *text, guint max_chars);

G_END_DECLS
