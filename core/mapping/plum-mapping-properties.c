/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-gateway-private.h"
#include "plum-mapping-internal-private.h"
#include "plum-values-private.h"

/**
 * PlumMapping:
 *
 * A port of this host that the router makes reachable from outside of the local network.
 *
 * Create a mapping with [ctor@Plum.Mapping.new], or with its construct-only properties,
 * pass it to [method@Plum.Manager.add_mapping], and watch [property@Plum.Mapping:state]. The
 * manager requests the mapping from the router, renews it, and requests it again whenever the
 * router loses it. Only [method@Plum.Manager.destroy_mapping_async] removes it from the router.
 * Releasing the last reference does not.
 *
 * A mapping has one address family. To be reachable over both IPv4 and IPv6, create two mappings.
 *
 * Since: 1.0
 */
G_DEFINE_FINAL_TYPE (PlumMapping, plum_mapping, G_TYPE_OBJECT)

static GParamSpec *mapping_properties[N_PROPS];
static guint changed_signal;

void
plum_mapping_notify (PlumMapping *self, PlumMappingProperty property)
{
  g_object_notify_by_pspec (G_OBJECT (self), mapping_properties[property]);
}

void
plum_mapping_changes_add (PlumMappingChanges *self, PlumMappingProperty property)
{
  self->properties[self->n++] = property;
}

void
plum_mapping_notify_changes (PlumMapping *self, const PlumMappingChanges *changes)
{
  for (guint i = changes->n; i > 0; i--)
    plum_mapping_notify (self, changes->properties[i - 1]);
}

void
plum_mapping_emit_changed (PlumMapping *self)
{
  g_signal_emit (self, changed_signal, 0);
}

GMainContext *
plum_mapping_get_context (PlumMapping *self)
{
  return self->signals != NULL ? plum_signal_queue_get_context (self->signals) : NULL;
}

GSocketAddress *
plum_mapping_ensure_endpoint (PlumMapping *self)
{
  if (self->endpoint == NULL && self->external != NULL)
    self->endpoint = g_inet_socket_address_new (self->external, (guint16) self->external_port);
  return self->endpoint;
}

const char *
plum_mapping_ensure_external_host (PlumMapping *self)
{
  if (self->external_host == NULL && self->external != NULL)
    self->external_host = g_inet_address_to_string (self->external);
  return self->external_host;
}

/* A new list for each state, so that no handler sees hops of another one. */
GListModel *
plum_mapping_ensure_hop_list (PlumMapping *self)
{
  GListStore *list;

  if (self->hop_list != NULL)
    return self->hop_list;

  list = g_list_store_new (PLUM_TYPE_HOP);
  if (self->hops != NULL)
    {
      g_list_store_splice (list, 0, 0, self->hops->pdata, self->hops->len);
    }
  else if (self->external_port != 0)
    {
      PlumNetwork *network = plum_gateway_get_network (self->gateway);
      g_autoptr (PlumHop) hop =
        plum_hop_new (plum_network_get_gateway (network), self->external, self->external_port,
                      self->backend_name, self->lifetime);

      g_list_store_append (list, hop);
    }
  self->hop_list = G_LIST_MODEL (list);
  return self->hop_list;
}

GDateTime *
plum_mapping_ensure_expires_at (PlumMapping *self)
{
  if (self->expires_at == NULL && self->expires != 0)
    {
      g_autoptr (GDateTime) seconds =
        g_date_time_new_from_unix_local (self->expires / G_USEC_PER_SEC);

      if (seconds != NULL)
        self->expires_at = g_date_time_add (seconds, self->expires % G_USEC_PER_SEC);
    }

  return self->expires_at;
}

static void
plum_mapping_get_status_property (PlumMapping *self, PlumMappingProperty property, GValue *value)
{
  switch (property)
    {
    case PROP_ID:
      g_value_set_uint (value, self->id);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_EXTERNAL_PORT:
      g_value_set_uint (value, self->external_port);
      break;
    case PROP_EXTERNAL_HOST:
      g_value_set_string (value, plum_mapping_ensure_external_host (self));
      break;
    case PROP_EXTERNAL_ADDRESS:
      g_value_set_object (value, plum_mapping_ensure_endpoint (self));
      break;
    case PROP_EXTERNAL_SCOPE:
      g_value_set_enum (value, self->external_scope);
      break;
    case PROP_ERROR:
      g_value_set_boxed (value, self->error);
      break;
    case PROP_ERROR_SUMMARY:
      g_value_set_string (value, self->error_summary);
      break;
    case PROP_VERDICTS:
      g_value_set_object (value, self->verdicts);
      break;
    case PROP_BACKEND_NAME:
      g_value_set_string (value, self->backend_name);
      break;
    case PROP_GATEWAY:
      g_value_set_object (value, self->gateway);
      break;
    case PROP_LIFETIME:
      g_value_set_uint (value, self->lifetime);
      break;
    case PROP_EXPIRES_AT:
      g_value_set_boxed (value, plum_mapping_ensure_expires_at (self));
      break;
    case PROP_GENERATION:
      g_value_set_uint (value, self->generation);
      break;
    case PROP_HOPS:
      g_value_set_object (value, plum_mapping_ensure_hop_list (self));
      break;
    case PROP_UPSTREAM_ERROR:
      g_value_set_boxed (value, self->upstream_error);
      break;
    default:
      g_assert_not_reached ();
    }
}

/* Where the packets come from and go to, as the program requests it. */
static void
plum_mapping_get_place_property (PlumMapping *self, PlumMappingProperty property, GValue *value)
{
  switch (property)
    {
    case PROP_INTERNAL_ADDRESS:
      g_value_set_object (value, self->spec.hosts.internal);
      break;
    case PROP_REMOTE_ADDRESS:
      g_value_set_object (value, plum_hosts_peek_remote (&self->spec.hosts));
      break;
    case PROP_REMOTE_ADDRESSES:
      g_value_set_object (value, self->spec.hosts.remote);
      break;
    case PROP_LOCAL_ADDRESS:
      g_value_set_object (value, self->spec.local_address);
      break;
    case PROP_REQUESTED_GATEWAY:
      g_value_set_object (value, self->spec.requested_gateway);
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
plum_mapping_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  PlumMapping *self = PLUM_MAPPING (object);

  switch ((PlumMappingProperty) property_id)
    {
    case PROP_PROTOCOL:
      g_value_set_enum (value, self->spec.protocol);
      break;
    case PROP_FAMILY:
      g_value_set_enum (value, self->spec.family);
      break;
    case PROP_INTERNAL_PORT:
      g_value_set_uint (value, self->spec.internal_port);
      break;
    case PROP_REQUESTED_EXTERNAL_PORT:
      g_value_set_uint (value, self->spec.requested_external_port);
      break;
    case PROP_REQUIRE_EXTERNAL_PORT:
      g_value_set_boolean (value, self->spec.require_external_port);
      break;
    case PROP_DESCRIPTION:
      g_value_set_string (value, self->spec.description);
      break;
    case PROP_INTERNAL_ADDRESS:
    case PROP_REMOTE_ADDRESS:
    case PROP_REMOTE_ADDRESSES:
    case PROP_LOCAL_ADDRESS:
    case PROP_REQUESTED_GATEWAY:
      plum_mapping_get_place_property (self, property_id, value);
      break;
    case PROP_ID:
    case PROP_STATE:
    case PROP_EXTERNAL_PORT:
    case PROP_EXTERNAL_HOST:
    case PROP_EXTERNAL_ADDRESS:
    case PROP_EXTERNAL_SCOPE:
    case PROP_ERROR:
    case PROP_ERROR_SUMMARY:
    case PROP_VERDICTS:
    case PROP_BACKEND_NAME:
    case PROP_GATEWAY:
    case PROP_LIFETIME:
    case PROP_EXPIRES_AT:
    case PROP_GENERATION:
    case PROP_HOPS:
    case PROP_UPSTREAM_ERROR:
      plum_mapping_get_status_property (self, property_id, value);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
plum_mapping_set_property (GObject *object,
                           guint property_id,
                           const GValue *value,
                           GParamSpec *pspec)
{
  PlumMapping *self = PLUM_MAPPING (object);

  switch ((PlumMappingProperty) property_id)
    {
    case PROP_PROTOCOL:
      self->spec.protocol = g_value_get_enum (value);
      break;
    case PROP_FAMILY:
      self->spec.family = g_value_get_enum (value);
      break;
    case PROP_INTERNAL_PORT:
      self->spec.internal_port = g_value_get_uint (value);
      break;
    case PROP_REQUESTED_EXTERNAL_PORT:
      self->spec.requested_external_port = g_value_get_uint (value);
      break;
    case PROP_REQUIRE_EXTERNAL_PORT:
      self->spec.require_external_port = g_value_get_boolean (value);
      break;
    case PROP_DESCRIPTION:
      self->spec.description = g_value_dup_string (value);
      break;
    case PROP_INTERNAL_ADDRESS:
      self->spec.hosts.internal = g_value_dup_object (value);
      break;
    case PROP_REMOTE_ADDRESS:
    case PROP_REMOTE_ADDRESSES:
      plum_mapping_add_remote (self, value);
      break;
    case PROP_LOCAL_ADDRESS:
      self->spec.local_address = g_value_dup_object (value);
      break;
    case PROP_REQUESTED_GATEWAY:
      self->spec.requested_gateway = g_value_dup_object (value);
      break;
    case PROP_ID:
    case PROP_STATE:
    case PROP_EXTERNAL_PORT:
    case PROP_EXTERNAL_HOST:
    case PROP_EXTERNAL_ADDRESS:
    case PROP_EXTERNAL_SCOPE:
    case PROP_ERROR:
    case PROP_ERROR_SUMMARY:
    case PROP_VERDICTS:
    case PROP_BACKEND_NAME:
    case PROP_GATEWAY:
    case PROP_LIFETIME:
    case PROP_EXPIRES_AT:
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

/* The address selects the family, so a program need not set both. */
static void
plum_mapping_constructed (GObject *object)
{
  PlumMapping *self = PLUM_MAPPING (object);

  G_OBJECT_CLASS (plum_mapping_parent_class)->constructed (object);
  if (self->spec.local_address != NULL && self->spec.family == G_SOCKET_FAMILY_IPV4)
    self->spec.family = g_inet_address_get_family (self->spec.local_address);
}

static void
plum_mapping_finalize (GObject *object)
{
  PlumMapping *self = PLUM_MAPPING (object);

  g_assert (self->waiters == NULL);

  g_clear_pointer (&self->spec.description, g_free);
  plum_hosts_clear (&self->spec.hosts);
  g_clear_object (&self->spec.local_address);
  g_clear_object (&self->spec.requested_gateway);
  g_clear_object (&self->external);
  g_clear_object (&self->endpoint);
  g_clear_pointer (&self->external_host, g_free);
  g_clear_error (&self->error);
  g_clear_error (&self->upstream_error);
  g_clear_pointer (&self->hops, g_ptr_array_unref);
  g_clear_object (&self->hop_list);
  g_clear_pointer (&self->error_summary, g_free);
  g_clear_object (&self->verdicts);
  g_clear_object (&self->gateway);
  g_clear_pointer (&self->signals, plum_signal_queue_unref);
  g_clear_pointer (&self->expires_at, g_date_time_unref);

  G_OBJECT_CLASS (plum_mapping_parent_class)->finalize (object);
}

static void
plum_mapping_class_init (PlumMappingClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = plum_mapping_constructed;
  object_class->finalize = plum_mapping_finalize;
  object_class->get_property = plum_mapping_get_property;
  object_class->set_property = plum_mapping_set_property;

  plum_mapping_create_pspecs (mapping_properties);
  plum_mapping_create_chain_properties (mapping_properties);
  plum_mapping_make_host_properties (mapping_properties);
  g_object_class_install_properties (object_class, N_PROPS, mapping_properties);

  /**
   * PlumMapping::changed:
   * @self: a mapping
   *
   * Emitted when something has changed that a program would tell others: the port became reachable,
   * its external address or port changed, a router created the mapping anew, the mapping was lost,
   * it failed, or it is destroyed.
   *
   * It is emitted once for each change, after all property notifications and after
   * [signal@Plum.Manager::mapping-state-changed]. The properties have their new values.
   * Renewals, and repeated failures, do not emit it.
   *
   * Since: 1.0
   */
  changed_signal = g_signal_new ("changed", PLUM_TYPE_MAPPING, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 0);
}

static void
plum_mapping_init (PlumMapping *self)
{
}
