/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* The hosts at both ends of a mapping. */
typedef struct
{
  GInetAddress *internal; /* (nullable): where the mapping leads; NULL: to this host */
  GListModel *remote;     /* (nullable) (element-type GInetAddressMask): the hosts that may connect,
                           * without duplicates, and never changed; NULL: all. Not empty. */
} PlumHosts;

/* How many hosts and networks a mapping may name. */
#define PLUM_HOSTS_REMOTE_MAX 256

/* Initializes self. other: (nullable): NULL for a mapping of this host that is open to all. */
void plum_hosts_init (PlumHosts *self, const PlumHosts *other);
void plum_hosts_clear (PlumHosts *self);

/* Adds a host or a network to those that may connect, unless it is there. */
void plum_hosts_add_remote (PlumHosts *self, GInetAddressMask *mask);
/* (transfer none) (nullable): the first of those that may connect. */
GInetAddressMask *plum_hosts_peek_remote (const PlumHosts *self);
/* (nullable): those that may connect, separated by separator. */
char *plum_hosts_make_remote_text (const PlumHosts *self, const char *separator);

/* Checks the addresses of a mapping of the family. Whether the internal host is on the link is
 * checked when the gateway is known. Errors: %G_IO_ERROR_INVALID_ARGUMENT. */
gboolean plum_hosts_check (const PlumHosts *self, GSocketFamily family, GError **error);

guint plum_hosts_hash (const PlumHosts *self);
gboolean plum_hosts_equal (const PlumHosts *self, const PlumHosts *other);
/* Whether both lead to the same host. */
gboolean plum_hosts_equal_internal (const PlumHosts *self, const PlumHosts *other);

G_END_DECLS
