/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-mapping-private.h"

G_BEGIN_DECLS

/* The mappings that share one lease, and those that wait until it is deleted. */
typedef struct
{
  GSList *users;     /* (element-type PlumMapping), in the order in which they were added */
  GSList *releasing; /* (element-type PlumMapping) */
} PlumLeaseUsers;

gboolean plum_lease_users_is_empty (const PlumLeaseUsers *self);
/* (element-type PlumMapping) (transfer full) */
GPtrArray *plum_lease_users_copy (const PlumLeaseUsers *self);

/* holder: what the mapping returns from plum_mapping_get_holder (). */
void plum_lease_users_add (PlumLeaseUsers *self, PlumMapping *mapping, gpointer holder);
/* Returns the reference that plum_lease_users_add () took. (transfer full) */
PlumMapping *plum_lease_users_remove (PlumLeaseUsers *self, PlumMapping *mapping);
/* Removes all users: they are destroyed. */
void plum_lease_users_destroy_all (PlumLeaseUsers *self);

/* Reports an event to all users. A user that the lease, or the request, cannot serve is reported a
 * failure instead. */
void plum_lease_users_notify (PlumLeaseUsers *self,
                              PlumMappingEvent event,
                              const PlumMappingUpdate *update);

/* Keeps a removed user until plum_lease_users_finish_releasing (). mapping: (transfer full) */
void plum_lease_users_add_releasing (PlumLeaseUsers *self, PlumMapping *mapping);
/* The delete is answered. error: (nullable): why it failed. left_before: the error is about an
 * earlier lease. */
void plum_lease_users_finish_releasing (PlumLeaseUsers *self,
                                        const GError *error,
                                        gboolean left_before);

G_END_DECLS
