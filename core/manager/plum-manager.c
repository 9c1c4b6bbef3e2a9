/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-manager-private.h"
#include "plum-main-context-private.h"

#include "plum-lease-holder-private.h"
#include "plum-mapping-private.h"
#include "plum-translations-private.h"
#include "plum-values-private.h"

#include <glib/gi18n-lib.h>

/**
 * PlumManager:
 *
 * Keeps ports of this host mapped on its routers.
 *
 * A manager belongs to the main context that was the thread-default one when it was created. All
 * its methods must be called in that context, and all its callbacks and signals are
 * dispatched there.
 *
 * A manager is a [iface@Gio.ListModel] of its [class@Plum.Mapping]s. No packet is sent before the
 * first mapping is added or [method@Plum.Manager.discover_async] is called.
 *
 * Call [method@Plum.Manager.close_async] to delete the mappings from the router before the program
 * ends. If the last reference is dropped instead, the mappings stay on the router until they
 * expire.
 *
 * Since: 1.0
 */

static void plum_manager_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (PlumManager,
                               plum_manager,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      plum_manager_list_model_init))

/* --- The list --- */

static GType
plum_manager_get_item_type (GListModel *model)
{
  return PLUM_TYPE_MAPPING;
}

static guint
plum_manager_get_n_items (GListModel *model)
{
  return (guint) g_sequence_get_length (PLUM_MANAGER (model)->mappings);
}

static gpointer
plum_manager_get_item (GListModel *model, guint position)
{
  PlumManager *self = PLUM_MANAGER (model);
  GSequenceIter *iter;

  if (position >= (guint) g_sequence_get_length (self->mappings))
    return NULL;

  iter = g_sequence_get_iter_at_pos (self->mappings, (int) position);
  return g_object_ref (g_sequence_get (iter));
}

static void
plum_manager_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = plum_manager_get_item_type;
  iface->get_n_items = plum_manager_get_n_items;
  iface->get_item = plum_manager_get_item;
}

/* The list changes when its observers are notified, never before. */
static void
on_append_item (gpointer object, gpointer data)
{
  PlumManager *self = object;
  PlumMapping *mapping = data;

  plum_mapping_set_position (mapping, g_sequence_append (self->mappings, g_object_ref (mapping)));
  g_list_model_items_changed (G_LIST_MODEL (self),
                              (guint) g_sequence_get_length (self->mappings) - 1, 0, 1);
}

static void
plum_manager_remove_item (PlumManager *self, PlumMapping *mapping)
{
  GSequenceIter *iter = plum_mapping_get_position (mapping);
  guint position = (guint) g_sequence_iter_get_position (iter);

  plum_mapping_set_position (mapping, NULL);
  g_sequence_remove (iter);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
}

/* Last: the close is pending as long as a mapping is there. */
static void
on_mapping_gone (gpointer object, gpointer data)
{
  PlumManager *self = object;
  PlumMapping *mapping = data;

  plum_assignment_forget_mapping (self->assignment, mapping);
  g_hash_table_remove (self->by_id, GUINT_TO_POINTER (plum_mapping_get_id (mapping)));
  plum_pending_mapping_changed (self->pending, mapping, PLUM_STATE_DESTROYED);
}

static void
on_mapping_state (PlumMapping *mapping, PlumState old_state, PlumState state, gpointer user_data)
{
  g_autoptr (PlumManager) self = g_object_ref (user_data); /* handlers may drop the last one */

  /* Queued before a handler runs: it may close the manager, and run the main loop until the manager
   * is closed. */
  if (state == PLUM_STATE_DESTROYED)
    {
      plum_signal_queue_add (self->signals, self, on_mapping_gone, g_object_ref (mapping),
                             g_object_unref);
      plum_manager_remove_item (self, mapping);
    }
  plum_manager_emit_mapping_state_changed (self, mapping, old_state);
  if (state != PLUM_STATE_DESTROYED)
    plum_pending_mapping_changed (self->pending, mapping, state);
}

static void
on_mapping_changed (PlumMapping *mapping, gpointer user_data)
{
  plum_manager_emit_mapping_changed (user_data, mapping);
}

static const PlumMappingClient mapping_client = {
  .state_changed = on_mapping_state,
  .changed = on_mapping_changed,
};

/* --- Close --- */

gboolean
plum_manager_check_open (PlumManager *self, GError **error)
{
  if (!self->closed)
    return TRUE;

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, _ ("The manager is closed"));
  return FALSE;
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  guint left = plum_mapping_get_id ((PlumMapping *) a);
  guint right = plum_mapping_get_id ((PlumMapping *) b);

  return (left > right) - (left < right);
}

void
plum_manager_begin_close (PlumManager *self)
{
  /* The list may not have the last ones yet. */
  g_autoptr (GList) mappings = g_list_sort (g_hash_table_get_values (self->by_id), compare_ids);

  self->closed = TRUE;

  for (GList *l = mappings; l != NULL; l = l->next)
    plum_assignment_release_mapping (l->data);
  plum_assignment_sweep (self->assignment);
}

static gboolean
on_pending_check_open (gpointer user_data, GError **error)
{
  return plum_manager_check_open (user_data, error);
}

static gboolean
on_pending_is_busy (gpointer user_data)
{
  PlumManager *self = user_data;

  return g_hash_table_size (self->by_id) > 0 || plum_assignment_is_busy (self->assignment);
}

static void
on_check_close (gpointer object, gpointer data)
{
  PlumManager *self = object;

  plum_pending_check_close (self->pending);
}

static void
on_pending_expire (gpointer user_data)
{
  PlumManager *self = user_data;
  PLUM_SIGNAL_SCOPE (self->signals);

  plum_assignment_expire (self->assignment);
  plum_signal_queue_add (self->signals, self, on_check_close, NULL, NULL);
}

static void
on_pending_foreach_left (PlumLeftFunc func, gpointer data, gpointer user_data)
{
  PlumManager *self = user_data;

  plum_assignment_foreach_left (self->assignment, func, data);
}

static void
on_pending_finish_close (gpointer user_data)
{
  PlumManager *self = user_data;

  plum_assignment_flush_store (self->assignment);
  plum_assignment_close (self->assignment);
}

static void
on_pending_hurry (PlumMapping *mapping, gpointer user_data)
{
  plum_assignment_hurry_mapping (mapping);
}

static const PlumPendingClient pending_client = {
  .check_open = on_pending_check_open,
  .hurry = on_pending_hurry,
  .is_busy = on_pending_is_busy,
  .expire = on_pending_expire,
  .foreach_left = on_pending_foreach_left,
  .finish_close = on_pending_finish_close,
};

/* --- The assignment's client --- */

static GPtrArray *
on_assignment_needs_backends (gpointer owner)
{
  PlumManager *self = owner;

  return plum_backend_list_load (self->backends);
}

static void
on_assignment_less_busy (gpointer owner)
{
  PlumManager *self = owner;

  plum_signal_queue_add (self->signals, self, on_check_close, NULL, NULL);
}

static const PlumAssignmentClient assignment_client = {
  .get_backends = on_assignment_needs_backends,
  .less_busy = on_assignment_less_busy,
};

/* --- Object --- */

static void
plum_manager_dispose (GObject *object)
{
  PlumManager *self = PLUM_MANAGER (object);

  /* Only reports: the last reference is gone, whatever the thread. */
  plum_main_context_check (self->context, "g_object_unref");
  self->closed = TRUE;
  {
    PLUM_SIGNAL_SCOPE (self->signals);

    plum_assignment_close (self->assignment);
  }
  plum_signal_queue_flush (self->signals);

  G_OBJECT_CLASS (plum_manager_parent_class)->dispose (object);
}

static void
plum_manager_finalize (GObject *object)
{
  PlumManager *self = PLUM_MANAGER (object);

  g_clear_pointer (&self->pending, plum_pending_free);
  g_clear_pointer (&self->assignment, plum_assignment_free);
  g_clear_pointer (&self->by_id, g_hash_table_unref);
  g_clear_pointer (&self->mappings, g_sequence_free);
  g_clear_pointer (&self->backends, plum_backend_list_free);
  g_clear_pointer (&self->signals, plum_signal_queue_unref);
  g_clear_pointer (&self->state_directory, g_free);
  g_clear_pointer (&self->settings.application_name, g_free);
  g_clear_pointer (&self->settings.options, g_hash_table_unref);
  g_clear_pointer (&self->clock, plum_clock_unref);
  g_clear_pointer (&self->context, g_main_context_unref);

  G_OBJECT_CLASS (plum_manager_parent_class)->finalize (object);
}

static void
plum_manager_class_init (PlumManagerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = plum_manager_dispose;
  object_class->finalize = plum_manager_finalize;
  plum_manager_class_install_properties (klass);
  plum_manager_create_signals ();
  /* Also links the code that binds the domain into programs that contain the library. */
  plum_translations_bind ();
}

static void
plum_manager_init (PlumManager *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->clock = plum_clock_ref_for_context (self->context);
  plum_manager_init_settings (self);

  self->signals = plum_signal_queue_new (self->context);
  self->mappings = g_sequence_new (g_object_unref);
  self->by_id = g_hash_table_new (NULL, NULL);
  self->backends = plum_backend_list_new (self->signals);
  self->assignment = plum_assignment_new (self->context, self->clock, &self->settings,
                                          self->signals, &assignment_client, self);
  self->gateways = plum_assignment_get_gateways (self->assignment);
  self->pending =
    plum_pending_new (self->context, self->clock, self->signals, &pending_client, self);
}

/**
 * plum_manager_new:
 *
 * Creates a manager for the thread-default main context.
 *
 * Returns: (transfer full): a new manager
 *
 * Since: 1.0
 */
PlumManager *
plum_manager_new (void)
{
  return g_object_new (PLUM_TYPE_MANAGER, NULL);
}

/* --- Gateways --- */

/* Reads the leases of earlier runs, and from now on deletes those that nothing uses. */
static void
plum_manager_open_store (PlumManager *self)
{
  PLUM_SIGNAL_SCOPE (self->signals);

  if (self->has_store)
    return;

  self->has_store = TRUE;
  if (self->state_directory != NULL && !self->state_read_only)
    plum_assignment_open_store (self->assignment, self->state_directory);
}

/* Finds and watches the gateways of family. all: do not delay those of other interfaces than that
 * of the default route. */
static void
plum_manager_use_family (PlumManager *self, GSocketFamily family, gboolean all)
{
  PLUM_SIGNAL_SCOPE (self->signals);

  if (all)
    plum_gateway_set_use_all (self->gateways, family);
  else
    plum_gateway_set_use (self->gateways, family);
}

/* Handlers may close the manager when they are notified of the gateways. */
static gboolean
plum_manager_prepare_gateways (PlumManager *self,
                               GSocketFamily family,
                               gboolean all,
                               GError **error)
{
  if (!plum_manager_check_open (self, error))
    return FALSE;

  plum_manager_use_family (self, family, all);
  return plum_manager_check_open (self, error);
}

PlumGateway *
plum_manager_ensure_gateway (PlumManager *self, GSocketFamily family, GError **error)
{
  if (!plum_manager_prepare_gateways (self, family, FALSE, error))
    return NULL;

  if (plum_gateway_set_find (self->gateways, family, NULL, NULL) == NULL)
    {
      PLUM_SIGNAL_SCOPE (self->signals);

      plum_gateway_set_look_again (self->gateways, family); /* a notification may be pending */
    }

  if (!plum_manager_check_open (self, error))
    return NULL;

  return plum_gateway_set_find (self->gateways, family, NULL, error);
}

GPtrArray *
plum_manager_look_up_gateways (PlumManager *self, GSocketFamily family, GError **error)
{
  if (!plum_manager_prepare_gateways (self, family, TRUE, error) ||
      plum_gateway_set_find (self->gateways, family, NULL, error) == NULL)
    return NULL;

  return plum_gateway_set_copy (self->gateways, family);
}

GPtrArray *
plum_manager_find_gateways (PlumManager *self, GSocketFamily family, GError **error)
{
  if (!plum_manager_check_open (self, error))
    return NULL;

  plum_manager_open_store (self);
  return plum_manager_look_up_gateways (self, family, error);
}

GSocketFamily
plum_manager_get_main_family (PlumManager *self)
{
  GInetAddress *gateway = plum_gateway_set_get_address (self->gateways);

  return gateway != NULL ? g_inet_address_get_family (gateway) : G_SOCKET_FAMILY_IPV4;
}

/* --- Mappings --- */

static gboolean
plum_manager_can_add (PlumManager *self, PlumMapping *mapping, GError **error)
{
  if (!plum_manager_check_open (self, error) || !plum_mapping_check (mapping, error))
    return FALSE;
  if (plum_mapping_get_id (mapping) == 0)
    return TRUE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS, _ ("The mapping was added before, with id %u"),
               plum_mapping_get_id (mapping));
  return FALSE;
}

static void
plum_manager_take_mapping (PlumManager *self, PlumMapping *mapping)
{
  plum_mapping_take_id (mapping, ++self->last_id, self->signals, &mapping_client, self);
  g_hash_table_insert (self->by_id, GUINT_TO_POINTER (self->last_id), mapping);
  plum_signal_queue_add (self->signals, self, on_append_item, g_object_ref (mapping),
                         g_object_unref);
}

/**
 * plum_manager_add_mapping:
 * @self: a manager
 * @mapping: (transfer none): a mapping that was not added before
 * @error: return location for an error
 *
 * Adds a mapping and keeps it up.
 *
 * When this function returns, the mapping is in state %PLUM_STATE_PENDING, unless another mapping
 * of the same port is up: then it is in state %PLUM_STATE_SUCCESS as well, or in state
 * %PLUM_STATE_FAILURE if it requires an external port, and the other mapping has another one. If
 * the other mapping has failed, the port is requested again at once; the mapping is in state
 * %PLUM_STATE_FAILURE only if no backend can be asked, because the discovery has failed a moment
 * ago. It stays in the list of the manager until it is destroyed.
 *
 * If this function fails, @mapping is unchanged, and can be added later.
 *
 * Without a network, or if [property@Plum.Manager:interface] does not exist, the mapping is pending
 * until a network is available. This function fails instead if the interface exists, or the mapping
 * has a local address, and no router is reached from there.
 *
 * Errors: %PLUM_ERROR_NO_GATEWAY if no router is reached from the local address of @mapping or from
 * the interface of the manager; %G_IO_ERROR_CLOSED if the manager is closed;
 * %G_IO_ERROR_INVALID_ARGUMENT if a port is out of range, the address families of @mapping and its
 * gateway or its local address differ, or [property@Plum.Mapping:internal-address] or
 * [property@Plum.Mapping:remote-addresses] is not valid; %G_IO_ERROR_EXISTS if @mapping was added
 * before.
 *
 * Returns: %TRUE if @mapping was added
 *
 * Since: 1.0
 */
gboolean
plum_manager_add_mapping (PlumManager *self, PlumMapping *mapping, GError **error)
{
  PlumLeaseHolder *holder;

  g_return_val_if_fail (PLUM_IS_MANAGER (self), FALSE);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, FALSE);
  g_return_val_if_fail (PLUM_IS_MAPPING (mapping), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!plum_manager_can_add (self, mapping, error))
    return FALSE;

  /* The program sees the gateways before they are used. Its handlers may close the manager. */
  plum_manager_open_store (self);
  plum_manager_use_family (self, plum_mapping_get_spec (mapping)->family,
                           plum_mapping_get_bound_interface (mapping) != NULL);
  if (!plum_manager_can_add (self, mapping, error))
    return FALSE;

  PLUM_SIGNAL_SCOPE (self->signals);
  holder = plum_assignment_find_holder (self->assignment, mapping, error);
  if (holder == NULL)
    return FALSE;

  plum_manager_take_mapping (self, mapping);
  plum_lease_holder_add_user (holder, mapping);
  return TRUE;
}

/**
 * plum_manager_has_mapping:
 * @self: a manager
 * @id: the id of a mapping
 *
 * Checks whether there is a mapping with this id that the program has not destroyed.
 *
 * Returns: %FALSE if the id was never used, or the mapping is being destroyed or is destroyed
 *
 * Since: 1.0
 */
gboolean
plum_manager_has_mapping (PlumManager *self, guint id)
{
  PlumMapping *mapping;

  g_return_val_if_fail (PLUM_IS_MANAGER (self), FALSE);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, FALSE);

  mapping = plum_manager_lookup_mapping (self, id);
  return mapping != NULL && plum_mapping_get_next_state (mapping) != PLUM_STATE_DESTROYING;
}

/**
 * plum_manager_lookup_mapping:
 * @self: a manager
 * @id: the id of a mapping
 *
 * Gets the mapping with this id.
 *
 * Returns: (transfer none) (nullable): the mapping, or %NULL if the id was never used, or the
 *   mapping is destroyed
 *
 * Since: 1.0
 */
PlumMapping *
plum_manager_lookup_mapping (PlumManager *self, guint id)
{
  PlumMapping *mapping;

  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);

  mapping = g_hash_table_lookup (self->by_id, GUINT_TO_POINTER (id));
  if (mapping == NULL || plum_mapping_get_next_state (mapping) == PLUM_STATE_DESTROYED)
    return NULL;

  return mapping;
}
