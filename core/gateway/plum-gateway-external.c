/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The external address, as the backends report it. */

#include "plum-gateway-object-private.h"
#include "plum-gateway-query-private.h"
#include "plum-values-private.h"

/* In microseconds. */
#define SEEK_PAUSE (60 * (gint64) G_USEC_PER_SEC)

static gboolean
plum_gateway_is_serving (PlumGateway *self, PlumBackend *backend)
{
  for (GList *l = self->clients.head; l != NULL; l = l->next)
    {
      PlumGatewayClient *client = l->data;

      if (client->iface->get_backend (client) == backend)
        return TRUE;
    }

  return FALSE;
}

static void
plum_gateway_set_external_address (PlumGateway *self, PlumBackend *backend, GInetAddress *address)
{
  PlumAddressScope scope = plum_address_get_scope (address);

  self->address_backend = address != NULL ? backend : NULL;
  self->address_in_doubt = FALSE;
  if (address == self->external_address || (address != NULL && self->external_address != NULL &&
                                            g_inet_address_equal (address, self->external_address)))
    return;

  g_set_object (&self->external_address, address);
  plum_gateway_notify (self, PLUM_GATEWAY_PROP_EXTERNAL_ADDRESS);
  if (self->external_scope != scope)
    {
      self->external_scope = scope;
      plum_gateway_notify (self, PLUM_GATEWAY_PROP_EXTERNAL_SCOPE);
    }
  plum_upstream_set_address (self->search, address);
}

/* A router beyond the first one that reports the address of the router before it is no other
 * router: its own address is unknown. (nullable) */
static GInetAddress *
plum_gateway_judge_address (PlumGateway *self, GInetAddress *address)
{
  if (address != NULL && plum_network_get_inner (self->network) != NULL &&
      g_inet_address_equal (address, plum_network_get_client_address (self->network)))
    return NULL;
  return address;
}

static gboolean
plum_gateway_knows_address_without (PlumGateway *self, PlumBackend *backend)
{
  return self->external_address != NULL && self->address_backend != backend;
}

gboolean
plum_gateway_doubts_address (PlumGateway *self, PlumBackend *backend)
{
  return self->address_in_doubt && self->address_backend == backend;
}

void
plum_gateway_doubt_address (PlumGateway *self, PlumBackend *backend)
{
  if (backend == self->address_backend)
    self->address_in_doubt = TRUE;
  self->sought_at = 0;
}

/* clients_of: (nullable): the backend whose leases get the address; NULL: those without one. */
static void
plum_gateway_spread_address (PlumGateway *self,
                             PlumBackend *backend,
                             PlumBackend *clients_of,
                             GInetAddress *address)
{
  PlumGatewayEvent event = {
    .kind = PLUM_GATEWAY_ADDRESS_CHANGED,
    .backend = clients_of,
    .address = plum_gateway_judge_address (self, address),
  };

  if (event.address == NULL && plum_gateway_knows_address_without (self, backend))
    event.address = self->external_address;
  else
    plum_gateway_set_external_address (self, backend, event.address);
  plum_gateway_send_event (self, &event);
}

void
plum_gateway_learn_address (PlumGateway *self, PlumBackend *backend, GInetAddress *address)
{
  plum_gateway_spread_address (self, backend, backend, address);
}

static void
on_backend_address (PlumBackend *backend, GInetAddress *address, gpointer user_data)
{
  PlumGateway *self = user_data;
  PLUM_SIGNAL_SCOPE (self->signals);

  plum_gateway_learn_address (self, backend, address);
}

static void
on_other_address (PlumBackend *backend, GInetAddress *address, gpointer user_data)
{
  PlumGateway *self = user_data;
  PLUM_SIGNAL_SCOPE (self->signals);

  plum_gateway_spread_address (self, backend, NULL, address);
}

void
plum_gateway_query_addresses (PlumGateway *self, gboolean serving, PlumAddressSources sources)
{
  for (unsigned int i = 0; i < plum_race_get_n_candidates (self->race); i++)
    {
      PlumCandidate *candidate = plum_race_get_candidate (self->race, i);

      if (plum_gateway_is_serving (self, candidate->backend) == serving &&
          (serving || plum_probe_get_outcome (candidate->probe) == PLUM_PROBE_SUCCESS) &&
          (sources & (1u << plum_backend_get_address_source (candidate->backend))) != 0)
        plum_gateway_query_backend_address (candidate->backend, self->settings->mapping_timeout,
                                            serving ? on_backend_address : on_other_address, self);
    }
}

void
plum_gateway_check_address (PlumGateway *self)
{
  plum_gateway_query_addresses (self, TRUE, PLUM_ADDRESS_SOURCES_ALL);
  if (self->seeks_address &&
      (self->external_address == NULL || !plum_gateway_is_serving (self, self->address_backend)))
    plum_gateway_query_addresses (self, FALSE, PLUM_ADDRESS_SOURCES_ALL);
}

void
plum_gateway_poll_address (gpointer user_data)
{
  PlumGateway *self = user_data;

  if (plum_clock_get_time (self->clock) < self->recheck.deadline)
    plum_gateway_query_addresses (self, TRUE, PLUM_ADDRESS_SOURCES_POLLED);
}

void
plum_gateway_seek_address (PlumGateway *self)
{
  gint64 now = plum_clock_get_time (self->clock);

  self->seeks_address = TRUE;
  if (self->sought_at != 0 && now - self->sought_at < SEEK_PAUSE)
    return;

  self->sought_at = now;
  plum_gateway_query_addresses (self, TRUE, PLUM_ADDRESS_SOURCES_ASKED);
  plum_gateway_query_addresses (self, FALSE, PLUM_ADDRESS_SOURCES_ALL);
}
