/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* The hosts at both ends of a mapping. */
typedef struct
{
  GInetAddress *internal;   /* (nullable): where the mapping leads; NULL: to this host */
  GInetAddressMask *remote; /* (nullable): the hosts that may connect; NULL: all */
} PlumHosts;

/* Initializes self. other: (nullable): NULL for a mapping of this host that is open to all. */
void plum_hosts_init (PlumHosts *self, const PlumHosts *other);
void plum_hosts_clear (PlumHosts *self);

/* Checks the addresses of a mapping of the family. Whether the internal host is on the link is
 * checked when the gateway is known. Errors: %G_IO_ERROR_INVALID_ARGUMENT. */
gboolean plum_hosts_check (const PlumHosts *self, GSocketFamily family, GError **error);

guint plum_hosts_hash (const PlumHosts *self);
gboolean plum_hosts_equal (const PlumHosts *self, const PlumHosts *other);
/* Whether both lead to the same host. */
gboolean plum_hosts_equal_internal (const PlumHosts *self, const PlumHosts *other);

G_END_DECLS
