/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "pcp-backend-private.h"

#include "pcp-map.h"
#include "plum-backend-log.h"
#include "plum-wire-address.h"

/* So many MAPs are out at a time, and one that is silent after so many sends does not count. */
#define WINDOW 32
#define N_SLOT_SENDS 3

/* A check within this time of an answer needs no question of its own. */
#define FRESH_MS 1000

G_DEFINE_FINAL_TYPE (PlumPcpBackend, plum_pcp_backend, PLUM_TYPE_BACKEND)

gboolean
plum_pcp_backend_is_ipv4 (PlumPcpBackend *self)
{
  PlumNetwork *network = plum_backend_get_network (PLUM_BACKEND (self));

  return plum_network_get_family (network) == G_SOCKET_FAMILY_IPV4;
}

void
plum_pcp_backend_get_client_address (PlumPcpBackend *self, uint8_t client[PCP_ADDRESS_SIZE])
{
  plum_wire_address_from_inet (plum_exchanges_get_local_address (self->exchanges), client);
}

GError *
plum_pcp_backend_make_result_error (PlumPcpBackend *self, uint8_t code, const char *to_what)
{
  const PcpResult *result = pcp_result_lookup (code);

  return g_error_new (PLUM_ERROR, (int) result->error, "PCP: %s answered %s (%u) to %s: %s",
                      plum_exchanges_get_peer (self->exchanges), result->name, code, to_what,
                      result->advice);
}

static void
on_announcement (gpointer user_data)
{
  PlumPcpBackend *self = user_data;

  self->announced = TRUE;
  plum_server_probe_hint (self->probe, "the gateway's address announces a restart");
}

static void
plum_pcp_backend_listen (PlumPcpBackend *self)
{
  if (plum_lease_table_get_n_live (self->leases) == 0)
    {
      g_clear_pointer (&self->announcements, plum_announcements_free);
      plum_server_probe_forget_hint (self->probe);
      return;
    }

  if (self->announcements == NULL)
    self->announcements =
      plum_announcements_new (PLUM_BACKEND (self), self->exchanges, on_announcement, self);
}

void
plum_pcp_backend_note_grant (PlumPcpBackend *self,
                             const PlumExchangeKey *key,
                             GInetAddress *address,
                             uint16_t port,
                             uint32_t lifetime)
{
  gboolean moved = plum_lease_table_grant (self->leases, key, address, port);
  gboolean news = moved && (address == NULL || self->external_address == NULL ||
                            !g_inet_address_equal (address, self->external_address));

  plum_lease_table_lookup (self->leases, key)->lifetime = lifetime;
  g_set_object (&self->external_address, address);
  plum_pcp_backend_listen (self);
  if (news)
    plum_backend_report_external_address (PLUM_BACKEND (self), address);
}

static gboolean
plum_pcp_backend_epoch_fits (PlumPcpBackend *self, gint64 server, gint64 now)
{
  return !self->epoch_known ||
         pcp_epoch_is_valid (self->epoch_server, self->epoch_client, server, now);
}

/* RFC 6887 8.5. Last of all that an answer does: who hears of a loss may drop anything. */
static void
plum_pcp_backend_note_epoch (PlumPcpBackend *self, uint32_t epoch)
{
  gint64 now = plum_backend_get_time (PLUM_BACKEND (self)) / G_USEC_PER_SEC;
  gboolean fits = plum_pcp_backend_epoch_fits (self, epoch, now);
  g_autofree char *reason = NULL;

  if (!fits)
    reason = g_strdup_printf ("PCP: %s has lost its state: its clock went from %" G_GINT64_FORMAT
                              " s to %u s while ours went on by %" G_GINT64_FORMAT " s",
                              plum_exchanges_get_peer (self->exchanges), self->epoch_server, epoch,
                              now - self->epoch_client);

  self->epoch_known = TRUE;
  self->epoch_server = epoch;
  self->epoch_client = now;
  if (fits)
    return;

  plum_lease_table_restart (self->leases);
  plum_log_info ("%s", reason);
  plum_backend_report_lost (PLUM_BACKEND (self), reason);
}

/* A Mapping Update (RFC 6887 14.2), or a copy of an answer that came before. */
static void
plum_pcp_backend_on_update (PlumPcpBackend *self, const PcpReply *reply)
{
  gint64 now = plum_backend_get_time (PLUM_BACKEND (self)) / G_USEC_PER_SEC;
  g_autoptr (GInetAddress) address = NULL;
  g_autofree char *reason = NULL;
  PlumExchangeKey key;
  PlumLeaseTableRow *mapping;

  pcp_map_make_key (&reply->map, &key);
  mapping = plum_lease_table_lookup (self->leases, &key);
  if (mapping == NULL || !mapping->live || reply->result != PCP_SUCCESS)
    {
      plum_log_debug ("PCP: dropped a MAP response that answers nothing");
      return;
    }

  /* An old copy would look like a restart: ask. */
  if (!plum_pcp_backend_epoch_fits (self, reply->epoch, now))
    {
      plum_server_probe_hint (self->probe, "the epoch of an unasked MAP response does not fit");
      return;
    }

  if (reply->lifetime > 0 && reply->map.external_port == mapping->external_port)
    {
      address = plum_wire_address_to_inet (reply->map.external_address);
      plum_pcp_backend_note_grant (self, &key, address, mapping->external_port, mapping->lifetime);
    }
  else
    {
      reason = g_strdup_printf ("PCP: %s has taken external port %u away",
                                plum_exchanges_get_peer (self->exchanges), mapping->external_port);
      plum_backend_report_lost (PLUM_BACKEND (self), reason);
    }
}

static void
plum_pcp_backend_on_map (PlumPcpBackend *self, const PcpReply *reply)
{
  if (reply->result == PCP_SUCCESS && reply->lifetime > 0 && plum_pcp_backend_is_ipv4 (self) &&
      !plum_wire_address_is_ipv4 (reply->map.external_address))
    plum_log_debug ("PCP: dropped a MAP response whose external address is not IPv4");
  else if (pcp_map_answered (self, reply))
    plum_pcp_backend_note_epoch (self, reply->epoch);
  else
    plum_pcp_backend_on_update (self, reply);
}

static void
plum_pcp_backend_on_announce (PlumPcpBackend *self, const PcpReply *reply)
{
  gint64 now = plum_backend_get_time (PLUM_BACKEND (self)) / G_USEC_PER_SEC;
  g_autoptr (GError) error = NULL;

  if (!plum_server_probe_is_running (self->probe))
    {
      /* If it fits it is no news, or a copy of the answer that came before. */
      if (!plum_pcp_backend_epoch_fits (self, reply->epoch, now))
        plum_server_probe_hint (self->probe, "an unasked ANNOUNCE response tells of a restart");
      return;
    }

  /* Who does not know ANNOUNCE is a PCP server all the same (quirk 4). */
  if (reply->result != PCP_SUCCESS && reply->result != PCP_UNSUPP_OPCODE)
    error = plum_pcp_backend_make_result_error (self, reply->result, "ANNOUNCE");

  plum_server_probe_answered (self->probe, error);

  /* A router that announces and was not restarted has another address (miniupnpd keeps its epoch
   * then), which no answer to ANNOUNCE tells. */
  if (self->announced && plum_pcp_backend_epoch_fits (self, reply->epoch, now))
    pcp_map_refresh (self, NULL);
  self->announced = FALSE;

  plum_pcp_backend_note_epoch (self, reply->epoch);
}

/* It does not say which request it answers, and is true of all (quirk 2). */
static void
plum_pcp_backend_on_version (PlumPcpBackend *self, const PcpReply *reply)
{
  const char *peer = plum_exchanges_get_peer (self->exchanges);
  g_autoptr (GError) error = NULL;

  if (reply->version == 0)
    g_set_error (&error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED, "PCP: %s speaks NAT-PMP only", peer);
  else
    g_set_error (&error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED,
                 "PCP: %s refused version %d and offers version %u", peer, PCP_VERSION,
                 reply->version);

  plum_exchanges_fail_all (self->exchanges, error);
}

static void
on_datagram (const uint8_t *data, size_t len, gpointer user_data)
{
  PlumPcpBackend *self = user_data;
  g_autoptr (GError) error = NULL;
  PcpReply reply;

  if (!pcp_decode_reply (data, len, &reply, &error))
    {
      plum_log_debug ("%s: dropped", error->message);
      plum_backend_report_note (PLUM_BACKEND (self), error->message);
      return;
    }

  switch (reply.kind)
    {
    case PCP_REPLY_VERSION:
      plum_pcp_backend_on_version (self, &reply);
      break;
    case PCP_REPLY_ANNOUNCE:
      plum_pcp_backend_on_announce (self, &reply);
      break;
    case PCP_REPLY_MAP:
      plum_pcp_backend_on_map (self, &reply);
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
on_probe_ask (PlumExchange *exchange, gpointer user_data)
{
  PlumPcpBackend *self = user_data;
  uint8_t client[PCP_ADDRESS_SIZE];

  plum_pcp_backend_get_client_address (self, client);
  exchange->request_len = pcp_encode_announce (client, exchange->request, sizeof exchange->request);
}

static void
on_probe_ended (const GError *error, gpointer user_data)
{
  if (error != NULL)
    plum_log_debug ("%s", error->message);
}

/* FALSE: there is nobody to ask, and the call is settled. */
static gboolean
plum_pcp_backend_can_ask (PlumPcpBackend *self, PlumCall *call)
{
  PlumNetwork *network = plum_backend_get_network (PLUM_BACKEND (self));
  GInetAddress *gateway = plum_network_get_gateway (network);
  GInetAddress *local = plum_network_get_local_address (network);

  if (gateway == NULL)
    plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED,
                    "PCP: a point-to-point link has no gateway to ask");
  else if (g_inet_address_get_family (gateway) != g_inet_address_get_family (local))
    plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED,
                    "PCP: the gateway and the local address are of different families");
  else if (g_inet_address_get_family (local) == G_SOCKET_FAMILY_IPV6 &&
           g_inet_address_get_is_link_local (local))
    plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED,
                    "PCP: a link-local address cannot be reached from the internet");
  else
    return TRUE;

  return FALSE;
}

static void
plum_pcp_backend_discover (PlumBackend *backend, PlumCall *call)
{
  PlumPcpBackend *self = PLUM_PCP_BACKEND (backend);

  if (plum_pcp_backend_can_ask (self, call))
    plum_server_probe_join (self->probe, call, 0);
}

static void
plum_pcp_backend_map (PlumBackend *backend, PlumRequest *request, PlumCall *call)
{
  PlumPcpBackend *self = PLUM_PCP_BACKEND (backend);
  g_autoptr (GError) error = NULL;
  PlumExchangeKey key;
  PcpMap map;

  if (!plum_pcp_backend_can_ask (self, call))
    return;

  pcp_map_fill (self, request, FALSE, &map);
  if (!plum_pcp_backend_is_ipv4 (self) && map.prefer_failure &&
      map.external_port != map.internal_port)
    {
      plum_call_fail (call, PLUM_ERROR_CONFLICT,
                      "PCP: an IPv6 pinhole keeps the port: it has no other external one");
      return;
    }

  pcp_map_make_key (&map, &key);
  if (plum_lease_table_check_hold (self->leases, &key, map.external_port, map.prefer_failure,
                                   plum_backend_get_time (backend), &error))
    plum_call_return_error (call, g_steal_pointer (&error));
  else
    pcp_map_start (self, call, &map, plum_request_get_lifetime (request));
}

static void
plum_pcp_backend_unmap (PlumBackend *backend,
                        PlumRequest *request,
                        PlumLease *lease,
                        PlumCall *call)
{
  PlumPcpBackend *self = PLUM_PCP_BACKEND (backend);
  PlumExchangeKey key;
  PcpMap map;

  if (!plum_pcp_backend_can_ask (self, call))
    return;

  pcp_map_fill (self, request, TRUE, &map);
  pcp_map_make_key (&map, &key);
  plum_lease_table_forget (self->leases, &key);
  plum_pcp_backend_listen (self);
  pcp_map_start (self, call, &map, 0);
}

static void
plum_pcp_backend_check (PlumBackend *backend,
                        PlumRequest *request,
                        PlumLease *lease,
                        PlumCall *call)
{
  PlumPcpBackend *self = PLUM_PCP_BACKEND (backend);

  if (plum_pcp_backend_can_ask (self, call))
    plum_server_probe_join (self->probe, call, FRESH_MS);
}

static void
plum_pcp_backend_get_external_address (PlumBackend *backend, PlumCall *call)
{
  PlumPcpBackend *self = PLUM_PCP_BACKEND (backend);

  if (pcp_map_refresh (self, call))
    return;

  if (self->external_address != NULL)
    plum_call_return_address (call, self->external_address);
  else
    plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED,
                    "PCP: the external address is told with a mapping, and there is none yet");
}

static void
plum_pcp_backend_constructed (GObject *object)
{
  static const PlumServerProbeFuncs funcs = { .ask = on_probe_ask, .ended = on_probe_ended };
  PlumPcpBackend *self = PLUM_PCP_BACKEND (object);
  PlumBackend *backend = PLUM_BACKEND (object);

  G_OBJECT_CLASS (plum_pcp_backend_parent_class)->constructed (object);

  self->leases = plum_lease_table_new ();
  self->exchanges =
    plum_exchanges_new (backend, "PCP", PCP_PORT, WINDOW, N_SLOT_SENDS, on_datagram, self);
  self->probe = plum_server_probe_new (backend, self->exchanges, &funcs, self);
}

static void
plum_pcp_backend_finalize (GObject *object)
{
  PlumPcpBackend *self = PLUM_PCP_BACKEND (object);

  g_clear_pointer (&self->announcements, plum_announcements_free);
  g_clear_pointer (&self->probe, plum_server_probe_free);
  g_clear_pointer (&self->exchanges, plum_exchanges_free);
  g_clear_pointer (&self->leases, plum_lease_table_free);
  g_clear_object (&self->external_address);

  G_OBJECT_CLASS (plum_pcp_backend_parent_class)->finalize (object);
}

static void
plum_pcp_backend_class_init (PlumPcpBackendClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  PlumBackendClass *backend_class = PLUM_BACKEND_CLASS (klass);

  object_class->constructed = plum_pcp_backend_constructed;
  object_class->finalize = plum_pcp_backend_finalize;

  backend_class->discover = plum_pcp_backend_discover;
  backend_class->map = plum_pcp_backend_map;
  backend_class->unmap = plum_pcp_backend_unmap;
  backend_class->check = plum_pcp_backend_check;
  backend_class->get_external_address = plum_pcp_backend_get_external_address;
}

static void
plum_pcp_backend_init (PlumPcpBackend *self)
{
}
