/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-clock-private.h"

G_BEGIN_DECLS

/* What is waited for: creates, destroys, the close. In plum-manager-pending.c. */
typedef struct _PlumPending PlumPending;

PlumPending *plum_pending_new (PlumManager *manager);
void plum_pending_free (PlumPending *self);
void plum_pending_mapping_changed (PlumPending *self, PlumMapping *mapping, PlumState state);
/* What the close waits for may be done. */
void plum_pending_check_close (PlumPending *self);

/* FALSE with G_IO_ERROR_CLOSED during and after the close. */
gboolean plum_manager_check_open (PlumManager *self, GError **error);
/* From now on nothing is taken any more. */
void plum_manager_begin_close (PlumManager *self);
/* Everything is given back: let go of the networks. */
void plum_manager_end_close (PlumManager *self);
/* Whether a router is still asked to forget what an earlier run left. */
gboolean plum_manager_is_sweeping (PlumManager *self);
/* Nobody wants the mapping any more. */
void plum_manager_leave_mapping (PlumManager *self, PlumMapping *mapping);
/* IPv4, or that of the gateway-address. */
GSocketFamily plum_manager_get_main_family (PlumManager *self);
/* NULL with an error if there is no gateway for the family. */
PlumGateway *plum_manager_ensure_gateway (PlumManager *self, GSocketFamily family, GError **error);
/* All of the family, that of the default route first; NULL with an error if that is missing.
 * (element-type PlumGateway) (transfer full) */
GPtrArray *plum_manager_find_gateways (PlumManager *self, GSocketFamily family, GError **error);
PlumPending *plum_manager_get_operations (PlumManager *self);
PlumClock *plum_manager_get_clock (PlumManager *self);

G_END_DECLS
