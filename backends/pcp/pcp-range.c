/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "pcp-range.h"

#include "pcp-hosts.h"
#include "pcp-map.h"
#include "pcp-request.h"
#include "pcp-set-op.h"
#include "plum-bytes.h"

#include <glib/gi18n-lib.h>

/* A call of map (), and what it requests. */
typedef struct
{
  PlumCall *call;
  uint32_t lifetime;
  PcpMap map;
} Wanted;

static void
wanted_free (gpointer data)
{
  Wanted *wanted = data;

  g_object_unref (wanted->call);
  g_free (wanted);
}

/* --- Ranges --- */

static int
compare_bytes (const void *a, const void *b, size_t size)
{
  return memcmp (a, b, size);
}

/* The calls for the hosts of one mapping are next to each other, in the order of their ports.
 * Filters in another order, which are the same, only cost an exchange. */
static int
compare_wanted (gconstpointer a, gconstpointer b)
{
  const Wanted *x = *(Wanted *const *) a;
  const Wanted *y = *(Wanted *const *) b;
  const PcpHosts *hx = &x->map.hosts;
  const PcpHosts *hy = &y->map.hosts;
  int order = (int) x->map.protocol - (int) y->map.protocol;

  if (order == 0)
    order = hx->has_internal - hy->has_internal;
  if (order == 0)
    order = compare_bytes (hx->internal_address, hy->internal_address, PCP_ADDRESS_SIZE);
  if (order == 0)
    order = (int) hx->n_filters - (int) hy->n_filters;
  for (guint i = 0; order == 0 && i < hx->n_filters; i++)
    order = compare_bytes (&hx->filters[i], &hy->filters[i], sizeof hx->filters[i]);
  if (order == 0)
    order = (int) x->map.internal_port - (int) y->map.internal_port;
  return order;
}

/* Whether b can be in a set after a. */
static gboolean
follows (const Wanted *a, const Wanted *b)
{
  const PcpMap *x = &a->map;
  const PcpMap *y = &b->map;

  return x->protocol == y->protocol && y->internal_port == x->internal_port + 1 &&
         y->external_port == x->external_port + 1 && x->prefer_failure == y->prefer_failure &&
         a->lifetime == b->lifetime && pcp_hosts_equal (&x->hosts, &y->hosts) &&
         plum_bytes_equal (x->external_address, y->external_address, PCP_ADDRESS_SIZE);
}

static guint
get_run_length (GPtrArray *wanted, guint first)
{
  guint n = 1;

  while (first + n < wanted->len &&
         follows (wanted->pdata[first + n - 1], wanted->pdata[first + n]))
    n++;
  return n;
}

/* A filter has to be tried with a mapping of one port first: see map_op_begin_probe (). */
static gboolean
may_be_set (PcpSession *pcp, const PcpMap *map)
{
  return !pcp->sets_ignored && (map->hosts.n_filters == 0 || pcp->filters_work);
}

/* The set, if no exchange about the same first port is pending. */
static PcpSet *
make_set (PcpSession *pcp, const PcpMap *first, guint n)
{
  PcpMap map = *first;
  PlumExchangeKey key;
  PcpSet *old;

  pcp_request_make_key (&map, &key);
  old = pcp_sets_find (pcp, &key);
  if (old != NULL && (old->op != NULL || old->release != NULL))
    return NULL;
  if (old != NULL)
    pcp_set_remove (old);

  /* Pairs of ports, such as those of RTP and RTCP, stay even and odd. */
  map.set = (PcpPortSet){
    .size = (uint16_t) n,
    .first = map.internal_port,
    .keep_parity = (map.internal_port & 1) == (map.external_port & 1),
  };
  return pcp_set_new (pcp, &map);
}

static void
request_run (PcpSession *pcp, GPtrArray *wanted, guint first, guint n)
{
  const Wanted *leader = wanted->pdata[first];
  PcpSet *set = NULL;
  GPtrArray *calls;

  if (n > 1 && may_be_set (pcp, &leader->map))
    set = make_set (pcp, &leader->map, n);
  if (set == NULL)
    {
      for (guint i = first; i < first + n; i++)
        {
          const Wanted *one = wanted->pdata[i];

          pcp_map_start (pcp, one->call, &one->map, one->lifetime);
        }
      return;
    }

  calls = g_ptr_array_new_with_free_func (pcp_set_call_free);
  for (guint i = first; i < first + n; i++)
    {
      const Wanted *one = wanted->pdata[i];

      pcp_set_use_member (set, &one->map);
      g_ptr_array_add (calls, pcp_set_call_new (one->call, one->map.internal_port, TRUE));
    }
  pcp_set_op_start (set, leader->lifetime, calls);
}

/* --- What is mapped already --- */

/* (nullable): the live set of the port. After a restart, the server may not check filters any more;
 * it has lost the set, and each port is requested as a new one. */
static PcpSet *
find_set (PcpSession *pcp, const PcpMap *map)
{
  PcpSet *set = pcp_sets_find_live (pcp, map);

  if (set == NULL || map->hosts.n_filters == 0 || pcp->filters_work || set->op != NULL)
    return set;

  pcp_set_remove_lease (set);
  if (set->release == NULL)
    pcp_set_remove (set);
  return NULL;
}

/* TRUE: the port is in a set that the server has, or it has a mapping of its own. */
static gboolean
renew (PcpSession *pcp, const Wanted *wanted, GHashTable *renewals)
{
  PcpSet *set = find_set (pcp, &wanted->map);
  PlumLeaseTableRow *own = pcp_sets_get_own_lease (pcp, &wanted->map);
  PcpSetCall *waiting;
  GPtrArray *calls;

  if (set == NULL && own != NULL && own->certain)
    {
      pcp_map_start (pcp, wanted->call, &wanted->map, wanted->lifetime);
      return TRUE;
    }
  if (set == NULL)
    return FALSE;

  waiting = pcp_set_op_add (set, wanted->call, &wanted->map);
  if (waiting == NULL)
    return TRUE;

  calls = g_hash_table_lookup (renewals, set);
  if (calls == NULL)
    {
      calls = g_ptr_array_new_with_free_func (pcp_set_call_free);
      g_hash_table_insert (renewals, set, calls);
    }
  g_ptr_array_add (calls, waiting);
  return TRUE;
}

static void
start_renewals (GHashTable *renewals)
{
  GHashTableIter iter;
  gpointer set, calls;

  g_hash_table_iter_init (&iter, renewals);
  while (g_hash_table_iter_next (&iter, &set, &calls))
    {
      PcpSetCall *first = ((GPtrArray *) calls)->pdata[0];

      pcp_set_op_start (set, plum_request_get_lifetime (plum_call_get_request (first->call)),
                        calls);
    }
}

/* --- The calls --- */

/* FALSE: it cannot be requested; the call fails. */
static gboolean
check_map (PcpSession *pcp, const PcpMap *map, PlumCall *call)
{
  PlumExchangeKey key;

  if (!plum_udp_session_is_ipv4 (pcp->udp) && map->prefer_failure &&
      map->external_port != map->internal_port)
    {
      plum_call_fail (call, PLUM_ERROR_CONFLICT,
                      _ ("PCP: an IPv6 pinhole keeps the port: the external port cannot differ"));
      return FALSE;
    }

  pcp_request_make_key (map, &key);
  return plum_udp_session_check_hold (pcp->udp, &key, map->external_port, map->prefer_failure,
                                      call);
}

/* (nullable) (transfer full): NULL: the call failed. */
static Wanted *
read_call (PcpSession *pcp, PlumCall *call)
{
  PlumRequest *request = plum_call_get_request (call);
  Wanted *wanted;

  if (!plum_udp_session_check_network (pcp->udp, call))
    return NULL;

  wanted = g_new0 (Wanted, 1);
  wanted->call = g_object_ref (call);
  wanted->lifetime = plum_request_get_lifetime (request);
  if (!pcp_request_read (pcp->udp, request, FALSE, &wanted->map))
    plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED,
                    _ ("PCP: a request has room for 32 remote hosts and networks"));
  else if (check_map (pcp, &wanted->map, call))
    return wanted;

  wanted_free (wanted);
  return NULL;
}

void
pcp_range_map (PcpSession *pcp, GListModel *calls)
{
  g_autoptr (GPtrArray) wanted = g_ptr_array_new_with_free_func (wanted_free);
  g_autoptr (GHashTable) renewals = g_hash_table_new (NULL, NULL);
  guint n_calls = g_list_model_get_n_items (calls);

  pcp_sets_expire (pcp);
  for (guint i = 0; i < n_calls; i++)
    {
      g_autoptr (PlumCall) call = g_list_model_get_item (calls, i);
      Wanted *one = read_call (pcp, call);
      gboolean is_renewal;

      if (one == NULL)
        continue;

      is_renewal = renew (pcp, one, renewals);
      pcp_sets_forget_member (pcp, &one->map);
      if (is_renewal)
        wanted_free (one);
      else
        g_ptr_array_add (wanted, one);
    }

  start_renewals (renewals);
  g_ptr_array_sort (wanted, compare_wanted);
  for (guint i = 0; i < wanted->len; i += get_run_length (wanted, i))
    request_run (pcp, wanted, i, get_run_length (wanted, i));
}
