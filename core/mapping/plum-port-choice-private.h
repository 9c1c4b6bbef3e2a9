/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-gateway-private.h"

G_BEGIN_DECLS

/* The choice of the external port of a lease, which several equal mappings may share. */

/* Ports to prefer while no user requires one; 0: none. */
typedef struct
{
  guint16 known;     /* granted last: peers may know it; or before, to the present address */
  guint16 requested; /* by the first user */
  guint16 recalled;  /* granted to an earlier run of the program */
} PlumPortHints;

/* Returns the port that the lease must have for users (element-type PlumMapping), 0 if any port
 * fits. leased_port: 0 without a lease. While the lease serves one of the users, those that require
 * another port wait until it is released; otherwise the first that requires a port decides. */
guint plum_port_choice_get_required (GSList *users, guint leased_port);
/* Returns whether a lease with external_port serves the mapping. */
gboolean plum_port_choice_is_met (PlumMapping *mapping, guint external_port);

/* Reserves a port at the gateway: the required one, or else the first free one of the known, the
 * requested, the recalled and the internal port, or else a random one. Returns 0 if another client
 * holds the required port. */
guint plum_port_choice_reserve (const PlumPortHints *hints,
                                guint required_port,
                                PlumProtocol protocol,
                                guint internal_port,
                                const PlumHosts *hosts,
                                PlumGateway *gateway,
                                PlumGatewayClient *client);

/* The errors of a port that is not available: PLUM_ERROR_CONFLICT. (transfer full) */

/* An equal mapping has external_port (leased), or requires it. */
GError *plum_port_choice_make_shared_error (PlumMapping *mapping,
                                            guint external_port,
                                            gboolean leased);
/* The first router has granted external_port, and the one beyond has not granted the required one.
 */
GError *plum_port_choice_make_beyond_error (PlumMapping *mapping,
                                            guint external_port,
                                            const GError *upstream_error);
/* The mapping of internal_port holds the required port. */
GError *plum_port_choice_make_own_error (PlumProtocol protocol,
                                         guint internal_port,
                                         guint external_port);
/* The router granted another port than the required one. */
GError *plum_port_choice_make_grant_error (const char *backend_name,
                                           guint granted_port,
                                           guint required_port);
/* The router granted a port that another mapping of this program holds. */
GError *plum_port_choice_make_displaced_error (void);

G_END_DECLS
