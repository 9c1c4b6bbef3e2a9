/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-clock-private.h"
#include "plum-lease-codec-private.h"

G_BEGIN_DECLS

/* The leases of a manager. With a file they survive a crash: the next start of the program takes
 * them over or deletes them.
 *
 * An entry is the record of a lease holder. A leftover is a record without a holder: it stays until
 * it expires, a holder replaces it, or the sweeper has deleted it from the router. Without a file
 * requests need not wait for a write. */
typedef struct _PlumLeaseStore PlumLeaseStore;

typedef struct
{
  void (*leftover_added) (gpointer user_data);
  /* The leftover at index is on the same router and port as a new entry, but another mapping. */
  void (*leftover_in_conflict) (guint index, const PlumLeaseRecord *entry, gpointer user_data);
  /* The entries of these holders are on disk, so plum_lease_store_note() may return another
   * result. */
  void (*saved) (GPtrArray *holders, gpointer user_data);
} PlumLeaseStoreClient;

PlumLeaseStore *plum_lease_store_new (PlumClock *clock);
void plum_lease_store_free (PlumLeaseStore *self);
void plum_lease_store_set_client (PlumLeaseStore *self,
                                  const PlumLeaseStoreClient *client,
                                  gpointer user_data);

/* Records of managers that did not close become leftovers. Can be called once. */
void plum_lease_store_open (PlumLeaseStore *self, const char *directory);
gboolean plum_lease_store_is_closed (PlumLeaseStore *self);
/* Writes pending changes now. */
void plum_lease_store_flush (PlumLeaseStore *self);
/* Without a write: a file with records stays for the next start. */
void plum_lease_store_close (PlumLeaseStore *self);

/* Whether the record is of the router of network. */
gboolean plum_lease_store_is_on_network (const PlumLeaseRecord *record, PlumNetwork *network);

/* Whether the router of the record is the one beyond the router of network. */
gboolean plum_lease_store_is_beyond_network (const PlumLeaseRecord *record, PlumNetwork *network);

typedef gboolean (*PlumLeaseRecordFunc) (const PlumLeaseRecord *record, gconstpointer user_data);
/* Whether func returns TRUE for a leftover. */
gboolean plum_lease_store_any_left (PlumLeaseStore *self,
                                    PlumLeaseRecordFunc func,
                                    gconstpointer user_data);

/* The leftover of a port with the same hosts, preferably on network (nullable). (nullable)
 * (transfer none) */
const PlumLeaseRecord *plum_lease_store_recall (PlumLeaseStore *self,
                                                PlumProtocol protocol,
                                                GSocketFamily family,
                                                guint internal_port,
                                                const PlumHosts *hosts,
                                                PlumNetwork *network);

/* Sets the entry of a holder: what it is going to request, or was granted. Returns FALSE if the
 * request must wait: the record is not on disk yet, or a conflicting leftover is being deleted.
 * record: borrowed, and its fields may be; the hardware address is not set. */
gboolean plum_lease_store_note (PlumLeaseStore *self,
                                gconstpointer holder,
                                PlumNetwork *network,
                                const PlumLeaseRecord *record);
typedef enum {
  PLUM_LEASE_STORE_NOT_ADDED, /* by the request of the entry; what was left before stays */
  PLUM_LEASE_STORE_DELETED,   /* with what was left of the same mapping */
  PLUM_LEASE_STORE_LEFT,      /* the router may still have it: the entry becomes a leftover */
} PlumLeaseStoreEnd;

/* end: what has become of the mapping. next_delete: on the clock; a leftover is not deleted before.
 */
void plum_lease_store_remove_entry (PlumLeaseStore *self,
                                    gconstpointer holder,
                                    PlumLeaseStoreEnd end,
                                    gint64 next_delete);
/* Whether a holder has an entry for the port of record on its router, from local_address. */
gboolean plum_lease_store_has_entry (PlumLeaseStore *self,
                                     const PlumLeaseRecord *record,
                                     GInetAddress *local_address);
/* Whether the leftover at index can be deleted now without a risk for the entry, if any, of the
 * same port on the same router. moved: the record leads to an earlier address of this host. */
gboolean plum_lease_store_may_delete (PlumLeaseStore *self, guint index, gboolean moved);

/* The leftovers, for the sweeper. An index is valid until a leftover is added or removed; removal
 * moves the last leftover into its place. */
guint plum_lease_store_get_n_leftovers (PlumLeaseStore *self);
const PlumLeaseRecord *plum_lease_store_get_leftover (PlumLeaseStore *self, guint index);
void plum_lease_store_remove_leftover (PlumLeaseStore *self, guint index);
/* It may be deleted at once. */
void plum_lease_store_retry (PlumLeaseStore *self, guint index);
/* The record stays in the file until plum_lease_store_finish_delete(). (transfer none) */
const PlumLeaseRecord *plum_lease_store_begin_delete (PlumLeaseStore *self, guint index);
/* keep: the record becomes a leftover again, which is not deleted before next_delete. */
void plum_lease_store_finish_delete (PlumLeaseStore *self,
                                     const PlumLeaseRecord *record,
                                     gboolean keep,
                                     gboolean undeletable,
                                     gint64 next_delete);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlumLeaseStore, plum_lease_store_free)

G_END_DECLS
