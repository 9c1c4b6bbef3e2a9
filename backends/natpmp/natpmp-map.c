/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "natpmp-map.h"

#include "plum-backend-log.h"
#include "plum-bytes.h"

/* How many external ports are tried, the requested one included. */
#define PORTS_MAX 4

/* s: one day, as in PCP (RFC 6887 15). */
#define LIFETIME_MAX 86400u

struct _NatpmpMaps
{
  PlumUdpSession *session; /* borrowed */
  GQueue granted;          /* of Granted */
};

typedef struct
{
  PlumUdpOperation base; /* first */
  NatpmpMaps *maps;      /* borrowed */
  PlumProtocol protocol;
  uint16_t internal_port;
  uint16_t external_port; /* suggested */
  guint n_ports;
} MapOp;

/* A mapping that exists, and waits for the external address. */
typedef struct
{
  GList link;
  NatpmpMaps *maps;
  PlumCall *call;
  gulong cancel_id;
  uint16_t external_port;
  uint32_t lifetime;
} Granted;

NatpmpMaps *
natpmp_maps_new (PlumUdpSession *session)
{
  NatpmpMaps *self = g_new0 (NatpmpMaps, 1);

  self->session = session;
  g_queue_init (&self->granted);
  return self;
}

static void
granted_free (Granted *granted)
{
  /* g_cancellable_disconnect () would wait for itself within the handler. */
  g_signal_handler_disconnect (plum_call_get_cancellable (granted->call), granted->cancel_id);
  g_queue_unlink (&granted->maps->granted, &granted->link);
  g_object_unref (granted->call);
  g_free (granted);
}

void
natpmp_maps_free (NatpmpMaps *self)
{
  GList *link;

  while ((link = g_queue_peek_head_link (&self->granted)) != NULL)
    granted_free (link->data);
  g_free (self);
}

void
natpmp_map_make_key (PlumProtocol protocol, guint internal_port, PlumExchangeKey *key)
{
  PlumWriter w = PLUM_WRITER_INIT (key->bytes, sizeof key->bytes);

  plum_writer_be (&w, protocol == PLUM_PROTOCOL_UDP ? 1 : 2, 1);
  plum_writer_be (&w, internal_port, 2);
  plum_writer_zeros (&w, sizeof key->bytes - 3);
}

static size_t
map_op_encode (PlumUdpOperation *base, uint8_t *out, size_t size)
{
  MapOp *op = (MapOp *) base;

  op->n_ports++;
  return natpmp_encode_map (op->protocol, op->internal_port, op->external_port, base->lifetime, out,
                            size);
}

void
natpmp_maps_start (NatpmpMaps *self, PlumRequest *request, gboolean deletion, PlumCall *call)
{
  PlumProtocol protocol = plum_request_get_protocol (request);
  guint internal_port = plum_request_get_internal_port (request);
  PlumExchangeKey key;
  MapOp *op;

  if (!plum_udp_session_open (self->session, call))
    return;

  natpmp_map_make_key (protocol, internal_port, &key);
  op = (MapOp *) plum_udp_operation_new (sizeof *op, self->session, call, &key, map_op_encode);
  op->maps = self;
  op->protocol = protocol;
  op->internal_port = (uint16_t) internal_port;
  op->base.requested_port = plum_request_get_external_port (request);
  op->base.exact = plum_request_get_require_external_port (request);
  if (!deletion)
    {
      /* Never 0, which would mean any port: some routers refuse it (quirk 7). */
      op->external_port = (uint16_t) op->base.requested_port;
      op->base.lifetime = plum_request_get_lifetime (request);
    }

  plum_udp_operation_start (&op->base);
}

static char *
describe_map (MapOp *op)
{
  return g_strdup_printf ("%s port %u", op->protocol == PLUM_PROTOCOL_TCP ? "TCP" : "UDP",
                          op->internal_port);
}

static void
map_op_refused (MapOp *op, uint16_t code)
{
  const NatpmpResult *result = natpmp_result_lookup (code);
  const char *peer = plum_udp_session_get_peer (op->base.session);
  g_autofree char *what = describe_map (op);
  g_autoptr (GError) error = natpmp_result_make_error (code, peer, what);

  if (!result->other_port || op->base.exact || op->n_ports >= PORTS_MAX)
    {
      plum_udp_operation_refuse (&op->base, g_steal_pointer (&error), result->hold_s);
      return;
    }

  op->external_port = (uint16_t) g_random_int_range (1024, G_MAXUINT16 + 1);
  plum_log_debug ("%s; sent again for external port %u", error->message, op->external_port);
  plum_udp_operation_restart (&op->base);
}

static void
natpmp_maps_return_lease (NatpmpMaps *self,
                          PlumCall *call,
                          uint16_t external_port,
                          uint32_t lifetime)
{
  g_autoptr (PlumLease) lease =
    plum_lease_new (self->session->external_address, external_port, lifetime, NULL);

  plum_call_return_lease (call, lease);
}

static void
on_granted_cancelled (GCancellable *cancellable, gpointer user_data)
{
  granted_free (user_data);
}

static void
natpmp_maps_wait_for_address (NatpmpMaps *self,
                              PlumCall *call,
                              uint16_t external_port,
                              uint32_t lifetime)
{
  Granted *granted = g_new0 (Granted, 1);

  granted->link.data = granted;
  granted->maps = self;
  granted->call = g_object_ref (call);
  granted->external_port = external_port;
  granted->lifetime = lifetime;
  granted->cancel_id = g_signal_connect (plum_call_get_cancellable (call), "cancelled",
                                         G_CALLBACK (on_granted_cancelled), granted);
  g_queue_push_tail_link (&self->granted, &granted->link);

  /* The calls that started the probe may be cancelled; this one still needs it. */
  plum_server_probe_request (self->session->probe, NULL);
}

void
natpmp_maps_address_arrived (NatpmpMaps *self)
{
  GList *link;

  while ((link = g_queue_peek_head_link (&self->granted)) != NULL)
    {
      Granted *granted = link->data;

      natpmp_maps_return_lease (self, granted->call, granted->external_port, granted->lifetime);
      granted_free (granted);
    }
}

static void
map_op_granted (MapOp *op, const NatpmpReply *reply)
{
  NatpmpMaps *self = op->maps;
  PlumUdpSession *session = self->session;
  uint32_t lifetime = MIN (reply->lifetime, LIFETIME_MAX);

  if (reply->lifetime == 0 || reply->external_port == 0)
    {
      plum_udp_operation_grant_nothing (&op->base, reply->external_port, reply->lifetime);
      return;
    }

  plum_udp_session_add_lease (session, &op->base.exchange.key, session->external_address,
                              reply->external_port);
  if (plum_server_probe_is_running (session->probe))
    natpmp_maps_wait_for_address (self, op->base.call, reply->external_port, lifetime);
  else
    natpmp_maps_return_lease (self, op->base.call, reply->external_port, lifetime);
  plum_udp_operation_free (&op->base);
}

static void
map_op_deleted (MapOp *op, const NatpmpReply *reply)
{
  const char *peer = plum_udp_session_get_peer (op->base.session);
  g_autofree char *port = NULL;
  g_autofree char *what = NULL;

  /* An internal port has one key: this is the late answer to a renewal. */
  if (reply->result == NATPMP_SUCCESS && (reply->lifetime != 0 || reply->external_port != 0))
    return;

  if (reply->result == NATPMP_SUCCESS)
    {
      plum_udp_operation_done (&op->base);
      return;
    }

  port = describe_map (op);
  what = g_strconcat ("the deletion of ", port, NULL);
  plum_udp_operation_fail (&op->base, natpmp_result_make_error (reply->result, peer, what));
}

gboolean
natpmp_maps_handle_reply (NatpmpMaps *self, const NatpmpReply *reply)
{
  PlumExchangeKey key;
  MapOp *op;

  natpmp_map_make_key (reply->protocol, reply->internal_port, &key);
  op = (MapOp *) plum_udp_operation_lookup (self->session, &key);
  if (op == NULL)
    return FALSE;

  if (op->base.lifetime == 0)
    map_op_deleted (op, reply);
  else if (reply->result != NATPMP_SUCCESS)
    map_op_refused (op, reply->result);
  else
    map_op_granted (op, reply);
  return TRUE;
}
