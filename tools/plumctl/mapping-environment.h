/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

/* Passes the external address of a mapping that is up to a command, in the variables
 * PLUM_TCP_8080=203.0.113.5:8080 and PLUM_EXTERNAL_ADDRESS=203.0.113.5; with --stun, also the
 * result in PLUM_UDP_5000_VERIFIED. Without an external address, PLUM_TCP_8080=:8080 only. What the
 * command would inherit under these names is removed. */
void mapping_environment_set (GSubprocessLauncher *launcher, PlumMapping *mapping);
