/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-lease-note-private.h"

#include "plum-values-private.h"

/* Without a lease: the latest time at which the requested one can expire. */
static gint64
get_expiry (const PlumSettings *settings, const PlumLeaseNote *note)
{
  if (note->lease == NULL)
    return g_get_real_time () + settings->lease_duration * (gint64) G_USEC_PER_SEC;
  return note->expires != 0 ? note->expires : PLUM_LEASE_RECORD_FOREVER;
}

PlumLeaseRecord
plum_lease_note_make_record (PlumLeaseHolder *holder,
                             const PlumLeaseNote *note,
                             const PlumSettings *settings)
{
  const PlumLeaseHolderId *id = plum_lease_holder_get_id (holder);
  PlumGateway *gateway = plum_lease_holder_get_gateway (holder);
  PlumNetwork *network = plum_gateway_get_network (gateway);
  PlumNetwork *inner = plum_network_get_inner (network);
  PlumLeaseRecord record = {
    .protocol = id->protocol,
    .family = id->family,
    .internal_port = id->internal_port,
    .first_port = plum_lease_holder_get_first_port (holder),
    .hosts = id->hosts,
    .description = id->hosts.internal != NULL ? (char *) note->description : NULL,
    .external_port = note->external_port,
    .key = note->key,
    .gateway = plum_network_get_gateway (network),
    .local_address = plum_network_get_client_address (network),
    .through = inner != NULL ? plum_network_get_gateway (inner) : NULL,
    .interface_name = plum_network_get_interface (network),
    .backend_name = note->backend_name,
    .expires = get_expiry (settings, note),
    .granted = note->lease != NULL,
    .one_per_port = note->one_per_port,
  };

  if (note->lease != NULL)
    {
      record.external_address = plum_lease_get_external_address (note->lease);
      record.token = plum_lease_get_token (note->lease);
    }

  return record;
}

PlumLeaseMemory
plum_lease_note_recall (PlumLeaseStore *store, const PlumLeaseHolderId *id, PlumGateway *gateway)
{
  PlumNetwork *network = gateway != NULL ? plum_gateway_get_network (gateway) : NULL;
  const PlumLeaseRecord *record = plum_lease_store_recall (store, id->protocol, id->family,
                                                           id->internal_port, &id->hosts, network);
  PlumLeaseMemory memory = { 0 };

  if (record == NULL)
    return memory;

  memory.external_port = record->external_port;
  /* Another router must not learn the key (RFC 6887 11.2, 18.2). */
  if (network == NULL || plum_lease_store_is_on_network (record, network))
    memory.key = record->key;
  memory.from_here =
    network != NULL && memory.key != NULL && record->ours &&
    plum_lease_record_has_same_host (record, plum_network_get_client_address (network));
  return memory;
}

static gboolean
is_left (const PlumLeaseRecord *record, gconstpointer user_data)
{
  const PlumLeaseHolderId *id = user_data;

  /* On a router beyond the first one, the port of the record is another one. */
  return record->ours && !plum_lease_record_has_expired (record) &&
         record->protocol == id->protocol && record->family == id->family &&
         record->first_port == id->internal_port &&
         (record->through != NULL || plum_hosts_equal_internal (&record->hosts, &id->hosts));
}

gboolean
plum_lease_note_is_left (PlumLeaseStore *store, const PlumLeaseHolderId *id)
{
  return plum_lease_store_any_left (store, is_left, id);
}

typedef struct
{
  GSocketFamily family;
  GPtrArray *addresses; /* (element-type GInetAddress) */
} LocalAddresses;

static gboolean
add_local_address (const PlumLeaseRecord *record, gconstpointer user_data)
{
  const LocalAddresses *local = user_data;

  /* Beyond the first router, it is the address of a router. */
  if (record->family == local->family && record->local_address != NULL && record->through == NULL &&
      !plum_lease_record_has_expired (record))
    g_ptr_array_add (local->addresses, g_object_ref (record->local_address));
  return FALSE;
}

void
plum_lease_note_add_local_addresses (PlumLeaseStore *store,
                                     GSocketFamily family,
                                     GPtrArray *addresses)
{
  const LocalAddresses local = { .family = family, .addresses = addresses };

  plum_lease_store_any_left (store, add_local_address, &local);
}
