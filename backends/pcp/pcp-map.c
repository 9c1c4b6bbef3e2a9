/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "pcp-map.h"

#include "plum-backend-log.h"
#include "plum-bytes.h"
#include "plum-double-nat.h"
#include "plum-wire-address.h"

typedef struct
{
  PlumExchange exchange;   /* first: one is found by the other */
  PlumPcpBackend *backend; /* borrowed: nothing outlives it */
  PlumCall *call;          /* (nullable) if it is a refresh */
  PcpMap map;
  uint32_t lifetime;
  PcpMap asked;          /* the wish, whatever was tried after it; there the option says
                          * that the external port is required */
  PcpMap before;         /* the try before this one */
  guint tried;           /* bits, 1 << PcpNext */
  gboolean half_deleted; /* the server said that some time is left */
  gboolean refresh;      /* for the address, not for the lease */
} MapOp;

static void
map_op_free (MapOp *op)
{
  plum_exchange_stop (&op->exchange);
  g_clear_object (&op->call);
  g_free (op);
}

static void
map_op_fail (MapOp *op, GError *error) /* (transfer full) */
{
  if (op->call != NULL)
    plum_call_return_error (op->call, error);
  else
    g_error_free (error);
  map_op_free (op);
}

static void
on_map_ended (PlumExchange *exchange, PlumExchangeEnd end, const GError *error)
{
  MapOp *op = (MapOp *) exchange;

  if (end == PLUM_EXCHANGE_CANCELLED)
    {
      map_op_free (op);
      return;
    }

  if (end == PLUM_EXCHANGE_SILENT && op->half_deleted)
    {
      plum_call_return_done (op->call);
      map_op_free (op);
      return;
    }

  map_op_fail (op, plum_exchange_make_error (op->backend->exchanges, exchange, end, error));
}

void
pcp_map_make_key (const PcpMap *map, PlumExchangeKey *key)
{
  PlumWriter w = PLUM_WRITER_INIT (key->bytes, sizeof key->bytes);

  plum_writer_be (&w, PCP_OPCODE_MAP, 1);
  plum_writer_be (&w, map->protocol, 1);
  plum_writer_be (&w, map->internal_port, 2);
  plum_writer_bytes (&w, map->nonce, PCP_NONCE_SIZE);
}

/* A nonce of the mapping and the server: the same after a lost answer and after a restart of the
 * program, and another one for another server (RFC 6887 11.2, RFC 7488 5). */
static void
make_nonce (PlumPcpBackend *self, PlumRequest *request, uint8_t nonce[PCP_NONCE_SIZE])
{
  GInetAddress *server = plum_network_get_gateway (plum_backend_get_network (PLUM_BACKEND (self)));
  gsize key_size;
  const guchar *key = g_bytes_get_data (plum_request_get_key (request), &key_size);
  g_autoptr (GHmac) hmac = g_hmac_new (G_CHECKSUM_SHA256, key, key_size);
  guint8 digest[32];
  gsize digest_size = sizeof digest;

  g_hmac_update (hmac, g_inet_address_to_bytes (server),
                 (gssize) g_inet_address_get_native_size (server));
  g_hmac_get_digest (hmac, digest, &digest_size);
  plum_bytes_copy (nonce, digest, PCP_NONCE_SIZE);
}

void
pcp_map_fill (PlumPcpBackend *self, PlumRequest *request, gboolean deletion, PcpMap *map)
{
  GInetAddress *address = plum_request_get_external_address (request);
  GSocketFamily family = plum_network_get_family (plum_backend_get_network (PLUM_BACKEND (self)));

  *map = (PcpMap){ .protocol = plum_request_get_protocol (request) };
  map->internal_port = (uint16_t) plum_request_get_internal_port (request);
  make_nonce (self, request, map->nonce);

  /* Quirk 16 and erratum 3621: no preference is the zeros of the family that is meant. */
  plum_wire_address_any (family, map->external_address);
  if (deletion)
    return;

  map->external_port = (uint16_t) plum_request_get_external_port (request);
  map->prefer_failure = plum_request_get_require_external_port (request);
  if (address != NULL)
    plum_wire_address_from_inet (address, map->external_address);
}

static void
map_op_send (MapOp *op)
{
  uint8_t client[PCP_ADDRESS_SIZE];

  plum_pcp_backend_get_client_address (op->backend, client);
  op->exchange.request_len = pcp_encode_map (client, op->lifetime, &op->map, op->exchange.request,
                                             sizeof op->exchange.request);
  plum_exchanges_start (op->backend->exchanges, &op->exchange);
}

static MapOp *
map_op_new (PlumPcpBackend *self, PlumCall *call, const PcpMap *map, uint32_t lifetime)
{
  MapOp *op = g_new0 (MapOp, 1);

  op->backend = self;
  op->map = *map;
  op->lifetime = lifetime;
  op->asked = *map;
  op->exchange.func = on_map_ended;
  pcp_map_make_key (map, &op->exchange.key);
  if (call != NULL)
    {
      op->call = g_object_ref (call);
      op->exchange.cancellable = plum_call_get_cancellable (call);
    }

  return op;
}

void
pcp_map_start (PlumPcpBackend *self, PlumCall *call, const PcpMap *map, uint32_t lifetime)
{
  g_autoptr (GError) error = NULL;
  MapOp *op;

  if (!plum_exchanges_open (self->exchanges, &error))
    {
      plum_call_return_error (call, g_steal_pointer (&error));
      return;
    }

  op = map_op_new (self, call, map, lifetime);
  if (lifetime == 0)
    op->exchange.plan = &plum_retry_probe;
  else if (plum_lease_table_is_renewal (self->leases, &op->exchange.key, map->external_port))
    op->exchange.plan = &plum_retry_renewal;
  else
    op->exchange.plan = &plum_retry_pcp;
  map_op_send (op);
}

gboolean
pcp_map_refresh (PlumPcpBackend *self, PlumCall *call)
{
  PlumLeaseTableRow *row = plum_lease_table_peek_live (self->leases);
  PcpMap map = { .protocol = PLUM_PROTOCOL_TCP };
  PlumReader r;
  MapOp *op;

  if (row == NULL || !plum_exchanges_open (self->exchanges, NULL))
    return FALSE;

  /* What pcp_map_make_key () wrote. */
  r = (PlumReader) PLUM_READER_INIT (row->key.bytes, sizeof row->key.bytes);
  plum_reader_be (&r, 1);
  map.protocol = plum_reader_be (&r, 1);
  map.internal_port = (uint16_t) plum_reader_be (&r, 2);
  plum_bytes_copy (map.nonce, plum_reader_take (&r, PCP_NONCE_SIZE), PCP_NONCE_SIZE);
  map.external_port = row->external_port;
  if (row->external_address != NULL)
    plum_wire_address_from_inet (row->external_address, map.external_address);
  else
    plum_wire_address_any (plum_network_get_family (plum_backend_get_network (PLUM_BACKEND (self))),
                           map.external_address);

  op = map_op_new (self, call, &map, row->lifetime);
  op->refresh = TRUE;
  op->exchange.plan = &plum_retry_probe;
  map_op_send (op);
  return TRUE;
}

/* The same for a port that is required. Without the option core decides if what comes will do. */
static gboolean
map_op_change_exact (MapOp *op, PcpNext next, const uint8_t *any_address)
{
  gboolean has_address =
    !plum_bytes_equal (op->map.external_address, any_address, PCP_ADDRESS_SIZE);

  if (next == PCP_NEXT_BARE ? !op->map.prefer_failure : next != PCP_NEXT_NO_ADDRESS || !has_address)
    return FALSE;

  op->before = op->map;
  plum_bytes_copy (op->map.external_address, any_address, PCP_ADDRESS_SIZE);
  if (next == PCP_NEXT_BARE)
    op->map.prefer_failure = FALSE;
  return TRUE;
}

/* Changes the request as the result advises. FALSE: that was done already, or changes nothing. */
static gboolean
map_op_change (MapOp *op, PcpNext next)
{
  PlumNetwork *network = plum_backend_get_network (PLUM_BACKEND (op->backend));
  uint8_t any[PCP_ADDRESS_SIZE];
  gboolean has_address, has_port = op->map.external_port != 0;

  plum_wire_address_any (plum_network_get_family (network), any);
  if (op->asked.prefer_failure)
    return map_op_change_exact (op, next, any);

  has_address = !plum_bytes_equal (op->map.external_address, any, PCP_ADDRESS_SIZE);
  if (next == PCP_NEXT_NO_ADDRESS && !has_address)
    next = PCP_NEXT_NO_PORT;

  if (next == PCP_NEXT_NOTHING || (op->tried & (1u << next)) != 0 ||
      (next == PCP_NEXT_NO_PORT && !has_port) || (!has_port && !has_address))
    return FALSE;

  op->tried |= 1u << next;
  op->before = op->map;
  if (next != PCP_NEXT_NO_ADDRESS)
    op->map.external_port = 0;
  if (next != PCP_NEXT_NO_PORT)
    plum_bytes_copy (op->map.external_address, any, PCP_ADDRESS_SIZE);
  return TRUE;
}

static char *
describe_map (const PcpMap *map)
{
  const char *protocol = map->protocol == PLUM_PROTOCOL_TCP ? "TCP" : "UDP";

  if (map->prefer_failure)
    return g_strdup_printf ("%s port %u as external port %u", protocol, map->internal_port,
                            map->external_port);
  return g_strdup_printf ("%s port %u", protocol, map->internal_port);
}

static gboolean
same_address (const PcpMap *a, const PcpMap *b)
{
  return plum_bytes_equal (a->external_address, b->external_address, PCP_ADDRESS_SIZE);
}

/* An error repeats the request: is it a copy of the answer to the try before, by what was changed
 * since? */
static gboolean
map_op_is_copy (MapOp *op, const PcpMap *reply)
{
  const PcpMap *before = &op->before;

  if (before->internal_port == 0)
    return FALSE;

  return (before->external_port != op->map.external_port &&
          before->external_port == reply->external_port) ||
         (before->prefer_failure && !op->map.prefer_failure && reply->prefer_failure) ||
         (!same_address (before, &op->map) && same_address (before, reply));
}

static void
map_op_refused (MapOp *op, const PcpReply *reply)
{
  PlumPcpBackend *self = op->backend;
  gint64 now = plum_backend_get_time (PLUM_BACKEND (self));
  g_autofree char *what = describe_map (&op->asked);
  g_autoptr (GError) error = plum_pcp_backend_make_result_error (self, reply->result, what);
  guint held;

  /* A copy that comes again to a retransmission is none (miniupnpd names the port it tried where
   * none was suggested). */
  if (op->exchange.n_sent < 2 && map_op_is_copy (op, &reply->map))
    return;

  if (op->refresh)
    {
      map_op_fail (op, g_steal_pointer (&error));
      return;
    }

  if (map_op_change (op, pcp_result_lookup (reply->result)->next))
    {
      plum_log_debug ("%s; asked again with less", error->message);
      plum_exchange_stop (&op->exchange);
      map_op_send (op);
      return;
    }

  held = pcp_error_lifetime (reply->result, reply->lifetime);
  plum_lease_table_hold (self->leases, &op->exchange.key, op->asked.external_port,
                         op->asked.prefer_failure, error, now,
                         now + (gint64) held * G_USEC_PER_SEC);
  map_op_fail (op, g_steal_pointer (&error));
}

/* RFC 6887 15: a deletion of what is not there succeeds. Routers are known that say NO_RESOURCES or
 * NOT_AUTHORIZED to that. */
static void
map_op_deleted (MapOp *op, const PcpReply *reply)
{
  g_autofree char *port = NULL;
  g_autofree char *what = NULL;

  if (reply->result == PCP_SUCCESS && reply->lifetime > 0)
    {
      /* The late answer to a renewal; or, if no other comes, traffic keeps it for a while. */
      op->half_deleted = TRUE;
      return;
    }

  if (reply->result == PCP_SUCCESS || reply->result == PCP_NOT_AUTHORIZED ||
      reply->result == PCP_NO_RESOURCES)
    {
      plum_call_return_done (op->call);
      map_op_free (op);
      return;
    }

  port = describe_map (&op->map);
  what = g_strconcat ("the deletion of ", port, NULL);
  map_op_fail (op, plum_pcp_backend_make_result_error (op->backend, reply->result, what));
}

static void
map_op_granted (MapOp *op, const PcpReply *reply)
{
  PlumPcpBackend *self = op->backend;
  PlumExchangeKey key = op->exchange.key;
  g_autoptr (GInetAddress) address = plum_wire_address_to_inet (reply->map.external_address);
  g_autoptr (PlumLease) lease = NULL;
  uint16_t port = reply->map.external_port;
  uint32_t lifetime;

  if (reply->lifetime == 0)
    {
      /* The first may be the late answer to a deletion; who says it again means it. */
      if (op->exchange.n_sent > 1)
        map_op_fail (op, g_error_new (PLUM_ERROR, PLUM_ERROR_NO_RESOURCES,
                                      "PCP: %s granted port %u for 0 s, which is not at all",
                                      plum_exchanges_get_peer (self->exchanges), port));
      return;
    }

  /* A pinhole keeps the port; a router is known that gives 0 on its renewal. */
  if (port == 0 && !plum_pcp_backend_is_ipv4 (self))
    port = op->map.internal_port;
  if (port == 0)
    {
      map_op_fail (op, g_error_new (PLUM_ERROR, PLUM_ERROR_MALFORMED,
                                    "PCP: %s granted external port 0; expected 1 to 65535",
                                    plum_exchanges_get_peer (self->exchanges)));
      return;
    }

  /* RFC 6887 13.2: no server's answer to the option. It may be news of another mapping; who says it
   * again means it (miniupnpd 2.3.1 takes the option and does not heed it), and core gives it
   * back. */
  if (op->map.prefer_failure && port != op->map.external_port && op->exchange.n_sent < 2 &&
      op->exchange.plan != &plum_retry_renewal)
    return;

  if (!op->refresh)
    {
      lease = plum_lease_new (address, port, MIN (reply->lifetime, PCP_LIFETIME_MAX), NULL);
      plum_call_return_lease (op->call, lease);
    }
  else if (op->call != NULL && address != NULL)
    plum_call_return_address (op->call, address);
  else if (op->call != NULL)
    plum_call_fail (op->call, PLUM_ERROR_NO_RESOURCES,
                    "PCP: no external address was told: " PLUM_NO_PUBLIC_ADDRESS);

  lifetime = op->lifetime;
  map_op_free (op);
  plum_pcp_backend_note_grant (self, &key, address, port, lifetime);
}

gboolean
pcp_map_answered (PlumPcpBackend *self, const PcpReply *reply)
{
  PlumExchangeKey key;
  MapOp *op;

  pcp_map_make_key (&reply->map, &key);
  op = (MapOp *) plum_exchanges_lookup (self->exchanges, &key);
  if (op == NULL)
    return FALSE;

  if (op->lifetime == 0)
    map_op_deleted (op, reply);
  else if (reply->result != PCP_SUCCESS)
    map_op_refused (op, reply);
  else
    map_op_granted (op, reply);
  return TRUE;
}
