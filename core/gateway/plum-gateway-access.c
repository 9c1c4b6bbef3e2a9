/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What lease holders and the manager use of a gateway besides its discovery. */

#include "plum-gateway-object-private.h"

gboolean
plum_gateway_hold_port (PlumGateway *self,
                        PlumProtocol protocol,
                        guint port,
                        const PlumHosts *hosts,
                        PlumGatewayClient *client)
{
  return plum_port_table_hold (self->ports, protocol, port, hosts, client);
}

guint
plum_gateway_reserve_port (PlumGateway *self,
                           PlumProtocol protocol,
                           const PlumHosts *hosts,
                           PlumGatewayClient *client)
{
  return plum_port_table_reserve (self->ports, protocol, hosts, client);
}

PlumGatewayClient *
plum_gateway_find_holder (PlumGateway *self,
                          PlumProtocol protocol,
                          guint port,
                          const PlumHosts *hosts)
{
  return plum_port_table_find (self->ports, protocol, port, hosts);
}

void
plum_gateway_release_port (PlumGateway *self,
                           PlumProtocol protocol,
                           guint port,
                           const PlumHosts *hosts,
                           PlumGatewayClient *client)
{
  plum_port_table_release (self->ports, protocol, port, hosts, client);
}

/* --- The external address --- */

void
plum_gateway_set_serving (PlumGateway *self, PlumGatewayClient *client, PlumBackend *backend)
{
  gboolean polled =
    backend != NULL && plum_backend_get_address_source (backend) == PLUM_ADDRESS_SOURCE_POLL;

  if (client->polled == polled)
    return;

  client->polled = polled;
  if (polled)
    plum_address_poll_hold (self->poll);
  else
    plum_address_poll_release (self->poll);
}

/* Also a mapping whose external port has this number: a router may replace it. */
static gboolean
on_probe_is_used (guint port, gpointer user_data)
{
  const PlumHosts any = { NULL };
  PlumGateway *self = user_data;

  for (GList *l = self->clients.head; l != NULL; l = l->next)
    {
      PlumGatewayClient *client = l->data;

      if (client->iface->uses_mapping (client, &any, port, port))
        return TRUE;
    }

  return FALSE;
}

/* A client may wait for the port. */
static void
on_probe_idle (gpointer user_data)
{
  PlumGateway *self = user_data;

  for (GList *l = self->clients.head; l != NULL; l = l->next)
    {
      PlumGatewayClient *client = l->data;

      client->iface->handle_event (client,
                                   &(PlumGatewayEvent){ .kind = PLUM_GATEWAY_RACE_CHANGED });
    }
}

static const PlumAddressProbeClient probe_client = {
  .is_used = on_probe_is_used,
  .idle = on_probe_idle,
};

void
plum_gateway_init_probe (PlumGateway *self)
{
  self->probe = plum_address_probe_new (self->race, plum_network_get_family (self->network),
                                        self->settings, self->signals, &probe_client, self);
}

gboolean
plum_gateway_is_port_busy (PlumGateway *self, PlumProtocol protocol, guint internal_port)
{
  return protocol == PLUM_PROTOCOL_UDP &&
         internal_port == plum_address_probe_get_port (self->probe);
}

/* --- The environment --- */

PlumNetwork *
plum_gateway_get_network (PlumGateway *self)
{
  return self->network;
}

GMainContext *
plum_gateway_get_context (PlumGateway *self)
{
  return self->context;
}

const PlumSettings *
plum_gateway_get_settings (PlumGateway *self)
{
  return self->settings;
}

PlumSignalQueue *
plum_gateway_get_signals (PlumGateway *self)
{
  return self->signals;
}

PlumRace *
plum_gateway_get_race (PlumGateway *self)
{
  return self->race;
}
