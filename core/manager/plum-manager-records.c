/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lists of what the state directory records. */

#include "plum-gateway-private.h"
#include "plum-lease-file-private.h"
#include "plum-main-context-private.h"
#include "plum-manager-private.h"
#include "plum-values-private.h"

static PlumEntry *
make_entry (const PlumLeaseRecord *record)
{
  g_autofree char *remote = plum_hosts_make_remote_text (&record->hosts, ", ");

  return g_object_new (PLUM_TYPE_ENTRY, "protocol", record->protocol, "external-port",
                       record->external_port, "internal-port", record->internal_port,
                       "internal-address",
                       record->hosts.internal != NULL ? record->hosts.internal
                                                      : record->local_address,
                       "remote-host", remote, "lifetime", plum_lease_record_get_lifetime (record),
                       "enabled", TRUE, "gateway-address", record->gateway, NULL);
}

/* Whether the record is of a router beyond the gateway. depth: how many routers may be between. */
static gboolean
is_beyond (const PlumLeaseRecord *record, PlumNetwork *network, GPtrArray *records, guint depth)
{
  if (plum_lease_store_is_beyond_network (record, network))
    return TRUE;

  for (guint i = 0; depth > 0 && record->through != NULL && i < records->len; i++)
    {
      const PlumLeaseRecord *inner = records->pdata[i];

      if (inner->through != NULL && plum_lease_record_is_behind (record, inner) &&
          is_beyond (inner, network, records, depth - 1))
        return TRUE;
    }

  return FALSE;
}

static gboolean
is_beyond_any (const PlumLeaseRecord *record, GPtrArray *gateways, GPtrArray *records)
{
  for (guint i = 0; i < gateways->len; i++)
    if (is_beyond (record, plum_gateway_get_network (gateways->pdata[i]), records, 1))
      return TRUE;

  return FALSE;
}

static gboolean
is_on_any (const PlumLeaseRecord *record, GPtrArray *gateways)
{
  for (guint i = 0; i < gateways->len; i++)
    if (plum_lease_store_is_on_network (record, plum_gateway_get_network (gateways->pdata[i])))
      return TRUE;

  return FALSE;
}

typedef enum {
  RECORDS_OF_THIS_HOST,
  RECORDS_OF_OTHER_HOSTS,
  RECORDS_BEYOND,
} Records;

static gboolean
is_listed (const PlumLeaseRecord *record, Records kind, GPtrArray *gateways, GPtrArray *records)
{
  if (kind == RECORDS_BEYOND)
    return is_beyond_any (record, gateways, records);
  return (record->hosts.internal != NULL) == (kind == RECORDS_OF_OTHER_HOSTS) &&
         is_on_any (record, gateways);
}

/* (transfer full) */
static GListModel *
plum_manager_read_entries (PlumManager *self, GSocketFamily family, Records kind)
{
  g_autoptr (GPtrArray) gateways = NULL;
  g_autoptr (GPtrArray) records = NULL;
  GListStore *entries;

  PLUM_SIGNAL_SCOPE (self->signals);
  entries = g_list_store_new (PLUM_TYPE_ENTRY);
  if (self->state_directory == NULL)
    return G_LIST_MODEL (entries);

  gateways = plum_manager_look_up_gateways (self, family, NULL);
  if (gateways == NULL)
    return G_LIST_MODEL (entries);

  records = g_ptr_array_new_with_free_func ((GDestroyNotify) plum_lease_record_free);
  plum_lease_file_read_all (self->state_directory, records);
  for (guint i = 0; i < records->len; i++)
    {
      const PlumLeaseRecord *record = records->pdata[i];

      if (record->family == family && !plum_lease_record_has_expired (record) &&
          is_listed (record, kind, gateways, records))
        {
          g_autoptr (PlumEntry) entry = make_entry (record);

          g_list_store_append (entries, entry);
        }
    }

  return G_LIST_MODEL (entries);
}

/**
 * plum_manager_dup_recorded_entries:
 * @self: a manager
 * @family: %G_SOCKET_FAMILY_IPV4 or %G_SOCKET_FAMILY_IPV6
 *
 * Lists the mappings that the files in [property@Plum.Manager:state-directory] record for the
 * present routers: those of this manager, of other running managers that use the directory, and of
 * earlier runs.
 *
 * The router is not asked whether it has them, and a change of this manager is recorded up to a
 * second later. A record that has expired, or that was made on another router, is not listed; two
 * routers are distinguished by their addresses, and by their hardware addresses if these are known.
 * No protocol can read the table of an IPv6 firewall, so this is the only list of pinholes.
 *
 * Mappings on routers beyond the first one are not listed: see
 * [method@Plum.Manager.dup_recorded_upstream_entries].
 *
 * Returns: (transfer full): a list of [class@Plum.Entry], whose internal address is the one of this
 *   host at the time of the record, or %NULL if that is unknown; the list is empty if no state
 *   directory is set, or this host has no router
 *
 * Since: 1.0
 */
GListModel *
plum_manager_dup_recorded_entries (PlumManager *self, GSocketFamily family)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);

  return plum_manager_read_entries (self, family, RECORDS_OF_THIS_HOST);
}

/**
 * plum_manager_dup_recorded_host_entries:
 * @self: a manager
 * @family: %G_SOCKET_FAMILY_IPV4 or %G_SOCKET_FAMILY_IPV6
 *
 * Lists the mappings for other hosts that the files in [property@Plum.Manager:state-directory]
 * record, in the same way as [method@Plum.Manager.dup_recorded_entries], which does not list these.
 * See [property@Plum.Mapping:internal-address].
 *
 * Returns: (transfer full): a list of [class@Plum.Entry], whose internal address is the one of the
 *   other host; the list is empty if no state directory is set, or this host has no router
 *
 * Since: 1.0
 */
GListModel *
plum_manager_dup_recorded_host_entries (PlumManager *self, GSocketFamily family)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);

  return plum_manager_read_entries (self, family, RECORDS_OF_OTHER_HOSTS);
}

/**
 * plum_manager_dup_recorded_upstream_entries:
 * @self: a manager
 *
 * Lists the mappings on routers beyond the first one that the files in
 * [property@Plum.Manager:state-directory] record, in the same way as
 * [method@Plum.Manager.dup_recorded_entries], which does not list these.
 *
 * Nothing is sent: a router that is listed need not be known to
 * [property@Plum.Gateway:upstream].
 *
 * Returns: (transfer full): a list of [class@Plum.Entry]. The gateway address of an entry is the
 *   router that has it; it leads to the previous router (the next one towards this host), whose
 *   external address and port are its internal ones. The list is empty if no state directory is
 * set, or this host has no router
 *
 * Since: 1.0
 */
GListModel *
plum_manager_dup_recorded_upstream_entries (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);

  return plum_manager_read_entries (self, G_SOCKET_FAMILY_IPV4, RECORDS_BEYOND);
}
