/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-backend.h"

#include <glib/gi18n-lib.h>

PLUM_DEFINE_BACKEND_MODULE ("upnp",
                            N_ ("UPnP Internet Gateway Device, versions 1 and 2"),
                            100,
                            PLUM_TYPE_UPNP_BACKEND)
