/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-log-private.h"
#include "plum-mapping-internal-private.h"
#include "plum-values-private.h"
#include "plum-verdicts-private.h"

#include <glib/gi18n-lib.h>

static void
plum_mapping_set_external (PlumMapping *self,
                           GInetAddress *address,
                           guint port,
                           PlumMappingChanges *changes)
{
  gboolean same_host = plum_address_equal (self->external, address);
  PlumAddressScope scope = PLUM_ADDRESS_SCOPE_UNKNOWN;

  if (same_host && self->external_port == port)
    return;

  if (self->external_port != port)
    {
      self->external_port = port;
      plum_mapping_changes_add (changes, PROP_EXTERNAL_PORT);
    }

  if (!same_host)
    {
      g_set_object (&self->external, address);
      g_clear_pointer (&self->external_host, g_free);
      plum_mapping_changes_add (changes, PROP_EXTERNAL_HOST);
    }

  g_clear_object (&self->endpoint);
  plum_mapping_changes_add (changes, PROP_EXTERNAL_ADDRESS);

  if (self->external != NULL)
    scope = plum_address_get_scope (self->external);
  if (self->external_scope != scope)
    {
      self->external_scope = scope;
      plum_mapping_changes_add (changes, PROP_EXTERNAL_SCOPE);
    }
}

/* What the program would tell others. */
typedef struct
{
  PlumState state;
  GInetAddress *address; /* (nullable) */
  guint port;
  guint generation;
} Reachability;

static void
reachability_clear (Reachability *self)
{
  g_clear_object (&self->address);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reachability, reachability_clear)

static Reachability
plum_mapping_get_reachability (PlumMapping *self)
{
  GInetAddress *address = self->external;

  return (Reachability){
    .state = self->state,
    .address = address != NULL ? g_object_ref (address) : NULL,
    .port = self->external_port,
    .generation = self->generation,
  };
}

/* A mapping that is being destroyed tells nothing until it is destroyed. */
static gboolean
plum_mapping_differs_from (PlumMapping *self, const Reachability *old)
{
  switch (self->state)
    {
    case PLUM_STATE_SUCCESS:
      return old->state != PLUM_STATE_SUCCESS || old->address != self->external ||
             old->port != self->external_port || old->generation != self->generation;

    case PLUM_STATE_PENDING:
      return old->state == PLUM_STATE_SUCCESS;

    case PLUM_STATE_FAILURE:
    case PLUM_STATE_DESTROYED:
      return old->state != self->state;

    case PLUM_STATE_DESTROYING:
    default:
      return FALSE;
    }
}

static void
plum_mapping_set_serial (PlumMapping *self, guint serial, PlumMappingChanges *changes)
{
  if (serial == 0 || self->serial == serial)
    return;

  self->serial = serial;
  self->generation++;
  plum_mapping_changes_add (changes, PROP_GENERATION);
}

static gboolean
errors_equal (const GError *a, const GError *b)
{
  if (a == NULL || b == NULL)
    return a == b;
  return g_error_matches (a, b->domain, b->code) && g_str_equal (a->message, b->message);
}

static void
plum_mapping_set_lease (PlumMapping *self,
                        const PlumMappingUpdate *update,
                        PlumMappingChanges *changes)
{
  gboolean other_hops = plum_mapping_has_other_hops (self, update);

  if (update->lease != NULL)
    plum_mapping_set_external (self, plum_lease_get_external_address (update->lease),
                               plum_lease_get_external_port (update->lease), changes);
  else
    plum_mapping_set_external (self, NULL, 0, changes);

  if (self->backend_name != update->backend_name)
    {
      self->backend_name = update->backend_name;
      plum_mapping_changes_add (changes, PROP_BACKEND_NAME);
    }

  if (g_set_object (&self->gateway, update->gateway))
    plum_mapping_changes_add (changes, PROP_GATEWAY);

  if (self->lifetime != update->lifetime)
    {
      self->lifetime = update->lifetime;
      plum_mapping_changes_add (changes, PROP_LIFETIME);
    }

  plum_mapping_set_serial (self, update->serial, changes);
  if (other_hops)
    plum_mapping_set_hops (self, update->hops, changes);
  plum_mapping_set_upstream_error (self, update->upstream_error, changes);

  if (self->expires != update->expires)
    {
      self->expires = update->expires;
      g_clear_pointer (&self->expires_at, g_date_time_unref);
      plum_mapping_changes_add (changes, PROP_EXPIRES_AT);
    }
}

static void
plum_mapping_set_error (PlumMapping *self,
                        const GError *error,
                        GListModel *verdicts,
                        PlumMappingChanges *changes)
{
  if (errors_equal (self->error, error))
    return;

  g_clear_error (&self->error);
  g_clear_pointer (&self->error_summary, g_free);
  if (error != NULL)
    {
      self->error = g_error_copy (error);
      self->error_summary = plum_verdicts_summarize (verdicts, error);
    }
  plum_mapping_changes_add (changes, PROP_ERROR);
  plum_mapping_changes_add (changes, PROP_ERROR_SUMMARY);
  if (g_set_object (&self->verdicts, verdicts))
    plum_mapping_changes_add (changes, PROP_VERDICTS);
}

/* The state machine. docs/life-of-a-mapping.md has a diagram. */
static PlumState
plum_mapping_next_state (PlumState state, PlumMappingEvent event)
{
  switch (event)
    {
    case PLUM_MAPPING_ADDED:
      return PLUM_STATE_PENDING;

    case PLUM_MAPPING_MAPPED:
      return PLUM_STATE_SUCCESS;

    case PLUM_MAPPING_TROUBLE:
    case PLUM_MAPPING_LOST:
      /* A retry is not reported: the failure lasts until an attempt succeeds. */
      return state == PLUM_STATE_FAILURE ? PLUM_STATE_FAILURE : PLUM_STATE_PENDING;

    case PLUM_MAPPING_FAILED:
      return PLUM_STATE_FAILURE;

    case PLUM_MAPPING_RELEASED:
      return PLUM_STATE_DESTROYING;

    case PLUM_MAPPING_GONE:
      return PLUM_STATE_DESTROYED;

    default:
      g_assert_not_reached ();
    }
}

/* A queued event: the state that it leads to, and a copy of its update. */
typedef struct
{
  PlumMappingEvent event;
  PlumState state;
  PlumMappingUpdate update;
} Transition;

static void
transition_free (Transition *transition)
{
  g_clear_object (&transition->update.lease);
  g_clear_object (&transition->update.gateway);
  g_clear_error ((GError **) &transition->update.error);
  g_clear_error ((GError **) &transition->update.upstream_error);
  g_clear_pointer (&transition->update.hops, g_ptr_array_unref);
  g_clear_object (&transition->update.verdicts);
  g_free (transition);
}

static void
on_transition (gpointer object, gpointer data)
{
  PlumMapping *self = object;
  const Transition *transition = data;
  const GError *error = transition->update.error;
  g_auto (Reachability) old = plum_mapping_get_reachability (self);
  PlumMappingChanges changes = { 0 };

  /* The lease properties keep their values until the router has removed the mapping. */
  if (transition->event != PLUM_MAPPING_RELEASED)
    {
      plum_mapping_set_lease (self, &transition->update, &changes);
      self->left_before = transition->update.left_before;
      /* A failure keeps its error until the next one, or until the mapping is up. */
      if (error != NULL || transition->state != PLUM_STATE_FAILURE)
        plum_mapping_set_error (self, error, transition->update.verdicts, &changes);
    }

  if (self->state != transition->state)
    {
      self->state = transition->state;
      plum_mapping_changes_add (&changes, PROP_STATE);
    }

  self->changed = plum_mapping_differs_from (self, &old);
  plum_mapping_notify_changes (self, &changes);
}

static void
on_state_changed (gpointer object, gpointer data)
{
  PlumMapping *self = object;

  self->client->state_changed (self, GPOINTER_TO_INT (data), self->state, self->client_data);
}

/* The log has one line for what changed, and none for renewals. */
static void
plum_mapping_log_change (PlumMapping *self)
{
  const char *name = self->spec.protocol == PLUM_PROTOCOL_TCP ? "TCP" : "UDP";
  g_autofree char *endpoint = NULL;

  if (self->state != PLUM_STATE_SUCCESS ||
      !plum_log_is_wanted (PLUM_LOG_DOMAIN_CORE, PLUM_LOG_LEVEL_INFO))
    return;

  if (self->external != NULL)
    endpoint =
      g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (plum_mapping_ensure_endpoint (self)));
  else
    endpoint = g_strdup_printf ("port %u of an unknown address", self->external_port);
  plum_info ("%s port %u is mapped by %s at %s", name, self->spec.internal_port, self->backend_name,
             endpoint);
}

static void
on_changed (gpointer object, gpointer data)
{
  PlumMapping *self = object;

  if (!self->changed)
    return;

  plum_mapping_log_change (self);
  plum_mapping_emit_changed (self);
}

/* Apart from on_changed(): a handler there may drop the last reference to the client, whose dispose
 * delivers what is queued. */
static void
on_changed_for_client (gpointer object, gpointer data)
{
  PlumMapping *self = object;

  if (!self->changed)
    return;

  self->changed = FALSE;
  self->client->changed (self, self->client_data);
}

static void
on_finish_waits (gpointer object, gpointer data)
{
  plum_mapping_finish_waits (object);
}

void
plum_mapping_handle (PlumMapping *self, PlumMappingEvent event, const PlumMappingUpdate *update)
{
  Transition *transition = g_new (Transition, 1);
  PlumState old_state = self->next_state;
  PlumState state = plum_mapping_next_state (old_state, event);

  g_assert (old_state != PLUM_STATE_DESTROYING || event == PLUM_MAPPING_GONE);

  self->next_state = state;

  transition->event = event;
  transition->state = state;
  transition->update = *update;
  transition->update.lease = update->lease != NULL ? g_object_ref (update->lease) : NULL;
  transition->update.gateway = update->gateway != NULL ? g_object_ref (update->gateway) : NULL;
  transition->update.error = update->error != NULL ? g_error_copy (update->error) : NULL;
  transition->update.hops = update->hops != NULL ? g_ptr_array_ref (update->hops) : NULL;
  transition->update.upstream_error =
    update->upstream_error != NULL ? g_error_copy (update->upstream_error) : NULL;
  transition->update.verdicts = update->verdicts != NULL ? g_object_ref (update->verdicts) : NULL;

  /* One after the other: a handler of the first may cause another transition, which is later. */
  plum_signal_queue_add (self->signals, self, on_transition, transition,
                         (GDestroyNotify) transition_free);
  if (state != old_state)
    plum_signal_queue_add (self->signals, self, on_state_changed, GINT_TO_POINTER (old_state),
                           NULL);
  plum_signal_queue_add (self->signals, self, on_changed, NULL, NULL);
  plum_signal_queue_add (self->signals, self, on_changed_for_client, NULL, NULL);
  if (state != PLUM_STATE_PENDING)
    plum_signal_queue_add (self->signals, self, on_finish_waits, NULL, NULL);
}

PlumState
plum_mapping_get_next_state (PlumMapping *self)
{
  return self->next_state;
}

static void
on_id_taken (gpointer object, gpointer data)
{
  plum_mapping_notify (object, PROP_ID);
}

void
plum_mapping_take_id (PlumMapping *self,
                      guint id,
                      PlumSignalQueue *signals,
                      const PlumMappingClient *client,
                      gpointer user_data)
{
  g_assert (self->signals == NULL);

  self->id = id;
  self->signals = plum_signal_queue_ref (signals);
  self->client = client;
  self->client_data = user_data;

  plum_signal_queue_add (signals, self, on_id_taken, NULL, NULL);
}

const char *
plum_mapping_get_bound_interface (PlumMapping *self)
{
  return self->spec.requested_gateway != NULL
           ? g_intern_string (plum_gateway_get_interface (self->spec.requested_gateway))
           : NULL;
}

guint
plum_mapping_get_required_port (PlumMapping *self)
{
  if (!self->spec.require_external_port)
    return 0;
  return self->spec.requested_external_port != 0 ? self->spec.requested_external_port
                                                 : self->spec.internal_port;
}

static gboolean
check_ports (PlumMapping *self, GError **error)
{
  guint internal_port = self->spec.internal_port;
  guint external_port = self->spec.requested_external_port;

  if (internal_port < 1 || internal_port > G_MAXUINT16)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                 _ ("The internal port is %u, but must be between %u and 65535"), internal_port,
                 1u);
  else if (external_port > G_MAXUINT16)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                 _ ("The external port is %u, but must be between %u and 65535"), external_port,
                 0u);
  else
    return TRUE;

  return FALSE;
}

const PlumMappingSpec *
plum_mapping_get_spec (PlumMapping *self)
{
  return &self->spec;
}

gboolean
plum_mapping_check (PlumMapping *self, GError **error)
{
  GSocketFamily family = self->spec.family;
  PlumGateway *gateway = self->spec.requested_gateway;

  if (family != G_SOCKET_FAMILY_IPV4 && family != G_SOCKET_FAMILY_IPV6)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           _ ("The address family must be IPv4 or IPv6"));
      return FALSE;
    }
  if (self->spec.local_address != NULL &&
      g_inet_address_get_family (self->spec.local_address) != family)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           _ ("The local address and the mapping have different address families"));
      return FALSE;
    }
  if (self->spec.local_address != NULL && gateway != NULL)
    {
      g_set_error_literal (
        error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        _ ("A mapping can have a local address or a gateway, not both: the address "
           "selects the gateway"));
      return FALSE;
    }
  if (gateway != NULL && plum_gateway_get_family (gateway) != family)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           _ ("The gateway and the mapping have different address families"));
      return FALSE;
    }

  return plum_hosts_check (&self->spec.hosts, family, error) && check_ports (self, error);
}

/**
 * plum_mapping_new:
 * @protocol: the transport protocol
 * @internal_port: the port that this host listens on, from 1 to 65535
 *
 * Creates a mapping for IPv4 without a preferred external port. Nothing is sent before
 * [method@Plum.Manager.add_mapping].
 *
 * Returns: (transfer full): a new mapping
 *
 * Since: 1.0
 */
PlumMapping *
plum_mapping_new (PlumProtocol protocol, guint internal_port)
{
  g_return_val_if_fail (plum_protocol_is_valid (protocol), NULL);

  return g_object_new (PLUM_TYPE_MAPPING, "protocol", protocol, "internal-port", internal_port,
                       NULL);
}
