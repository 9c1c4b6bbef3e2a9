/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "pcp-map-change.h"

#include "pcp-hosts.h"
#include "plum-bytes.h"
#include "plum-wire-address.h"

#include <glib/gi18n-lib.h>

/* No address has so many bits. */
#define INVALID_PREFIX 255

size_t
map_op_encode (PlumUdpOperation *base, uint8_t *out, size_t size)
{
  MapOp *op = (MapOp *) base;
  uint8_t client[PCP_ADDRESS_SIZE];

  /* RFC 6887 8.1: the header's address is the packet's source, as the server sees it. */
  plum_wire_address_from_inet (plum_exchanges_get_client_address (base->session->exchanges),
                               client);
  return pcp_encode_map (client, base->lifetime, &op->map, out, size);
}

const PcpMap *
map_op_get_requested (PlumUdpOperation *base)
{
  MapOp *op = (MapOp *) base;

  if (base->encode != map_op_encode || base->is_refresh)
    return NULL;

  return base->lifetime > 0 || op->probe_lifetime != 0 ? &op->requested : NULL;
}

static void
map_op_end_try (MapOp *op)
{
  op->previous.exists = TRUE;
  op->previous.prefer_failure = op->map.prefer_failure;
  op->previous.external_port = op->map.external_port;
  plum_bytes_copy (op->previous.external_address, op->map.external_address, PCP_ADDRESS_SIZE);
}

/* The same for a required port. Without the option, core checks the granted port. */
static gboolean
map_op_change_exact (MapOp *op, PcpNext next, const uint8_t *any_address)
{
  gboolean has_address =
    !plum_bytes_equal (op->map.external_address, any_address, PCP_ADDRESS_SIZE);

  if (next == PCP_NEXT_BARE ? !op->map.prefer_failure : next != PCP_NEXT_NO_ADDRESS || !has_address)
    return FALSE;

  map_op_end_try (op);
  plum_bytes_copy (op->map.external_address, any_address, PCP_ADDRESS_SIZE);
  if (next == PCP_NEXT_BARE)
    op->map.prefer_failure = FALSE;
  return TRUE;
}

static gboolean
map_op_take_next (MapOp *op, PcpNext next)
{
  uint8_t any[PCP_ADDRESS_SIZE];
  gboolean has_address, has_port = op->map.external_port != 0;

  plum_wire_address_any (plum_network_get_family (
                           plum_backend_get_network (op->base.session->backend)),
                         any);
  if (op->requested.prefer_failure)
    return map_op_change_exact (op, next, any);

  has_address = !plum_bytes_equal (op->map.external_address, any, PCP_ADDRESS_SIZE);
  if (next == PCP_NEXT_NO_ADDRESS && !has_address)
    next = PCP_NEXT_NO_PORT;

  if (next == PCP_NEXT_NOTHING || (op->tried & (1u << next)) != 0 ||
      (next == PCP_NEXT_NO_PORT && !has_port) || (!has_port && !has_address))
    return FALSE;

  op->tried |= 1u << next;
  map_op_end_try (op);
  if (next != PCP_NEXT_NO_ADDRESS)
    op->map.external_port = 0;
  if (next != PCP_NEXT_NO_PORT)
    plum_bytes_copy (op->map.external_address, any, PCP_ADDRESS_SIZE);
  return TRUE;
}

/* Without the options for the hosts, it would be another mapping. */
static PcpNext
map_op_get_next (MapOp *op, uint8_t code)
{
  if (code == PCP_UNSUPP_OPTION && !op->map.prefer_failure && !pcp_hosts_is_empty (&op->map.hosts))
    return PCP_NEXT_NOTHING;
  return pcp_result_lookup (code)->next;
}

gboolean
map_op_change (MapOp *op, uint8_t code)
{
  return pcp_hosts_adapt (&op->map.hosts, code) ||
         map_op_take_next (op, map_op_get_next (op, code));
}

static gboolean
same_address (const PcpMapTry *try, const PcpMap *map)
{
  return plum_bytes_equal (try->external_address, map->external_address, PCP_ADDRESS_SIZE);
}

/* An error response repeats the request. */
gboolean
map_op_is_copy (MapOp *op, const PcpMap *reply)
{
  const PcpMapTry *previous = &op->previous;

  /* The answer to a request for a set of ports, which came before. */
  if (reply->set.size != 0 && op->map.set.size == 0)
    return TRUE;
  if (!previous->exists)
    return FALSE;

  return (previous->external_port != op->map.external_port &&
          previous->external_port == reply->external_port) ||
         (previous->prefer_failure && !op->map.prefer_failure && reply->prefer_failure) ||
         (!same_address (previous, &op->map) && same_address (previous, reply));
}

/* RFC 6887 13.3: a filter in a deletion, and an invalid prefix, are MALFORMED_OPTION. */
void
map_op_begin_probe (MapOp *op)
{
  op->probe_lifetime = op->base.lifetime;
  op->base.lifetime = 0;
  op->base.exchange.plan = op->base.session->protocol->map_plan;
  op->map.external_port = 0;
  op->map.prefer_failure = FALSE;
  plum_wire_address_any (plum_network_get_family (
                           plum_backend_get_network (op->base.session->backend)),
                         op->map.external_address);
  op->map.hosts.replace_filters = FALSE;
  op->map.hosts.n_filters = 1;
  op->map.hosts.filters[0].prefix = INVALID_PREFIX;
}

GError *
map_op_end_probe (MapOp *op, const PcpReply *reply)
{
  PlumUdpSession *session = op->base.session;
  const char *peer = plum_udp_session_get_peer (session);
  g_autofree char *what = NULL;

  op->map = op->requested;
  op->base.lifetime = op->probe_lifetime;
  op->base.exchange.plan = NULL;
  op->probe_lifetime = 0;
  if (reply->result == PCP_MALFORMED_OPTION)
    {
      op->pcp->filters_work = TRUE;
      return NULL;
    }

  /* NO_RESOURCES: miniupnpd's answer to the deletion of a mapping that does not exist. */
  what = pcp_hosts_describe_map (&op->requested);
  if (reply->result != PCP_SUCCESS && reply->result != PCP_NO_RESOURCES)
    return pcp_hosts_make_error (&op->requested.hosts, reply->result, peer, what);

  return g_error_new (PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED,
                      _ ("PCP: %s cannot restrict a mapping to some remote hosts: it ignores an "
                         "invalid filter"),
                      peer);
}

gboolean
map_op_is_probe_copy (const PcpReply *reply)
{
  return reply->map.hosts.n_filters == 1 && reply->map.hosts.filters[0].prefix == INVALID_PREFIX;
}
