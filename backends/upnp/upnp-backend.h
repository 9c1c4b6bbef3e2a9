/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

#define PLUM_TYPE_UPNP_BACKEND (plum_upnp_backend_get_type ())

G_DECLARE_FINAL_TYPE (PlumUpnpBackend, plum_upnp_backend, PLUM, UPNP_BACKEND, PlumBackend)

G_END_DECLS
