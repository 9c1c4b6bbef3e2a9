/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib/gi18n-lib.h>
#include <plum-glib/plum-glib.h>

#include "pcp-backend.h"

PLUM_DEFINE_BACKEND_MODULE ("pcp",
                            N_ ("Port Control Protocol (RFC 6887)"),
                            300,
                            PLUM_TYPE_PCP_BACKEND)
