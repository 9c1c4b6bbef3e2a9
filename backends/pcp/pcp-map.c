/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "pcp-map.h"

#include "pcp-hosts.h"
#include "pcp-map-change.h"
#include "pcp-request.h"
#include "pcp-set.h"
#include "plum-backend-log.h"
#include "plum-bytes.h"
#include "plum-double-nat.h"
#include "plum-external-address.h"
#include "plum-wire-address.h"

#include <glib/gi18n-lib.h>

static GSocketFamily
get_family (PlumUdpSession *session)
{
  return plum_network_get_family (plum_backend_get_network (session->backend));
}

/* An answer contains the address that the request contained (RFC 6887 7.2): the server does not
 * reveal the address that it sees, so no other one can be tried. */
GError *
pcp_map_make_error (PlumUdpSession *session,
                    const PcpHosts *hosts,
                    uint8_t result,
                    const char *what)
{
  PlumNetwork *network = plum_backend_get_network (session->backend);
  const char *peer = plum_udp_session_get_peer (session);
  g_autofree char *client = NULL;

  if (result != PCP_ADDRESS_MISMATCH || plum_network_get_hop (network) == 1)
    return hosts != NULL ? pcp_hosts_make_error (hosts, result, peer, what)
                         : pcp_result_make_error (result, peer, what);

  client = g_inet_address_to_string (plum_network_get_client_address (network));
  return g_error_new (
    PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED,
    _ ("PCP: %s answered ADDRESS_MISMATCH (12) to %s: the previous router does not "
       "use its external address %s, or another router is between both"),
    peer, what, client);
}

static MapOp *
map_op_new (PcpSession *pcp, PlumCall *call, const PcpMap *map, uint32_t lifetime)
{
  PlumExchangeKey key;
  MapOp *op;

  pcp_request_make_key (map, &key);
  op = (MapOp *) plum_udp_operation_new (sizeof *op, pcp->udp, call, &key, map_op_encode);
  op->pcp = pcp;
  op->base.lifetime = lifetime;
  op->base.requested_port = map->external_port;
  op->base.exact = map->prefer_failure;
  op->map = *map;
  op->requested = *map;
  return op;
}

void
pcp_map_start (PcpSession *pcp, PlumCall *call, const PcpMap *map, uint32_t lifetime)
{
  PlumLeaseTableRow *row;
  MapOp *op;

  if (!plum_udp_session_open (pcp->udp, call))
    return;

  /* Filters add up (RFC 6887 13.3). */
  op = map_op_new (pcp, call, map, lifetime);
  row = plum_lease_table_lookup (pcp->udp->leases, &op->base.exchange.key);
  op->map.hosts.replace_filters = row != NULL && row->live;
  op->requested.hosts.replace_filters = op->map.hosts.replace_filters;
  if (op->map.hosts.n_filters > 0 && !pcp->filters_work)
    map_op_begin_probe (op);
  plum_udp_operation_start (&op->base);
}

void
pcp_map_release (PcpSession *pcp, const PcpMap *map, PlumCall *call)
{
  PlumExchangeKey key;

  pcp_request_make_key (map, &key);
  plum_udp_session_remove_lease (pcp->udp, &key);
  pcp_map_start (pcp, call, map, 0);
}

static void
refresh_start (PcpSession *pcp, PlumCall *call, const PcpMap *map, uint32_t lifetime)
{
  MapOp *op = map_op_new (pcp, call, map, lifetime);

  op->base.is_refresh = TRUE;
  op->base.exchange.plan = &plum_retry_probe;
  plum_udp_operation_start (&op->base);
}

/* What is live under the key: a mapping, or a set of ports. */
static void
read_live (PcpSession *pcp, const PlumExchangeKey *key, PcpMap *map)
{
  PcpSet *set = pcp_sets_find_lease (pcp, key);

  pcp_request_read_key (pcp->udp, key, map);
  if (set != NULL)
    map->set = set->map.set;
}

void
pcp_map_refresh_key (PcpSession *pcp, const PlumExchangeKey *key)
{
  PlumLeaseTableRow *row = plum_lease_table_lookup (pcp->udp->leases, key);
  PcpMap map;

  if (row == NULL || !row->live || !plum_exchanges_open (pcp->udp->exchanges, NULL))
    return;

  read_live (pcp, key, &map);
  map.external_port = row->requested_port;
  refresh_start (pcp, NULL, &map, row->lifetime);
}

gboolean
pcp_map_refresh (PcpSession *pcp, PlumCall *call)
{
  PlumLeaseTableRow *row = plum_lease_table_find_live (pcp->udp->leases);
  PcpMap map;

  if (row == NULL || !plum_exchanges_open (pcp->udp->exchanges, NULL))
    return FALSE;

  read_live (pcp, &row->key, &map);
  map.external_port = row->external_port;
  if (row->external_address != NULL)
    plum_wire_address_from_inet (row->external_address, map.external_address);
  refresh_start (pcp, call, &map, row->lifetime);
  return TRUE;
}

/* TRUE: the nonce of a live mapping of this backend. */
static gboolean
find_nonce (PlumUdpSession *session, PcpMap *map)
{
  g_autoptr (GArray) keys = plum_lease_table_get_live (session->leases);

  for (unsigned int i = 0; i < keys->len; i++)
    {
      PcpMap live;

      pcp_request_read_key (session, &g_array_index (keys, PlumExchangeKey, i), &live);
      if (live.protocol == map->protocol && live.internal_port == map->internal_port &&
          !live.hosts.has_internal)
        {
          *map = live;
          map->hosts = (PcpHosts){ .has_internal = FALSE };
          return TRUE;
        }
    }

  return FALSE;
}

void
pcp_map_delete_entry (PcpSession *pcp, PlumEntry *entry, PlumCall *call)
{
  PlumUdpSession *session = pcp->udp;
  PcpMap map = {
    .protocol = plum_entry_get_protocol (entry),
    .internal_port = (uint16_t) plum_entry_get_internal_port (entry),
  };
  MapOp *op;

  if (!plum_udp_session_open (session, call))
    return;

  plum_wire_address_any (get_family (session), map.external_address);
  if (pcp_sets_has_live_port (pcp, &map))
    {
      plum_call_return_error (call, pcp_set_make_busy_error (pcp, &map));
      return;
    }
  if (!find_nonce (session, &map))
    {
      for (size_t i = 0; i < PCP_NONCE_SIZE; i++)
        map.nonce[i] = (uint8_t) g_random_int_range (0, 256);
    }

  op = map_op_new (pcp, call, &map, 0);
  op->base.is_entry = TRUE;
  plum_udp_operation_start (&op->base);
}

static void
map_op_refused (MapOp *op, const PcpReply *reply)
{
  g_autofree char *what = pcp_hosts_describe_map (&op->requested);
  g_autoptr (GError) error =
    pcp_map_make_error (op->base.session, &op->map.hosts, reply->result, what);

  /* A copy that comes again to a retransmission is an answer: miniupnpd names the port that it
   * tried if none was suggested. */
  if (!plum_udp_operation_is_repeated (&op->base) && map_op_is_copy (op, &reply->map))
    return;

  if (op->base.is_refresh)
    {
      plum_udp_operation_fail (&op->base, g_steal_pointer (&error));
    }
  else if (map_op_change (op, reply->result))
    {
      plum_log_debug ("%s; sent again with fewer suggestions", error->message);
      plum_udp_operation_restart (&op->base);
    }
  else
    {
      plum_udp_operation_refuse (&op->base, g_steal_pointer (&error),
                                 pcp_error_lifetime (reply->result, reply->lifetime));
    }
}

GError *
pcp_map_make_deletion_error (PlumUdpSession *session,
                             const PcpHosts *hosts,
                             uint8_t result,
                             const char *what)
{
  if (result != PCP_NOT_AUTHORIZED || hosts->has_internal)
    return pcp_map_make_error (session, hosts, result, what);

  return g_error_new (PLUM_ERROR, PLUM_ERROR_REFUSED,
                      _ ("PCP: %s answered NOT_AUTHORIZED (2) to %s: the mapping was made with a "
                         "key that is not known here, or the router's policy forbids it"),
                      plum_udp_session_get_peer (session), what);
}

/* (transfer full) */
static GError *
map_op_make_deletion_error (MapOp *op, const PcpReply *reply)
{
  PlumUdpSession *session = op->base.session;
  g_autofree char *port = pcp_hosts_describe_map (&op->map);
  g_autofree char *what = g_strdup_printf (
    /* Translators: a request to map a port, such as “TCP port 80”. */
    C_ ("request", "the deletion of %s"), port);

  if (op->base.is_entry && reply->result == PCP_NO_RESOURCES)
    return g_error_new (
      PLUM_ERROR, PLUM_ERROR_DESTROYED,
      _ ("PCP: %s answered NO_RESOURCES (8) to %s: the router has no such mapping"),
      plum_udp_session_get_peer (session), what);
  return pcp_map_make_deletion_error (session, &op->map.hosts, reply->result, what);
}

/* RFC 6887 15: the deletion of a mapping that does not exist succeeds. Some routers answer it with
 * NO_RESOURCES. NOT_AUTHORIZED means that the router has a mapping with another nonce, or a static
 * one, or that its policy forbids the request. */
gboolean
pcp_map_is_absent (uint8_t result, gboolean is_undo)
{
  return result == PCP_NO_RESOURCES || (is_undo && result == PCP_NOT_AUTHORIZED);
}

static void
map_op_deleted (MapOp *op, const PcpReply *reply)
{
  gboolean is_absent = pcp_map_is_absent (reply->result, op->base.undo_error != NULL);

  /* The late answer to a renewal; or traffic keeps the mapping, if no other answer comes. */
  if (reply->result == PCP_SUCCESS && reply->lifetime > 0)
    op->base.left = reply->lifetime;
  else if (reply->result == PCP_SUCCESS || (is_absent && !op->base.is_entry))
    plum_udp_operation_done (&op->base);
  else
    plum_udp_operation_fail (&op->base, map_op_make_deletion_error (op, reply));
}

GInetAddress *
pcp_map_dup_address (PlumUdpSession *session, const PcpMap *map)
{
  GInetAddress *local =
    plum_network_get_local_address (plum_backend_get_network (session->backend));
  g_autoptr (GInetAddress) address = plum_wire_address_to_inet (map->external_address);
  gboolean is_ipv4 = plum_udp_session_is_ipv4 (session);
  g_autofree char *shown = NULL;
  g_autofree char *note = NULL;

  if (address == NULL && is_ipv4 == plum_wire_address_is_ipv4 (map->external_address))
    return NULL;

  /* A pinhole does not translate the address of the internal host. */
  if (address != NULL && g_inet_address_get_family (address) == get_family (session) &&
      (plum_external_address_is_possible (address) ||
       (!is_ipv4 && (g_inet_address_equal (address, local) ||
                     (map->hosts.has_internal &&
                      plum_bytes_equal (map->external_address, map->hosts.internal_address,
                                        PCP_ADDRESS_SIZE))))))
    return g_steal_pointer (&address);

  shown = address != NULL ? g_inet_address_to_string (address) : g_strdup ("::");
  note =
    g_strdup_printf (_ ("PCP: %s reported %s, which cannot be the external address: the address "
                        "is unknown"),
                     plum_udp_session_get_peer (session), shown);
  plum_log_debug ("%s", note);
  plum_backend_report_note (session->backend, note);
  return NULL;
}

/* moved: the mapping has another address than before. A router may have several, one for each
 * mapping. */
static void
note_address (PlumUdpSession *session, GInetAddress *address, gboolean moved)
{
  gboolean regained = session->external_address == NULL;
  gboolean changed = plum_udp_session_set_external_address (session, address);

  if ((moved && address == NULL) || (changed && (moved || regained)))
    plum_backend_report_external_address (session->backend, address);
}

void
pcp_map_note_grant (PlumUdpSession *session, const PlumUdpGrant *grant, GInetAddress *address)
{
  gboolean moved = plum_udp_session_add_lease (session, grant, address);

  if (!plum_lease_table_lookup (session->leases, grant->key)->apart)
    note_address (session, address, moved);
}

static void
pcp_map_note_refresh (PlumUdpSession *session, const PlumUdpGrant *grant, GInetAddress *address)
{
  PlumLeaseTableRow *row = plum_lease_table_lookup (session->leases, grant->key);
  gboolean moved;

  if (row == NULL || !row->live)
    return;
  if (row->apart)
    {
      plum_udp_session_add_refresh (session, grant, address);
      return;
    }

  moved = (row->external_address == NULL) != (address == NULL) ||
          (address != NULL && !g_inet_address_equal (address, row->external_address));
  note_address (session, address, moved);
  plum_udp_session_add_refresh (session, grant, address);
}

static void
map_op_finish_call (MapOp *op, const PcpReply *reply, GInetAddress *address, uint16_t port)
{
  uint8_t none[PCP_ADDRESS_SIZE];
  PlumCall *call = op->base.call;
  g_autoptr (PlumLease) lease = NULL;

  if (!op->base.is_refresh)
    {
      lease = plum_lease_new (address, port, MIN (reply->lifetime, PLUM_UDP_LIFETIME_MAX), NULL);
      plum_call_return_lease (call, lease);
    }
  else if (call != NULL && address != NULL)
    {
      plum_call_return_address (call, address);
    }
  else if (call != NULL)
    {
      plum_wire_address_any (get_family (op->base.session), none);
      if (!plum_bytes_equal (reply->map.external_address, none, PCP_ADDRESS_SIZE))
        plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED,
                        _ ("PCP: the router reports no usable external address"));
      else
        plum_call_return_error (call, g_error_new (PLUM_ERROR, PLUM_ERROR_NO_RESOURCES,
                                                   _ ("PCP: no external address: %s"),
                                                   _ (PLUM_NO_PUBLIC_ADDRESS)));
    }
}

/* The grant cannot be used: deletes it. */
static void
map_op_undo (MapOp *op, GError *error, uint32_t granted)
{
  op->map.external_port = 0;
  op->map.prefer_failure = FALSE;
  op->map.hosts.n_filters = 0;
  plum_wire_address_any (get_family (op->base.session), op->map.external_address);
  plum_udp_operation_undo (&op->base, error, granted);
}

/* The server has mapped a port of this host, or has opened one to all hosts. If the mapping was
 * live before, it is gone as well. error: (transfer full) */
static void
map_op_reject_hosts (MapOp *op, const PcpReply *reply, GError *error)
{
  PlumUdpSession *session = op->base.session;
  PlumLeaseTableRow *row = plum_lease_table_lookup (session->leases, &op->base.exchange.key);
  gboolean was_live = row != NULL && row->live;
  g_autofree char *reason = g_strdup (error->message);

  if (was_live)
    plum_udp_session_remove_lease (session, &op->base.exchange.key);
  op->map.hosts.has_internal = reply->map.hosts.has_internal;
  if (op->base.is_refresh) /* core requests it again */
    plum_udp_operation_fail (&op->base, error);
  else
    map_op_undo (op, error, reply->lifetime);
  if (was_live)
    plum_backend_report_lost (session->backend, reason);
}

/* TRUE: the grant cannot be used, or is not for this request. */
static gboolean
map_op_rejects (MapOp *op, const PcpReply *reply, uint16_t port)
{
  GError *error;

  if (reply->lifetime == 0)
    {
      error = plum_udp_operation_make_nothing_error (&op->base, port, reply->lifetime);
      if (error != NULL)
        map_op_undo (op, error, 0);
      return TRUE;
    }

  if (port == 0)
    {
      error = g_error_new (PLUM_ERROR, PLUM_ERROR_MALFORMED,
                           _ ("PCP: %s granted external port 0; expected 1 to 65535"),
                           plum_udp_session_get_peer (op->base.session));
      map_op_undo (op, error, reply->lifetime);
      return TRUE;
    }

  error = pcp_hosts_check_reply (&op->map.hosts, &reply->map.hosts,
                                 plum_udp_session_get_peer (op->base.session));
  if (error != NULL)
    {
      map_op_reject_hosts (op, reply, error);
      return TRUE;
    }

  /* RFC 6887 13.2 forbids this answer to the option, so the first may be an update of another
   * mapping. If it is repeated, the server ignores the option (miniupnpd 2.3.1), and core releases
   * the port. */
  return op->map.prefer_failure && port != op->map.external_port &&
         !plum_udp_operation_is_repeated (&op->base) &&
         op->base.exchange.plan != &plum_retry_renewal;
}

/* The set is no longer what was granted: its mappings are requested again. */
static void
pcp_map_lose_set (PcpSession *pcp, PcpSet *set)
{
  g_autofree char *reason =
    g_strdup_printf ("PCP: %s no longer has the set of %u ports from %u on",
                     plum_udp_session_get_peer (pcp->udp), set->map.set.size, set->map.set.first);

  pcp_set_get_row (set)->certain = FALSE;
  plum_backend_report_lost (pcp->udp->backend, reason);
}

static void
map_op_granted (MapOp *op, const PcpReply *reply)
{
  PcpSession *pcp = op->pcp;
  PlumUdpSession *session = pcp->udp;
  PlumExchangeKey key = op->base.exchange.key;
  gboolean is_refresh = op->base.is_refresh;
  const PcpHosts hosts = op->map.hosts;
  uint16_t port = reply->map.external_port;
  g_autoptr (GInetAddress) address = NULL;
  PlumUdpGrant grant;
  PcpSet *set;

  /* A pinhole keeps the port. Some routers answer its renewal with port 0. */
  if (port == 0 && !plum_udp_session_is_ipv4 (session))
    port = op->map.internal_port;
  if (map_op_rejects (op, reply, port))
    return;

  address = pcp_map_dup_address (session, &reply->map);
  grant = plum_udp_operation_make_grant (&op->base, port, reply->lifetime);
  grant.key = &key;
  plum_exchange_note_answer (&op->base.exchange);
  map_op_finish_call (op, reply, address, port);
  plum_udp_operation_free (&op->base);
  set = is_refresh ? pcp_sets_find_lease (pcp, &key) : NULL;
  if (set != NULL && pcp_set_is_live (set) && !pcp_set_fits (set, &reply->map, port))
    pcp_map_lose_set (pcp, set);
  else if (is_refresh)
    pcp_map_note_refresh (session, &grant, address);
  else
    {
      pcp_sets_lose_lease (pcp, &key);
      pcp_hosts_store (&hosts, session, &key);
      pcp_map_note_grant (session, &grant, address);
    }
}

void
pcp_map_give_up (PlumUdpOperation *operation, GError *error)
{
  if (operation->lifetime == 0 || operation->is_refresh)
    plum_udp_operation_fail (operation, error);
  else
    map_op_undo ((MapOp *) operation, error, 0);
}

/* The answer to map_op_begin_probe(). */
static void
map_op_probed (MapOp *op, const PcpReply *reply)
{
  GError *error = map_op_end_probe (op, reply);

  if (error != NULL)
    plum_udp_operation_refuse (&op->base, error, pcp_error_lifetime (reply->result, 0));
  else
    {
      plum_exchange_remove (&op->base.exchange);
      plum_udp_operation_start (&op->base);
    }
}

gboolean
pcp_map_handle_reply (PcpSession *pcp, const PcpReply *reply)
{
  PlumExchangeKey key;
  MapOp *op;

  pcp_request_make_key (&reply->map, &key);
  op = (MapOp *) plum_udp_operation_lookup (pcp->udp, &key);
  if (op == NULL)
    return FALSE;

  if (op->probe_lifetime != 0)
    map_op_probed (op, reply);
  else if (map_op_is_probe_copy (reply))
    return TRUE;
  else if (op->base.lifetime == 0)
    map_op_deleted (op, reply);
  else if (reply->result != PCP_SUCCESS)
    map_op_refused (op, reply);
  else
    map_op_granted (op, reply);
  return TRUE;
}
