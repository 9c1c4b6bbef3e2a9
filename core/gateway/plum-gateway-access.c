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
