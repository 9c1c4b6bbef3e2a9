/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "pcp-set-op.h"

#include "pcp-hosts.h"
#include "pcp-map.h"
#include "pcp-request.h"
#include "pcp-set-grant.h"
#include "plum-backend-log.h"
#include "plum-wire-address.h"

#include <glib/gi18n-lib.h>

/* How old the last answer may be to serve another member of the set: after a restart of the server,
 * core requests the members again within 5 s. */
#define FRESH_US (10 * (gint64) G_USEC_PER_SEC)

struct _PcpSetOp
{
  PlumUdpOperation base; /* first; base.call is NULL. base.undo_error: NULL: after the deletion of a
                          * grant, the ports are requested one by one */
  PcpSet *set;           /* borrowed */
  GPtrArray *calls;      /* (element-type PcpSetCall): of map () or unmap () */
  gboolean is_undo;      /* a deletion, for calls of map (): the grant cannot be used */
};

static size_t
set_op_encode (PlumUdpOperation *base, uint8_t *out, size_t size)
{
  PcpSetOp *op = (PcpSetOp *) base;
  PlumUdpSession *session = base->session;
  PcpMap map = op->set->map;
  uint8_t client[PCP_ADDRESS_SIZE];

  if (base->lifetime == 0)
    {
      map.external_port = 0;
      map.hosts.n_filters = 0; /* RFC 6887 13.3: MALFORMED_OPTION */
      plum_wire_address_any (plum_network_get_family (plum_backend_get_network (session->backend)),
                             map.external_address);
    }

  plum_wire_address_from_inet (plum_exchanges_get_client_address (session->exchanges), client);
  return pcp_encode_map (client, base->lifetime, &map, out, size);
}

/* NULL: it is about a mapping of its own. */
static PcpSetOp *
set_op_cast (PlumUdpOperation *operation)
{
  return operation != NULL && operation->encode == set_op_encode ? (PcpSetOp *) operation : NULL;
}

static gboolean
set_op_is_deletion (PcpSetOp *op)
{
  return op->base.lifetime == 0 && !op->is_undo;
}

/* Frees the operation. (transfer full) (element-type PcpSetCall): its calls, which nothing removes
 * if they are cancelled: settle them before anything that calls out. */
static GPtrArray *
set_op_finish (PcpSetOp *op)
{
  PcpSet *set = op->set;
  GPtrArray *calls = g_steal_pointer (&op->calls);

  pcp_set_calls_disconnect (calls);
  set->op = NULL;
  plum_udp_operation_free (&op->base);
  if (set->releasing->len > 0)
    pcp_set_schedule_release (set);
  return calls;
}

/* A port that was not mapped for the call is not used; a renewal that fails leaves the mapping. */
static void
drop_new_member (PcpSet *set, PcpSetCall *waiting)
{
  if (waiting->is_new)
    pcp_set_drop_member (set, waiting->internal_port);
}

/* calls: (transfer full) */
static void
fail_calls (GPtrArray *calls, const GError *error)
{
  for (guint i = 0; i < calls->len; i++)
    plum_call_return_error (((PcpSetCall *) calls->pdata[i])->call, g_error_copy (error));
  g_ptr_array_unref (calls);
}

/* The same, of requests for the set. may_exist: the server may have it. */
static void
fail_requests (PcpSet *set, GPtrArray *calls, gboolean may_exist, const GError *error)
{
  for (guint i = 0; i < calls->len; i++)
    drop_new_member (set, calls->pdata[i]);
  if (!may_exist && !pcp_set_is_live (set) && !pcp_set_has_used_member (set) &&
      set->releasing->len == 0)
    pcp_set_remove (set);
  fail_calls (calls, error);
}

/* calls: (transfer full): of map () */
static void
request_one_by_one (PcpSession *pcp, GPtrArray *calls)
{
  for (guint i = 0; i < calls->len; i++)
    {
      PlumCall *call = ((PcpSetCall *) calls->pdata[i])->call;
      PlumRequest *request = plum_call_get_request (call);
      PcpMap map;

      if (plum_call_is_settled (call))
        continue;
      pcp_request_read (pcp->udp, request, FALSE, &map);
      pcp_map_start (pcp, call, &map, plum_request_get_lifetime (request));
    }
  g_ptr_array_unref (calls);
}

/* calls: (transfer full): of unmap () */
static void
release_one_by_one (PcpSession *pcp, GPtrArray *calls)
{
  for (guint i = 0; i < calls->len; i++)
    {
      PlumCall *call = ((PcpSetCall *) calls->pdata[i])->call;
      PcpMap map;

      if (plum_call_is_settled (call))
        continue;
      pcp_request_read (pcp->udp, plum_call_get_request (call), TRUE, &map);
      pcp_map_release (pcp, &map, call);
    }
  g_ptr_array_unref (calls);
}

/* The server does not have the set: its ports are requested one by one. Members that no call waits
 * for are requested again by core. failure: (nullable): why the grant could not be deleted. */
static void
set_op_dissolve (PcpSetOp *op, const GError *failure)
{
  PcpSet *set = op->set;
  PcpSession *pcp = set->pcp;
  g_autoptr (PlumBackend) backend = g_object_ref (pcp->udp->backend);
  g_autoptr (GError) error = g_steal_pointer (&op->base.undo_error);
  GPtrArray *releases = pcp_set_take_releases (set);
  g_autofree char *reason = NULL;
  GPtrArray *calls;

  for (guint i = 0; i < op->calls->len; i++)
    pcp_set_drop_member (set, ((PcpSetCall *) op->calls->pdata[i])->internal_port);
  if (pcp_set_has_used_member (set))
    reason = g_strdup_printf ("PCP: %s no longer has a set of ports",
                              plum_udp_session_get_peer (pcp->udp));

  calls = set_op_finish (op);
  if (failure == NULL)
    pcp_sets_note_end (pcp, &set->key, PCP_SET_END_DISSOLVED);
  pcp_set_remove (set);
  if (error != NULL)
    fail_calls (calls, error);
  else
    request_one_by_one (pcp, calls);
  if (failure != NULL)
    fail_calls (releases, failure);
  else
    release_one_by_one (pcp, releases);
  if (reason != NULL)
    plum_backend_report_lost (backend, reason);
}

static void
set_op_fail (PcpSetOp *op, gboolean may_exist, const GError *error)
{
  PcpSet *set = op->set;

  fail_requests (set, set_op_finish (op), may_exist, error);
}

static void
on_set_op_exchange_finished (PlumExchange *exchange,
                             PlumExchangeOutcome outcome,
                             const GError *error)
{
  PcpSetOp *op = (PcpSetOp *) exchange;
  g_autoptr (GError) reason = NULL;

  if (outcome == PLUM_EXCHANGE_CANCELLED)
    {
      g_ptr_array_unref (set_op_finish (op));
      return;
    }

  reason = plum_udp_operation_make_error (&op->base, outcome, error);
  if (op->is_undo)
    set_op_dissolve (op, reason);
  else
    set_op_fail (op, outcome == PLUM_EXCHANGE_TIMED_OUT || set_op_is_deletion (op), reason);
}

static void
on_call_cancelled (PcpSetCall *waiting, gpointer user_data)
{
  PcpSetOp *op = user_data;

  /* The exchange has ended together with others, and its function is about to be called. */
  if (op->base.exchange.owner == NULL)
    return;

  drop_new_member (op->set, waiting);
  g_ptr_array_remove_fast (op->calls, waiting);
  if (op->calls->len == 0 && !op->is_undo)
    g_ptr_array_unref (set_op_finish (op));
}

/* waiting: (transfer full) */
static void
set_op_add_call (PcpSetOp *op, PcpSetCall *waiting)
{
  g_ptr_array_add (op->calls, waiting);
  pcp_set_call_set_cancelled (waiting, on_call_cancelled, op);
}

/* Sends the request, or the deletion. calls: (element-type PcpSetCall) (transfer full) */
static void
set_op_send (PcpSet *set, uint32_t lifetime, GPtrArray *calls)
{
  PlumUdpSession *session = set->pcp->udp;
  g_autoptr (GError) error = NULL;
  PcpSetOp *op;

  g_assert (set->op == NULL);

  if (!plum_exchanges_open (session->exchanges, &error))
    {
      fail_requests (set, calls, lifetime == 0, error);
      return;
    }

  op = (PcpSetOp *) plum_udp_operation_new (sizeof *op, session, NULL, &set->key, set_op_encode);
  op->base.exchange.func = on_set_op_exchange_finished;
  op->base.lifetime = lifetime;
  op->base.requested_port = set->map.external_port;
  op->set = set;
  op->calls = calls;
  set->op = op;
  for (guint i = 0; i < calls->len; i++)
    pcp_set_call_set_cancelled (calls->pdata[i], on_call_cancelled, op);
  plum_udp_operation_start (&op->base);
}

void
pcp_set_op_start (PcpSet *set, uint32_t lifetime, GPtrArray *calls)
{
  PlumLeaseTableRow *row = pcp_set_get_row (set);

  /* Filters add up (RFC 6887 13.3). */
  set->map.hosts.replace_filters = row != NULL && row->live;
  set_op_send (set, lifetime, calls);
}

/* The grant cannot be used: deletes it. error: (transfer full) (nullable): for the calls; NULL:
 * they are requested one by one. */
static void
set_op_undo (PcpSetOp *op, GError *error)
{
  pcp_set_remove_lease (op->set);
  op->is_undo = TRUE;
  op->base.undo_error = error;
  plum_udp_operation_restart_as_deletion (&op->base);
}

/* --- Answers to a request --- */

/* FALSE: the last answer is too old. */
static gboolean
answer_from_last (PcpSet *set, PlumCall *call, const PcpMap *map)
{
  PlumLeaseTableRow *row = pcp_set_get_row (set);
  gint64 age = plum_backend_get_time (set->pcp->udp->backend) - row->granted_at;
  g_autoptr (PlumLease) lease = NULL;
  uint32_t left = 0;

  if (pcp_set_is_certain (set) && age <= FRESH_US)
    left = plum_udp_session_share_lease (set->pcp->udp, row);
  if (left == 0)
    return FALSE;

  lease =
    plum_lease_new (row->external_address, pcp_set_get_external_port (set, map->internal_port),
                    left, pcp_set_make_token (set));
  plum_call_return_lease (call, lease);
  return TRUE;
}

PcpSetCall *
pcp_set_op_add (PcpSet *set, PlumCall *call, const PcpMap *map)
{
  PcpSetCall *waiting;

  /* The set stays where it is: another port cannot be had as long as others use it. */
  if (map->prefer_failure &&
      map->external_port != pcp_set_get_external_port (set, map->internal_port))
    {
      plum_call_fail (call, PLUM_ERROR_CONFLICT,
                      _ ("PCP: the port is in a set of ports, which has another external port"));
      return NULL;
    }

  waiting = pcp_set_call_new (call, map->internal_port, pcp_set_use_member (set, map));
  if (set->op != NULL)
    set_op_add_call (set->op, waiting);
  else if (answer_from_last (set, call, map))
    pcp_set_call_free (waiting);
  else
    return waiting;
  return NULL;
}

/* Those that no call waits for are requested again by core. */
static void
report_changed (PcpSession *pcp, const PlumExchangeKey *key)
{
  PlumUdpSession *session = pcp->udp;
  PlumLeaseTableRow *row = plum_lease_table_lookup (session->leases, key);
  g_autofree char *reason =
    g_strdup_printf ("PCP: %s has changed a set of ports", plum_udp_session_get_peer (session));

  if (row != NULL) /* not released meanwhile */
    row->certain = FALSE;
  plum_backend_report_lost (session->backend, reason);
}

static void
set_op_accept (PcpSetOp *op, const PcpReply *reply, const PcpMap *granted)
{
  PcpSet *set = op->set;
  PcpSession *pcp = set->pcp;
  PlumUdpSession *session = pcp->udp;
  G_GNUC_UNUSED g_autoptr (PlumBackend) alive = g_object_ref (session->backend);
  g_autoptr (GInetAddress) address = pcp_map_dup_address (session, &reply->map);
  const PlumExchangeKey old_key = set->key;
  const PcpHosts hosts = set->map.hosts;
  g_autoptr (GPtrArray) calls = NULL;
  GPtrArray *releases;
  PlumExchangeKey key;
  PlumUdpGrant grant;
  gboolean changed;

  grant = plum_udp_operation_make_grant (&op->base, granted->external_port, reply->lifetime);
  plum_exchange_note_answer (&op->base.exchange);
  calls = set_op_finish (op);

  changed = pcp_set_grant_take (set, granted, calls);
  set->has_lease = TRUE;
  key = set->key;
  grant.key = &key;
  if (!plum_exchange_key_equal (&old_key, &key))
    plum_udp_session_remove_lease (session, &old_key);
  pcp_sets_note_end (pcp, &key, PCP_SET_END_NONE);
  pcp_set_remove_own_leases (set);

  request_one_by_one (pcp, pcp_set_grant_settle (set, calls, reply->lifetime, address));
  if (granted->set.size == 1)
    {
      pcp->sets_ignored = !pcp->sets_work;
      releases = pcp_set_take_releases (set);
      pcp_sets_note_end (pcp, &old_key, PCP_SET_END_DISSOLVED);
      pcp_set_remove (set);
    }
  else
    {
      pcp->sets_work = TRUE;
      releases = pcp_set_take_outside_releases (set);
    }
  pcp_hosts_store (&hosts, session, &key);
  pcp_map_note_grant (session, &grant, address);
  release_one_by_one (pcp, releases);
  if (changed)
    report_changed (pcp, &key);
}

static void
set_op_granted (PcpSetOp *op, const PcpReply *reply)
{
  PcpSet *set = op->set;
  g_autoptr (GError) error = NULL;
  PcpMap granted;

  /* It may be the late answer to a deletion. */
  if (reply->lifetime == 0 && !plum_udp_operation_is_repeated (&op->base))
    return;

  error = pcp_hosts_check_reply (&set->map.hosts, &reply->map.hosts,
                                 plum_udp_session_get_peer (op->base.session));
  if (error == NULL && pcp_set_grant_read (set, reply, &granted))
    {
      set_op_accept (op, reply, &granted);
      return;
    }

  plum_log_debug ("PCP: the set of %u ports from %u on cannot be used; requested one by one",
                  set->map.set.size, set->map.internal_port);
  set_op_undo (op, NULL);
}

static void
set_op_refused (PcpSetOp *op, const PcpReply *reply)
{
  PcpSet *set = op->set;
  g_autofree char *what = pcp_hosts_describe_map (&set->map);
  g_autoptr (GError) error =
    pcp_map_make_error (op->base.session, &set->map.hosts, reply->result, what);

  /* The set may live on; if not, the next request is refused as well. */
  if (pcp_set_is_certain (set))
    {
      pcp_set_get_row (set)->certain = FALSE;
      set_op_fail (op, TRUE, error);
      return;
    }

  plum_log_debug ("%s, with PORT_SET; requested one by one", error->message);
  if (pcp_result_lookup (reply->result)->next == PCP_NEXT_BARE)
    set->pcp->sets_ignored = TRUE;
  pcp_set_remove_lease (set);
  /* The answer to an earlier send may be lost, and have granted the set. */
  if (plum_udp_operation_is_repeated (&op->base))
    set_op_undo (op, NULL);
  else
    set_op_dissolve (op, NULL);
}

/* --- The deletion --- */

static void
set_op_done (PcpSetOp *op)
{
  PcpSet *set = op->set;
  PcpSession *pcp = set->pcp;
  const PlumExchangeKey key = set->key;
  g_autoptr (GPtrArray) calls = set_op_finish (op);

  pcp_set_remove (set);
  pcp_sets_note_end (pcp, &key, PCP_SET_END_DELETED);
  /* Its ports may have been refused to others. */
  plum_lease_table_clear_holds (pcp->udp->leases);
  for (guint i = 0; i < calls->len; i++)
    plum_call_return_done (((PcpSetCall *) calls->pdata[i])->call);
}

static void
set_op_deleted (PcpSetOp *op, const PcpReply *reply)
{
  gboolean is_absent = pcp_map_is_absent (reply->result, op->is_undo);
  g_autoptr (GError) error = NULL;
  g_autofree char *what = NULL;

  /* The late answer to a request; or traffic keeps the set, if no other answer comes. */
  if (reply->result == PCP_SUCCESS && reply->lifetime > 0)
    {
      op->base.left = reply->lifetime;
      return;
    }

  if (reply->result != PCP_SUCCESS && !is_absent)
    {
      what = g_strdup_printf (
        /* Translators: a number of ports, and the first of them. */
        g_dngettext (GETTEXT_PACKAGE, "the deletion of %u port from %u on",
                     "the deletion of %u ports from %u on", op->set->map.set.size),
        op->set->map.set.size, op->set->map.internal_port);
      error =
        pcp_map_make_deletion_error (op->base.session, &op->set->map.hosts, reply->result, what);
    }

  if (op->is_undo)
    set_op_dissolve (op, error);
  else if (error != NULL)
    set_op_fail (op, TRUE, error);
  else
    set_op_done (op);
}

/* RFC 7753 4.4: the server deletes a set as a whole. */
static gboolean
on_release (gpointer user_data)
{
  PcpSet *set = user_data;
  gboolean is_wanted = set->op != NULL && !set_op_is_deletion (set->op) && set->op->calls->len > 0;
  g_autoptr (GPtrArray) calls = NULL;

  g_clear_pointer (&set->release, g_source_unref);

  /* The answer decides whether there is a set. */
  if (is_wanted && !pcp_set_is_live (set))
    return G_SOURCE_REMOVE;

  calls = pcp_set_take_releases (set);
  if (is_wanted || pcp_sets_uses_port_of (set->pcp, &set->map))
    {
      pcp_set_fail_busy (set, calls);
    }
  else if (set->op != NULL && calls->len > 0)
    {
      /* The deletion of a grant that nothing waits for any more. */
      set->op->is_undo = FALSE;
      g_clear_error (&set->op->base.undo_error);
      while (calls->len > 0)
        set_op_add_call (set->op, g_ptr_array_steal_index_fast (calls, calls->len - 1));
    }
  else if (calls->len > 0)
    {
      pcp_set_remove_lease (set);
      set_op_send (set, 0, g_steal_pointer (&calls));
    }
  return G_SOURCE_REMOVE;
}

static void
on_release_cancelled (PcpSetCall *waiting, gpointer user_data)
{
  PcpSet *set = user_data;

  g_ptr_array_remove_fast (set->releasing, waiting);
}

void
pcp_set_op_drop_member (PcpSet *set, guint internal_port)
{
  PcpSetOp *op = set->op;

  for (guint i = 0; op != NULL && !set_op_is_deletion (op) && i < op->calls->len; i++)
    if (((PcpSetCall *) op->calls->pdata[i])->internal_port == internal_port)
      return;

  pcp_set_drop_member (set, internal_port);
}

/* The calls of one turn of the main loop are decided together. */
void
pcp_set_op_release (PcpSet *set, guint internal_port, PlumCall *call)
{
  PcpSetCall *waiting = pcp_set_call_new (call, internal_port, FALSE);

  if (set->op != NULL && set_op_is_deletion (set->op))
    {
      set_op_add_call (set->op, waiting);
      return;
    }

  g_ptr_array_add (set->releasing, waiting);
  pcp_set_call_set_cancelled (waiting, on_release_cancelled, set);
  set->decide = on_release;
  pcp_set_schedule_release (set);
}

/* --- All operations --- */

gboolean
pcp_set_op_handle_reply (PcpSession *pcp, const PcpReply *reply)
{
  PlumExchangeKey key;
  PcpSetOp *op;

  pcp_request_make_key (&reply->map, &key);
  op = set_op_cast (plum_udp_operation_lookup (pcp->udp, &key));
  if (op == NULL)
    return FALSE;

  if (op->base.lifetime == 0)
    set_op_deleted (op, reply);
  else if (reply->result != PCP_SUCCESS)
    set_op_refused (op, reply);
  else
    set_op_granted (op, reply);
  return TRUE;
}

gboolean
pcp_set_op_give_up (PlumUdpOperation *operation, GError *error)
{
  PcpSetOp *op = set_op_cast (operation);
  g_autoptr (GError) owned = NULL;

  if (op == NULL)
    return FALSE;

  owned = error;
  if (op->is_undo)
    set_op_dissolve (op, error);
  else if (op->base.lifetime == 0 || pcp_set_is_live (op->set))
    set_op_fail (op, TRUE, error);
  else
    set_op_undo (op, g_steal_pointer (&owned));
  return TRUE;
}
