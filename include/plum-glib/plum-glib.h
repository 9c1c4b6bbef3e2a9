/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#define PLUM_INSIDE

#include <plum-glib/plum-address.h>
#include <plum-glib/plum-backend-info.h>
#include <plum-glib/plum-backend-module.h>
#include <plum-glib/plum-backend.h>
#include <plum-glib/plum-call.h>
#include <plum-glib/plum-entry.h>
#include <plum-glib/plum-enums.h>
#include <plum-glib/plum-error.h>
#include <plum-glib/plum-gateway.h>
#include <plum-glib/plum-hop.h>
#include <plum-glib/plum-lease.h>
#include <plum-glib/plum-log.h>
#include <plum-glib/plum-manager.h>
#include <plum-glib/plum-mapping.h>
#include <plum-glib/plum-network.h>
#include <plum-glib/plum-probe.h>
#include <plum-glib/plum-request.h>
#include <plum-glib/plum-text.h>
#include <plum-glib/plum-verdict.h>
#include <plum-glib/plum-version-macros.h>
#include <plum-glib/plum-version.h>

#undef PLUM_INSIDE
