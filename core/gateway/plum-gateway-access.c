/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What lease holders and the manager use of a gateway. */

#include "plum-gateway-object-private.h"

/* --- The race --- */

void
plum_gateway_discover (PlumGateway *self, gboolean again)
{
  plum_race_discover (self->race, again);
}

PlumPick
plum_gateway_pick (PlumGateway *self, guint first, const gboolean *tried, guint *index)
{
  return plum_race_pick (self->race, first, tried, index);
}

PlumCandidate *
plum_gateway_get_candidate (PlumGateway *self, guint index)
{
  return plum_race_get_candidate (self->race, index);
}

guint
plum_gateway_get_n_candidates (PlumGateway *self)
{
  return plum_race_get_n_candidates (self->race);
}

void
plum_gateway_note_outcome (PlumGateway *self, guint index, const GError *error)
{
  plum_race_note_outcome (self->race, index, error);
}

gboolean
plum_gateway_is_inapplicable (PlumGateway *self, guint index)
{
  return plum_race_is_inapplicable (self->race, index);
}

/* --- The ports --- */

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

/* --- The next router --- */

void
plum_gateway_seek_upstream (PlumGateway *self)
{
  plum_upstream_want (self->search);
}

void
plum_gateway_check_upstream (PlumGateway *self)
{
  plum_upstream_check (self->search);
}

gboolean
plum_gateway_may_have_upstream (PlumGateway *self)
{
  return plum_upstream_is_possible (self->search);
}

gboolean
plum_gateway_may_be_bypassed (PlumGateway *self)
{
  return plum_upstream_may_bypass (self->search);
}

gboolean
plum_gateway_is_seeking_upstream (PlumGateway *self)
{
  return plum_upstream_is_pending (self->search);
}

PlumGateway *
plum_gateway_peek_upstream (PlumGateway *self)
{
  return self->upstream;
}

const GError *
plum_gateway_get_upstream_reason (PlumGateway *self)
{
  return plum_upstream_get_reason (self->search);
}
