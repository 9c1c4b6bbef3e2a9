/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

#define PLUM_TYPE_NATPMP_BACKEND (plum_natpmp_backend_get_type ())

G_DECLARE_FINAL_TYPE (PlumNatpmpBackend, plum_natpmp_backend, PLUM, NATPMP_BACKEND, PlumBackend)

G_END_DECLS
