/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gateway-watch.h"

static const char gateway_key[] = "plumctl-gateway";

static void
on_gateway_watch_note (PlumGateway *gateway,
                       const char *backend,
                       const char *text,
                       GatewayWatch *self)
{
  self->note (self, gateway, backend, text);
}

static void
on_gateway_watch_traffic (PlumGateway *gateway,
                          const char *backend,
                          PlumTrafficDirection direction,
                          GSocketAddress *peer,
                          GBytes *bytes,
                          GatewayWatch *self)
{
  self->traffic (self, gateway, backend, direction, peer, bytes);
}

static void
on_gateway_watch_property (PlumGateway *gateway, GParamSpec *pspec, GatewayWatch *self)
{
  self->property (self, gateway, pspec->name);
}

static void
on_outcome (PlumProbe *probe, GParamSpec *pspec, GatewayWatch *self)
{
  self->probe (self, g_object_get_data (G_OBJECT (probe), gateway_key), probe);
}

static void
on_probes_changed (
  GListModel *probes, guint position, guint n_removed, guint n_added, GatewayWatch *self)
{
  PlumGateway *gateway = g_object_get_data (G_OBJECT (probes), gateway_key);

  for (guint i = position; i < position + n_added; i++)
    {
      g_autoptr (PlumProbe) probe = g_list_model_get_item (probes, i);

      g_object_set_data (G_OBJECT (probe), gateway_key, gateway);
      g_signal_connect (probe, "notify::outcome", G_CALLBACK (on_outcome), self);
      self->probe (self, gateway, probe);
      g_ptr_array_add (self->probes, g_steal_pointer (&probe));
    }
}

static void connect_gateway (GatewayWatch *self, PlumGateway *gateway);

static void
on_upstream (PlumGateway *gateway, GParamSpec *pspec, GatewayWatch *self)
{
  PlumGateway *upstream = plum_gateway_get_upstream (gateway);

  if (self->upstream != NULL)
    self->upstream (self, gateway, upstream);
  if (upstream == NULL || gateway_watch_is_beyond (self, upstream))
    return;

  g_ptr_array_add (self->beyond, g_object_ref (upstream));
  connect_gateway (self, upstream);
}

/* Whether the gateway is, or was, a router beyond the first one. */
gboolean
gateway_watch_is_beyond (const GatewayWatch *self, PlumGateway *gateway)
{
  return g_ptr_array_find (self->beyond, gateway, NULL);
}

static void
connect_gateway (GatewayWatch *self, PlumGateway *gateway)
{
  GListModel *probes = plum_gateway_get_probes (gateway);

  g_signal_connect (gateway, "notify::upstream", G_CALLBACK (on_upstream), self);
  if (self->note != NULL)
    g_signal_connect (gateway, "note", G_CALLBACK (on_gateway_watch_note), self);
  if (self->traffic != NULL)
    g_signal_connect (gateway, "traffic", G_CALLBACK (on_gateway_watch_traffic), self);
  if (self->property != NULL)
    {
      g_signal_connect (gateway, "notify::external-address", G_CALLBACK (on_gateway_watch_property),
                        self);
      g_signal_connect (gateway, "notify::backend-name", G_CALLBACK (on_gateway_watch_property),
                        self);
      g_signal_connect (gateway, "notify::model", G_CALLBACK (on_gateway_watch_property), self);
    }
  if (self->gateway != NULL && !gateway_watch_is_beyond (self, gateway))
    self->gateway (self, gateway, TRUE);
  if (self->probe != NULL)
    {
      g_object_set_data (G_OBJECT (probes), gateway_key, gateway);
      g_signal_connect (probes, "items-changed", G_CALLBACK (on_probes_changed), self);
      on_probes_changed (probes, 0, 0, g_list_model_get_n_items (probes), self);
    }
}

static void
disconnect_gateway (GatewayWatch *self, PlumGateway *gateway)
{
  g_signal_handlers_disconnect_by_data (gateway, self);
  g_signal_handlers_disconnect_by_data (plum_gateway_get_probes (gateway), self);
}

static gboolean
has_gateway (GListModel *gateways, PlumGateway *gateway)
{
  for (guint i = 0; i < g_list_model_get_n_items (gateways); i++)
    {
      g_autoptr (PlumGateway) other = g_list_model_get_item (gateways, i);

      if (other == gateway)
        return TRUE;
    }

  return FALSE;
}

static void
on_gateways_changed (
  GListModel *gateways, guint position, guint n_removed, guint n_added, GatewayWatch *self)
{
  for (guint i = self->gateways->len; i > 0; i--)
    {
      PlumGateway *gateway = self->gateways->pdata[i - 1];

      if (has_gateway (gateways, gateway))
        continue;
      disconnect_gateway (self, gateway);
      if (self->gateway != NULL)
        self->gateway (self, gateway, FALSE);
      g_ptr_array_remove_index (self->gateways, i - 1);
    }

  for (guint i = position; i < position + n_added; i++)
    {
      PlumGateway *gateway = g_list_model_get_item (gateways, i);

      g_ptr_array_add (self->gateways, gateway);
      connect_gateway (self, gateway);
    }
}

void
gateway_watch_start (GatewayWatch *self, PlumManager *manager)
{
  GListModel *gateways = plum_manager_get_gateways (manager);

  self->manager = g_object_ref (manager);
  self->gateways = g_ptr_array_new_with_free_func (g_object_unref);
  self->beyond = g_ptr_array_new_with_free_func (g_object_unref);
  self->probes = g_ptr_array_new_with_free_func (g_object_unref);
  g_signal_connect (gateways, "items-changed", G_CALLBACK (on_gateways_changed), self);
  on_gateways_changed (gateways, 0, 0, g_list_model_get_n_items (gateways), self);
}

void
gateway_watch_clear (GatewayWatch *self)
{
  g_signal_handlers_disconnect_by_data (plum_manager_get_gateways (self->manager), self);
  for (guint i = 0; i < self->gateways->len; i++)
    disconnect_gateway (self, self->gateways->pdata[i]);
  for (guint i = 0; i < self->beyond->len; i++)
    disconnect_gateway (self, self->beyond->pdata[i]);
  for (guint i = 0; i < self->probes->len; i++)
    g_signal_handlers_disconnect_by_data (self->probes->pdata[i], self);

  g_clear_pointer (&self->probes, g_ptr_array_unref);
  g_clear_pointer (&self->beyond, g_ptr_array_unref);
  g_clear_pointer (&self->gateways, g_ptr_array_unref);
  g_clear_object (&self->manager);
}
