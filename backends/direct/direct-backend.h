/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

#define PLUM_TYPE_DIRECT_BACKEND (plum_direct_backend_get_type ())

G_DECLARE_FINAL_TYPE (PlumDirectBackend, plum_direct_backend, PLUM, DIRECT_BACKEND, PlumBackend)

G_END_DECLS
