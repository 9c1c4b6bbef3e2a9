/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "natpmp-backend-private.h"

#include "natpmp-map.h"
#include "plum-backend-log.h"
#include "plum-double-nat.h"

/* One map at a time (RFC 6886 3.3: queue the rest), and one that is silent after so many sends,
 * which is after 3.75 s, no longer keeps the others waiting. */
#define WINDOW 1
#define N_SLOT_SENDS 4

/* A check within this time of an answer needs no question of its own; nor does a map within the
 * other. */
#define FRESH_MS 1000
#define ADDRESS_FRESH_MS 60000

G_DEFINE_FINAL_TYPE (PlumNatpmpBackend, plum_natpmp_backend, PLUM_TYPE_BACKEND)

GError *
plum_natpmp_backend_make_result_error (PlumNatpmpBackend *self, uint16_t code, const char *to_what)
{
  const NatpmpResult *result = natpmp_result_lookup (code);

  return g_error_new (PLUM_ERROR, (int) result->error, "NAT-PMP: %s answered \"%s\" (%u) to %s: %s",
                      plum_exchanges_get_peer (self->exchanges), result->name, code, to_what,
                      result->advice);
}

static gboolean
plum_natpmp_backend_address_is_fresh (PlumNatpmpBackend *self)
{
  gint64 age = plum_backend_get_time (PLUM_BACKEND (self)) - self->address_time;

  return self->address_known && age <= ADDRESS_FRESH_MS * 1000;
}

void
plum_natpmp_backend_want_address (PlumNatpmpBackend *self)
{
  g_autoptr (GError) error = NULL;

  if (!plum_natpmp_backend_address_is_fresh (self) && !plum_server_probe_want (self->probe, &error))
    plum_log_debug ("%s", error->message);
}

static void
on_announcement (gpointer user_data)
{
  PlumNatpmpBackend *self = user_data;

  plum_server_probe_hint (self->probe,
                          "the gateway's address announces a restart or a new address");
}

void
plum_natpmp_backend_listen (PlumNatpmpBackend *self)
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

static gboolean
plum_natpmp_backend_epoch_fits (PlumNatpmpBackend *self, gint64 server)
{
  gint64 now = plum_backend_get_time (PLUM_BACKEND (self)) / G_USEC_PER_SEC;

  return !self->epoch_known ||
         natpmp_epoch_is_valid (self->epoch_server, self->epoch_client, server, now);
}

/* RFC 6886 3.6. Last of all that an answer does: who hears of a loss may drop anything. */
static void
plum_natpmp_backend_note_epoch (PlumNatpmpBackend *self, uint32_t epoch)
{
  gint64 now = plum_backend_get_time (PLUM_BACKEND (self)) / G_USEC_PER_SEC;
  gboolean fits = plum_natpmp_backend_epoch_fits (self, epoch);
  g_autofree char *reason = NULL;

  if (!fits)
    reason =
      g_strdup_printf ("NAT-PMP: %s has lost its state: its clock went from %" G_GINT64_FORMAT
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

static gboolean
plum_natpmp_backend_is_address (PlumNatpmpBackend *self, GInetAddress *address)
{
  if (address == NULL || self->address == NULL)
    return address == self->address;

  return g_inet_address_equal (address, self->address);
}

/* 0.0.0.0 with success is "none yet" (quirk 6). (transfer full) (nullable) */
static GInetAddress *
make_address (const NatpmpReply *reply)
{
  g_autoptr (GInetAddress) address =
    g_inet_address_new_from_bytes (reply->address, G_SOCKET_FAMILY_IPV4);

  return g_inet_address_get_is_any (address) ? NULL : g_steal_pointer (&address);
}

static void
plum_natpmp_backend_on_unasked (PlumNatpmpBackend *self, const NatpmpReply *reply)
{
  g_autoptr (GInetAddress) address = make_address (reply);

  /* If all fits it is no news, or a copy of the answer that came before. */
  if (!plum_natpmp_backend_epoch_fits (self, reply->epoch) ||
      (reply->result == NATPMP_SUCCESS && self->address_known &&
       !plum_natpmp_backend_is_address (self, address)))
    plum_server_probe_hint (self->probe, "an unasked response tells of a restart or a new address");
}

static void
plum_natpmp_backend_on_address (PlumNatpmpBackend *self, const NatpmpReply *reply)
{
  g_autoptr (GInetAddress) address = NULL;
  g_autoptr (GError) error = NULL;
  gboolean moved = FALSE;

  if (!plum_server_probe_is_running (self->probe))
    {
      plum_natpmp_backend_on_unasked (self, reply);
      return;
    }

  if (reply->result == NATPMP_SUCCESS)
    {
      address = make_address (reply);
      moved = self->address_known && !plum_natpmp_backend_is_address (self, address);
      self->address_known = TRUE;
      self->address_time = plum_backend_get_time (PLUM_BACKEND (self));
      g_set_object (&self->address, address);
    }
  else
    {
      error =
        plum_natpmp_backend_make_result_error (self, reply->result, "the question for its address");
    }

  plum_server_probe_answered (self->probe, error);
  if (moved)
    plum_backend_report_external_address (PLUM_BACKEND (self), address);
  plum_natpmp_backend_note_epoch (self, reply->epoch);
}

static void
plum_natpmp_backend_on_map (PlumNatpmpBackend *self, const NatpmpReply *reply)
{
  if (natpmp_map_answered (self, reply))
    plum_natpmp_backend_note_epoch (self, reply->epoch);
  else
    plum_log_debug ("NAT-PMP: dropped a map response for port %u, which answers nothing",
                    reply->internal_port);
}

/* It does not say which request it answers, and is true of all. */
static void
plum_natpmp_backend_on_other (PlumNatpmpBackend *self, const NatpmpReply *reply)
{
  const char *peer = plum_exchanges_get_peer (self->exchanges);
  g_autoptr (GError) error = NULL;

  if (reply->kind == NATPMP_REPLY_OPCODE)
    error = plum_natpmp_backend_make_result_error (self, reply->result, "the request");
  else if (reply->version == 0)
    g_set_error (&error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED, "NAT-PMP: %s refused version 0",
                 peer);
  else
    g_set_error (&error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED,
                 "NAT-PMP: %s is a PCP server (version %u) and no NAT-PMP one", peer,
                 reply->version);

  plum_exchanges_fail_all (self->exchanges, error);
}

static void
on_datagram (const uint8_t *data, size_t len, gpointer user_data)
{
  PlumNatpmpBackend *self = user_data;
  g_autoptr (GError) error = NULL;
  NatpmpReply reply;

  if (!natpmp_decode_reply (data, len, &reply, &error))
    {
      plum_log_debug ("%s: dropped", error->message);
      plum_backend_report_note (PLUM_BACKEND (self), error->message);
      return;
    }

  switch (reply.kind)
    {
    case NATPMP_REPLY_ADDRESS:
      plum_natpmp_backend_on_address (self, &reply);
      break;
    case NATPMP_REPLY_MAP:
      plum_natpmp_backend_on_map (self, &reply);
      break;
    case NATPMP_REPLY_VERSION:
    case NATPMP_REPLY_OPCODE:
      plum_natpmp_backend_on_other (self, &reply);
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
on_probe_ask (PlumExchange *exchange, gpointer user_data)
{
  exchange->request_len = natpmp_encode_address (exchange->request, sizeof exchange->request);
}

static void
on_probe_ended (const GError *error, gpointer user_data)
{
  PlumNatpmpBackend *self = user_data;
  g_autoptr (GError) none = NULL;

  if (error != NULL)
    plum_log_debug ("%s", error->message);

  natpmp_map_complete_all (self);

  if (error == NULL && self->address != NULL)
    {
      plum_call_set_address (self->address_calls, self->address);
      return;
    }

  none = error != NULL
           ? g_error_copy (error)
           : g_error_new (PLUM_ERROR, PLUM_ERROR_NO_RESOURCES,
                          "NAT-PMP: %s told no external address: " PLUM_NO_PUBLIC_ADDRESS,
                          plum_exchanges_get_peer (self->exchanges));
  plum_call_set_fail (self->address_calls, none);
}

/* FALSE: there is nobody to ask, and the call is settled. */
static gboolean
plum_natpmp_backend_can_ask (PlumNatpmpBackend *self, PlumCall *call)
{
  PlumNetwork *network = plum_backend_get_network (PLUM_BACKEND (self));
  GInetAddress *gateway = plum_network_get_gateway (network);
  GInetAddress *local = plum_network_get_local_address (network);

  if (gateway == NULL)
    plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED,
                    "NAT-PMP: a point-to-point link has no gateway to ask");
  else if (g_inet_address_get_family (gateway) != G_SOCKET_FAMILY_IPV4 || local == NULL ||
           g_inet_address_get_family (local) != G_SOCKET_FAMILY_IPV4)
    plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED, "NAT-PMP: it is for IPv4 only");
  else
    return TRUE;

  return FALSE;
}

static void
plum_natpmp_backend_discover (PlumBackend *backend, PlumCall *call)
{
  PlumNatpmpBackend *self = PLUM_NATPMP_BACKEND (backend);

  if (plum_natpmp_backend_can_ask (self, call))
    plum_server_probe_join (self->probe, call, 0);
}

static void
plum_natpmp_backend_map (PlumBackend *backend, PlumRequest *request, PlumCall *call)
{
  PlumNatpmpBackend *self = PLUM_NATPMP_BACKEND (backend);
  g_autoptr (GError) error = NULL;
  PlumExchangeKey key;

  if (!plum_natpmp_backend_can_ask (self, call))
    return;

  natpmp_map_make_key (plum_request_get_protocol (request),
                       plum_request_get_internal_port (request), &key);
  if (plum_lease_table_check_hold (self->leases, &key, plum_request_get_external_port (request),
                                   plum_request_get_require_external_port (request),
                                   plum_backend_get_time (backend), &error))
    {
      plum_call_return_error (call, g_steal_pointer (&error));
      return;
    }

  /* Both at once: either may be lost, and neither needs the other (quirk 14). A renewal goes
   * alone: the address is asked for at each recheck. */
  if (!self->address_known ||
      !plum_lease_table_is_renewal (self->leases, &key, plum_request_get_external_port (request)))
    plum_natpmp_backend_want_address (self);
  natpmp_map_start (self, request, FALSE, call);
}

static void
plum_natpmp_backend_unmap (PlumBackend *backend,
                           PlumRequest *request,
                           PlumLease *lease,
                           PlumCall *call)
{
  PlumNatpmpBackend *self = PLUM_NATPMP_BACKEND (backend);
  PlumExchangeKey key;

  if (!plum_natpmp_backend_can_ask (self, call))
    return;

  natpmp_map_make_key (plum_request_get_protocol (request),
                       plum_request_get_internal_port (request), &key);
  plum_lease_table_forget (self->leases, &key);
  plum_natpmp_backend_listen (self);
  natpmp_map_start (self, request, TRUE, call);
}

static void
plum_natpmp_backend_check (PlumBackend *backend,
                           PlumRequest *request,
                           PlumLease *lease,
                           PlumCall *call)
{
  PlumNatpmpBackend *self = PLUM_NATPMP_BACKEND (backend);

  if (plum_natpmp_backend_can_ask (self, call))
    plum_server_probe_join (self->probe, call, FRESH_MS);
}

static void
plum_natpmp_backend_get_external_address (PlumBackend *backend, PlumCall *call)
{
  PlumNatpmpBackend *self = PLUM_NATPMP_BACKEND (backend);
  g_autoptr (GError) error = NULL;

  if (!plum_natpmp_backend_can_ask (self, call))
    return;

  if (self->address != NULL && plum_natpmp_backend_address_is_fresh (self))
    plum_call_return_address (call, self->address);
  else if (plum_server_probe_want (self->probe, &error))
    plum_call_set_add (self->address_calls, call);
  else
    plum_call_return_error (call, g_steal_pointer (&error));
}

static void
plum_natpmp_backend_constructed (GObject *object)
{
  static const PlumServerProbeFuncs funcs = { .ask = on_probe_ask, .ended = on_probe_ended };
  PlumNatpmpBackend *self = PLUM_NATPMP_BACKEND (object);
  PlumBackend *backend = PLUM_BACKEND (object);

  G_OBJECT_CLASS (plum_natpmp_backend_parent_class)->constructed (object);

  self->leases = plum_lease_table_new ();
  self->address_calls = plum_call_set_new (NULL, NULL);
  self->exchanges =
    plum_exchanges_new (backend, "NAT-PMP", NATPMP_PORT, WINDOW, N_SLOT_SENDS, on_datagram, self);
  self->probe = plum_server_probe_new (backend, self->exchanges, &funcs, self);
}

static void
plum_natpmp_backend_finalize (GObject *object)
{
  PlumNatpmpBackend *self = PLUM_NATPMP_BACKEND (object);

  g_clear_pointer (&self->announcements, plum_announcements_free);
  g_clear_pointer (&self->probe, plum_server_probe_free);
  g_clear_pointer (&self->exchanges, plum_exchanges_free);
  g_clear_pointer (&self->address_calls, plum_call_set_free);
  g_clear_pointer (&self->leases, plum_lease_table_free);
  g_clear_object (&self->address);

  G_OBJECT_CLASS (plum_natpmp_backend_parent_class)->finalize (object);
}

static void
plum_natpmp_backend_class_init (PlumNatpmpBackendClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  PlumBackendClass *backend_class = PLUM_BACKEND_CLASS (klass);

  object_class->constructed = plum_natpmp_backend_constructed;
  object_class->finalize = plum_natpmp_backend_finalize;

  backend_class->discover = plum_natpmp_backend_discover;
  backend_class->map = plum_natpmp_backend_map;
  backend_class->unmap = plum_natpmp_backend_unmap;
  backend_class->check = plum_natpmp_backend_check;
  backend_class->get_external_address = plum_natpmp_backend_get_external_address;
}

static void
plum_natpmp_backend_init (PlumNatpmpBackend *self)
{
  g_queue_init (&self->granted);
}
