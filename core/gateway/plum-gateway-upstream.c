/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The router beyond a gateway, for a program that asks for it. */

#include "plum-gateway-object-private.h"
#include "plum-main-context-private.h"

#include <glib/gi18n-lib.h>

typedef struct
{
  GTask *task;
  PlumGateway *upstream;  /* (nullable): whose discovery is pending */
  GError *error;          /* (nullable): why the external address is unknown */
  GSource *cancel_source; /* (nullable): while the search or the discovery is pending */
} UpstreamQuery;

static void upstream_query_seek (UpstreamQuery *query);

static PlumGateway *
upstream_query_get_gateway (UpstreamQuery *query)
{
  return g_task_get_source_object (query->task);
}

static void
upstream_query_free (UpstreamQuery *query)
{
  plum_main_context_clear_source (&query->cancel_source);
  g_clear_object (&query->upstream);
  g_clear_error (&query->error);
  g_clear_object (&query->task);
  g_free (query);
}

static void
on_upstream_query_return (gpointer object, gpointer data)
{
  UpstreamQuery *query = data;

  if (query->error != NULL)
    g_task_return_error (query->task, g_steal_pointer (&query->error));
  else
    g_task_return_pointer (query->task, g_object_ref (query->upstream), g_object_unref);
}

/* The callback of the program runs when no function of core is on the stack.
 * error: (transfer full) (nullable) */
static void
upstream_query_return (UpstreamQuery *query, GError *error)
{
  PlumGateway *self = upstream_query_get_gateway (query);

  plum_main_context_clear_source (&query->cancel_source);
  g_clear_error (&query->error);
  query->error = error;
  plum_signal_queue_add (self->signals, self, on_upstream_query_return, query,
                         (GDestroyNotify) upstream_query_free);
}

/* --- The discovery at the next router --- */

/* What each backend has found out about the router. */
static char *
join_probe_errors (PlumGateway *gateway)
{
  GListModel *probes = plum_race_get_probes (gateway->race);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (probes); i++)
    {
      g_autoptr (PlumProbe) probe = g_list_model_get_item (probes, i);
      const GError *error = plum_probe_get_error (probe);

      if (error != NULL && !plum_gateway_is_inapplicable (gateway, i))
        g_string_append_printf (text, "%s%s", text->len > 0 ? "; " : "", error->message);
    }

  return g_string_free (text, FALSE);
}

static GError *
make_unserved_error (PlumGateway *gateway, PlumGateway *upstream)
{
  g_autofree char *address = g_inet_address_to_string (plum_gateway_get_address (upstream));
  g_autofree char *inner = g_inet_address_to_string (plum_gateway_get_address (gateway));
  g_autofree char *errors = join_probe_errors (upstream);

  if (plum_gateway_is_upstream_guessed (gateway) && *errors != '\0')
    return g_error_new (PLUM_ERROR, PLUM_ERROR_NO_BACKEND,
                        /* Translators: an address of a router, another address, and errors. */
                        _ ("The router beyond %s is unknown: no router has answered the probe, "
                           "and the address %s does not map ports: %s"),
                        inner, address, errors);
  if (plum_gateway_is_upstream_guessed (gateway))
    return g_error_new (PLUM_ERROR, PLUM_ERROR_NO_BACKEND,
                        /* Translators: an address of a router, and another address. */
                        _ ("The router beyond %s is unknown: no router has answered the probe, "
                           "and the address %s does not map ports"),
                        inner, address);
  if (*errors != '\0')
    return g_error_new (PLUM_ERROR, PLUM_ERROR_NO_BACKEND,
                        /* Translators: the addresses of two routers, and errors. */
                        _ ("The router %s beyond %s does not map ports: %s"), address, inner,
                        errors);
  return g_error_new (PLUM_ERROR, PLUM_ERROR_NO_BACKEND,
                      /* Translators: the addresses of two routers. */
                      _ ("The router %s beyond %s does not map ports"), address, inner);
}

static gboolean
on_upstream_decided (gpointer user_data)
{
  UpstreamQuery *query = user_data;
  PlumGateway *self = upstream_query_get_gateway (query);
  PLUM_SIGNAL_SCOPE (self->signals);

  if (query->upstream != self->upstream)
    upstream_query_seek (query);
  else if (plum_race_get_backend_name (query->upstream->race) == NULL)
    upstream_query_return (query, make_unserved_error (self, query->upstream));
  else
    upstream_query_return (query, NULL);

  return G_SOURCE_REMOVE;
}

/* --- The search --- */

static gboolean
on_upstream_found (gpointer user_data)
{
  UpstreamQuery *query = user_data;
  PlumGateway *self = upstream_query_get_gateway (query);
  PLUM_SIGNAL_SCOPE (self->signals);
  const GError *reason = plum_upstream_get_reason (self->search);

  g_set_object (&query->upstream, self->upstream);
  if (self->upstream != NULL)
    {
      plum_race_discover (self->upstream->race, TRUE);
      plum_gateway_when_decided (self->upstream, on_upstream_decided, query);
    }
  else if (self->closed || reason == NULL)
    upstream_query_seek (query);
  else
    upstream_query_return (query, g_error_copy (reason));

  return G_SOURCE_REMOVE;
}

static gboolean
on_upstream_query_cancelled (GCancellable *cancellable, gpointer user_data)
{
  UpstreamQuery *query = user_data;
  PlumGateway *self = upstream_query_get_gateway (query);

  plum_gateway_remove_upstream_func (self, query);
  if (query->upstream != NULL)
    plum_gateway_remove_decided_func (query->upstream, query);
  g_task_return_error_if_cancelled (query->task);
  upstream_query_free (query);

  return G_SOURCE_REMOVE;
}

static void
upstream_query_watch_cancellable (UpstreamQuery *query)
{
  if (query->cancel_source == NULL)
    query->cancel_source =
      plum_main_context_watch_cancellable (upstream_query_get_gateway (query)->context,
                                           g_task_get_cancellable (query->task),
                                           on_upstream_query_cancelled, query);
}

/* Why no router beyond the gateway can be asked. (transfer full) (nullable) */
static GError *
upstream_query_make_error (UpstreamQuery *query)
{
  PlumGateway *self = upstream_query_get_gateway (query);

  if (self->closed)
    return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED,
                                _ ("The gateway is no longer available"));
  if (plum_upstream_is_possible (self->search))
    return NULL;
  if (self->external_address == NULL && query->error != NULL)
    return g_steal_pointer (&query->error);
  return plum_upstream_make_refusal (self->search);
}

static void
upstream_query_seek (UpstreamQuery *query)
{
  PlumGateway *self = upstream_query_get_gateway (query);
  GError *error = upstream_query_make_error (query);

  if (error != NULL)
    {
      upstream_query_return (query, error);
      return;
    }

  upstream_query_watch_cancellable (query);
  plum_upstream_want (self->search);
  if (self->upstream == NULL)
    plum_upstream_search_again (self->search);
  plum_gateway_when_upstream_known (self, on_upstream_found, query);
}

static void
on_own_address (GObject *object, GAsyncResult *result, gpointer user_data)
{
  PlumGateway *self = PLUM_GATEWAY (object);
  UpstreamQuery *query = user_data;
  PLUM_SIGNAL_SCOPE (self->signals);
  g_autoptr (GInetAddress) address =
    plum_gateway_query_external_address_finish (self, result, &query->error);

  if (g_error_matches (query->error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    upstream_query_return (query, g_steal_pointer (&query->error));
  else
    upstream_query_seek (query);
}

/**
 * plum_gateway_query_upstream_async:
 * @self: a gateway
 * @cancellable: (nullable): a cancellable; cancels the wait, and the search continues
 * @callback: (scope async): called when the operation is finished
 * @user_data: data for @callback
 *
 * Finds the router beyond this one, as the library does for a mapping, and discovers its backends.
 * No port is mapped there.
 *
 * If [property@Plum.Gateway:external-address] is unknown, it is queried first, with
 * [method@Plum.Gateway.query_external_address_async]. Nothing is sent beyond the gateway unless it
 * has reported an external address that is private (RFC 1918) or shared by a provider (RFC 6598),
 * and [property@Plum.Manager:max-hops] permits another router.
 *
 * The result is also in [property@Plum.Gateway:upstream], which the library keeps up to date from
 * then on. To find a third router, call the function with the second one.
 *
 * Since: 1.0
 */
void
plum_gateway_query_upstream_async (PlumGateway *self,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  UpstreamQuery *query;

  g_return_if_fail (PLUM_IS_GATEWAY (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->context);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  PLUM_SIGNAL_SCOPE (self->signals);
  query = g_new0 (UpstreamQuery, 1);
  query->task = plum_main_context_new_task (self->context, self, cancellable, callback, user_data);
  g_task_set_source_tag (query->task, plum_gateway_query_upstream_async);

  if (self->external_address == NULL)
    plum_gateway_query_external_address_async (self, cancellable, on_own_address, query);
  else
    upstream_query_seek (query);
}

/**
 * plum_gateway_query_upstream_finish:
 * @self: a gateway
 * @result: the result
 * @error: return location for an error
 *
 * Finishes an operation started with [method@Plum.Gateway.query_upstream_async].
 *
 * Errors: %PLUM_ERROR_NO_GATEWAY if no router beyond the gateway may be asked, or none was found;
 * %PLUM_ERROR_NO_BACKEND if the router beyond does not map ports:
 * [property@Plum.Gateway:upstream] is that router, and its probes have the reasons; the errors of
 * [method@Plum.Gateway.query_external_address_finish] if the external address of the gateway is
 * unknown; %G_IO_ERROR_CLOSED if the gateway is removed; %G_IO_ERROR_CANCELLED.
 *
 * Returns: (transfer full): a router beyond the gateway that maps ports
 *
 * Since: 1.0
 */
PlumGateway *
plum_gateway_query_upstream_finish (PlumGateway *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, plum_gateway_query_upstream_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
