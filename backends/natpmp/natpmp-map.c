/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "natpmp-map.h"

#include "natpmp-strays.h"
#include "plum-backend-log.h"
#include "plum-bytes.h"

#include <glib/gi18n-lib.h>

/* How many external ports are tried, the requested one included. A refusal by policy is rarely
 * about one port, and each further request costs the router time (quirk 89). */
#define PORTS_MAX 4
#define PORTS_MAX_DENIED 2

struct _NatpmpMaps
{
  PlumUdpSession *session; /* borrowed */
  GQueue granted;          /* of Granted */
  gboolean incomplete;     /* see natpmp_maps_take_incomplete () */
  NatpmpStrays strays[2];  /* TCP, UDP */
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
  plum_call_set_cancelled_func (granted->call, NULL, NULL);
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

static NatpmpStrays *
natpmp_maps_get_strays (NatpmpMaps *self, PlumProtocol protocol)
{
  return &self->strays[protocol == PLUM_PROTOCOL_UDP];
}

void
natpmp_map_left (PlumUdpOperation *operation)
{
  MapOp *op = (MapOp *) operation;

  natpmp_strays_add (natpmp_maps_get_strays (op->maps, op->protocol), operation->exchange.n_sent,
                     plum_backend_get_time (operation->session->backend));
}

static size_t
map_op_encode (PlumUdpOperation *base, uint8_t *out, size_t size)
{
  MapOp *op = (MapOp *) base;

  op->n_ports++;
  return natpmp_encode_map (op->protocol, op->internal_port, op->external_port, base->lifetime, out,
                            size);
}

static MapOp *
map_op_new (NatpmpMaps *self, PlumProtocol protocol, guint internal_port, PlumCall *call)
{
  PlumExchangeKey key;
  MapOp *op;

  natpmp_map_make_key (protocol, internal_port, &key);
  op = (MapOp *) plum_udp_operation_new (sizeof *op, self->session, call, &key, map_op_encode);
  op->maps = self;
  op->protocol = protocol;
  op->internal_port = (uint16_t) internal_port;
  return op;
}

void
natpmp_maps_start (NatpmpMaps *self, PlumRequest *request, gboolean deletion, PlumCall *call)
{
  MapOp *op;

  if (!plum_udp_session_open (self->session, call))
    return;

  op = map_op_new (self, plum_request_get_protocol (request),
                   plum_request_get_internal_port (request), call);
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

void
natpmp_maps_delete_entry (NatpmpMaps *self, PlumEntry *entry, PlumCall *call)
{
  MapOp *op;

  if (!plum_udp_session_open (self->session, call))
    return;

  op =
    map_op_new (self, plum_entry_get_protocol (entry), plum_entry_get_internal_port (entry), call);
  op->base.is_entry = TRUE;
  plum_udp_operation_start (&op->base);
}

void
natpmp_maps_refresh (NatpmpMaps *self, const PlumExchangeKey *key)
{
  PlumLeaseTableRow *row = plum_lease_table_lookup (self->session->leases, key);
  PlumReader r = PLUM_READER_INIT (key->bytes, sizeof key->bytes);
  PlumProtocol protocol;
  MapOp *op;

  if (row == NULL || !row->live || !plum_exchanges_open (self->session->exchanges, NULL))
    return;

  /* What natpmp_map_make_key () wrote. */
  protocol = plum_reader_be (&r, 1) == 1 ? PLUM_PROTOCOL_UDP : PLUM_PROTOCOL_TCP;
  op = map_op_new (self, protocol, plum_reader_be (&r, 2), NULL);
  op->base.is_refresh = TRUE;
  op->base.requested_port = row->requested_port;
  op->base.lifetime = row->lifetime;
  op->base.exchange.plan = &plum_retry_probe;
  op->external_port = row->requested_port;
  plum_udp_operation_start (&op->base);
}

static char *
describe_map (MapOp *op)
{
  return g_strdup_printf (
    /* Translators: TCP or UDP, and a port. */
    C_ ("request", "%s port %u"), op->protocol == PLUM_PROTOCOL_TCP ? "TCP" : "UDP",
    op->internal_port);
}

static void
map_op_refused (MapOp *op, uint16_t code)
{
  const NatpmpResult *result = natpmp_result_lookup (code);
  guint n_ports = code == NATPMP_NOT_AUTHORIZED ? PORTS_MAX_DENIED : PORTS_MAX;
  const char *peer = plum_udp_session_get_peer (op->base.session);
  g_autofree char *what = describe_map (op);
  g_autoptr (GError) error = natpmp_result_make_error (code, peer, what);

  if (op->base.is_refresh)
    {
      plum_udp_operation_fail (&op->base, g_steal_pointer (&error));
      return;
    }

  if (!result->other_port || op->base.exact || op->n_ports >= n_ports)
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

  self->incomplete = self->incomplete || !self->session->address_known;
  plum_call_return_lease (call, lease);
}

gboolean
natpmp_maps_take_incomplete (NatpmpMaps *self)
{
  gboolean incomplete = self->incomplete;

  self->incomplete = FALSE;
  return incomplete;
}

static void
on_granted_cancelled (PlumCall *call, gpointer user_data)
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
  plum_call_set_cancelled_func (call, on_granted_cancelled, granted);
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

/* The grant cannot be used: deletes it. */
static void
map_op_undo (MapOp *op, GError *error, uint32_t granted)
{
  op->external_port = 0;
  plum_udp_operation_undo (&op->base, error, granted);
}

static void
map_op_granted (MapOp *op, const NatpmpReply *reply)
{
  NatpmpMaps *self = op->maps;
  PlumUdpSession *session = self->session;
  g_autoptr (PlumCall) call = NULL;
  PlumExchangeKey key = op->base.exchange.key;
  PlumUdpGrant grant =
    plum_udp_operation_make_grant (&op->base, reply->external_port, reply->lifetime);
  uint32_t lifetime = MIN (reply->lifetime, PLUM_UDP_LIFETIME_MAX);
  GError *error;

  if (reply->lifetime == 0 || reply->external_port == 0)
    {
      error =
        plum_udp_operation_make_nothing_error (&op->base, reply->external_port, reply->lifetime);
      if (error != NULL)
        map_op_undo (op, error, reply->lifetime);
      return;
    }

  grant.key = &key;
  plum_exchange_note_answer (&op->base.exchange);
  if (op->base.is_refresh)
    {
      plum_udp_operation_free (&op->base);
      plum_udp_session_add_refresh (session, &grant, session->external_address);
      return;
    }

  plum_udp_session_add_lease (session, &grant, session->external_address);
  call = g_object_ref (op->base.call);
  plum_udp_operation_free (&op->base);
  if (plum_server_probe_is_prompt (session->probe))
    natpmp_maps_wait_for_address (self, call, reply->external_port, lifetime);
  else
    natpmp_maps_return_lease (self, call, reply->external_port, lifetime);
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
  what = g_strdup_printf (C_ ("request", "the deletion of %s"), port);
  plum_udp_operation_fail (&op->base, natpmp_result_make_error (reply->result, peer, what));
}

/* (transfer full) */
static GError *
map_op_make_cut_error (MapOp *op, const NatpmpReply *reply)
{
  return g_error_new (
    PLUM_ERROR, PLUM_ERROR_MALFORMED,
    _ ("NAT-PMP: %s answered for internal port %u, which is port %u cut to its low "
       "byte: the router's NAT-PMP works for ports up to 255 only"),
    plum_udp_session_get_peer (op->base.session), reply->internal_port, op->internal_port);
}

/* The pending request whose internal port a router has cut to its low byte (quirk 82), unless the
 * answer may be a copy for a mapping of that low port. (nullable) */
static MapOp *
natpmp_maps_find_cut (NatpmpMaps *self, const NatpmpReply *reply)
{
  PlumLeaseTableRow *row;
  PlumExchangeKey key;

  natpmp_map_make_key (reply->protocol, reply->internal_port, &key);
  row = plum_lease_table_lookup (self->session->leases, &key);
  if (reply->internal_port > 0xff || (row != NULL && row->live))
    return NULL;

  for (unsigned int high = 0x100; high <= 0xff00; high += 0x100)
    {
      MapOp *op;

      natpmp_map_make_key (reply->protocol, high | reply->internal_port, &key);
      op = (MapOp *) plum_udp_operation_lookup (self->session, &key);
      if (op != NULL)
        return op;
    }

  return NULL;
}

/* The router cuts the port of a request in the same way, or only that of its answers: in both cases
 * the deletion with the whole port removes what it has added. */
static gboolean
natpmp_maps_handle_cut (NatpmpMaps *self, const NatpmpReply *reply)
{
  MapOp *op = natpmp_maps_find_cut (self, reply);

  if (op == NULL)
    return FALSE;

  if (op->base.lifetime != 0 && reply->result == NATPMP_SUCCESS && reply->lifetime != 0)
    map_op_undo (op, map_op_make_cut_error (op, reply), reply->lifetime);
  else if (op->base.lifetime == 0 ? reply->lifetime == 0 : reply->result != NATPMP_SUCCESS)
    plum_udp_operation_fail (&op->base, map_op_make_cut_error (op, reply));
  return TRUE;
}

void
natpmp_map_give_up (PlumUdpOperation *operation, GError *error)
{
  if (operation->lifetime == 0 || operation->is_refresh)
    plum_udp_operation_fail (operation, error);
  else
    map_op_undo ((MapOp *) operation, error, 0);
}

/* The only operation of the protocol that was sent and is not answered. NULL: no operation, or
 * several. */
static MapOp *
natpmp_maps_find_only (NatpmpMaps *self, PlumProtocol protocol)
{
  MapOp *found = NULL;

  for (GList *l = self->session->operations.head; l != NULL; l = l->next)
    {
      MapOp *op = l->data;

      if (op->protocol != protocol || op->base.exchange.n_sent == 0)
        continue;
      if (found != NULL)
        return NULL;
      found = op;
    }

  return found;
}

static void
map_op_answered (MapOp *op, const NatpmpReply *reply)
{
  if (op->base.lifetime == 0)
    map_op_deleted (op, reply);
  else if (reply->result != NATPMP_SUCCESS)
    map_op_refused (op, reply->result);
  else
    map_op_granted (op, reply);
}

/* An error that is cut before the port. If it is unclear which request is refused, those that are
 * pending are sent again. */
static gboolean
natpmp_maps_handle_short (NatpmpMaps *self, const NatpmpReply *reply)
{
  MapOp *op = natpmp_maps_find_only (self, reply->protocol);
  gint64 now = plum_backend_get_time (self->session->backend);

  if (op == NULL || natpmp_strays_may_come (natpmp_maps_get_strays (self, reply->protocol), now))
    return FALSE;

  map_op_answered (op, reply);
  return TRUE;
}

/* only: no other request with this opcode was sent. */
static void
map_op_unsupported (MapOp *op, gboolean only)
{
  const char *peer = plum_udp_session_get_peer (op->base.session);
  g_autofree char *what = describe_map (op);
  GError *error = natpmp_result_make_error (NATPMP_UNSUPP_OPCODE, peer, what);

  if (op->base.exchange.n_sent == 0 || (only && !plum_udp_operation_is_repeated (&op->base)))
    plum_udp_operation_fail (&op->base, error);
  else
    natpmp_map_give_up (&op->base, error);
}

/* The router does not support the opcode: it refuses all requests with it. */
static gboolean
natpmp_maps_handle_unsupported (NatpmpMaps *self, PlumProtocol protocol)
{
  gboolean only = natpmp_maps_find_only (self, protocol) != NULL;
  g_autoptr (GPtrArray) sent = g_ptr_array_new ();
  g_autoptr (GPtrArray) waiting = g_ptr_array_new ();

  for (GList *l = self->session->operations.head; l != NULL; l = l->next)
    {
      MapOp *op = l->data;

      if (op->protocol == protocol)
        g_ptr_array_add (op->base.exchange.n_sent > 0 ? sent : waiting, op);
    }

  /* Not an answer to any of them. */
  if (sent->len == 0)
    return FALSE;

  /* Those that wait first: when one that was sent finishes, the next one is sent. */
  for (unsigned int i = 0; i < waiting->len; i++)
    map_op_unsupported (waiting->pdata[i], only);
  for (unsigned int i = 0; i < sent->len; i++)
    map_op_unsupported (sent->pdata[i], only);
  return TRUE;
}

static gboolean
natpmp_maps_has_operation (NatpmpMaps *self, const PlumExchangeKey *key)
{
  for (GList *l = self->session->operations.head; l != NULL; l = l->next)
    {
      const PlumUdpOperation *operation = l->data;

      if (plum_exchange_key_equal (&operation->exchange.key, key))
        return TRUE;
    }

  return FALSE;
}

/* A grant of what was refused: the refusal was meant for another request. Deletes the grant, and
 * ends the hold. */
static gboolean
natpmp_maps_delete_refused (NatpmpMaps *self, const PlumExchangeKey *key, const NatpmpReply *reply)
{
  PlumLeaseTableRow *row = plum_lease_table_lookup (self->session->leases, key);
  MapOp *op;

  if (row == NULL || row->live || row->hold_error == NULL || natpmp_maps_has_operation (self, key))
    return FALSE;

  plum_log_debug ("NAT-PMP: %s granted port %u after a refusal: deleted",
                  plum_udp_session_get_peer (self->session), reply->internal_port);
  plum_udp_session_remove_lease (self->session, key);
  op = map_op_new (self, reply->protocol, reply->internal_port, NULL);
  plum_udp_operation_start (&op->base);
  return TRUE;
}

/* A grant that no request waits for. */
static gboolean
natpmp_maps_handle_grant (NatpmpMaps *self, const PlumExchangeKey *key, const NatpmpReply *reply)
{
  return plum_udp_session_doubts (self->session, key, reply->external_port, reply->lifetime) ||
         natpmp_maps_delete_refused (self, key, reply);
}

static gboolean
natpmp_maps_handle_whole (NatpmpMaps *self, const NatpmpReply *reply)
{
  PlumExchangeKey key;
  MapOp *op;

  natpmp_map_make_key (reply->protocol, reply->internal_port, &key);
  op = (MapOp *) plum_udp_operation_lookup (self->session, &key);
  if (op == NULL)
    return natpmp_maps_handle_cut (self, reply) ||
           (reply->result == NATPMP_SUCCESS && reply->lifetime != 0 &&
            natpmp_maps_handle_grant (self, &key, reply));

  map_op_answered (op, reply);
  return TRUE;
}

gboolean
natpmp_maps_handle_reply (NatpmpMaps *self, const NatpmpReply *reply)
{
  gboolean handled;

  if (reply->result == NATPMP_UNSUPP_OPCODE)
    handled = natpmp_maps_handle_unsupported (self, reply->protocol);
  else if (reply->has_port)
    handled = natpmp_maps_handle_whole (self, reply);
  else
    handled = natpmp_maps_handle_short (self, reply);

  natpmp_strays_take (natpmp_maps_get_strays (self, reply->protocol));
  return handled;
}
