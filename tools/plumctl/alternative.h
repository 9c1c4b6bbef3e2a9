/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "session.h"

/* Advice for a computer whose default route leads to no router that maps ports. NULL: there is
 * nothing special about the default route, or it was not used. */

/* The first gateway of a family, which is the one that is used. (transfer full) (nullable) */
PlumGateway *alternative_dup_used (PlumManager *manager, GSocketFamily family);
gboolean alternative_is_tunnel (PlumManager *manager, GSocketFamily family);
gboolean alternative_exists (PlumManager *manager, GSocketFamily family);
char *alternative_dup_reason (PlumManager *manager, GSocketFamily family);
char *alternative_dup_step (PlumManager *manager, GSocketFamily family);
void alternative_close_at_once (Session *session, GSocketFamily family, int exit_code);
void alternative_close (Session *session, GSocketFamily family, int exit_code);
