/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What lease holders and the manager use of a gateway. */

#include "plum-gateway-object-private.h"

#include "plum-link-private.h"

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

const char *
plum_gateway_get_defects (PlumGateway *self)
{
  return plum_race_get_defects (self->race);
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

static gboolean
plum_gateway_takes_several (PlumGateway *self)
{
  guint n = plum_race_get_n_candidates (self->race);

  for (guint i = 0; i < n; i++)
    if (plum_backend_takes_several (plum_race_get_candidate (self->race, i)->backend))
      return TRUE;

  return FALSE;
}

gint64
plum_gateway_choose_turn (
  PlumGateway *self, PlumBackend *backend, gint64 first, gint64 last, gint64 preferred)
{
  if (backend != NULL ? !plum_backend_takes_several (backend) : !plum_gateway_takes_several (self))
    return preferred;

  if (self->turn < first || self->turn > last || self->turn < plum_clock_get_time (self->clock))
    self->turn = preferred;
  return self->turn;
}

/* --- The ports --- */

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

      if (client->iface->uses_mapping (client, PLUM_PROTOCOL_UDP, &any, port, port))
        return TRUE;
    }

  return FALSE;
}

void
plum_gateway_send_event (PlumGateway *self, const PlumGatewayEvent *event)
{
  g_autoptr (PlumGateway) alive = g_object_ref (self);
  PlumGatewayCursor cursor = { .next = self->clients.head, .outer = self->cursors };

  self->cursors = &cursor;
  while (cursor.next != NULL)
    {
      PlumGatewayClient *client = cursor.next->data;

      cursor.next = cursor.next->next;
      client->iface->handle_event (client, event);
    }
  self->cursors = cursor.outer;
}

/* A client may wait for the port. */
static void
on_port_idle (gpointer user_data)
{
  PlumGateway *self = user_data;

  plum_gateway_send_event (self, &(PlumGatewayEvent){ .kind = PLUM_GATEWAY_RACE_CHANGED });
}

static const PlumAddressProbeClient probe_client = {
  .is_used = on_probe_is_used,
  .idle = on_port_idle,
};

void
plum_gateway_init_probe (PlumGateway *self)
{
  self->probe = plum_address_probe_new (self->race, plum_network_get_family (self->network),
                                        self->settings, self->signals, &probe_client, self);
}

/* --- Late leases --- */

/* If the router has one mapping for each internal port, the pending request gets that one. */
static gboolean
on_late_lease_is_used (PlumBackend *backend,
                       PlumRequest *request,
                       guint external_port,
                       gpointer user_data)
{
  PlumGateway *self = user_data;
  PlumProtocol protocol = plum_request_get_protocol (request);
  const PlumHosts *hosts = plum_request_get_hosts (request);
  guint internal_port = plum_request_get_internal_port (request);
  PlumGatewayClient *holder = plum_port_table_find (self->ports, protocol, external_port, hosts);

  if (holder != NULL &&
      holder->iface->uses_mapping (holder, protocol, hosts, internal_port, external_port))
    return TRUE;
  if (!plum_backend_has_one_mapping_per_port (backend))
    return FALSE;

  for (GList *l = self->clients.head; l != NULL; l = l->next)
    {
      PlumGatewayClient *client = l->data;

      if (client->iface->requests_mapping (client, protocol, hosts, internal_port))
        return TRUE;
    }

  return FALSE;
}

static void
on_gateway_late_lease_deleted (gpointer user_data)
{
  PlumGateway *self = user_data;

  on_port_idle (self);
  if (self->idle_func != NULL && !plum_gateway_is_busy (self))
    self->idle_func (self->idle_data);
}

static const PlumLateLeasesClient late_leases_client = {
  .is_used = on_late_lease_is_used,
  .idle = on_gateway_late_lease_deleted,
};

gboolean
plum_gateway_is_busy (PlumGateway *self)
{
  return !plum_late_leases_is_empty (self->late_leases);
}

void
plum_gateway_foreach_late (PlumGateway *self, gboolean lost, PlumLeftFunc func, gpointer user_data)
{
  plum_late_leases_foreach (self->late_leases, lost, func, user_data);
}

void
plum_gateway_set_idle_func (PlumGateway *self, PlumGatewayIdleFunc func, gpointer user_data)
{
  self->idle_func = func;
  self->idle_data = user_data;
}

void
plum_gateway_init_late_leases (PlumGateway *self)
{
  self->late_leases =
    plum_late_leases_new (self->context, self->signals, &late_leases_client, self);
}

/* --- Deletes of entries --- */

void
plum_gateway_begin_delete (PlumGateway *self, PlumEntry *entry)
{
  self->deletes = g_slist_prepend (self->deletes, entry);
}

void
plum_gateway_end_delete (PlumGateway *self, PlumEntry *entry)
{
  self->deletes = g_slist_remove (self->deletes, entry);
  on_port_idle (self);
}

/* Some protocols delete by the internal port, and others by the external one. */
static gboolean
plum_gateway_is_deleting (PlumGateway *self,
                          PlumProtocol protocol,
                          guint internal_port,
                          guint external_port)
{
  for (GSList *l = self->deletes; l != NULL; l = l->next)
    if (plum_entry_get_protocol (l->data) == protocol &&
        (plum_entry_get_internal_port (l->data) == internal_port ||
         plum_entry_get_external_port (l->data) == external_port))
      return TRUE;

  return FALSE;
}

gboolean
plum_gateway_is_port_busy (PlumGateway *self,
                           PlumProtocol protocol,
                           const PlumHosts *hosts,
                           guint internal_port,
                           guint external_port)
{
  return (protocol == PLUM_PROTOCOL_UDP &&
          internal_port == plum_address_probe_get_port (self->probe)) ||
         plum_late_leases_has_port (self->late_leases, protocol, hosts, internal_port,
                                    external_port) ||
         plum_gateway_is_deleting (self, protocol, internal_port, external_port);
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

gboolean
plum_gateway_is_upstream_guessed (PlumGateway *self)
{
  return self->search != NULL && plum_upstream_is_guessed (self->search) &&
         (self->upstream == NULL || plum_race_get_backend_name (self->upstream->race) == NULL);
}

const GError *
plum_gateway_get_upstream_reason (PlumGateway *self)
{
  return plum_upstream_get_reason (self->search);
}

/* --- The link --- */

gboolean
plum_gateway_take_link_return (PlumGateway *self)
{
  gboolean was_down = self->link_down;

  self->link_down = plum_link_is_down (self->network);
  return was_down && !self->link_down;
}
