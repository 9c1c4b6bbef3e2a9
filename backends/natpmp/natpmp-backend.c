/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "natpmp-backend.h"

#include "natpmp-map.h"
#include "plum-backend-log.h"
#include "plum-call-set.h"
#include "plum-double-nat.h"
#include "plum-external-address.h"

#include <glib/gi18n-lib.h>

/* One map request is in flight at a time (RFC 6886 3.3). One that is silent after so many sends,
 * which is after 3.75 s, no longer delays the others. */
#define WINDOW 1
#define N_SLOT_SENDS 4

struct _PlumNatpmpBackend
{
  PlumBackend parent_instance;

  PlumUdpSession *session; /* its probe is the external address request */
  NatpmpMaps *maps;
  PlumCallSet *address_calls; /* also wait for the probe */
};

G_DEFINE_FINAL_TYPE (PlumNatpmpBackend, plum_natpmp_backend, PLUM_TYPE_BACKEND)

/* 0.0.0.0 with success means that there is none at present (quirk 6). (transfer full)
 * (nullable) */
static GInetAddress *
make_address (PlumNatpmpBackend *self, const NatpmpReply *reply)
{
  g_autoptr (GInetAddress) address =
    g_inet_address_new_from_bytes (reply->address, G_SOCKET_FAMILY_IPV4);
  g_autofree char *shown = NULL;
  g_autofree char *note = NULL;

  if (g_inet_address_get_is_any (address))
    return NULL;
  if (plum_external_address_is_possible (address))
    return g_steal_pointer (&address);

  shown = g_inet_address_to_string (address);
  note = g_strdup_printf (_ ("NAT-PMP: %s reported %s, which cannot be the external address: the "
                             "address is unknown"),
                          plum_udp_session_get_peer (self->session), shown);
  plum_log_debug ("%s", note);
  plum_backend_report_note (PLUM_BACKEND (self), note);
  return NULL;
}

static void
plum_natpmp_backend_on_unsolicited (PlumNatpmpBackend *self, const NatpmpReply *reply)
{
  const char *reason = "an unsolicited response reports a restart or a new address";
  PlumUdpSession *session = self->session;
  g_autoptr (GInetAddress) address = NULL;
  gboolean tells_address =
    reply->result == NATPMP_SUCCESS || reply->result == NATPMP_NETWORK_FAILURE;

  if (reply->result == NATPMP_SUCCESS)
    address = make_address (self, reply);

  /* A response that matches the known state is redundant, or a copy of an earlier answer. */
  if (reply->has_epoch && plum_udp_session_is_young (session, reply->epoch))
    plum_udp_session_note_announcement (session, reason);
  else if ((reply->has_epoch && !plum_udp_session_epoch_fits (session, reply->epoch)) ||
           (tells_address && session->address_known &&
            !plum_udp_session_is_external_address (session, address)))
    plum_server_probe_hint (session->probe, reason);
}

static void
plum_natpmp_backend_on_address (PlumNatpmpBackend *self, const NatpmpReply *reply)
{
  PlumUdpSession *session = self->session;
  g_autoptr (GInetAddress) address = NULL;
  g_autoptr (GError) error = NULL;
  gboolean changed = FALSE;

  if (!plum_server_probe_is_running (session->probe))
    {
      plum_natpmp_backend_on_unsolicited (self, reply);
      return;
    }

  if (reply->result == NATPMP_SUCCESS)
    {
      address = make_address (self, reply);
      changed = plum_udp_session_set_external_address (session, address);
      changed = (natpmp_maps_take_incomplete (self->maps) && address != NULL) || changed;
    }
  else
    {
      error = natpmp_result_make_error (reply->result, plum_udp_session_get_peer (session),
                                        C_ ("request", "the external address request"));
      /* The router has no address (RFC 6886 3.5). Any other result says nothing about it. */
      if (reply->result == NATPMP_NETWORK_FAILURE)
        changed = plum_udp_session_set_external_address (session, NULL);
    }

  plum_server_probe_finish (session->probe, error);
  if (changed)
    plum_backend_report_external_address (PLUM_BACKEND (self), address);
  if (!reply->has_epoch)
    return;

  plum_udp_session_serve_announcement (session, reply->epoch);
  plum_udp_session_note_epoch (session, reply->epoch);
}

static void
plum_natpmp_backend_on_map (PlumNatpmpBackend *self, const NatpmpReply *reply)
{
  if (!natpmp_maps_handle_reply (self->maps, reply))
    plum_log_debug ("NAT-PMP: dropped a map response that matches no request, for port %u",
                    reply->internal_port);
  else if (reply->has_epoch)
    plum_udp_session_note_epoch (self->session, reply->epoch);
}

/* The response applies to the protocol, or to an opcode that was not sent: fails all requests. */
static void
plum_natpmp_backend_on_unsupported (PlumNatpmpBackend *self, const NatpmpReply *reply)
{
  const char *peer = plum_udp_session_get_peer (self->session);
  g_autoptr (GError) error = NULL;

  if (reply->kind == NATPMP_REPLY_ERROR)
    error = natpmp_result_make_error (reply->result, peer, C_ ("request", "the request"));
  else if (reply->version == 0)
    g_set_error (&error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED, _ ("NAT-PMP: %s refused version 0"),
                 peer);
  else
    g_set_error (&error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED,
                 _ ("NAT-PMP: %s supports PCP only (version %u)"), peer, reply->version);

  plum_udp_session_fail_all (self->session, error);
}

static gboolean
receive (PlumBackend *backend, const uint8_t *data, size_t len, GError **error)
{
  PlumNatpmpBackend *self = PLUM_NATPMP_BACKEND (backend);
  NatpmpReply reply;

  if (!natpmp_decode_reply (data, len, &reply, error))
    return FALSE;

  switch (reply.kind)
    {
    case NATPMP_REPLY_ADDRESS:
      plum_natpmp_backend_on_address (self, &reply);
      break;
    case NATPMP_REPLY_MAP:
      plum_natpmp_backend_on_map (self, &reply);
      break;
    case NATPMP_REPLY_VERSION:
    case NATPMP_REPLY_ERROR:
      plum_natpmp_backend_on_unsupported (self, &reply);
      break;
    default:
      g_assert_not_reached ();
    }
  return TRUE;
}

static size_t
encode_probe (PlumUdpSession *session, uint8_t *out, size_t size)
{
  return natpmp_encode_address (out, size);
}

static void
probe_finished (PlumBackend *backend, const GError *error)
{
  PlumNatpmpBackend *self = PLUM_NATPMP_BACKEND (backend);
  GInetAddress *address = self->session->external_address;
  g_autoptr (GError) no_address = NULL;

  natpmp_maps_address_arrived (self->maps);

  if (error != NULL)
    {
      plum_call_set_fail (self->address_calls, error);
    }
  else if (address != NULL)
    {
      plum_call_set_address (self->address_calls, address);
    }
  else
    {
      no_address =
        g_error_new (PLUM_ERROR, PLUM_ERROR_NO_RESOURCES,
                     _ ("NAT-PMP: %s has no external address: %s"),
                     plum_udp_session_get_peer (self->session), _ (PLUM_NO_PUBLIC_ADDRESS));
      plum_call_set_fail (self->address_calls, no_address);
    }
}

/* A router may map ports and not answer this request. */
static void
probe_late (PlumBackend *backend)
{
  natpmp_maps_address_arrived (PLUM_NATPMP_BACKEND (backend)->maps);
}

static void
refresh (PlumBackend *backend, const PlumExchangeKey *key)
{
  natpmp_maps_refresh (PLUM_NATPMP_BACKEND (backend)->maps, key);
}

static const char *
check_network (PlumNetwork *network)
{
  GInetAddress *gateway = plum_network_get_gateway (network);
  GInetAddress *local = plum_network_get_local_address (network);

  if (g_inet_address_get_family (gateway) != G_SOCKET_FAMILY_IPV4 || local == NULL ||
      g_inet_address_get_family (local) != G_SOCKET_FAMILY_IPV4)
    return _ ("only IPv4 is supported");
  return NULL;
}

static const PlumUdpProtocol natpmp_protocol = {
  .label = "NAT-PMP",
  .log_domain = G_LOG_DOMAIN,
  .port = NATPMP_PORT,
  .window = WINDOW,
  .n_slot_sends = N_SLOT_SENDS,
  .map_plan = &plum_retry_natpmp,
  .epoch_is_valid = natpmp_epoch_is_valid,
  .check_network = check_network,
  .refresh = refresh,
  .give_up = natpmp_map_give_up,
  .left = natpmp_map_left,
  .encode_probe = encode_probe,
  .probe_late = probe_late,
  .probe_finished = probe_finished,
  .receive = receive,
};

static void
plum_natpmp_backend_discover (PlumBackend *backend, PlumCall *call)
{
  plum_udp_session_discover (PLUM_NATPMP_BACKEND (backend)->session, call);
}

/* Requests the address, unless it is fresh. A pending request serves all callers. */
static void
plum_natpmp_backend_request_address (PlumNatpmpBackend *self)
{
  g_autoptr (GError) error = NULL;

  if (!plum_udp_session_address_is_fresh (self->session) &&
      !plum_server_probe_request (self->session->probe, &error))
    plum_log_debug ("%s", error->message);
}

/* map () names the protocols that can. */
static gboolean
plum_natpmp_backend_supports (PlumBackend *backend, PlumRequest *request)
{
  return TRUE;
}

/* RFC 6886 3.3: a mapping leads to the source of the request, and is open to all hosts. */
static gboolean
check_hosts (PlumRequest *request, PlumCall *call)
{
  if (plum_request_get_internal_address (request) != NULL)
    plum_call_fail (
      call, PLUM_ERROR_NOT_SUPPORTED,
      _ ("NAT-PMP: the protocol cannot map a port of another host; PCP and UPnP can, if "
         "the router allows it"));
  else if (plum_request_get_remote_addresses (request) != NULL)
    plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED,
                    _ ("NAT-PMP: the protocol cannot restrict a mapping to some remote hosts; PCP "
                       "can, and UPnP for one host"));
  else
    return TRUE;

  return FALSE;
}

static void
plum_natpmp_backend_map (PlumBackend *backend, PlumRequest *request, PlumCall *call)
{
  PlumNatpmpBackend *self = PLUM_NATPMP_BACKEND (backend);
  guint external_port = plum_request_get_external_port (request);
  PlumExchangeKey key;

  if (!plum_udp_session_check_network (self->session, call) || !check_hosts (request, call))
    return;

  natpmp_map_make_key (plum_request_get_protocol (request),
                       plum_request_get_internal_port (request), &key);
  if (!plum_udp_session_check_hold (self->session, &key, external_port,
                                    plum_request_get_require_external_port (request), call))
    return;

  /* Both at once: either may be lost, and neither needs the other (quirk 14). A renewal is sent
   * alone: each check requests the address. */
  if (!self->session->address_known ||
      !plum_lease_table_is_renewal (self->session->leases, &key, external_port))
    plum_natpmp_backend_request_address (self);
  natpmp_maps_start (self->maps, request, FALSE, call);
}

static void
plum_natpmp_backend_unmap (PlumBackend *backend,
                           PlumRequest *request,
                           PlumLease *lease,
                           PlumCall *call)
{
  PlumNatpmpBackend *self = PLUM_NATPMP_BACKEND (backend);
  PlumExchangeKey key;

  if (!plum_udp_session_check_network (self->session, call))
    return;

  natpmp_map_make_key (plum_request_get_protocol (request),
                       plum_request_get_internal_port (request), &key);
  plum_udp_session_remove_lease (self->session, &key);
  natpmp_maps_start (self->maps, request, TRUE, call);
}

static void
plum_natpmp_backend_delete_entry (PlumBackend *backend, PlumEntry *entry, PlumCall *call)
{
  PlumNatpmpBackend *self = PLUM_NATPMP_BACKEND (backend);

  if (plum_udp_session_check_entry (self->session, entry, call))
    natpmp_maps_delete_entry (self->maps, entry, call);
}

static void
plum_natpmp_backend_check (PlumBackend *backend,
                           PlumRequest *request,
                           PlumLease *lease,
                           PlumCall *call)
{
  plum_udp_session_check (PLUM_NATPMP_BACKEND (backend)->session, call);
}

static void
plum_natpmp_backend_get_external_address (PlumBackend *backend, PlumCall *call)
{
  PlumNatpmpBackend *self = PLUM_NATPMP_BACKEND (backend);
  PlumUdpSession *session = self->session;
  g_autoptr (GError) error = NULL;

  if (!plum_udp_session_check_network (session, call))
    return;

  if (session->external_address != NULL && plum_udp_session_address_is_fresh (session))
    plum_call_return_address (call, session->external_address);
  else if (plum_server_probe_request (session->probe, &error))
    plum_call_set_add (self->address_calls, call);
  else
    plum_call_return_error (call, g_steal_pointer (&error));
}

static void
plum_natpmp_backend_listen (PlumBackend *backend, gboolean listen)
{
  plum_udp_session_listen (PLUM_NATPMP_BACKEND (backend)->session, listen);
}

static void
plum_natpmp_backend_constructed (GObject *object)
{
  PlumNatpmpBackend *self = PLUM_NATPMP_BACKEND (object);

  G_OBJECT_CLASS (plum_natpmp_backend_parent_class)->constructed (object);

  self->session = plum_udp_session_new (PLUM_BACKEND (object), &natpmp_protocol);
  self->maps = natpmp_maps_new (self->session);
  self->address_calls = plum_call_set_new (NULL, NULL);
}

static void
plum_natpmp_backend_finalize (GObject *object)
{
  PlumNatpmpBackend *self = PLUM_NATPMP_BACKEND (object);

  g_clear_pointer (&self->session, plum_udp_session_free);
  g_clear_pointer (&self->maps, natpmp_maps_free);
  g_clear_pointer (&self->address_calls, plum_call_set_free);

  G_OBJECT_CLASS (plum_natpmp_backend_parent_class)->finalize (object);
}

static void
plum_natpmp_backend_class_init (PlumNatpmpBackendClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  PlumBackendClass *backend_class = PLUM_BACKEND_CLASS (klass);

  object_class->constructed = plum_natpmp_backend_constructed;
  object_class->finalize = plum_natpmp_backend_finalize;

  backend_class->title = "NAT-PMP";
  backend_class->discover = plum_natpmp_backend_discover;
  backend_class->supports = plum_natpmp_backend_supports;
  backend_class->map = plum_natpmp_backend_map;
  backend_class->unmap = plum_natpmp_backend_unmap;
  backend_class->check = plum_natpmp_backend_check;
  backend_class->get_external_address = plum_natpmp_backend_get_external_address;
  backend_class->delete_entry = plum_natpmp_backend_delete_entry;
  backend_class->listen = plum_natpmp_backend_listen;
  backend_class->server = "udp/5351";
}

static void
plum_natpmp_backend_init (PlumNatpmpBackend *self)
{
}
