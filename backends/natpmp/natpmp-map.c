/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "natpmp-map.h"

#include "plum-backend-log.h"
#include "plum-bytes.h"

/* The asked external port, and then so many others less one. */
#define PORTS_MAX 4

/* As long as a day: a timer needs no more (see PCP), and nobody's router is up for ever. */
#define LIFETIME_MAX 86400u

typedef struct
{
  PlumExchange exchange;      /* first: one is found by the other */
  PlumNatpmpBackend *backend; /* borrowed: nothing outlives it */
  PlumCall *call;
  PlumProtocol protocol;
  uint16_t internal_port;
  uint16_t external_port; /* suggested; once granted, that */
  uint32_t lifetime;      /* asked, 0: a deletion; once granted, that */
  guint asked_port;       /* the external port of the wish, whatever was tried later */
  gboolean exact;         /* no other will do */
  guint n_ports;
  GList link;       /* among backend->granted */
  gulong cancel_id; /* while there */
} MapOp;

static void
map_op_free (MapOp *op)
{
  /* Not g_cancellable_disconnect (), which would wait for itself within the handler. */
  if (op->cancel_id != 0)
    {
      g_signal_handler_disconnect (plum_call_get_cancellable (op->call), op->cancel_id);
      g_queue_unlink (&op->backend->granted, &op->link);
    }

  plum_exchange_stop (&op->exchange);
  g_object_unref (op->call);
  g_free (op);
}

static void
map_op_fail (MapOp *op, GError *error) /* (transfer full) */
{
  plum_call_return_error (op->call, error);
  map_op_free (op);
}

static void
on_map_ended (PlumExchange *exchange, PlumExchangeEnd end, const GError *error)
{
  MapOp *op = (MapOp *) exchange;

  if (end == PLUM_EXCHANGE_CANCELLED)
    map_op_free (op);
  else
    map_op_fail (op, plum_exchange_make_error (op->backend->exchanges, exchange, end, error));
}

void
natpmp_map_make_key (PlumProtocol protocol, guint internal_port, PlumExchangeKey *key)
{
  PlumWriter w = PLUM_WRITER_INIT (key->bytes, sizeof key->bytes);

  plum_writer_be (&w, protocol == PLUM_PROTOCOL_UDP ? 1 : 2, 1);
  plum_writer_be (&w, internal_port, 2);
  plum_writer_zeros (&w, sizeof key->bytes - 3);
}

static void
map_op_send (MapOp *op)
{
  op->n_ports++;
  op->exchange.request_len =
    natpmp_encode_map (op->protocol, op->internal_port, op->external_port, op->lifetime,
                       op->exchange.request, sizeof op->exchange.request);
  plum_exchanges_start (op->backend->exchanges, &op->exchange);
}

void
natpmp_map_start (PlumNatpmpBackend *self, PlumRequest *request, gboolean deletion, PlumCall *call)
{
  g_autoptr (GError) error = NULL;
  MapOp *op;

  if (!plum_exchanges_open (self->exchanges, &error))
    {
      plum_call_return_error (call, g_steal_pointer (&error));
      return;
    }

  op = g_new0 (MapOp, 1);
  op->backend = self;
  op->call = g_object_ref (call);
  op->protocol = plum_request_get_protocol (request);
  op->internal_port = (uint16_t) plum_request_get_internal_port (request);
  op->asked_port = plum_request_get_external_port (request);
  op->exact = plum_request_get_require_external_port (request);
  if (!deletion)
    {
      /* Never 0, which would mean any: a router is known that refuses it (quirk 7). */
      op->external_port = (uint16_t) op->asked_port;
      op->lifetime = plum_request_get_lifetime (request);
    }

  op->exchange.func = on_map_ended;
  op->exchange.cancellable = plum_call_get_cancellable (call);
  natpmp_map_make_key (op->protocol, op->internal_port, &op->exchange.key);
  if (deletion)
    op->exchange.plan = &plum_retry_probe;
  else if (plum_lease_table_is_renewal (self->leases, &op->exchange.key, op->external_port))
    op->exchange.plan = &plum_retry_renewal;
  else
    op->exchange.plan = &plum_retry_natpmp;
  map_op_send (op);
}

static void
map_op_refused (MapOp *op, uint16_t code)
{
  PlumNatpmpBackend *self = op->backend;
  gint64 now = plum_backend_get_time (PLUM_BACKEND (self));
  const NatpmpResult *result = natpmp_result_lookup (code);
  g_autofree char *what =
    g_strdup_printf ("%s port %u", op->protocol == PLUM_PROTOCOL_TCP ? "TCP" : "UDP",
                     op->internal_port);
  g_autoptr (GError) error = plum_natpmp_backend_make_result_error (self, code, what);

  if (result->other_port && !op->exact && op->n_ports < PORTS_MAX)
    {
      op->external_port = (uint16_t) g_random_int_range (1024, G_MAXUINT16 + 1);
      plum_log_debug ("%s; asked again for external port %u", error->message, op->external_port);
      plum_exchange_stop (&op->exchange);
      map_op_send (op);
      return;
    }

  plum_lease_table_hold (self->leases, &op->exchange.key, op->asked_port, op->exact, error, now,
                         now + (gint64) result->hold_s * G_USEC_PER_SEC);
  map_op_fail (op, g_steal_pointer (&error));
}

static void
map_op_complete (MapOp *op)
{
  PlumNatpmpBackend *self = op->backend;
  g_autoptr (PlumLease) lease =
    plum_lease_new (self->address, op->external_port, op->lifetime, NULL);

  plum_call_return_lease (op->call, lease);
  map_op_free (op);
}

static void
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  map_op_free (user_data);
}

static void
map_op_granted (MapOp *op, const NatpmpReply *reply)
{
  PlumNatpmpBackend *self = op->backend;

  if (reply->lifetime == 0 || reply->external_port == 0)
    {
      /* The first may be the late answer to a deletion; who says it again means it. */
      if (op->exchange.n_sent > 1)
        map_op_fail (op, g_error_new (PLUM_ERROR, PLUM_ERROR_NO_RESOURCES,
                                      "NAT-PMP: %s granted port %u for %u s, which is not at all",
                                      plum_exchanges_get_peer (self->exchanges),
                                      reply->external_port, reply->lifetime));
      return;
    }

  op->external_port = reply->external_port;
  op->lifetime = MIN (reply->lifetime, LIFETIME_MAX);
  plum_lease_table_grant (self->leases, &op->exchange.key, self->address, op->external_port);
  plum_natpmp_backend_listen (self);

  if (!plum_server_probe_is_running (self->probe))
    {
      map_op_complete (op);
      return;
    }

  /* Whoever asked for it may go, but it is wanted here. */
  plum_server_probe_want (self->probe, NULL);
  plum_exchange_stop (&op->exchange);
  op->link.data = op;
  g_queue_push_tail_link (&self->granted, &op->link);
  op->cancel_id = g_signal_connect (plum_call_get_cancellable (op->call), "cancelled",
                                    G_CALLBACK (on_cancelled), op);
}

void
natpmp_map_complete_all (PlumNatpmpBackend *self)
{
  GList *link;

  while ((link = g_queue_peek_head_link (&self->granted)) != NULL)
    map_op_complete (link->data);
}

static void
map_op_deleted (MapOp *op, const NatpmpReply *reply)
{
  g_autofree char *what = NULL;

  /* Of one internal port there is one key: this is the late answer to a renewal. */
  if (reply->result == NATPMP_SUCCESS && (reply->lifetime != 0 || reply->external_port != 0))
    return;

  if (reply->result == NATPMP_SUCCESS)
    {
      plum_call_return_done (op->call);
      map_op_free (op);
      return;
    }

  what = g_strdup_printf ("the deletion of %s port %u",
                          op->protocol == PLUM_PROTOCOL_TCP ? "TCP" : "UDP", op->internal_port);
  map_op_fail (op, plum_natpmp_backend_make_result_error (op->backend, reply->result, what));
}

gboolean
natpmp_map_answered (PlumNatpmpBackend *self, const NatpmpReply *reply)
{
  PlumExchangeKey key;
  MapOp *op;

  natpmp_map_make_key (reply->protocol, reply->internal_port, &key);
  op = (MapOp *) plum_exchanges_lookup (self->exchanges, &key);
  if (op == NULL)
    return FALSE;

  if (op->lifetime == 0)
    map_op_deleted (op, reply);
  else if (reply->result != NATPMP_SUCCESS)
    map_op_refused (op, reply->result);
  else
    map_op_granted (op, reply);
  return TRUE;
}
