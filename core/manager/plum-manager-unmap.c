/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Mappings of this host that no manager of this process holds. */

#include "plum-gateway-private.h"
#include "plum-lease-file-private.h"
#include "plum-main-context-private.h"
#include "plum-manager-private.h"
#include "plum-mapping-private.h"

#include <glib/gi18n-lib.h>

typedef struct
{
  PlumProtocol protocol;
  GSocketFamily family;
  guint internal_port;
  guint external_port; /* 0: any */
  PlumHosts hosts;     /* remote is unknown */
  PlumGateway *gateway;

  guint n_pending; /* leftovers */
  GError *error;   /* (nullable): of a leftover */
} Unmap;

static void
unmap_free (Unmap *unmap)
{
  g_clear_object (&unmap->gateway);
  plum_hosts_clear (&unmap->hosts);
  g_clear_error (&unmap->error);
  g_free (unmap);
}

/* Adds to the error until when the router may keep the mapping, as far as it is known. (transfer
 * full) */
static char *
describe_leftover (const char *message, gint64 expires)
{
  g_autoptr (GDateTime) time = NULL;
  g_autofree char *text = NULL;

  if (expires == PLUM_LEASE_RECORD_FOREVER)
    /* Translators: an error. */
    return g_strdup_printf (_ ("%s. The router may keep the mapping until it is removed by hand"),
                            message);

  time = g_date_time_new_from_unix_local (expires / G_USEC_PER_SEC);
  if (time == NULL)
    /* Translators: an error. */
    return g_strdup_printf (_ ("%s. The router may keep the mapping until it expires"), message);

  text = g_date_time_format (time, "%F %R");
  /* Translators: an error, and a date with a time. */
  return g_strdup_printf (_ ("%s. The router may keep the mapping until %s"), message, text);
}

static void
on_leftover_deleted (const PlumLeaseRecord *record, const GError *error, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Unmap *unmap = g_task_get_task_data (task);

  if (error != NULL && unmap->error == NULL)
    {
      g_autofree char *message = describe_leftover (error->message, record->expires);

      unmap->error = g_error_new_literal (error->domain, error->code, message);
    }

  if (--unmap->n_pending > 0)
    return;

  if (unmap->error != NULL)
    g_task_return_error (task, g_steal_pointer (&unmap->error));
  else
    g_task_return_boolean (task, TRUE);
}

static void
on_entry_deleted (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (plum_gateway_delete_entry_finish (PLUM_GATEWAY (object), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* Only the router can tell: without an internal address, the entry must lead to this host. */
static void
unmap_delete_entry (Unmap *unmap, GTask *task)
{
  guint external_port = unmap->external_port != 0 ? unmap->external_port : unmap->internal_port;
  g_autoptr (PlumEntry) entry =
    plum_entry_new (unmap->protocol, external_port, unmap->internal_port,
                    plum_gateway_get_local_address (unmap->gateway), NULL, 0, TRUE);

  plum_gateway_delete_entry_async (unmap->gateway, entry, g_task_get_cancellable (task),
                                   on_entry_deleted, g_object_ref (task));
}

/* A mapping of another host that this host has not made is not touched. */
static void
unmap_fail_unrecorded (Unmap *unmap, GTask *task)
{
  g_autofree char *host = g_inet_address_to_string (unmap->hosts.internal);

  g_task_return_new_error (
    task, PLUM_ERROR, PLUM_ERROR_DESTROYED,
    _ ("There is no record of a mapping that this host has made for port %u of "
       "%s; mappings that other hosts have made are not removed"),
    unmap->internal_port, host);
}

static gboolean
on_manager_unmap_decided (gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  PlumManager *self = g_task_get_source_object (task);
  Unmap *unmap = g_task_get_task_data (task);
  PLUM_SIGNAL_SCOPE (self->signals);
  g_autoptr (GError) error = NULL;

  if (g_task_return_error_if_cancelled (task))
    return G_SOURCE_REMOVE;
  if (!plum_manager_check_open (self, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return G_SOURCE_REMOVE;
    }

  unmap->n_pending =
    plum_sweeper_delete_port (plum_assignment_get_sweeper (self->assignment), unmap->protocol,
                              unmap->family, unmap->internal_port, unmap->external_port,
                              &unmap->hosts, on_leftover_deleted, task);
  for (guint i = 0; i < unmap->n_pending; i++)
    g_object_ref (task);

  if (unmap->n_pending == 0 && unmap->hosts.internal != NULL)
    unmap_fail_unrecorded (unmap, task);
  else if (unmap->n_pending == 0)
    unmap_delete_entry (unmap, task);

  return G_SOURCE_REMOVE;
}

static gboolean
plum_manager_holds (PlumManager *self, const Unmap *unmap)
{
  GHashTableIter iter;
  gpointer mapping;

  g_hash_table_iter_init (&iter, self->by_id);
  while (g_hash_table_iter_next (&iter, NULL, &mapping))
    if (plum_mapping_get_protocol (mapping) == unmap->protocol &&
        plum_mapping_get_family (mapping) == unmap->family &&
        plum_mapping_get_internal_port (mapping) == unmap->internal_port &&
        plum_hosts_equal_internal (plum_mapping_get_hosts (mapping), &unmap->hosts))
      return TRUE;

  return FALSE;
}

/* Returns FALSE with an error if nothing was started. */
static gboolean
plum_manager_start_unmap (PlumManager *self, GTask *task, GError **error)
{
  Unmap *unmap = g_task_get_task_data (task);
  g_autoptr (GPtrArray) gateways = NULL;

  if (unmap->internal_port == 0 || unmap->internal_port > G_MAXUINT16 ||
      unmap->external_port > G_MAXUINT16)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           _ ("A port must be between 1 and 65535"));
      return FALSE;
    }
  if (plum_manager_holds (self, unmap))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                           _ ("This manager holds a mapping of the port"));
      return FALSE;
    }

  gateways = plum_manager_find_gateways (self, unmap->family, error);
  if (gateways == NULL)
    return FALSE;

  PLUM_SIGNAL_SCOPE (self->signals);
  unmap->gateway = g_object_ref (gateways->pdata[0]);
  plum_gateway_discover (unmap->gateway, FALSE);
  plum_gateway_when_decided (unmap->gateway, on_manager_unmap_decided, g_object_ref (task));
  return TRUE;
}

/* unmap: (transfer full) */
static void
plum_manager_run_unmap (PlumManager *self, GTask *task, Unmap *unmap)
{
  g_autoptr (GError) error = NULL;

  g_task_set_name (task, "[plum] unmap");
  g_task_set_task_data (task, unmap, (GDestroyNotify) unmap_free);

  if (!g_task_return_error_if_cancelled (task) && !plum_manager_start_unmap (self, task, &error))
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * plum_manager_unmap_async:
 * @self: a manager
 * @protocol: the transport protocol
 * @family: %G_SOCKET_FAMILY_IPV4 or %G_SOCKET_FAMILY_IPV6
 * @internal_port: the port of this host, from 1 to 65535
 * @external_port: the external port, or 0 if it is unknown
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async): called when the router has answered, or did not answer in time
 * @user_data: data for @callback
 *
 * Removes a mapping of this host that the manager does not hold, such as one that an earlier run of
 * the program left. No mapping is added.
 *
 * If [property@Plum.Manager:state-directory] has a record of the mapping, the backend that made it
 * deletes it with the data of the record. Otherwise the router is asked to delete the mapping of
 * the port: a backend that can look at the table of the router deletes only a mapping that leads to
 * this host.
 *
 * To remove a mapping that the manager holds, use [method@Plum.Manager.destroy_mapping_async].
 *
 * Since: 1.0
 */
void
plum_manager_unmap_async (PlumManager *self,
                          PlumProtocol protocol,
                          GSocketFamily family,
                          guint internal_port,
                          guint external_port,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Unmap *unmap;

  g_return_if_fail (PLUM_IS_MANAGER (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->context);
  g_return_if_fail (family == G_SOCKET_FAMILY_IPV4 || family == G_SOCKET_FAMILY_IPV6);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  unmap = g_new0 (Unmap, 1);
  unmap->protocol = protocol;
  unmap->family = family;
  unmap->internal_port = internal_port;
  unmap->external_port = external_port;

  task = plum_main_context_new_task (self->context, self, cancellable, callback, user_data);
  g_task_set_source_tag (task, plum_manager_unmap_async);
  plum_manager_run_unmap (self, task, unmap);
}

/**
 * plum_manager_unmap_host_async:
 * @self: a manager
 * @protocol: the transport protocol
 * @host: the address of another host of the local network
 * @internal_port: the port of that host, from 1 to 65535
 * @external_port: the external port, or 0 if it is unknown
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async): called when the router has answered, or did not answer in time
 * @user_data: data for @callback
 *
 * Removes a mapping that an earlier run of the program made for another host, with
 * [property@Plum.Mapping:internal-address].
 *
 * Only a mapping of which [property@Plum.Manager:state-directory] has a record is removed: a
 * mapping that the other host has made stays. Without a record, the operation fails with
 * %PLUM_ERROR_DESTROYED.
 *
 * Since: 1.0
 */
void
plum_manager_unmap_host_async (PlumManager *self,
                               PlumProtocol protocol,
                               GInetAddress *host,
                               guint internal_port,
                               guint external_port,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Unmap *unmap;

  g_return_if_fail (PLUM_IS_MANAGER (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->context);
  g_return_if_fail (G_IS_INET_ADDRESS (host));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  unmap = g_new0 (Unmap, 1);
  unmap->protocol = protocol;
  unmap->family = g_inet_address_get_family (host);
  unmap->internal_port = internal_port;
  unmap->external_port = external_port;
  g_set_object (&unmap->hosts.internal, host);

  task = plum_main_context_new_task (self->context, self, cancellable, callback, user_data);
  g_task_set_source_tag (task, plum_manager_unmap_host_async);
  plum_manager_run_unmap (self, task, unmap);
}

/**
 * plum_manager_unmap_host_finish:
 * @self: a manager
 * @result: the result
 * @error: return location for an error
 *
 * Finishes an operation started with [method@Plum.Manager.unmap_host_async].
 *
 * Errors: the same as [method@Plum.Manager.unmap_finish]. %PLUM_ERROR_DESTROYED also means that
 * there is no record of the mapping.
 *
 * Returns: %TRUE if the router confirmed that it no longer has the mapping
 *
 * Since: 1.0
 */
gboolean
plum_manager_unmap_host_finish (PlumManager *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, plum_manager_unmap_host_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * plum_manager_unmap_finish:
 * @self: a manager
 * @result: the result
 * @error: return location for an error
 *
 * Finishes an operation started with [method@Plum.Manager.unmap_async].
 *
 * Errors: %PLUM_ERROR_DESTROYED if the router has no such mapping, as far as the protocol can tell;
 * %PLUM_ERROR_CONFLICT if the port belongs to another host, whose mapping is not deleted;
 * %PLUM_ERROR_REFUSED if the router refuses, for example because the key of the mapping is unknown;
 * %PLUM_ERROR_TIMED_OUT or %PLUM_ERROR_MALFORMED if the router did not confirm it, so that it may
 * keep the mapping; %PLUM_ERROR_NO_GATEWAY; %PLUM_ERROR_NO_BACKEND; %PLUM_ERROR_NOT_SUPPORTED;
 * %G_IO_ERROR_EXISTS if the manager holds a mapping of the port; %G_IO_ERROR_INVALID_ARGUMENT;
 * %G_IO_ERROR_CLOSED; %G_IO_ERROR_CANCELLED.
 *
 * Returns: %TRUE if the router confirmed that it no longer has the mapping
 *
 * Since: 1.0
 */
gboolean
plum_manager_unmap_finish (PlumManager *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, plum_manager_unmap_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static PlumEntry *
make_entry (const PlumLeaseRecord *record)
{
  gint64 left = (record->expires - g_get_real_time ()) / G_USEC_PER_SEC;
  guint lifetime = PLUM_LIFETIME_FOREVER;
  g_autofree char *remote = NULL;

  if (record->expires != PLUM_LEASE_RECORD_FOREVER)
    lifetime = (guint) CLAMP (left, 1, PLUM_LIFETIME_FOREVER - 1);

  if (record->hosts.remote != NULL)
    remote = g_inet_address_mask_to_string (record->hosts.remote);

  return g_object_new (PLUM_TYPE_ENTRY, "protocol", record->protocol, "external-port",
                       record->external_port, "internal-port", record->internal_port,
                       "internal-address",
                       record->hosts.internal != NULL ? record->hosts.internal
                                                      : record->local_address,
                       "remote-host", remote, "lifetime", lifetime, "enabled", TRUE, NULL);
}

static gboolean
is_on_any (const PlumLeaseRecord *record, GPtrArray *gateways)
{
  for (guint i = 0; i < gateways->len; i++)
    if (plum_lease_store_is_on_network (record, plum_gateway_get_network (gateways->pdata[i])))
      return TRUE;

  return FALSE;
}

/* others: the mappings of other hosts. (transfer full) */
static GListModel *
plum_manager_read_entries (PlumManager *self, GSocketFamily family, gboolean others)
{
  g_autoptr (GPtrArray) gateways = NULL;
  g_autoptr (GPtrArray) records = NULL;
  GListStore *entries;

  PLUM_SIGNAL_SCOPE (self->signals);
  entries = g_list_store_new (PLUM_TYPE_ENTRY);
  if (self->state_directory == NULL)
    return G_LIST_MODEL (entries);

  gateways = plum_manager_find_gateways (self, family, NULL);
  if (gateways == NULL)
    return G_LIST_MODEL (entries);

  records = g_ptr_array_new_with_free_func ((GDestroyNotify) plum_lease_record_free);
  plum_lease_file_read_all (self->state_directory, records);
  for (guint i = 0; i < records->len; i++)
    {
      const PlumLeaseRecord *record = records->pdata[i];

      if (record->family == family && !plum_lease_record_has_expired (record) &&
          (record->hosts.internal != NULL) == others && is_on_any (record, gateways))
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
 * Returns: (transfer full): a list of [class@Plum.Entry], whose internal address is the one of this
 *   host at the time of the record (that of the first router for a mapping on a router beyond it),
 *   or %NULL if that is unknown; the list is empty if no state directory is set, or this host has
 *   no router
 *
 * Since: 1.0
 */
GListModel *
plum_manager_dup_recorded_entries (PlumManager *self, GSocketFamily family)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);

  return plum_manager_read_entries (self, family, FALSE);
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

  return plum_manager_read_entries (self, family, TRUE);
}
