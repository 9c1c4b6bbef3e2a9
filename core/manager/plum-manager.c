/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-lease-holder-private.h"
#include "plum-gateway-private.h"
#include "plum-gateway-set-private.h"
#include "plum-log-private.h"
#include "plum-manager-private.h"
#include "plum-mapping-private.h"
#include "plum-module-private.h"
#include "plum-lease-store-private.h"
#include "plum-values-private.h"

#include <sys/random.h>

#define DISCOVER_TIMEOUT_MS 10000
#define MAPPING_TIMEOUT_MS 10000
#define RECHECK_PERIOD_MS 300000
#define LEASE_DURATION_S 7200

/**
 * PlumManager:
 *
 * Keeps ports of this host mapped on its routers.
 *
 * A manager lives in the main context that is the thread-default one when it is made: all its
 * methods are
 * called, and all callbacks and signals come, there. It is a [iface@Gio.ListModel] of the
 * [class@Plum.Mapping]s that are wanted. No packet leaves before the first mapping is added or
 * [method@Plum.Manager.discover_async] is called.
 *
 * End with [method@Plum.Manager.close_async], which removes the mappings from the router.
 *
 * Since: 1.0
 */
struct _PlumManager
{
  GObject parent_instance;

  GMainContext *context;
  PlumClock *clock;
  PlumSettings settings;
  GStrv enabled_backends; /* (nullable) */
  char *state_directory;  /* (nullable) */

  GPtrArray *added_backends; /* (element-type PlumBackendInfo) */
  GPtrArray *infos;          /* (element-type PlumBackendInfo), NULL: not loaded yet */
  GListStore *backends;
  PlumGatewaySet *gateways;

  GSequence *mappings; /* (element-type PlumMapping) */
  GHashTable *by_id;   /* id -> PlumMapping */
  GHashTable *holders; /* PlumLeaseHolderId, which is the holder's -> PlumLeaseHolder */
  guint last_id;
  PlumPending *pending;
  PlumLeaseStore *store;

  gboolean closed;
};

typedef enum {
  PROP_MAIN_CONTEXT = 1,
  PROP_DISCOVER_TIMEOUT,
  PROP_MAPPING_TIMEOUT,
  PROP_RECHECK_PERIOD,
  PROP_LEASE_DURATION,
  PROP_GATEWAYS,
  PROP_BACKENDS,
  PROP_GATEWAY_ADDRESS,
  PROP_INTERFACE,
  PROP_ENABLED_BACKENDS,
  PROP_APPLICATION_NAME,
  PROP_STATE_DIRECTORY,
  N_PROPS
} PlumManagerProperty;

typedef enum {
  MAPPING_STATE_CHANGED,
  N_SIGNALS
} PlumManagerSignal;

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

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

static void
plum_manager_remove_mapping (PlumManager *self, PlumMapping *mapping)
{
  GSequenceIter *iter = plum_mapping_get_position (mapping);
  guint position = (guint) g_sequence_iter_get_position (iter);

  plum_mapping_set_position (mapping, NULL);
  g_hash_table_remove (self->by_id, GUINT_TO_POINTER (plum_mapping_get_id (mapping)));
  g_sequence_remove (iter);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
}

static void
on_mapping_state (PlumMapping *mapping, PlumState old_state, gpointer user_data)
{
  g_autoptr (PlumManager) self = g_object_ref (PLUM_MANAGER (user_data));
  g_autoptr (PlumMapping) alive = g_object_ref (mapping);
  PlumState state = plum_mapping_get_state (mapping);

  if (state == PLUM_STATE_DESTROYED)
    {
      plum_manager_remove_mapping (self, mapping);
      plum_mapping_take_id (mapping, 0, NULL, NULL);
    }

  g_signal_emit (self, signals[MAPPING_STATE_CHANGED], 0, mapping, old_state);
  plum_pending_mapping_changed (self->pending, mapping, state);
}

/* --- Networks --- */

static void
plum_manager_load_backends (PlumManager *self)
{
  g_autoptr (GPtrArray) all = NULL;

  if (self->infos != NULL)
    return;

  all = plum_module_load_all (self->added_backends);
  self->infos = plum_module_select (all, (const char *const *) self->enabled_backends);
  g_list_store_splice (self->backends, 0, g_list_model_get_n_items (G_LIST_MODEL (self->backends)),
                       self->infos->pdata, self->infos->len);
}

/* What is done with one may take others away. */
static GPtrArray *
plum_manager_ref_holders (PlumManager *self)
{
  GPtrArray *holders = g_ptr_array_new_with_free_func ((GDestroyNotify) plum_lease_holder_unref);
  GHashTableIter iter;
  gpointer holder;

  g_hash_table_iter_init (&iter, self->holders);
  while (g_hash_table_iter_next (&iter, NULL, &holder))
    g_ptr_array_add (holders, plum_lease_holder_ref (holder));
  return holders;
}

static GPtrArray *
on_gateways_need_backends (gpointer user_data)
{
  PlumManager *self = user_data;

  plum_manager_load_backends (self);
  return self->infos;
}

/* The way that mappings take that are bound to none. NULL: there is no default route. */
static const char *
plum_manager_get_default_interface (PlumManager *self, GSocketFamily family)
{
  PlumGateway *gateway = plum_gateway_set_find (self->gateways, family, NULL, NULL);

  return gateway != NULL ? g_intern_string (plum_gateway_get_interface (gateway)) : NULL;
}

static PlumLeaseHolder *plum_manager_ensure_holder (PlumManager *self,
                                                    PlumMapping *mapping,
                                                    GError **error);

/* The default route has left a holder that stays where it is: those who follow the route go. */
static void
plum_manager_move_mapping (PlumManager *self, PlumLeaseHolder *holder, PlumMapping *mapping)
{
  g_autoptr (GError) error = NULL;
  PlumLeaseHolder *to = plum_manager_ensure_holder (self, mapping, &error);

  if (to == NULL)
    {
      plum_warn ("%s", error->message);
      return;
    }

  /* Who heard that another one moved has the route back where it was. */
  if (to == holder)
    return;

  plum_lease_holder_hand_over (holder, mapping, to);
}

/* Nobody is bound to it, and its router is out of reach: the holder itself can go where the default
 * route leads now. */
static gboolean
plum_manager_can_move_holder (PlumManager *self,
                              PlumLeaseHolder *holder,
                              GPtrArray *users,
                              const PlumLeaseHolderId *new_id)
{
  PlumGateway *gateway = plum_lease_holder_get_gateway (holder);

  for (unsigned int i = 0; i < users->len; i++)
    if (plum_mapping_get_bound_interface (users->pdata[i]) != NULL)
      return FALSE;

  return (gateway == NULL || !plum_gateway_set_has (self->gateways, gateway)) &&
         !g_hash_table_contains (self->holders, new_id);
}

static void
plum_manager_follow_default (PlumManager *self, PlumLeaseHolder *holder)
{
  g_autoptr (GPtrArray) users = plum_lease_holder_copy_users (holder);
  PlumLeaseHolderId new_id = *plum_lease_holder_get_id (holder);

  new_id.interface_name = plum_manager_get_default_interface (self, new_id.family);
  if (users->len == 0 || plum_lease_holder_id_equal (plum_lease_holder_get_id (holder), &new_id))
    return;

  if (plum_manager_can_move_holder (self, holder, users, &new_id))
    {
      g_hash_table_steal (self->holders, plum_lease_holder_get_id (holder));
      plum_lease_holder_set_interface (holder, new_id.interface_name);
      g_hash_table_insert (self->holders, (gpointer) plum_lease_holder_get_id (holder), holder);
      return;
    }

  for (unsigned int i = 0; i < users->len; i++)
    if (plum_mapping_get_holder (users->pdata[i]) == holder &&
        plum_mapping_get_bound_interface (users->pdata[i]) == NULL)
      plum_manager_move_mapping (self, holder, users->pdata[i]);
}

/* Everything moves to where the gateways are now. */
static void
on_gateways_changed (GSocketFamily family, gboolean come, gpointer user_data)
{
  g_autoptr (PlumManager) self = g_object_ref (PLUM_MANAGER (user_data));
  g_autoptr (GPtrArray) holders = plum_manager_ref_holders (self);

  for (unsigned int i = 0; i < holders->len; i++)
    {
      PlumLeaseHolder *holder = holders->pdata[i];
      const PlumLeaseHolderId *id = plum_lease_holder_get_id (holder);
      g_autoptr (GError) reason = NULL;
      PlumGateway *gateway;

      if (id->family != family || g_hash_table_lookup (self->holders, id) != holder)
        continue;

      plum_manager_follow_default (self, holder);
      gateway = plum_gateway_set_find (self->gateways, family, id->interface_name, &reason);
      if (plum_lease_holder_get_gateway (holder) != gateway)
        plum_lease_holder_set_gateway (holder, gateway, reason);
    }

  if (come)
    plum_lease_store_gateway_came (self->store);
}

static const PlumGatewaySetOwner gateways_owner = {
  .get_backends = on_gateways_need_backends,
  .changed = on_gateways_changed,
};

/* From the first need on: where the gateway is (all: and those of the other interfaces), and when
 * that changes. */
static void
plum_manager_use_family (PlumManager *self, GSocketFamily family, gboolean all)
{
  if (!plum_gateway_set_is_used (self->gateways) && self->state_directory != NULL)
    plum_lease_store_open (self->store, self->state_directory);

  if (all)
    plum_gateway_set_use_all (self->gateways, family);
  else
    plum_gateway_set_use (self->gateways, family);
}

/* --- Claims --- */

static void
on_holder_closed (PlumLeaseHolder *holder, gpointer user_data)
{
  PlumManager *self = user_data;

  g_hash_table_remove (self->holders, plum_lease_holder_get_id (holder));
}

/* When the router forgets it. */
static gint64
get_end_of_lease (PlumManager *self, const PlumLeaseNote *note)
{
  if (note->lease == NULL)
    return g_get_real_time () + self->settings.lease_duration * (gint64) G_USEC_PER_SEC;
  return note->expires != 0 ? note->expires : PLUM_LEASE_RECORD_FOREVER;
}

static gboolean
on_holder_note (PlumLeaseHolder *holder, const PlumLeaseNote *note, gpointer user_data)
{
  PlumManager *self = user_data;
  const PlumLeaseHolderId *id = plum_lease_holder_get_id (holder);
  PlumGateway *gateway = plum_lease_holder_get_gateway (holder);
  PlumLeaseRecord *record = plum_lease_record_new ();

  record->protocol = id->protocol;
  record->family = id->family;
  record->internal_port = id->internal_port;
  record->external_port = note->external_port;
  record->key = g_bytes_ref (note->key);
  g_set_object (&record->gateway, plum_gateway_get_address (gateway));
  record->interface_name = g_strdup (plum_gateway_get_interface (gateway));
  record->backend_name = g_strdup (note->backend_name);
  record->until = get_end_of_lease (self, note);
  if (note->lease != NULL)
    {
      GVariant *token = plum_lease_get_token (note->lease);

      g_set_object (&record->external_address, plum_lease_get_external_address (note->lease));
      record->token = token != NULL ? g_variant_ref (token) : NULL;
    }

  return plum_lease_store_note (self->store, holder, gateway, record);
}

static void
on_holder_released (PlumLeaseHolder *holder, gboolean left_behind, gpointer user_data)
{
  PlumManager *self = user_data;

  plum_lease_store_forget (self->store, holder, left_behind);
}

static const PlumLeaseHolderOwner holder_owner = {
  .closed = on_holder_closed,
  .note = on_holder_note,
  .released = on_holder_released,
};

static GPtrArray *
on_store_needs_gateways (GSocketFamily family, gpointer user_data)
{
  PlumManager *self = user_data;

  return plum_gateway_set_copy (self->gateways, family);
}

static gboolean
on_store_is_wanted (PlumProtocol protocol,
                    guint internal_port,
                    PlumGateway *gateway,
                    gpointer user_data)
{
  PlumManager *self = user_data;
  const PlumLeaseHolderId id = {
    .protocol = protocol,
    .family = plum_gateway_get_family (gateway),
    .internal_port = internal_port,
    .interface_name = g_intern_string (plum_gateway_get_interface (gateway)),
  };

  return g_hash_table_contains (self->holders, &id);
}

static void
on_store_go_on (gpointer user_data)
{
  g_autoptr (PlumManager) self = g_object_ref (PLUM_MANAGER (user_data));
  g_autoptr (GPtrArray) holders = plum_manager_ref_holders (self);

  for (unsigned int i = 0; i < holders->len; i++)
    plum_lease_holder_race_changed (holders->pdata[i]);
  plum_pending_check_close (self->pending);
}

static const PlumLeaseStoreClient state_owner = {
  .get_gateways = on_store_needs_gateways,
  .is_wanted = on_store_is_wanted,
  .go_on = on_store_go_on,
};

/* 32 bytes from the kernel's generator: who guesses them can delete the mapping. */
static GBytes *
make_key (GError **error)
{
  guint8 key[32];

  if (getrandom (key, sizeof key, 0) != sizeof key)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                           "The kernel gives no random numbers");
      return NULL;
    }

  return g_bytes_new (key, sizeof key);
}

static PlumLeaseHolder *
plum_manager_ensure_holder (PlumManager *self, PlumMapping *mapping, GError **error)
{
  const char *bound_interface = plum_mapping_get_bound_interface (mapping);
  GSocketFamily family = plum_mapping_get_family (mapping);
  const PlumLeaseHolderId id = {
    .protocol = plum_mapping_get_protocol (mapping),
    .family = family,
    .internal_port = plum_mapping_get_internal_port (mapping),
    .interface_name =
      bound_interface != NULL ? bound_interface : plum_manager_get_default_interface (self, family),
  };
  PlumLeaseHolder *holder = g_hash_table_lookup (self->holders, &id);
  g_autoptr (GBytes) secret = NULL;
  g_autoptr (GError) reason = NULL;
  const PlumLeaseRecord *recalled;
  PlumGateway *gateway;

  if (holder != NULL)
    return holder;

  gateway = plum_gateway_set_find (self->gateways, family, id.interface_name, &reason);
  recalled = plum_lease_store_recall (self->store, id.protocol, family, id.internal_port, gateway);
  secret = recalled != NULL ? g_bytes_ref (recalled->key) : make_key (error);
  if (secret == NULL)
    return NULL;

  holder = plum_lease_holder_new (&id, secret, gateway, reason, self->clock, &self->settings,
                                  &holder_owner, self);
  if (recalled != NULL)
    plum_lease_holder_suggest_port (holder, recalled->external_port);
  g_hash_table_insert (self->holders, (gpointer) plum_lease_holder_get_id (holder), holder);
  return holder;
}

/* --- Object --- */

static void
plum_manager_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  PlumManager *self = PLUM_MANAGER (object);

  switch ((PlumManagerProperty) property_id)
    {
    case PROP_MAIN_CONTEXT:
      g_value_set_boxed (value, self->context);
      break;
    case PROP_DISCOVER_TIMEOUT:
      g_value_set_uint (value, self->settings.discover_timeout);
      break;
    case PROP_MAPPING_TIMEOUT:
      g_value_set_uint (value, self->settings.mapping_timeout);
      break;
    case PROP_RECHECK_PERIOD:
      g_value_set_uint (value, self->settings.recheck_period);
      break;
    case PROP_LEASE_DURATION:
      g_value_set_uint (value, self->settings.lease_duration);
      break;
    case PROP_GATEWAYS:
      g_value_set_object (value, plum_manager_get_gateways (self));
      break;
    case PROP_BACKENDS:
      g_value_set_object (value, plum_manager_get_backends (self));
      break;
    case PROP_GATEWAY_ADDRESS:
      g_value_set_object (value, plum_manager_get_gateway_address (self));
      break;
    case PROP_INTERFACE:
      g_value_set_string (value, plum_manager_get_interface (self));
      break;
    case PROP_ENABLED_BACKENDS:
      g_value_set_boxed (value, self->enabled_backends);
      break;
    case PROP_APPLICATION_NAME:
      g_value_set_string (value, self->settings.application_name);
      break;
    case PROP_STATE_DIRECTORY:
      g_value_set_string (value, self->state_directory);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
plum_manager_set_property (GObject *object,
                           guint property_id,
                           const GValue *value,
                           GParamSpec *pspec)
{
  PlumManager *self = PLUM_MANAGER (object);

  switch ((PlumManagerProperty) property_id)
    {
    case PROP_DISCOVER_TIMEOUT:
      plum_manager_set_discover_timeout (self, g_value_get_uint (value));
      break;
    case PROP_MAPPING_TIMEOUT:
      plum_manager_set_mapping_timeout (self, g_value_get_uint (value));
      break;
    case PROP_RECHECK_PERIOD:
      plum_manager_set_recheck_period (self, g_value_get_uint (value));
      break;
    case PROP_LEASE_DURATION:
      plum_manager_set_lease_duration (self, g_value_get_uint (value));
      break;
    case PROP_GATEWAY_ADDRESS:
      plum_manager_set_gateway_address (self, g_value_get_object (value));
      break;
    case PROP_INTERFACE:
      plum_manager_set_interface (self, g_value_get_string (value));
      break;
    case PROP_ENABLED_BACKENDS:
      plum_manager_set_enabled_backends (self, g_value_get_boxed (value));
      break;
    case PROP_APPLICATION_NAME:
      plum_manager_set_application_name (self, g_value_get_string (value));
      break;
    case PROP_STATE_DIRECTORY:
      plum_manager_set_state_directory (self, g_value_get_string (value));
      break;
    case PROP_MAIN_CONTEXT:
    case PROP_GATEWAYS:
    case PROP_BACKENDS:
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

/* Nothing is sent, nobody is waited for: the mappings end here, and lapse on the router. */
static void
plum_manager_drop_all (PlumManager *self)
{
  GHashTableIter iter;
  gpointer next;

  /* What those do who hear of the end must not close gateways that have holders. */
  plum_gateway_set_stop (self->gateways);

  /* One by one: if they end the manager once more, that one goes on with the others. */
  for (g_hash_table_iter_init (&iter, self->holders); g_hash_table_iter_next (&iter, NULL, &next);
       g_hash_table_iter_init (&iter, self->holders))
    {
      g_hash_table_iter_steal (&iter);
      plum_lease_holder_close (next);
      plum_lease_holder_unref (next);
    }

  plum_gateway_set_close (self->gateways);
}

static void
plum_manager_dispose (GObject *object)
{
  PlumManager *self = PLUM_MANAGER (object);

  self->closed = TRUE;
  plum_lease_store_drop (self->store);
  plum_manager_drop_all (self);

  G_OBJECT_CLASS (plum_manager_parent_class)->dispose (object);
}

static void
plum_manager_finalize (GObject *object)
{
  PlumManager *self = PLUM_MANAGER (object);

  g_clear_pointer (&self->pending, plum_pending_free);
  g_clear_pointer (&self->store, plum_lease_store_free);
  g_clear_pointer (&self->holders, g_hash_table_unref);
  g_clear_pointer (&self->by_id, g_hash_table_unref);
  g_clear_pointer (&self->mappings, g_sequence_free);
  g_clear_pointer (&self->gateways, plum_gateway_set_unref);
  g_clear_object (&self->backends);
  g_clear_pointer (&self->infos, g_ptr_array_unref);
  g_clear_pointer (&self->added_backends, g_ptr_array_unref);
  g_clear_pointer (&self->enabled_backends, g_strfreev);
  g_clear_pointer (&self->state_directory, g_free);
  g_clear_pointer (&self->settings.application_name, g_free);
  g_clear_pointer (&self->clock, plum_clock_unref);
  g_clear_pointer (&self->context, g_main_context_unref);

  G_OBJECT_CLASS (plum_manager_parent_class)->finalize (object);
}
static void
plum_manager_install_times (void)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * PlumManager:discover-timeout: (getter get_discover_timeout) (setter set_discover_timeout)
   *
   * How long finding out what a gateway can do may take, in milliseconds. Silence is usually known
   * after
   * three seconds.
   *
   * Since: 1.0
   */
  properties[PROP_DISCOVER_TIMEOUT] =
    g_param_spec_uint ("discover-timeout", NULL, NULL, 100, G_MAXINT, DISCOVER_TIMEOUT_MS, flags);

  /**
   * PlumManager:mapping-timeout: (getter get_mapping_timeout) (setter set_mapping_timeout)
   *
   * How long one attempt by one backend may take, in milliseconds, all that it tries included.
   *
   * Since: 1.0
   */
  properties[PROP_MAPPING_TIMEOUT] =
    g_param_spec_uint ("mapping-timeout", NULL, NULL, 100, G_MAXINT, MAPPING_TIMEOUT_MS, flags);

  /**
   * PlumManager:recheck-period: (getter get_recheck_period) (setter set_recheck_period)
   *
   * How often it is looked whether the router still has the mappings, and a failed mapping is tried
   * again after the first minute, in milliseconds.
   *
   * Since: 1.0
   */
  properties[PROP_RECHECK_PERIOD] =
    g_param_spec_uint ("recheck-period", NULL, NULL, 1000, G_MAXINT, RECHECK_PERIOD_MS, flags);

  /**
   * PlumManager:lease-duration: (getter get_lease_duration) (setter set_lease_duration)
   *
   * What lifetime the router is asked for, in seconds; it may grant another.
   *
   * Since: 1.0
   */
  properties[PROP_LEASE_DURATION] =
    g_param_spec_uint ("lease-duration", NULL, NULL, 1, 604800, LEASE_DURATION_S, flags);
}

static void
plum_manager_install_readonly_properties (void)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * PlumManager:main-context: (getter get_main_context)
   *
   * The context that was the thread-default one when the manager was made.
   *
   * Since: 1.0
   */
  properties[PROP_MAIN_CONTEXT] =
    g_param_spec_boxed ("main-context", NULL, NULL, G_TYPE_MAIN_CONTEXT, flags);

  /**
   * PlumManager:gateways: (getter get_gateways)
   *
   * The routers that this host can ask: a list of [class@Plum.Gateway]. It is empty before the
   * first mapping is added or [method@Plum.Manager.discover_async] is called.
   *
   * There is one for each network interface that has a default route: Wi-Fi, cable and VPN at once
   * are three. IPv4 comes before IPv6, and of each family the gateway of the route that is in use
   * before the others, which may come in a moment later. The list changes with the networks of this
   * host; a gateway that stays is the same object. To have a mapping at another one than that of
   * the default route, see [property@Plum.Mapping:gateway].
   *
   * Since: 1.0
   */
  properties[PROP_GATEWAYS] =
    g_param_spec_object ("gateways", NULL, NULL, G_TYPE_LIST_MODEL, flags);

  /**
   * PlumManager:backends: (getter get_backends)
   *
   * What maps ports: a list of [class@Plum.BackendInfo], the ones that serve first, then those that
   * cannot be used, with the reason.
   *
   * Since: 1.0
   */
  properties[PROP_BACKENDS] =
    g_param_spec_object ("backends", NULL, NULL, G_TYPE_LIST_MODEL, flags);
}

static void
plum_manager_install_construct_properties (void)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * PlumManager:gateway-address: (getter get_gateway_address) (setter set_gateway_address)
   *
   * The router to ask instead of the default route's next hop, as a VPN's own server at 10.2.0.1;
   * %NULL to find it.
   *
   * Since: 1.0
   */
  properties[PROP_GATEWAY_ADDRESS] =
    g_param_spec_object ("gateway-address", NULL, NULL, G_TYPE_INET_ADDRESS, flags);

  /**
   * PlumManager:interface: (getter get_interface) (setter set_interface)
   *
   * The network interface whose router to ask; %NULL for the default route's.
   *
   * Since: 1.0
   */
  properties[PROP_INTERFACE] = g_param_spec_string ("interface", NULL, NULL, NULL, flags);

  /**
   * PlumManager:enabled-backends: (getter get_enabled_backends) (setter set_enabled_backends)
   *
   * Which backends may serve, in this order, instead of all by priority; %NULL for all. The
   * environment
   * variable `PLUM_BACKENDS` (names with commas) stands over it.
   *
   * Since: 1.0
   */
  properties[PROP_ENABLED_BACKENDS] =
    g_param_spec_boxed ("enabled-backends", NULL, NULL, G_TYPE_STRV, flags);

  /**
   * PlumManager:application-name: (getter get_application_name) (setter set_application_name)
   *
   * What routers' tables shall call this program; %NULL for the program's name.
   *
   * Since: 1.0
   */
  properties[PROP_APPLICATION_NAME] =
    g_param_spec_string ("application-name", NULL, NULL, NULL, flags);

  /**
   * PlumManager:state-directory: (getter get_state_directory) (setter set_state_directory)
   *
   * A folder of this program's own where the manager remembers what it mapped, so that after a
   * crash the next start renews what is wanted again and deletes the rest; %NULL for none. It is
   * made if it is not there.
   *
   * Since: 1.0
   */
  properties[PROP_STATE_DIRECTORY] =
    g_param_spec_string ("state-directory", NULL, NULL, NULL, flags);
}

static void
plum_manager_class_init (PlumManagerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = plum_manager_dispose;
  object_class->finalize = plum_manager_finalize;
  object_class->get_property = plum_manager_get_property;
  object_class->set_property = plum_manager_set_property;

  plum_manager_install_times ();
  plum_manager_install_readonly_properties ();
  plum_manager_install_construct_properties ();
  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * PlumManager::mapping-state-changed:
   * @self: the manager
   * @mapping: a mapping of this manager
   * @old_state: where it stood before
   *
   * A mapping has another state. It comes after `notify::state` of the mapping; one that is
   * destroyed is not in the list any more.
   *
   * Since: 1.0
   */
  signals[MAPPING_STATE_CHANGED] =
    g_signal_new ("mapping-state-changed", PLUM_TYPE_MANAGER, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                  NULL, G_TYPE_NONE, 2, PLUM_TYPE_MAPPING, PLUM_TYPE_STATE);
}

static void
plum_manager_init (PlumManager *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->clock = plum_clock_ref_for_context (self->context);
  self->settings.discover_timeout = DISCOVER_TIMEOUT_MS;
  self->settings.mapping_timeout = MAPPING_TIMEOUT_MS;
  self->settings.recheck_period = RECHECK_PERIOD_MS;
  self->settings.lease_duration = LEASE_DURATION_S;

  self->added_backends = g_ptr_array_new_with_free_func (g_object_unref);
  self->backends = g_list_store_new (PLUM_TYPE_BACKEND_INFO);
  self->gateways = plum_gateway_set_new (self->context, &self->settings, &gateways_owner, self);
  self->mappings = g_sequence_new (g_object_unref);
  self->by_id = g_hash_table_new (NULL, NULL);
  self->holders = g_hash_table_new_full (plum_lease_holder_id_hash, plum_lease_holder_id_equal,
                                         NULL, (GDestroyNotify) plum_lease_holder_unref);
  self->pending = plum_pending_new (self);
  self->store = plum_lease_store_new (self->clock, &self->settings, &state_owner, self);
}

gboolean
plum_manager_check_open (PlumManager *self, GError **error)
{
  if (!self->closed)
    return TRUE;

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The manager is closed");
  return FALSE;
}

void
plum_manager_begin_close (PlumManager *self)
{
  GSequenceIter *iter;
  g_autoptr (GPtrArray) mappings = g_ptr_array_new_with_free_func (g_object_unref);

  self->closed = TRUE;

  for (iter = g_sequence_get_begin_iter (self->mappings); !g_sequence_iter_is_end (iter);
       iter = g_sequence_iter_next (iter))
    g_ptr_array_add (mappings, g_object_ref (g_sequence_get (iter)));

  for (unsigned int i = 0; i < mappings->len; i++)
    plum_manager_leave_mapping (self, mappings->pdata[i]);
  plum_lease_store_sweep (self->store);
}

gboolean
plum_manager_is_sweeping (PlumManager *self)
{
  return plum_lease_store_is_busy (self->store);
}

void
plum_manager_end_close (PlumManager *self)
{
  plum_lease_store_close (self->store);
  plum_manager_drop_all (self);
}

void
plum_manager_leave_mapping (PlumManager *self, PlumMapping *mapping)
{
  PlumLeaseHolder *holder = plum_mapping_get_holder (mapping);

  if (holder != NULL)
    plum_lease_holder_remove_user (holder, mapping);
}

PlumGateway *
plum_manager_ensure_gateway (PlumManager *self, GSocketFamily family, GError **error)
{
  plum_manager_use_family (self, family, FALSE);
  if (!plum_manager_check_open (self, error)) /* who heard of the gateways may have closed it */
    return NULL;

  return plum_gateway_set_find (self->gateways, family, NULL, error);
}

GPtrArray *
plum_manager_find_gateways (PlumManager *self, GSocketFamily family, GError **error)
{
  plum_manager_use_family (self, family, TRUE);
  if (!plum_manager_check_open (self, error) ||
      plum_gateway_set_find (self->gateways, family, NULL, error) == NULL)
    return NULL;

  return plum_gateway_set_copy (self->gateways, family);
}

PlumPending *
plum_manager_get_operations (PlumManager *self)
{
  return self->pending;
}

PlumClock *
plum_manager_get_clock (PlumManager *self)
{
  return self->clock;
}

/**
 * plum_manager_new:
 *
 * Makes a manager for the thread-default main context.
 *
 * Returns: (transfer full): the manager
 *
 * Since: 1.0
 */
PlumManager *
plum_manager_new (void)
{
  return g_object_new (PLUM_TYPE_MANAGER, NULL);
}

/**
 * plum_manager_get_main_context: (get-property main-context)
 * @self: a manager
 *
 * Gets the context that the manager lives in.
 *
 * Returns: (transfer none): the context
 *
 * Since: 1.0
 */
GMainContext *
plum_manager_get_main_context (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);

  return self->context;
}

/**
 * plum_manager_get_discover_timeout: (get-property discover-timeout)
 * @self: a manager
 *
 * Gets how long finding out what a gateway can do may take.
 *
 * Returns: milliseconds, from 100
 *
 * Since: 1.0
 */
guint
plum_manager_get_discover_timeout (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), 0);

  return self->settings.discover_timeout;
}

/**
 * plum_manager_set_discover_timeout: (set-property discover-timeout)
 * @self: a manager
 * @discover_timeout: milliseconds, from 100
 *
 * Sets how long finding out what a gateway can do may take. It counts from the next time on.
 *
 * Since: 1.0
 */
void
plum_manager_set_discover_timeout (PlumManager *self, guint discover_timeout)
{
  g_return_if_fail (PLUM_IS_MANAGER (self));
  g_return_if_fail (discover_timeout >= 100 && discover_timeout <= G_MAXINT);

  if (self->settings.discover_timeout == discover_timeout)
    return;

  self->settings.discover_timeout = discover_timeout;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DISCOVER_TIMEOUT]);
}

/**
 * plum_manager_get_mapping_timeout: (get-property mapping-timeout)
 * @self: a manager
 *
 * Gets how long one attempt by one backend may take.
 *
 * Returns: milliseconds, from 100
 *
 * Since: 1.0
 */
guint
plum_manager_get_mapping_timeout (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), 0);

  return self->settings.mapping_timeout;
}

/**
 * plum_manager_set_mapping_timeout: (set-property mapping-timeout)
 * @self: a manager
 * @mapping_timeout: milliseconds, from 100
 *
 * Sets how long one attempt by one backend may take. It counts from the next time on.
 *
 * Since: 1.0
 */
void
plum_manager_set_mapping_timeout (PlumManager *self, guint mapping_timeout)
{
  g_return_if_fail (PLUM_IS_MANAGER (self));
  g_return_if_fail (mapping_timeout >= 100 && mapping_timeout <= G_MAXINT);

  if (self->settings.mapping_timeout == mapping_timeout)
    return;

  self->settings.mapping_timeout = mapping_timeout;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAPPING_TIMEOUT]);
}

/**
 * plum_manager_get_recheck_period: (get-property recheck-period)
 * @self: a manager
 *
 * Gets how often it is looked whether the router still has the mappings.
 *
 * Returns: milliseconds, from 1000
 *
 * Since: 1.0
 */
guint
plum_manager_get_recheck_period (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), 0);

  return self->settings.recheck_period;
}

/**
 * plum_manager_set_recheck_period: (set-property recheck-period)
 * @self: a manager
 * @recheck_period: milliseconds, from 1000
 *
 * Sets how often it is looked whether the router still has the mappings. It counts from the next
 * time on.
 *
 * Since: 1.0
 */
void
plum_manager_set_recheck_period (PlumManager *self, guint recheck_period)
{
  g_return_if_fail (PLUM_IS_MANAGER (self));
  g_return_if_fail (recheck_period >= 1000 && recheck_period <= G_MAXINT);

  if (self->settings.recheck_period == recheck_period)
    return;

  self->settings.recheck_period = recheck_period;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RECHECK_PERIOD]);
}

/**
 * plum_manager_get_lease_duration: (get-property lease-duration)
 * @self: a manager
 *
 * Gets what lifetime the router is asked for.
 *
 * Returns: seconds, 1 to 604800
 *
 * Since: 1.0
 */
guint
plum_manager_get_lease_duration (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), 0);

  return self->settings.lease_duration;
}

/**
 * plum_manager_set_lease_duration: (set-property lease-duration)
 * @self: a manager
 * @lease_duration: seconds, 1 to 604800
 *
 * Sets what lifetime the router is asked for. It counts from the next time on.
 *
 * Since: 1.0
 */
void
plum_manager_set_lease_duration (PlumManager *self, guint lease_duration)
{
  g_return_if_fail (PLUM_IS_MANAGER (self));
  g_return_if_fail (lease_duration >= 1 && lease_duration <= 604800);

  if (self->settings.lease_duration == lease_duration)
    return;

  self->settings.lease_duration = lease_duration;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LEASE_DURATION]);
}

/**
 * plum_manager_get_gateways: (get-property gateways)
 * @self: a manager
 *
 * Gets the routers that this host can ask.
 *
 * Returns: (transfer none): a list of [class@Plum.Gateway]
 *
 * Since: 1.0
 */
GListModel *
plum_manager_get_gateways (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);

  return plum_gateway_set_get_list (self->gateways);
}

/**
 * plum_manager_get_backends: (get-property backends)
 * @self: a manager
 *
 * Gets what maps ports. Loads the modules if that was not yet needed.
 *
 * Returns: (transfer none): a list of [class@Plum.BackendInfo]
 *
 * Since: 1.0
 */
GListModel *
plum_manager_get_backends (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);

  plum_manager_load_backends (self);
  return G_LIST_MODEL (self->backends);
}

/**
 * plum_manager_get_gateway_address: (get-property gateway-address)
 * @self: a manager
 *
 * Gets the router that is asked instead of the default route's next hop.
 *
 * Returns: (transfer none) (nullable): its address, or %NULL to find it
 *
 * Since: 1.0
 */
GInetAddress *
plum_manager_get_gateway_address (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);

  return plum_gateway_set_get_address (self->gateways);
}

/**
 * plum_manager_set_gateway_address: (set-property gateway-address)
 * @self: a manager
 * @gateway_address: (nullable): the router's address, or %NULL to find it
 *
 * Sets which router to ask. Mappings that are up are asked for there anew.
 *
 * Since: 1.0
 */
void
plum_manager_set_gateway_address (PlumManager *self, GInetAddress *gateway_address)
{
  g_return_if_fail (PLUM_IS_MANAGER (self));
  g_return_if_fail (gateway_address == NULL || G_IS_INET_ADDRESS (gateway_address));

  if (plum_gateway_set_set_address (self->gateways, gateway_address))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_GATEWAY_ADDRESS]);
}

/**
 * plum_manager_get_interface: (get-property interface)
 * @self: a manager
 *
 * Gets the network interface whose router is asked.
 *
 * Returns: (nullable): its name, or %NULL for the default route's
 *
 * Since: 1.0
 */
const char *
plum_manager_get_interface (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);

  return plum_gateway_set_get_interface (self->gateways);
}

/**
 * plum_manager_set_interface: (set-property interface)
 * @self: a manager
 * @interface_name: (nullable): a name, as `wlan0`, or %NULL for the default route's
 *
 * Sets which network interface's router to ask. Mappings that are up are asked for there anew.
 *
 * Since: 1.0
 */
void
plum_manager_set_interface (PlumManager *self, const char *interface_name)
{
  g_return_if_fail (PLUM_IS_MANAGER (self));

  if (plum_gateway_set_set_interface (self->gateways, interface_name))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_INTERFACE]);
}

/**
 * plum_manager_get_enabled_backends: (get-property enabled-backends)
 * @self: a manager
 *
 * Gets which backends may serve.
 *
 * Returns: (transfer none) (nullable) (array zero-terminated=1): their names, or %NULL for all
 *
 * Since: 1.0
 */
const char *const *
plum_manager_get_enabled_backends (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);

  return (const char *const *) self->enabled_backends;
}

static void
plum_manager_reload_backends (PlumManager *self)
{
  if (self->infos == NULL)
    return;

  g_clear_pointer (&self->infos, g_ptr_array_unref);
  plum_manager_load_backends (self);
  plum_gateway_set_reset (self->gateways);
}

/**
 * plum_manager_set_enabled_backends: (set-property enabled-backends)
 * @self: a manager
 * @enabled_backends: (nullable) (array zero-terminated=1): names, the best first, or %NULL for all
 * by priority
 *
 * Sets which backends may serve, and their order. A name that no backend has is told in
 * [property@Plum.Manager:backends].
 *
 * Since: 1.0
 */
void
plum_manager_set_enabled_backends (PlumManager *self, const char *const *enabled_backends)
{
  g_return_if_fail (PLUM_IS_MANAGER (self));

  if (self->enabled_backends == NULL && enabled_backends == NULL)
    return;
  if (self->enabled_backends != NULL && enabled_backends != NULL &&
      g_strv_equal ((const char *const *) self->enabled_backends, enabled_backends))
    return;

  g_strfreev (self->enabled_backends);
  self->enabled_backends = g_strdupv ((char **) enabled_backends);
  plum_manager_reload_backends (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ENABLED_BACKENDS]);
}

/**
 * plum_manager_get_application_name: (get-property application-name)
 * @self: a manager
 *
 * Gets what routers' tables shall call this program.
 *
 * Returns: (nullable): the name, or %NULL for the program's name
 *
 * Since: 1.0
 */
const char *
plum_manager_get_application_name (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);

  return self->settings.application_name;
}

/**
 * plum_manager_set_application_name: (set-property application-name)
 * @self: a manager
 * @application_name: (nullable): a name, or %NULL for the program's name
 *
 * Sets what routers' tables shall call this program. It counts for mappings that are added later.
 *
 * Since: 1.0
 */
void
plum_manager_set_application_name (PlumManager *self, const char *application_name)
{
  g_return_if_fail (PLUM_IS_MANAGER (self));

  if (g_strcmp0 (self->settings.application_name, application_name) == 0)
    return;

  g_free (self->settings.application_name);
  self->settings.application_name = g_strdup (application_name);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_APPLICATION_NAME]);
}

/**
 * plum_manager_get_state_directory: (get-property state-directory)
 * @self: a manager
 *
 * Gets the folder where the manager remembers what it mapped.
 *
 * Returns: (nullable): its path, or %NULL for none
 *
 * Since: 1.0
 */
const char *
plum_manager_get_state_directory (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);

  return self->state_directory;
}

/**
 * plum_manager_set_state_directory: (set-property state-directory)
 * @self: a manager
 * @state_directory: (nullable): a path, or %NULL for none
 *
 * Sets the folder where the manager remembers what it mapped. Set it before the first mapping is
 * added.
 *
 * Since: 1.0
 */
void
plum_manager_set_state_directory (PlumManager *self, const char *state_directory)
{
  g_return_if_fail (PLUM_IS_MANAGER (self));

  if (g_strcmp0 (self->state_directory, state_directory) == 0)
    return;

  g_free (self->state_directory);
  self->state_directory = g_strdup (state_directory);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE_DIRECTORY]);
}

/**
 * plum_manager_add_backend_type:
 * @self: a manager
 * @type: a type made from [class@Plum.Backend]
 * @name: a short name, as `pcp`
 * @priority: higher is asked for a mapping first
 *
 * Adds a backend that is part of the program, as a script's. It stands over a module of the same
 * name.
 *
 * Since: 1.0
 */
void
plum_manager_add_backend_type (PlumManager *self, GType type, const char *name, int priority)
{
  g_return_if_fail (PLUM_IS_MANAGER (self));
  g_return_if_fail (g_type_is_a (type, PLUM_TYPE_BACKEND) && !G_TYPE_IS_ABSTRACT (type));
  g_return_if_fail (name != NULL && *name != '\0');

  g_ptr_array_add (self->added_backends,
                   plum_backend_info_new (name, NULL, priority, NULL, NULL, type, NULL));
  plum_manager_reload_backends (self);
}

static gboolean
check_port (guint port, guint least, const char *what, GError **error)
{
  if (port >= least && port <= G_MAXUINT16)
    return TRUE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
               "The %s port is %u, and must be from %u to 65535", what, port, least);
  return FALSE;
}

static gboolean
check_mapping (PlumMapping *mapping, GError **error)
{
  GSocketFamily family = plum_mapping_get_family (mapping);
  PlumGateway *gateway = plum_mapping_get_gateway (mapping);

  if (family != G_SOCKET_FAMILY_IPV4 && family != G_SOCKET_FAMILY_IPV6)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           "The address family must be IPv4 or IPv6");
      return FALSE;
    }
  if (gateway != NULL && plum_gateway_get_family (gateway) != family)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           "The gateway is one for another address family than the mapping's");
      return FALSE;
    }

  return check_port (plum_mapping_get_internal_port (mapping), 1, "internal", error) &&
         check_port (plum_mapping_get_requested_external_port (mapping), 0, "external", error);
}

/**
 * plum_manager_add_mapping:
 * @self: a manager
 * @mapping: (transfer none): a mapping that was not added before
 * @error: return location for an error
 *
 * Wants a mapping from now on. Its state is pending (or, if another mapping for the same port is
 * up, success) when this returns, and it is in the list of the manager until it is destroyed.
 *
 * Errors: %G_IO_ERROR_CLOSED; %G_IO_ERROR_INVALID_ARGUMENT if a port is none;
 * %G_IO_ERROR_EXISTS if it was added before.
 *
 * Returns: %TRUE if it was added
 *
 * Since: 1.0
 */
gboolean
plum_manager_add_mapping (PlumManager *self, PlumMapping *mapping, GError **error)
{
  PlumLeaseHolder *holder = NULL;
  GSequenceIter *iter;

  g_return_val_if_fail (PLUM_IS_MANAGER (self), FALSE);
  g_return_val_if_fail (PLUM_IS_MAPPING (mapping), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!plum_manager_check_open (self, error) || !check_mapping (mapping, error))
    return FALSE;

  if (plum_mapping_get_id (mapping) != 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                   "The mapping was added before, as number %u", plum_mapping_get_id (mapping));
      return FALSE;
    }

  plum_manager_use_family (self, plum_mapping_get_family (mapping),
                           plum_mapping_get_bound_interface (mapping) != NULL);
  plum_mapping_take_id (mapping, ++self->last_id, on_mapping_state, self);
  iter = g_sequence_append (self->mappings, g_object_ref (mapping));
  plum_mapping_set_position (mapping, iter);
  g_hash_table_insert (self->by_id, GUINT_TO_POINTER (self->last_id), mapping);
  g_list_model_items_changed (G_LIST_MODEL (self),
                              (guint) g_sequence_get_length (self->mappings) - 1, 0, 1);

  /* Who heard of it may have closed the manager, or sent it another way. */
  if (plum_manager_check_open (self, error))
    holder = plum_manager_ensure_holder (self, mapping, error);
  if (holder == NULL)
    {
      plum_manager_remove_mapping (self, mapping);
      plum_mapping_take_id (mapping, 0, NULL, NULL);
      plum_pending_check_close (self->pending);
      return FALSE;
    }

  plum_lease_holder_add_user (holder, mapping);
  return TRUE;
}

/**
 * plum_manager_has_mapping:
 * @self: a manager
 * @id: a mapping's id
 *
 * Tells if there is a mapping with this id.
 *
 * Returns: %FALSE for an id that was never given, or whose mapping is destroyed
 *
 * Since: 1.0
 */
gboolean
plum_manager_has_mapping (PlumManager *self, guint id)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), FALSE);

  return plum_manager_lookup_mapping (self, id) != NULL;
}

/**
 * plum_manager_lookup_mapping:
 * @self: a manager
 * @id: a mapping's id
 *
 * Gets the mapping with this id.
 *
 * Returns: (transfer none) (nullable): the mapping, or %NULL for an id that was never given, or
 *   whose mapping is destroyed
 *
 * Since: 1.0
 */
PlumMapping *
plum_manager_lookup_mapping (PlumManager *self, guint id)
{
  PlumMapping *mapping;

  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);

  mapping = g_hash_table_lookup (self->by_id, GUINT_TO_POINTER (id));
  if (mapping == NULL || plum_mapping_get_state (mapping) == PLUM_STATE_DESTROYED)
    return NULL;

  return mapping;
}

GSocketFamily
plum_manager_get_main_family (PlumManager *self)
{
  GInetAddress *gateway = plum_gateway_set_get_address (self->gateways);

  return gateway != NULL ? g_inet_address_get_family (gateway) : G_SOCKET_FAMILY_IPV4;
}

/**
 * plum_manager_get_local_address:
 * @self: a manager
 * @error: return location for an error
 *
 * Gets this host's address towards the gateway: the IPv4 one, or that of
 * [property@Plum.Manager:gateway-address]. Nothing is sent for it.
 *
 * Errors: %PLUM_ERROR_NO_GATEWAY or %G_IO_ERROR_NETWORK_UNREACHABLE if there is no network;
 * %G_IO_ERROR_CLOSED.
 *
 * Returns: (transfer full): the address
 *
 * Since: 1.0
 */
GInetAddress *
plum_manager_get_local_address (PlumManager *self, GError **error)
{
  g_autoptr (PlumNetwork) network = NULL;

  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!plum_manager_check_open (self, error))
    return NULL;

  network = plum_gateway_set_look_up (self->gateways, plum_manager_get_main_family (self), error);
  return network != NULL ? g_object_ref (plum_network_get_local_address (network)) : NULL;
}
