/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-candidate.h"

G_BEGIN_DECLS

/* The devices that have answered one search, and the order in which they are examined. Answers can
 * be forged with the address of the gateway: quotas bound what they cause, and no kind of answer
 * takes the place of a more trustworthy one. */
typedef struct _UpnpPool UpnpPool;

UpnpPool *upnp_pool_new (void);
void upnp_pool_free (UpnpPool *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpPool, upnp_pool_free)

/* Records that the answer was heard again, perhaps in a more trustworthy way. FALSE: it is new. */
gboolean upnp_pool_hear (UpnpPool *self,
                         GInetAddress *sender,
                         const UpnpUrl *location,
                         UpnpOrigin origin);
/* Whether another answer of this host can be added. There is always room for the gateway: its
 * answer takes the place of one that is heard less often. */
gboolean upnp_pool_has_room (UpnpPool *self, GInetAddress *sender, gboolean is_gateway);
/* candidate: (transfer full) */
void upnp_pool_add (UpnpPool *self, UpnpCandidate *candidate);

/* The candidate to examine next: the gateway as soon as it has answered, other devices only if
 * others is TRUE. NULL: no candidate is left, or wait_ms is not 0, and the gateway may be contacted
 * again after that time. now is in µs. */
UpnpCandidate *upnp_pool_peek (UpnpPool *self, gboolean others, gint64 now, guint *wait_ms);
/* The candidate is examined from now on. */
void upnp_pool_start (UpnpPool *self, UpnpCandidate *candidate);

/* The usable candidate with the highest rank. (nullable) */
UpnpCandidate *upnp_pool_find_best (UpnpPool *self);
/* The gateway, if no other device could be better. (nullable) */
UpnpCandidate *upnp_pool_find_good_gateway (UpnpPool *self);
/* The candidate whose problem is reported: the gateway takes precedence. (nullable) */
UpnpCandidate *upnp_pool_find_problem (UpnpPool *self);
/* How many descriptions of the gateway's address were requested. */
guint upnp_pool_get_n_tries (UpnpPool *self);

G_END_DECLS
