/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* Which external port must be had, where several equal mappings share one lease. */

/* The port that must be had for users (element-type PlumMapping), 0: any will do. leased_port: 0
 * without a lease. While one of them is served by the lease, those who require another port wait
 * for its end; else the first who requires one decides. */
guint plum_port_choice_get_port (GSList *users, guint leased_port);
/* Whether a lease with this port would serve the mapping. */
gboolean plum_port_choice_is_met (PlumMapping *mapping, guint external_port);

/* Why it is not met: PLUM_ERROR_CONFLICT. (transfer full) */
/* The mapping's lease has external_port (or is being asked for with it) because of an equal one. */
GError *plum_port_choice_make_shared_error (PlumMapping *mapping,
                                            guint external_port,
                                            gboolean leased);
/* The port is held by another holder of this program. */
GError *plum_port_choice_make_own_error (PlumProtocol protocol,
                                         guint internal_port,
                                         guint external_port);
/* The router has granted another one. */
GError *plum_port_choice_make_grant_error (const char *backend_name,
                                           guint granted_port,
                                           guint required_port);

G_END_DECLS
