/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib/gi18n-lib.h>
#include <plum-glib/plum-glib.h>

#include "natpmp-backend.h"

PLUM_DEFINE_BACKEND_MODULE ("natpmp",
                            N_ ("NAT Port Mapping Protocol (RFC 6886)"),
                            200,
                            PLUM_TYPE_NATPMP_BACKEND)
