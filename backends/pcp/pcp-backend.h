/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

#define PLUM_TYPE_PCP_BACKEND (plum_pcp_backend_get_type ())

G_DECLARE_FINAL_TYPE (PlumPcpBackend, plum_pcp_backend, PLUM, PCP_BACKEND, PlumBackend)

G_END_DECLS
