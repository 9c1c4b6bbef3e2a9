/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "pcp-backend.h"

#include "pcp-map.h"
#include "pcp-range.h"
#include "pcp-request.h"
#include "pcp-set-op.h"
#include "pcp-set-release.h"
#include "plum-backend-log.h"
#include "plum-wire-address.h"

#include <glib/gi18n-lib.h>

/* So many MAPs are in flight at a time. One that is silent after so many sends does not count. */
#define WINDOW 32
#define N_SLOT_SENDS 3

struct _PlumPcpBackend
{
  PlumBackend parent_instance;

  PcpSession pcp; /* the probe of its session is ANNOUNCE */
};

G_DEFINE_FINAL_TYPE (PlumPcpBackend, plum_pcp_backend, PLUM_TYPE_BACKEND)

/* A Mapping Update (RFC 6887 14.2), or a copy of an earlier answer. */
static void
plum_pcp_backend_on_update (PlumPcpBackend *self, const PcpReply *reply)
{
  PlumUdpSession *session = self->pcp.udp;
  g_autoptr (GInetAddress) address = NULL;
  g_autofree char *reason = NULL;
  PlumExchangeKey key;
  PlumLeaseTableRow *row;
  PcpSet *set;

  pcp_request_make_key (&reply->map, &key);
  row = plum_lease_table_lookup (session->leases, &key);
  if (row == NULL || !row->live || reply->result != PCP_SUCCESS)
    {
      plum_log_debug ("PCP: dropped a MAP response that matches no request");
      return;
    }

  if (reply->lifetime > 0 &&
      plum_udp_session_doubts (session, &key, reply->map.external_port, reply->lifetime))
    return;

  /* An old copy would look like a restart: probe. */
  if (!plum_udp_session_epoch_fits (session, reply->epoch))
    {
      plum_server_probe_hint (session->probe,
                              "the epoch of an unsolicited MAP response does not fit");
      return;
    }

  set = pcp_sets_find_lease (&self->pcp, &key);
  if (reply->lifetime > 0 && reply->map.external_port == row->external_port &&
      (set == NULL || pcp_set_fits (set, &reply->map, row->external_port)))
    {
      const PlumUdpGrant grant = {
        .key = &key,
        .requested_port = row->requested_port,
        .port = row->external_port,
        .requested = row->lifetime,
        .lifetime = reply->lifetime,
        .is_update = TRUE,
      };

      address = pcp_map_dup_address (session, &reply->map);
      pcp_map_note_grant (session, &grant, address);
    }
  else
    {
      reason = g_strdup_printf ("PCP: %s has removed the mapping of external port %u",
                                plum_udp_session_get_peer (session), row->external_port);
      row->certain = FALSE;
      plum_backend_report_lost (PLUM_BACKEND (self), reason);
    }
}

/* A restarted server may have other software. Call it before what the answer shows of it. */
static void
plum_pcp_backend_check_epoch (PlumPcpBackend *self, uint32_t epoch)
{
  if (plum_udp_session_epoch_fits (self->pcp.udp, epoch))
    return;

  self->pcp.filters_work = FALSE;
  self->pcp.sets_work = FALSE;
  self->pcp.sets_ignored = FALSE;
}

/* Whether the refusal of a mapping that is live shows that the router has lost its external
 * address. A pinhole has that of its host. */
static gboolean
loses_address (PlumUdpSession *session, const PlumExchangeKey *key, const PcpReply *reply)
{
  PlumLeaseTableRow *row = plum_lease_table_lookup (session->leases, key);

  return reply->result == PCP_NETWORK_FAILURE && plum_udp_session_is_ipv4 (session) &&
         row != NULL && row->live && !row->apart &&
         plum_udp_session_set_external_address (session, NULL);
}

static void
plum_pcp_backend_on_map (PlumPcpBackend *self, const PcpReply *reply)
{
  gboolean address_lost;
  PlumExchangeKey key;

  pcp_request_make_key (&reply->map, &key);
  if (plum_udp_operation_lookup (self->pcp.udp, &key) == NULL)
    {
      plum_pcp_backend_on_update (self, reply);
      return;
    }

  plum_pcp_backend_check_epoch (self, reply->epoch);
  address_lost = loses_address (self->pcp.udp, &key, reply);
  if (!pcp_set_op_handle_reply (&self->pcp, reply))
    pcp_map_handle_reply (&self->pcp, reply);
  if (address_lost)
    plum_backend_report_external_address (PLUM_BACKEND (self), NULL);
  plum_udp_session_note_epoch (self->pcp.udp, reply->epoch);
}

static void
plum_pcp_backend_on_announce (PlumPcpBackend *self, const PcpReply *reply)
{
  const char *reason = "an unsolicited ANNOUNCE response reports a restart";
  PlumUdpSession *session = self->pcp.udp;
  g_autoptr (GError) error = NULL;

  if (!plum_server_probe_is_running (session->probe))
    {
      /* Any other response is redundant, or a copy of an earlier answer. */
      if (plum_udp_session_is_young (session, reply->epoch))
        plum_udp_session_note_announcement (session, reason);
      else if (!plum_udp_session_epoch_fits (session, reply->epoch))
        plum_server_probe_hint (session->probe, reason);
      return;
    }

  /* A server that does not support ANNOUNCE is a PCP server nevertheless (quirk 4). */
  if (reply->result != PCP_SUCCESS && reply->result != PCP_UNSUPP_OPCODE)
    error = pcp_map_make_error (session, NULL, reply->result, "ANNOUNCE");

  plum_server_probe_finish (session->probe, error);

  /* A router that announces and was not restarted has a new address (miniupnpd then keeps its
   * epoch), which the answer to ANNOUNCE does not contain. */
  if (plum_udp_session_serve_announcement (session, reply->epoch))
    {
      plum_lease_table_clear_holds (session->leases);
      pcp_map_refresh (&self->pcp, NULL);
    }

  plum_pcp_backend_check_epoch (self, reply->epoch);
  plum_udp_session_note_epoch (session, reply->epoch);
}

/* The response does not identify the request: it applies to all pending ones (quirk 2). */
static void
plum_pcp_backend_on_version (PlumPcpBackend *self, const PcpReply *reply)
{
  const char *peer = plum_udp_session_get_peer (self->pcp.udp);
  g_autoptr (GError) error = NULL;

  if (reply->version == 0)
    g_set_error (&error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED, _ ("PCP: %s supports NAT-PMP only"),
                 peer);
  else
    g_set_error (&error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED,
                 _ ("PCP: %s refused version %d and offers version %u"), peer, PCP_VERSION,
                 reply->version);

  plum_udp_session_fail_all (self->pcp.udp, error);
}

static gboolean
receive (PlumBackend *backend, const uint8_t *data, size_t len, GError **error)
{
  PlumPcpBackend *self = PLUM_PCP_BACKEND (backend);
  PcpReply reply;

  if (!pcp_decode_reply (data, len, &reply, error))
    return FALSE;

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
  return TRUE;
}

static void
refresh (PlumBackend *backend, const PlumExchangeKey *key)
{
  pcp_map_refresh_key (&PLUM_PCP_BACKEND (backend)->pcp, key);
}

static void
give_up (PlumUdpOperation *operation, GError *error)
{
  if (!pcp_set_op_give_up (operation, error))
    pcp_map_give_up (operation, error);
}

static size_t
encode_probe (PlumUdpSession *session, uint8_t *out, size_t size)
{
  uint8_t client[PCP_ADDRESS_SIZE];

  plum_wire_address_from_inet (plum_exchanges_get_client_address (session->exchanges), client);
  return pcp_encode_announce (client, out, size);
}

static const char *
check_network (PlumNetwork *network)
{
  GInetAddress *gateway = plum_network_get_gateway (network);
  GInetAddress *local = plum_network_get_local_address (network);

  if (g_inet_address_get_family (gateway) != g_inet_address_get_family (local))
    return _ ("the gateway and the local address are of different families");
  if (g_inet_address_get_family (local) == G_SOCKET_FAMILY_IPV6 &&
      g_inet_address_get_is_link_local (local))
    return _ ("a link-local address cannot be reached from the internet");
  return NULL;
}

static const PlumUdpProtocol pcp_protocol = {
  .label = "PCP",
  .log_domain = G_LOG_DOMAIN,
  .port = PCP_PORT,
  .window = WINDOW,
  .n_slot_sends = N_SLOT_SENDS,
  .map_plan = &plum_retry_pcp,
  .epoch_is_valid = pcp_epoch_is_valid,
  .check_network = check_network,
  .refresh = refresh,
  .give_up = give_up,
  .encode_probe = encode_probe,
  .receive = receive,
};

static void
plum_pcp_backend_discover (PlumBackend *backend, PlumCall *call)
{
  plum_udp_session_discover (PLUM_PCP_BACKEND (backend)->pcp.udp, call);
}

static gboolean
plum_pcp_backend_supports (PlumBackend *backend, PlumRequest *request)
{
  return TRUE;
}

static void
plum_pcp_backend_map_several (PlumBackend *backend, GListModel *calls)
{
  pcp_range_map (&PLUM_PCP_BACKEND (backend)->pcp, calls);
}

static void
plum_pcp_backend_unmap (PlumBackend *backend,
                        PlumRequest *request,
                        PlumLease *lease,
                        PlumCall *call)
{
  PcpSession *pcp = &PLUM_PCP_BACKEND (backend)->pcp;
  PcpMap map;

  if (!plum_udp_session_check_network (pcp->udp, call))
    return;

  pcp_request_read (pcp->udp, request, TRUE, &map);
  if (!pcp_set_release (pcp, &map, lease, call))
    pcp_map_release (pcp, &map, call);
}

static void
plum_pcp_backend_delete_entry (PlumBackend *backend, PlumEntry *entry, PlumCall *call)
{
  PlumUdpSession *session = PLUM_PCP_BACKEND (backend)->pcp.udp;

  if (plum_udp_session_check_entry (session, entry, call))
    pcp_map_delete_entry (&PLUM_PCP_BACKEND (backend)->pcp, entry, call);
}

static void
plum_pcp_backend_check (PlumBackend *backend,
                        PlumRequest *request,
                        PlumLease *lease,
                        PlumCall *call)
{
  plum_udp_session_check (PLUM_PCP_BACKEND (backend)->pcp.udp, call);
}

static void
plum_pcp_backend_get_external_address (PlumBackend *backend, PlumCall *call)
{
  PlumUdpSession *session = PLUM_PCP_BACKEND (backend)->pcp.udp;

  if (pcp_map_refresh (&PLUM_PCP_BACKEND (backend)->pcp, call))
    return;

  if (session->external_address != NULL)
    plum_call_return_address (call, session->external_address);
  else
    plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED,
                    _ ("PCP: the external address is unknown until a port is mapped"));
}

/* RFC 6887 has no request for the address alone. */
static PlumAddressSource
plum_pcp_backend_get_address_source (PlumBackend *backend)
{
  return PLUM_ADDRESS_SOURCE_MAPPING;
}

static void
plum_pcp_backend_listen (PlumBackend *backend, gboolean listen)
{
  plum_udp_session_listen (PLUM_PCP_BACKEND (backend)->pcp.udp, listen);
}

static void
plum_pcp_backend_constructed (GObject *object)
{
  PlumPcpBackend *self = PLUM_PCP_BACKEND (object);

  G_OBJECT_CLASS (plum_pcp_backend_parent_class)->constructed (object);

  self->pcp.udp = plum_udp_session_new (PLUM_BACKEND (object), &pcp_protocol);
  self->pcp.sets = g_ptr_array_new_with_free_func (pcp_set_free);
  self->pcp.ended_sets = g_array_new (FALSE, FALSE, sizeof (PcpEndedSet));
}

static void
plum_pcp_backend_finalize (GObject *object)
{
  PlumPcpBackend *self = PLUM_PCP_BACKEND (object);

  g_clear_pointer (&self->pcp.udp, plum_udp_session_free);
  g_clear_pointer (&self->pcp.sets, g_ptr_array_unref);
  g_clear_pointer (&self->pcp.ended_sets, g_array_unref);

  G_OBJECT_CLASS (plum_pcp_backend_parent_class)->finalize (object);
}

/* RFC 7723 4.1. The IPv6 address is not listed: a server that is asked over IPv6 opens a pinhole
 * for an address of this host, which no other router translates. */
static const char *const anycast[] = { "192.0.0.9", NULL };

static void
plum_pcp_backend_class_init (PlumPcpBackendClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  PlumBackendClass *backend_class = PLUM_BACKEND_CLASS (klass);

  object_class->constructed = plum_pcp_backend_constructed;
  object_class->finalize = plum_pcp_backend_finalize;

  backend_class->title = "PCP";
  backend_class->anycast = anycast;
  backend_class->discover = plum_pcp_backend_discover;
  backend_class->supports = plum_pcp_backend_supports;
  backend_class->map_several = plum_pcp_backend_map_several;
  backend_class->unmap = plum_pcp_backend_unmap;
  backend_class->check = plum_pcp_backend_check;
  backend_class->get_external_address = plum_pcp_backend_get_external_address;
  backend_class->delete_entry = plum_pcp_backend_delete_entry;
  backend_class->listen = plum_pcp_backend_listen;
  backend_class->get_address_source = plum_pcp_backend_get_address_source;
  backend_class->server = "udp/5351";
}

static void
plum_pcp_backend_init (PlumPcpBackend *self)
{
}
