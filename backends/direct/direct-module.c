/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib/gi18n-lib.h>
#include <plum-glib/plum-glib.h>

#include "direct-backend.h"

PLUM_DEFINE_BACKEND_MODULE ("direct",
                            N_ ("Public address, nothing to map"),
                            400,
                            PLUM_TYPE_DIRECT_BACKEND)
