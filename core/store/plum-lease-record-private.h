/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-hosts-private.h"

G_BEGIN_DECLS

#define PLUM_LEASE_RECORD_KEY_SIZE 32

#define PLUM_LEASE_RECORD_FOREVER G_MAXINT64

/* A mapping that a router has, or may have. Most records have the same names: those of the
 * interface and the backend are interned, and the hardware address is shared. */
typedef struct
{
  PlumProtocol protocol;
  GSocketFamily family;
  guint internal_port;
  guint external_port;
  GBytes *key;
  GInetAddress *external_address; /* (nullable) */
  GInetAddress *gateway;          /* NULL on a point-to-point link */
  GInetAddress *through;          /* (nullable): the router before the gateway, if there is one */
  GInetAddress *local_address;    /* (nullable): of this host, or of through, as the gateway sees */
  PlumHosts hosts;                /* if internal is NULL, the mapping leads to local_address */
  GRefString *hardware_address;   /* (nullable): the first router's, such as 02:00:5e:10:00:01 */
  char *description; /* (nullable): in the router's table; of a mapping of another host */
  const char *interface_name;
  const char *backend_name;
  GVariant *token; /* (nullable): the lease's */
  gint64 expires;  /* microseconds since 1970, or PLUM_LEASE_RECORD_FOREVER */

  /* Not in the file. */
  gint64 next_delete; /* the earliest time of the next delete, on the clock; 0: at once */
  guint first_port; /* the internal port of the mapping, also beyond the first router; not saved */
  gboolean ours;    /* of this manager, not of an earlier run; not saved */
  gboolean granted; /* the router has answered that it has the mapping; not saved */
  gboolean one_per_port; /* the router has one mapping for each internal port; not saved */
  gboolean undeletable;  /* the backend cannot delete it from the present address of this host */
} PlumLeaseRecord;

PlumLeaseRecord *plum_lease_record_new (void);
/* The fields of self may be borrowed, and its names need not be interned. */
PlumLeaseRecord *plum_lease_record_copy (const PlumLeaseRecord *self);
/* Takes what the router granted, and until when, from another record of the same request. Returns
 * FALSE, and changes nothing, if the records differ in more than that. */
gboolean plum_lease_record_take_lease (PlumLeaseRecord *self, const PlumLeaseRecord *other);
/* A copy for what this manager leaves on the router. */
PlumLeaseRecord *plum_lease_record_copy_left (const PlumLeaseRecord *self, gint64 next_delete);
void plum_lease_record_free (PlumLeaseRecord *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlumLeaseRecord, plum_lease_record_free)

/* Whether the mapping leads to this port of the internal host of hosts. For some protocols, that
 * alone identifies a mapping. */
gboolean plum_lease_record_is_of_port (const PlumLeaseRecord *self,
                                       PlumProtocol protocol,
                                       GSocketFamily family,
                                       guint internal_port,
                                       const PlumHosts *hosts);
gboolean plum_lease_record_has_same_port (const PlumLeaseRecord *self,
                                          const PlumLeaseRecord *other);

/* Whether the router of the record is the one beyond that of inner. */
gboolean plum_lease_record_is_behind (const PlumLeaseRecord *self, const PlumLeaseRecord *inner);
/* Whether the mapping is on the router beyond that of inner, and leads to the mapping of inner. */
gboolean plum_lease_record_leads_to (const PlumLeaseRecord *self, const PlumLeaseRecord *inner);

gboolean plum_lease_record_has_expired (const PlumLeaseRecord *self);
/* What is left, in seconds, at least 1; PLUM_LIFETIME_FOREVER if it does not expire. */
guint plum_lease_record_get_lifetime (const PlumLeaseRecord *self);
/* Whether the record is of this router. NULL means unknown, except for gateway and through. */
gboolean plum_lease_record_is_on (const PlumLeaseRecord *self,
                                  GInetAddress *gateway,
                                  GInetAddress *through,
                                  const char *interface_name,
                                  const char *hardware_address);
gboolean plum_lease_record_is_same_router (const PlumLeaseRecord *self,
                                           const PlumLeaseRecord *other);
/* Whether the mapping leads to local_address if it leads to this host, as far as is known. */
gboolean plum_lease_record_has_same_host (const PlumLeaseRecord *self, GInetAddress *local_address);
/* Whether a grant to one of them is a renewal of the other. */
gboolean plum_lease_record_is_same_mapping (const PlumLeaseRecord *self,
                                            const PlumLeaseRecord *other);
/* Whether the fields are equal that must be on disk before a request is sent: those that a later
 * delete needs. */
gboolean plum_lease_record_is_same_request (const PlumLeaseRecord *self,
                                            const PlumLeaseRecord *other);
/* Whether the router granted the same, apart from the lifetime. */
gboolean plum_lease_record_is_same_lease (const PlumLeaseRecord *self,
                                          const PlumLeaseRecord *other);

/* The arguments of a delete. The lease has no token if the program ended before the router's answer
 * was written. */
PlumRequest *plum_lease_record_make_request (const PlumLeaseRecord *self);
PlumLease *plum_lease_record_make_lease (const PlumLeaseRecord *self);

G_END_DECLS
