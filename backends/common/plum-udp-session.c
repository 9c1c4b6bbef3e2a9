/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-udp-session.h"

/* How old an answer may be to serve a check, and the external address to serve a request for it. */
#define CHECK_FRESH_MS 1000
#define ADDRESS_FRESH_MS 60000

static void
on_datagram (const uint8_t *data, size_t len, gpointer user_data)
{
  PlumUdpSession *self = user_data;
  PlumBackend *backend = self->backend;
  g_autoptr (GError) error = NULL;

  if (self->protocol->receive (backend, data, len, &error))
    return;

  plum_log (self->protocol->log_domain, PLUM_LOG_LEVEL_DEBUG, "%s: dropped", error->message);
  plum_backend_report_note (backend, error->message);
}

static size_t
on_probe_encode (uint8_t *out, size_t size, gpointer user_data)
{
  PlumUdpSession *self = user_data;

  return self->protocol->encode_probe (self, out, size);
}

static void
on_probe_finished (const GError *error, gpointer user_data)
{
  PlumUdpSession *self = user_data;

  if (error != NULL)
    plum_log (self->protocol->log_domain, PLUM_LOG_LEVEL_DEBUG, "%s", error->message);
  if (self->protocol->probe_finished != NULL)
    self->protocol->probe_finished (self->backend, error);
}

PlumUdpSession *
plum_udp_session_new (PlumBackend *backend, const PlumUdpProtocol *protocol)
{
  static const PlumServerProbeFuncs funcs = {
    .encode = on_probe_encode,
    .finished = on_probe_finished,
  };
  PlumUdpSession *self = g_new0 (PlumUdpSession, 1);

  self->backend = backend;
  self->protocol = protocol;
  self->leases = plum_lease_table_new ();
  self->exchanges = plum_exchanges_new (backend, protocol->label, protocol->port, protocol->window,
                                        protocol->n_slot_sends, on_datagram, self);
  self->probe = plum_server_probe_new (backend, self->exchanges, &funcs, self);
  return self;
}

void
plum_udp_session_free (PlumUdpSession *self)
{
  g_clear_pointer (&self->announcements, plum_announcements_free);
  g_clear_pointer (&self->probe, plum_server_probe_free);
  g_clear_pointer (&self->exchanges, plum_exchanges_free);
  g_clear_pointer (&self->leases, plum_lease_table_free);
  g_clear_object (&self->external_address);
  g_free (self);
}

const char *
plum_udp_session_get_peer (PlumUdpSession *self)
{
  return plum_exchanges_get_peer (self->exchanges);
}

gboolean
plum_udp_session_is_ipv4 (PlumUdpSession *self)
{
  PlumNetwork *network = plum_backend_get_network (self->backend);

  return plum_network_get_family (network) == G_SOCKET_FAMILY_IPV4;
}

gboolean
plum_udp_session_check_network (PlumUdpSession *self, PlumCall *call)
{
  PlumNetwork *network = plum_backend_get_network (self->backend);
  g_autofree char *message = NULL;
  const char *reason;

  if (plum_network_get_gateway (network) == NULL)
    reason = "a point-to-point link has no gateway";
  else
    reason = self->protocol->check_network (network);
  if (reason == NULL)
    return TRUE;

  message = g_strdup_printf ("%s: %s", self->protocol->label, reason);
  plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED, message);
  return FALSE;
}

gboolean
plum_udp_session_open (PlumUdpSession *self, PlumCall *call)
{
  g_autoptr (GError) error = NULL;

  if (plum_exchanges_open (self->exchanges, &error))
    return TRUE;

  plum_call_return_error (call, g_steal_pointer (&error));
  return FALSE;
}

gboolean
plum_udp_session_check_hold (PlumUdpSession *self,
                             const PlumExchangeKey *key,
                             guint external_port,
                             gboolean exact,
                             PlumCall *call)
{
  gint64 now = plum_backend_get_time (self->backend);
  g_autoptr (GError) error = NULL;

  if (!plum_lease_table_check_hold (self->leases, key, external_port, exact, now, &error))
    return TRUE;

  plum_call_return_error (call, g_steal_pointer (&error));
  return FALSE;
}

void
plum_udp_session_discover (PlumUdpSession *self, PlumCall *call)
{
  if (plum_udp_session_check_network (self, call))
    plum_server_probe_join (self->probe, call, 0);
}

void
plum_udp_session_check (PlumUdpSession *self, PlumCall *call)
{
  if (plum_udp_session_check_network (self, call))
    plum_server_probe_join (self->probe, call, CHECK_FRESH_MS);
}

void
plum_udp_session_fail_all (PlumUdpSession *self, const GError *error)
{
  plum_exchanges_fail_all (self->exchanges, error);
}

static void
on_announcement (gpointer user_data)
{
  PlumUdpSession *self = user_data;

  self->announced = TRUE;
  if (plum_lease_table_get_n_live (self->leases) > 0)
    plum_server_probe_hint (self->probe, "the gateway announces a restart or a new address");
  if (self->listening)
    plum_backend_report_announced (self->backend, "the gateway announces that it has started");
}

/* Listens from the first live mapping to the last, and while another one waits. */
static void
plum_udp_session_update_announcements (PlumUdpSession *self)
{
  gboolean live = plum_lease_table_get_n_live (self->leases) > 0;

  if (!live)
    plum_server_probe_clear_hint (self->probe);
  if (!live && !self->listening)
    g_clear_pointer (&self->announcements, plum_announcements_free);
  else if (self->announcements == NULL)
    {
      self->announcements =
        plum_announcements_new (self->backend, self->exchanges, on_announcement, self);
    }
}

void
plum_udp_session_listen (PlumUdpSession *self, gboolean listen)
{
  PlumNetwork *network = plum_backend_get_network (self->backend);

  self->listening = listen && plum_network_get_gateway (network) != NULL &&
                    self->protocol->check_network (network) == NULL;
  plum_udp_session_update_announcements (self);
}

gboolean
plum_udp_session_add_lease (PlumUdpSession *self,
                            const PlumExchangeKey *key,
                            GInetAddress *external_address,
                            uint16_t external_port)
{
  gboolean moved = plum_lease_table_grant (self->leases, key, external_address, external_port);

  plum_udp_session_update_announcements (self);
  return moved;
}

void
plum_udp_session_remove_lease (PlumUdpSession *self, const PlumExchangeKey *key)
{
  plum_lease_table_remove (self->leases, key);
  plum_udp_session_update_announcements (self);
}

gboolean
plum_udp_session_take_announced (PlumUdpSession *self)
{
  gboolean announced = self->announced;

  self->announced = FALSE;
  return announced;
}

gboolean
plum_udp_session_is_external_address (PlumUdpSession *self, GInetAddress *address)
{
  if (address == NULL || self->external_address == NULL)
    return address == self->external_address;

  return g_inet_address_equal (address, self->external_address);
}

gboolean
plum_udp_session_set_external_address (PlumUdpSession *self, GInetAddress *address)
{
  gboolean changed = self->address_known && !plum_udp_session_is_external_address (self, address);

  self->address_known = TRUE;
  self->address_time = plum_backend_get_time (self->backend);
  g_set_object (&self->external_address, address);
  return changed;
}

gboolean
plum_udp_session_address_is_fresh (PlumUdpSession *self)
{
  gint64 age = plum_backend_get_time (self->backend) - self->address_time;

  return self->address_known && age <= ADDRESS_FRESH_MS * 1000;
}

gboolean
plum_udp_session_epoch_fits (PlumUdpSession *self, uint32_t epoch)
{
  gint64 now = plum_backend_get_time (self->backend) / G_USEC_PER_SEC;

  return !self->epoch_known ||
         self->protocol->epoch_is_valid (self->epoch_server, self->epoch_client, epoch, now);
}

void
plum_udp_session_note_epoch (PlumUdpSession *self, uint32_t epoch)
{
  gint64 now = plum_backend_get_time (self->backend) / G_USEC_PER_SEC;
  gboolean fits = plum_udp_session_epoch_fits (self, epoch);
  g_autofree char *reason = NULL;

  if (!fits)
    reason = g_strdup_printf ("%s: %s has lost its state: its clock advanced from %" G_GINT64_FORMAT
                              " s to %u s in %" G_GINT64_FORMAT " s",
                              self->protocol->label, plum_udp_session_get_peer (self),
                              self->epoch_server, epoch, now - self->epoch_client);

  self->epoch_known = TRUE;
  self->epoch_server = epoch;
  self->epoch_client = now;
  if (fits)
    return;

  plum_lease_table_restart (self->leases);
  plum_log (self->protocol->log_domain, PLUM_LOG_LEVEL_INFO, "%s", reason);
  plum_backend_report_lost (self->backend, reason);
}
