/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

#define PLUM_LEASE_RECORD_KEY_SIZE 32

#define PLUM_LEASE_RECORD_FOREVER G_MAXINT64

/* What was, or may have been, mapped on a router. */
typedef struct
{
  PlumProtocol protocol;
  GSocketFamily family;
  guint internal_port;
  guint external_port;
  GBytes *key;
  GInetAddress *external_address; /* (nullable) */
  GInetAddress *gateway;          /* (nullable): a point-to-point link has none */
  char *hardware_address;         /* (nullable): the gateway's, as 02:00:5e:10:00:01 */
  char *interface_name;
  char *backend_name;
  GVariant *token; /* (nullable): of the lease */
  gint64 until;    /* end of the lease, microseconds since 1970 */
} PlumLeaseRecord;

PlumLeaseRecord *plum_lease_record_new (void);
PlumLeaseRecord *plum_lease_record_copy (const PlumLeaseRecord *self);
void plum_lease_record_free (PlumLeaseRecord *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlumLeaseRecord, plum_lease_record_free)

/* For a hash table: which port of this host it is about. */
gpointer plum_lease_record_key (PlumProtocol protocol, GSocketFamily family, guint internal_port);
gpointer plum_lease_record_get_key (const PlumLeaseRecord *self);

gboolean plum_lease_record_is_over (const PlumLeaseRecord *self);
/* Whether it is of this router. What is NULL is not known. */
gboolean plum_lease_record_is_on (const PlumLeaseRecord *self,
                                  GInetAddress *gateway,
                                  const char *interface_name,
                                  const char *hardware_address);
gboolean plum_lease_record_is_on_router_of (const PlumLeaseRecord *self,
                                            const PlumLeaseRecord *other);
/* What must be on the disk before a request goes out is the same: who finds it there can delete the
 * mapping. */
gboolean plum_lease_record_is_same_request (const PlumLeaseRecord *self,
                                            const PlumLeaseRecord *other);
/* What the router granted is the same, but for its time. */
gboolean plum_lease_record_is_same_lease (const PlumLeaseRecord *self,
                                          const PlumLeaseRecord *other);

/* For the delete. A lease without a token is of a mapping that was asked for: whether it was
 * granted was not written any more. */
PlumRequest *plum_lease_record_make_request (const PlumLeaseRecord *self);
PlumLease *plum_lease_record_make_lease (const PlumLeaseRecord *self);

G_END_DECLS
