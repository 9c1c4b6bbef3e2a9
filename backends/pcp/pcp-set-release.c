/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "pcp-set-release.h"

#include "pcp-request.h"
#include "pcp-set-op.h"

/* A mapping that another one has replaced in the set, or of a set of an earlier run, is found by
 * its token only. first: the first port of the set. FALSE: the set no longer has the port. */
static gboolean
release_by_token (PcpSession *pcp, const PcpMap *map, const PcpMap *first, PlumCall *call)
{
  PlumExchangeKey key;
  PcpSetEnd end;
  PcpSet *set;

  pcp_request_make_key (first, &key);
  end = pcp_sets_get_end (pcp, &key);
  set = pcp_sets_find (pcp, &key);
  if (set == NULL && end == PCP_SET_END_DISSOLVED)
    return FALSE;
  if (set != NULL && pcp_set_is_live (set) && !pcp_set_has_port (set, map->internal_port))
    return FALSE;

  /* The first port is a mapping of its own now, with the nonce of the set. */
  if (end == PCP_SET_END_DELETED)
    plum_call_return_done (call);
  else if (set == NULL && pcp_sets_uses_port_of (pcp, first))
    plum_call_return_error (call, pcp_set_make_busy_error (pcp, map));
  else
    pcp_set_op_release (set != NULL ? set : pcp_set_new (pcp, first), map->internal_port, call);
  return TRUE;
}

gboolean
pcp_set_release (PcpSession *pcp, const PcpMap *map, PlumLease *lease, PlumCall *call)
{
  PcpSet *set = pcp_sets_find_member (pcp, map);
  GVariant *token = lease != NULL ? plum_lease_get_token (lease) : NULL;
  PcpMap first = *map;

  /* The port was requested by itself since it was in a set. */
  if ((set == NULL || !pcp_set_is_live (set)) && pcp_sets_get_own_lease (pcp, map) != NULL)
    {
      pcp_sets_forget_member (pcp, map);
      return FALSE;
    }

  if (set == NULL)
    return pcp_set_parse_token (token, &first) && release_by_token (pcp, map, &first, call);

  pcp_set_op_drop_member (set, map->internal_port);
  pcp_set_op_release (set, map->internal_port, call);
  return TRUE;
}
