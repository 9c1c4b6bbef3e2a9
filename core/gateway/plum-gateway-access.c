/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What lease holders and the manager use of a gateway besides its discovery. */

#include "plum-gateway-object-private.h"

gboolean
plum_gateway_hold_port (PlumGateway *self,
                        PlumProtocol protocol,
                        guint port,
                        PlumGatewayClient *client)
{
  return plum_port_table_hold (self->ports, protocol, port, client);
}

guint
plum_gateway_reserve_port (PlumGateway *self, PlumProtocol protocol, PlumGatewayClient *client)
{
  return plum_port_table_reserve (self->ports, protocol, client);
}

PlumGatewayClient *
plum_gateway_find_holder (PlumGateway *self, PlumProtocol protocol, guint port)
{
  return plum_port_table_find (self->ports, protocol, port);
}

void
plum_gateway_release_port (PlumGateway *self,
                           PlumProtocol protocol,
                           guint port,
                           PlumGatewayClient *client)
{
  plum_port_table_release (self->ports, protocol, port, client);
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

gboolean
plum_gateway_is_port_busy (PlumGateway *self, PlumProtocol protocol, guint internal_port)
{
  return protocol == PLUM_ADDRESS_PROBE_PROTOCOL && internal_port == PLUM_ADDRESS_PROBE_PORT &&
         plum_address_probe_is_active (self->probe);
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
