/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "pcp-set-grant.h"

#include "pcp-set-call.h"
#include "plum-bytes.h"

static gboolean
is_granted (const PcpMap *granted, guint internal_port)
{
  return internal_port >= granted->internal_port &&
         internal_port - granted->internal_port < granted->set.size;
}

static guint
get_granted_port (const PcpMap *granted, guint internal_port)
{
  return granted->external_port + internal_port - granted->internal_port;
}

/* A set is requested without PREFER_FAILURE. Core checks the ports of a renewal. */
static gboolean
has_required_ports (PcpSet *set, const PcpMap *granted)
{
  return !set->exact || pcp_set_is_live (set) ||
         get_granted_port (granted, set->map.internal_port) == set->map.external_port;
}

/* A port that nothing uses would be left. One port alone is deleted under its own nonce. */
static gboolean
serves_member (PcpSet *set, const PcpMap *granted)
{
  for (guint i = 0; i < set->n_members; i++)
    if (set->members[i].used && is_granted (granted, set->first_member + i) &&
        (granted->set.size > 1 ||
         plum_bytes_equal (set->members[i].nonce, set->map.nonce, PCP_NONCE_SIZE)))
      return TRUE;

  return FALSE;
}

gboolean
pcp_set_grant_read (PcpSet *set, const PcpReply *reply, PcpMap *granted)
{
  *granted = reply->map;
  if (granted->set.size == 0)
    granted->set = (PcpPortSet){ .size = 1, .first = set->map.internal_port };
  granted->internal_port = granted->set.first;

  /* A pinhole keeps the port. */
  if (granted->external_port == 0 && !plum_udp_session_is_ipv4 (set->pcp->udp))
    granted->external_port = granted->internal_port;

  return reply->lifetime > 0 && granted->external_port != 0 &&
         granted->external_port + granted->set.size - 1 <= G_MAXUINT16 &&
         serves_member (set, granted) && has_required_ports (set, granted);
}

static void
set_used (PcpSet *set, GPtrArray *calls, gboolean used)
{
  for (guint i = 0; i < calls->len; i++)
    {
      PcpSetCall *waiting = calls->pdata[i];
      PcpMember *member = pcp_set_get_member (set, waiting->internal_port);

      if (member != NULL)
        member->used = used && is_granted (&set->map, waiting->internal_port);
    }
}

gboolean
pcp_set_grant_take (PcpSet *set, const PcpMap *granted, GPtrArray *calls)
{
  gboolean moves = pcp_set_is_live (set) &&
                   get_granted_port (granted, set->map.internal_port) != set->map.external_port;
  gboolean changed;

  /* The others would not learn that the set has changed. */
  set_used (set, calls, FALSE);
  changed = moves && pcp_set_has_used_member (set);
  if (pcp_set_set_range (set, granted->internal_port, granted->set.size, granted->external_port))
    changed = TRUE;
  set_used (set, calls, TRUE);
  return changed;
}

GPtrArray *
pcp_set_grant_settle (PcpSet *set, GPtrArray *calls, uint32_t lifetime, GInetAddress *address)
{
  GPtrArray *others = g_ptr_array_new_with_free_func (pcp_set_call_free);
  gboolean is_set = set->map.set.size > 1;

  for (guint i = 0; i < calls->len; i++)
    {
      PcpSetCall *waiting = calls->pdata[i];
      g_autoptr (PlumLease) lease = NULL;

      if (!is_granted (&set->map, waiting->internal_port))
        {
          g_ptr_array_add (others, pcp_set_call_new (waiting->call, waiting->internal_port, TRUE));
          continue;
        }

      lease = plum_lease_new (address, pcp_set_get_external_port (set, waiting->internal_port),
                              MIN (lifetime, PLUM_UDP_LIFETIME_MAX),
                              is_set ? pcp_set_make_token (set) : NULL);
      plum_call_return_lease (waiting->call, lease);
    }
  return others;
}
