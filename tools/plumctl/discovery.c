/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "discovery.h"

#include "alternative.h"
#include "common-options.h"
#include "exit-code.h"
#include "output.h"
#include "state-directory.h"

#include <glib/gi18n-lib.h>

/* How long to wait for the model of a router whose address another protocol has reported. */
#define MODEL_MS 1000

static void query (Discovery *self);

/* One of the pending operations has ended. */
static void
discovery_end (Discovery *self)
{
  if (--self->n_pending > 0)
    return;

  g_clear_handle_id (&self->deadline_id, g_source_remove);
  if (!self->session->closing && !self->cleared)
    self->done (self);
}

static void
on_chain_known (RouterChain *chain)
{
  discovery_end (chain->user_data);
}

/* --- The gateways of other networks --- */

/* Whether a gateway that programs do not use by default has answered, but not what it is called. */
static gboolean
is_other_model_missing (Discovery *self)
{
  GListModel *gateways = plum_manager_get_gateways (self->session->manager);
  g_autoptr (PlumGateway) used = discovery_dup_gateway (self);

  for (guint i = 0; i < g_list_model_get_n_items (gateways); i++)
    {
      g_autoptr (PlumGateway) gateway = g_list_model_get_item (gateways, i);

      if (gateway != used && plum_gateway_get_backend_name (gateway) != NULL &&
          plum_gateway_get_model (gateway) == NULL)
        return TRUE;
    }

  return FALSE;
}

static gboolean
on_other_models_deadline (gpointer user_data)
{
  Discovery *self = user_data;

  self->other_models_id = 0;
  discovery_end (self);
  return G_SOURCE_REMOVE;
}

/* All of them have been asked for their address. */
static void
wait_for_other_models (Discovery *self)
{
  if (!self->cleared && !g_cancellable_is_cancelled (self->cancellable) &&
      is_other_model_missing (self))
    self->other_models_id = g_timeout_add (MODEL_MS, on_other_models_deadline, self);
  else
    discovery_end (self);
}

static void
stop_waiting_for_other_models (Discovery *self)
{
  if (self->other_models_id == 0)
    return;

  g_clear_handle_id (&self->other_models_id, g_source_remove);
  discovery_end (self);
}

static void
on_other_address (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Discovery *self = user_data;
  g_autoptr (GInetAddress) address =
    plum_gateway_query_external_address_finish (PLUM_GATEWAY (object), result, NULL);

  if (--self->n_others == 0)
    wait_for_other_models (self);
}

/* The query of the address waits for the discovery of the gateway. */
static void
ask_others (Discovery *self, PlumGateway *used)
{
  GListModel *gateways = plum_manager_get_gateways (self->session->manager);

  for (guint i = 0; i < g_list_model_get_n_items (gateways); i++)
    {
      g_autoptr (PlumGateway) gateway = g_list_model_get_item (gateways, i);

      if (gateway == used || plum_gateway_get_address (gateway) == NULL)
        continue;
      self->n_others++;
      plum_gateway_query_external_address_async (gateway, self->cancellable, on_other_address,
                                                 self);
    }

  if (self->n_others > 0)
    self->n_pending++;
}

/* --- The gateway that programs use --- */

static void
discovery_finish (Discovery *self)
{
  g_autoptr (PlumGateway) gateway = discovery_dup_gateway (self);

  if (self->finished)
    return;

  self->finished = TRUE;
  g_clear_handle_id (&self->model_id, g_source_remove);
  self->n_pending = 1;
  if (self->asks_others)
    ask_others (self, gateway);
  if (self->asks_chain && gateway != NULL)
    {
      self->n_pending++;
      self->chain.done = on_chain_known;
      self->chain.user_data = self;
      router_chain_init (&self->chain, gateway);
      router_chain_seek (&self->chain, self->cancellable);
    }
  discovery_end (self);
}

static gboolean
on_model_deadline (gpointer user_data)
{
  Discovery *self = user_data;

  self->model_id = 0;
  discovery_finish (self);
  return G_SOURCE_REMOVE;
}

static void
on_discovery_property (GatewayWatch *watch, PlumGateway *gateway, const char *name)
{
  Discovery *self = watch->user_data;
  g_autoptr (PlumGateway) used = discovery_dup_gateway (self);

  if (self->other_models_id != 0 && !is_other_model_missing (self))
    stop_waiting_for_other_models (self);
  if (self->finished || gateway != used || plum_gateway_get_external_address (gateway) == NULL ||
      plum_gateway_get_backend_name (gateway) == NULL)
    return;

  if (!self->wants_model || plum_gateway_get_model (gateway) != NULL)
    discovery_finish (self);
  else if (self->model_id == 0)
    self->model_id = g_timeout_add (MODEL_MS, on_model_deadline, self);
}

static void
on_address (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Discovery *self = user_data;
  g_autoptr (GInetAddress) address = NULL;

  self->asking = FALSE;
  address = plum_gateway_query_external_address_finish (PLUM_GATEWAY (object), result,
                                                        &self->address_error);
  if (g_error_matches (self->address_error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_clear_error (&self->address_error);
      g_set_error (&self->address_error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                   _ ("no answer within %g s"), common_options.timeout);
    }
  discovery_finish (self);
}

/* Returns FALSE if the address is known, or was asked for. */
static gboolean
ask_address (Discovery *self)
{
  g_autoptr (PlumGateway) gateway = discovery_dup_gateway (self);

  if (!self->asks_address || self->finished || gateway == NULL ||
      plum_gateway_get_backend_name (gateway) == NULL ||
      plum_gateway_get_external_address (gateway) != NULL ||
      g_cancellable_is_cancelled (self->cancellable))
    return FALSE;

  self->asking = TRUE;
  plum_gateway_query_external_address_async (gateway, self->cancellable, on_address, self);
  return TRUE;
}

static void
on_discovery_discovered (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Discovery *self = user_data;
  g_autoptr (GError) error = NULL;

  if (self->family == G_SOCKET_FAMILY_INVALID)
    plum_manager_discover_finish (PLUM_MANAGER (object), result, &error);
  else
    plum_manager_discover_family_finish (PLUM_MANAGER (object), result, &error);
  if (self->any_family && self->family == G_SOCKET_FAMILY_INVALID &&
      common_options.gateway == NULL && !self->finished &&
      g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY))
    {
      self->family = G_SOCKET_FAMILY_IPV6;
      self->error = g_steal_pointer (&error);
      query (self);
      return;
    }

  /* Without any network, the error for IPv4 is reported. */
  self->returned = TRUE;
  if (self->error == NULL || !g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY))
    {
      g_clear_error (&self->error);
      self->error = g_steal_pointer (&error);
    }
  if (!ask_address (self))
    discovery_finish (self);
}

static gboolean
on_discovery_deadline (gpointer user_data)
{
  Discovery *self = user_data;

  self->deadline_id = 0;
  g_cancellable_cancel (self->cancellable);
  stop_waiting_for_other_models (self);
  return G_SOURCE_REMOVE;
}

static void
query (Discovery *self)
{
  if (self->family == G_SOCKET_FAMILY_INVALID)
    plum_manager_discover_async (self->session->manager, self->cancellable, on_discovery_discovered,
                                 self);
  else
    plum_manager_discover_family_async (self->session->manager, self->family, self->cancellable,
                                        on_discovery_discovered, self);
}

void
discovery_start (Discovery *self)
{
  self->cancellable = g_cancellable_new ();
  self->deadline_id = g_timeout_add (common_options_get_timeout_ms (), on_discovery_deadline, self);

  self->watch.user_data = self;
  if (self->first_address)
    self->watch.property = on_discovery_property;
  gateway_watch_start (&self->watch, self->session->manager);
  query (self);
}

void
discovery_clear (Discovery *self)
{
  g_clear_handle_id (&self->deadline_id, g_source_remove);
  g_clear_handle_id (&self->model_id, g_source_remove);
  gateway_watch_clear (&self->watch);

  /* The calls hold a pointer to @self until they return. */
  self->finished = TRUE;
  self->cleared = TRUE;
  g_cancellable_cancel (self->cancellable);
  stop_waiting_for_other_models (self);
  while (!self->returned || self->asking || self->chain.seeking || self->n_others > 0)
    g_main_context_iteration (NULL, TRUE);
  router_chain_clear (&self->chain);

  g_clear_object (&self->cancellable);
  g_clear_error (&self->error);
  g_clear_error (&self->address_error);
}

/* Runs a command that discovers the gateways, does its work in done() and then quits. */
int
discovery_run (Discovery *self, char **arguments)
{
  int exit_code;

  if (arguments[0] != NULL)
    {
      output_error (_ ("unexpected argument “%s”"), arguments[0]);
      return PLUMCTL_USAGE;
    }

  if (!session_init (self->session))
    return self->session->exit_code;
  if (self->reads_records)
    state_directory_read (self->session->manager);

  discovery_start (self);
  exit_code = session_run (self->session);
  discovery_clear (self);
  session_clear (self->session);
  return exit_code;
}

/* Whether a backend can map ports at the gateway. */
gboolean
discovery_is_served (Discovery *self)
{
  g_autoptr (PlumGateway) gateway = discovery_dup_gateway (self);

  return gateway != NULL && plum_gateway_get_backend_name (gateway) != NULL;
}

/* Whether a backend can map ports at the gateway, or at a router beyond it. asks_chain must be set.
 */
gboolean
discovery_has_router (Discovery *self)
{
  return discovery_is_served (self) ||
         (self->chain.routers != NULL && self->chain.routers->len > 1);
}

/* The gateway of the default route, which programs use. NULL if there is none; gateways of other
 * networks may still exist. */
PlumGateway *
discovery_dup_gateway (Discovery *self)
{
  GListModel *gateways = plum_manager_get_gateways (self->session->manager);

  if (g_error_matches (self->error, PLUM_ERROR, PLUM_ERROR_NO_GATEWAY))
    return NULL;

  for (guint i = 0; i < g_list_model_get_n_items (gateways); i++)
    {
      g_autoptr (PlumGateway) gateway = g_list_model_get_item (gateways, i);

      if (self->family == G_SOCKET_FAMILY_INVALID ||
          plum_gateway_get_family (gateway) == self->family)
        return g_steal_pointer (&gateway);
    }

  return NULL;
}

/* The routers from this computer on; NULL if the gateway is not the first one of them. gateway:
 * (nullable). */
const RouterChain *
discovery_get_chain (const Discovery *self, PlumGateway *gateway)
{
  return gateway != NULL && self->chain.routers != NULL && self->chain.routers->pdata[0] == gateway
           ? &self->chain
           : NULL;
}

/* Why no backend is available. */
static char *
dup_failure (Discovery *self)
{
  if (g_error_matches (self->error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return g_strdup_printf (_ ("no answer within %g s"), common_options.timeout);
  if (self->error != NULL)
    return g_strdup (self->error->message);
  if (g_list_model_get_n_items (plum_manager_get_gateways (self->session->manager)) == 0)
    return g_strdup (_ ("no gateway found"));

  return g_strdup (_ ("no router answered"));
}

/* Reports why no backend is available, and how to find out more. Returns the reason. */
char *
discovery_report_failure (Discovery *self)
{
  g_autoptr (PlumGateway) gateway = discovery_dup_gateway (self);
  GSocketFamily family = gateway != NULL ? plum_gateway_get_family (gateway) : G_SOCKET_FAMILY_IPV4;
  g_autofree char *reason = alternative_dup_reason (self->session->manager, family);
  g_autofree char *step = alternative_dup_step (self->session->manager, family);

  if (reason == NULL)
    {
      reason = dup_failure (self);
      g_free (step);
      step = g_strdup (_ ("Run “plumctl doctor” to find out why."));
    }

  output_error ("%s", reason);
  output_hint ("%s", step);
  return g_steal_pointer (&reason);
}

void
discovery_print_failure (Discovery *self)
{
  g_free (discovery_report_failure (self));
}
