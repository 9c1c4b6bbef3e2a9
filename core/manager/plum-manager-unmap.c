/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Mappings of this host that no manager of this process holds. */

#include "plum-gateway-private.h"
#include "plum-main-context-private.h"
#include "plum-manager-private.h"
#include "plum-mapping-private.h"
#include "plum-unmap-error-private.h"
#include "plum-values-private.h"

#include <glib/gi18n-lib.h>

typedef struct
{
  PlumLeftoverPort port;
  GSource *cancel_source; /* (nullable): until the gateway is decided */
  gboolean cancelled;     /* before that; the task has returned */
  GPtrArray *routers;     /* (element-type PlumGateway): the gateway, and those found beyond it */

  guint n_undecided; /* of the routers of this host's networks: the discovery is pending */
  guint hop;         /* of the router that is asked at present; 0: none yet */
  guint n_pending;   /* leftovers there */
  gboolean removed;  /* a router beyond the first one has confirmed a delete */
  GError *error;     /* (nullable): of a leftover */
  GError *not_found; /* (nullable): why a router beyond is unknown */
} Unmap;

static void unmap_ask_next (GTask *task);

static void
unmap_free (Unmap *unmap)
{
  plum_main_context_clear_source (&unmap->cancel_source);
  g_clear_pointer (&unmap->routers, g_ptr_array_unref);
  plum_hosts_clear (&unmap->port.hosts);
  g_clear_error (&unmap->not_found);
  g_clear_error (&unmap->error);
  g_free (unmap);
}

/* Keeps the first error. */
static void
unmap_take_error (Unmap *unmap, const PlumLeaseRecord *record, const GError *error)
{
  if (unmap->error == NULL)
    unmap->error = plum_unmap_error_new_left (record, error);
}

static void
on_unmap_return (gpointer object, gpointer data)
{
  GTask *task = object;
  const GError *error = data;

  if (error != NULL)
    g_task_return_error (task, g_error_copy (error));
  else
    g_task_return_boolean (task, TRUE);
}

/* The callback of the program runs when no function of core is on the stack.
 * error: (transfer full) (nullable) */
static void
unmap_return (GTask *task, GError *error)
{
  PlumManager *self = g_task_get_source_object (task);

  plum_signal_queue_add (self->signals, task, on_unmap_return, error,
                         error != NULL ? (GDestroyNotify) g_error_free : NULL);
}

static void
on_unmap_answered (gpointer object, gpointer data)
{
  GTask *task = object;
  PlumManager *self = g_task_get_source_object (task);
  Unmap *unmap = g_task_get_task_data (task);
  PLUM_SIGNAL_SCOPE (self->signals);

  if (unmap->hop > 1)
    unmap_ask_next (task);
  else
    unmap_return (task, g_steal_pointer (&unmap->error));
}

static void
on_leftover_deleted (const PlumLeaseRecord *record, const GError *error, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  PlumManager *self = g_task_get_source_object (task);
  Unmap *unmap = g_task_get_task_data (task);

  if (error != NULL)
    unmap_take_error (unmap, record, error);
  else if (unmap->hop > 1)
    unmap->removed = TRUE;

  if (--unmap->n_pending == 0)
    plum_signal_queue_add (self->signals, task, on_unmap_answered, NULL, NULL);
}

/* Whether what was removed was on a router beyond only. A gateway that maps no ports may translate
 * nothing. error: (nullable): of the gateway */
static gboolean
is_nothing (PlumGateway *gateway, const GError *error)
{
  return g_error_matches (error, PLUM_ERROR, PLUM_ERROR_DESTROYED) ||
         (plum_gateway_may_be_bypassed (gateway) &&
          g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NO_BACKEND));
}

static void
on_entry_deleted (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Unmap *unmap = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  plum_gateway_delete_entry_finish (PLUM_GATEWAY (object), result, &error);

  if (unmap->removed && is_nothing (PLUM_GATEWAY (object), error))
    g_clear_error (&error);
  if (unmap->error != NULL)
    unmap_return (task, g_steal_pointer (&unmap->error));
  else
    unmap_return (task, g_steal_pointer (&error));
}

/* Only the router can tell: an entry that was not seen must lead to this host. */
static void
unmap_delete_entry (Unmap *unmap, GTask *task)
{
  PlumManager *self = g_task_get_source_object (task);
  const PlumLeftoverPort *port = &unmap->port;
  PlumGateway *gateway = unmap->routers->pdata[0];
  guint external_port = port->external_port != 0 ? port->external_port : port->internal_port;
  g_autoptr (PlumEntry) entry =
    plum_entry_new (port->protocol, external_port, port->internal_port,
                    plum_gateway_get_local_address (gateway), NULL, 0, TRUE);
  g_autoptr (PlumRequest) request =
    plum_leftover_port_make_request (port, plum_assignment_get_store (self->assignment),
                                     self->settings.lease_duration);

  plum_gateway_unmap_entry_async (gateway, entry, request, g_task_get_cancellable (task),
                                  on_entry_deleted, g_object_ref (task));
}

/* A mapping of another host that this host has not made is not touched. */
static void
unmap_fail_unrecorded (Unmap *unmap, GTask *task)
{
  g_autofree char *host = g_inet_address_to_string (unmap->port.hosts.internal);

  if (unmap->error != NULL)
    unmap_return (task, g_steal_pointer (&unmap->error));
  else
    unmap_return (task, g_error_new (PLUM_ERROR, PLUM_ERROR_DESTROYED,
                                     _ ("There is no record of a mapping that this host has made "
                                        "for port %u of %s; mappings that other hosts have made "
                                        "are not removed"),
                                     unmap->port.internal_port, host));
}

static gboolean
plum_manager_check_not_held (PlumManager *self, const Unmap *unmap, GError **error)
{
  GHashTableIter iter;
  gpointer mapping;

  g_hash_table_iter_init (&iter, self->by_id);
  while (g_hash_table_iter_next (&iter, NULL, &mapping))
    {
      const PlumMappingSpec *spec = plum_mapping_get_spec (mapping);

      if (spec->protocol == unmap->port.protocol && spec->family == unmap->port.family &&
          spec->internal_port == unmap->port.internal_port &&
          plum_hosts_equal_internal (&spec->hosts, &unmap->port.hosts))
        {
          g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                               _ ("This manager holds a mapping of the port"));
          return FALSE;
        }
    }

  return TRUE;
}

/* The program may have added a mapping of the port meanwhile. Returns FALSE if the operation has
 * ended. */
static gboolean
unmap_may_continue (GTask *task)
{
  PlumManager *self = g_task_get_source_object (task);
  Unmap *unmap = g_task_get_task_data (task);
  GError *error = NULL;

  if (!g_cancellable_set_error_if_cancelled (g_task_get_cancellable (task), &error) &&
      plum_manager_check_open (self, &error) && plum_manager_check_not_held (self, unmap, &error))
    return TRUE;

  unmap_return (task, error);
  return FALSE;
}

/* A leftover on a router beyond the given one of those that are known. (nullable) */
static const PlumLeaseRecord *
unmap_find_beyond (GTask *task, guint index)
{
  PlumManager *self = g_task_get_source_object (task);
  Unmap *unmap = g_task_get_task_data (task);

  return plum_leftover_port_find_beyond (&unmap->port, plum_assignment_get_store (self->assignment),
                                         plum_gateway_get_network (unmap->routers->pdata[index]));
}

/* What could not be deleted on the router beyond the one that is asked next, because that router or
 * its backend is not there. */
static void
unmap_note_unreachable (GTask *task)
{
  Unmap *unmap = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  const PlumLeaseRecord *record;

  if (unmap->not_found != NULL)
    error = g_error_new_literal (PLUM_ERROR, PLUM_ERROR_TIMED_OUT, unmap->not_found->message);
  else
    error = plum_unmap_error_new_unreachable ();

  record = unmap_find_beyond (task, unmap->hop - 1);
  if (record != NULL)
    unmap_take_error (unmap, record, error);
}

/* A recorded mapping of this host's network that no available backend deletes. */
static void
unmap_note_undeletable (GTask *task)
{
  PlumManager *self = g_task_get_source_object (task);
  Unmap *unmap = g_task_get_task_data (task);
  PlumLeaseStore *store = plum_assignment_get_store (self->assignment);

  for (guint i = 0; i < plum_lease_store_get_n_leftovers (store); i++)
    {
      const PlumLeaseRecord *record = plum_lease_store_get_leftover (store, i);

      if (record->through == NULL && plum_leftover_port_has (&unmap->port, store, record))
        {
          g_autoptr (GError) error = plum_unmap_error_new_unreachable ();

          unmap_take_error (unmap, record, error);
        }
    }
}

/* Asks the routers one after the other, the outermost one first: it leads to the one before. */
static void
unmap_ask_next (GTask *task)
{
  PlumManager *self = g_task_get_source_object (task);
  Unmap *unmap = g_task_get_task_data (task);

  if (!unmap_may_continue (task))
    return;

  do
    {
      unmap->hop--;
      unmap_note_unreachable (task);
      unmap->n_pending =
        plum_sweeper_delete_port (plum_assignment_get_sweeper (self->assignment), &unmap->port,
                                  unmap->hop, on_leftover_deleted, task);
      for (guint i = 0; i < unmap->n_pending; i++)
        g_object_ref (task);
    }
  while (unmap->n_pending == 0 && unmap->hop > 1);

  /* Even if a router confirms that it has no such mapping, another one may have it. */
  if (unmap->hop == 1)
    unmap_note_undeletable (task);
  if (unmap->n_pending == 0 && unmap->port.hosts.internal != NULL)
    unmap_fail_unrecorded (unmap, task);
  else if (unmap->n_pending == 0)
    unmap_delete_entry (unmap, task);
}

static void unmap_seek_beyond (GTask *task);

static void
on_unmap_upstream (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Unmap *unmap = g_task_get_task_data (task);
  PlumGateway *upstream =
    plum_gateway_query_upstream_finish (PLUM_GATEWAY (object), result, &unmap->not_found);

  if (upstream != NULL)
    g_ptr_array_add (unmap->routers, upstream);
  unmap_seek_beyond (task);
}

/* Finds the routers beyond, as far as there are leftovers on them. */
static void
unmap_seek_beyond (GTask *task)
{
  Unmap *unmap = g_task_get_task_data (task);

  if (!unmap_may_continue (task))
    return;

  if (unmap->not_found == NULL && unmap_find_beyond (task, unmap->routers->len - 1) != NULL)
    {
      plum_gateway_query_upstream_async (unmap->routers->pdata[unmap->routers->len - 1],
                                         g_task_get_cancellable (task), on_unmap_upstream,
                                         g_object_ref (task));
      return;
    }

  unmap->hop = unmap->routers->len + 1;
  unmap_ask_next (task);
}

static gboolean
on_manager_unmap_decided (gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  PlumManager *self = g_task_get_source_object (task);
  Unmap *unmap = g_task_get_task_data (task);
  PLUM_SIGNAL_SCOPE (self->signals);

  if (--unmap->n_undecided > 0 || unmap->cancelled)
    return G_SOURCE_REMOVE;
  plum_main_context_clear_source (&unmap->cancel_source);
  plum_leftover_port_resolve (&unmap->port, plum_assignment_get_store (self->assignment));
  unmap_seek_beyond (task);
  return G_SOURCE_REMOVE;
}

static gboolean
on_unmap_cancelled (GCancellable *cancellable, gpointer user_data)
{
  GTask *task = user_data;
  PlumManager *self = g_task_get_source_object (task);
  Unmap *unmap = g_task_get_task_data (task);
  PLUM_SIGNAL_SCOPE (self->signals);

  unmap->cancelled = TRUE;
  plum_main_context_clear_source (&unmap->cancel_source);
  unmap_return (task, NULL);
  return G_SOURCE_REMOVE;
}

/* Whether a mapping of the port is recorded for the router of gateway. */
static gboolean
unmap_has_leftover (GTask *task, PlumGateway *gateway)
{
  PlumManager *self = g_task_get_source_object (task);
  Unmap *unmap = g_task_get_task_data (task);
  PlumLeaseStore *store = plum_assignment_get_store (self->assignment);

  for (guint i = 0; i < plum_lease_store_get_n_leftovers (store); i++)
    {
      const PlumLeaseRecord *record = plum_lease_store_get_leftover (store, i);

      if (plum_leftover_port_has (&unmap->port, store, record) &&
          plum_lease_store_is_on_network (record, plum_gateway_get_network (gateway)))
        return TRUE;
    }

  return FALSE;
}

/* Returns FALSE with an error if nothing was started. */
static gboolean
plum_manager_start_unmap (PlumManager *self, GTask *task, GError **error)
{
  Unmap *unmap = g_task_get_task_data (task);
  g_autoptr (GPtrArray) gateways = NULL;

  if (!plum_manager_check_open (self, error))
    return FALSE;
  if (!plum_protocol_is_valid (unmap->port.protocol))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           _ ("The protocol is neither TCP nor UDP"));
      return FALSE;
    }
  if (unmap->port.internal_port == 0 || unmap->port.internal_port > G_MAXUINT16 ||
      unmap->port.external_port > G_MAXUINT16)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           _ ("A port must be between 1 and 65535"));
      return FALSE;
    }
  if (!plum_manager_check_not_held (self, unmap, error))
    return FALSE;

  gateways = plum_manager_find_gateways (self, unmap->port.family, error);
  if (gateways == NULL)
    return FALSE;

  PLUM_SIGNAL_SCOPE (self->signals);
  unmap->routers = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (unmap->routers, g_object_ref (gateways->pdata[0]));
  unmap->cancel_source =
    plum_main_context_watch_cancellable (self->context, g_task_get_cancellable (task),
                                         on_unmap_cancelled, task);
  for (guint i = 0; i < gateways->len; i++)
    if (i == 0 || unmap_has_leftover (task, gateways->pdata[i]))
      {
        unmap->n_undecided++;
        plum_gateway_discover (gateways->pdata[i], FALSE);
        plum_gateway_when_decided (gateways->pdata[i], on_manager_unmap_decided,
                                   g_object_ref (task));
      }
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
 * @cancellable: (nullable): a cancellable; the router is not asked any longer, but requests that
 * were sent stay in effect, and the deletion of a recorded mapping is completed
 * @callback: (scope async): called when the router has answered, or did not answer in time
 * @user_data: data for @callback
 *
 * Removes a mapping of this host that the manager does not hold, such as one that an earlier run of
 * the program left. No mapping is added.
 *
 * If [property@Plum.Manager:state-directory] has a record of the mapping, the backend that made it
 * deletes it with the data of the record. Otherwise the router is asked to delete the mapping of
 * the port: a backend that can look at the table of the router deletes only a mapping that leads to
 * this host. If no backend can delete entries of the table, [vfunc@Plum.Backend.unmap] is called
 * without a lease, unless a mapping of the internal port is recorded.
 *
 * If there are records of what leads there from routers beyond the first one, these routers are
 * sought, and asked first: the outermost one leads to the one before. The operation succeeds only
 * if all of them have confirmed it. @external_port may be that of the first or of the outermost
 * router.
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
  unmap->port.protocol = protocol;
  unmap->port.family = family;
  unmap->port.internal_port = internal_port;
  unmap->port.external_port = external_port;

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
 * @cancellable: (nullable): a cancellable; the router is not asked any longer, but requests that
 * were sent stay in effect, and the deletion of a recorded mapping is completed
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
  unmap->port.protocol = protocol;
  unmap->port.family = g_inet_address_get_family (host);
  unmap->port.internal_port = internal_port;
  unmap->port.external_port = external_port;
  g_set_object (&unmap->port.hosts.internal, host);

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
 * %PLUM_ERROR_TIMED_OUT or %PLUM_ERROR_MALFORMED if a router did not confirm it or was not found,
 * so that it may keep the mapping; %PLUM_ERROR_NO_GATEWAY; %PLUM_ERROR_NO_BACKEND;
 * %PLUM_ERROR_NOT_SUPPORTED; %G_IO_ERROR_EXISTS if the manager holds a mapping of the port, or one
 * is added meanwhile; %G_IO_ERROR_BUSY if the router has the port in a set of ports of which the
 * manager holds others; %G_IO_ERROR_INVALID_ARGUMENT; %G_IO_ERROR_CLOSED; %G_IO_ERROR_CANCELLED.
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
