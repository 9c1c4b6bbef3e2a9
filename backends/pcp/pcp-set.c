/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "pcp-set.h"

#include "pcp-hosts.h"
#include "pcp-map-change.h"
#include "pcp-request.h"
#include "pcp-set-call.h"
#include "plum-bytes.h"

#include <glib/gi18n-lib.h>

/* The nonce, the first internal port, the number of ports. */
#define TOKEN_TYPE "(ayqq)"

/* How many ended sets are remembered. */
#define ENDED_MAX 64

static gboolean
is_in_range (const PcpMap *set, guint internal_port)
{
  return internal_port >= set->internal_port &&
         internal_port - set->internal_port < MAX (set->set.size, 1);
}

PcpSet *
pcp_set_new (PcpSession *pcp, const PcpMap *map)
{
  PcpSet *self = g_new0 (PcpSet, 1);

  self->pcp = pcp;
  self->map = *map;
  self->map.prefer_failure = FALSE; /* RFC 7753 4.1: not with PORT_SET */
  self->exact = map->prefer_failure;
  self->first_member = map->internal_port;
  self->n_members = map->set.size;
  self->members = g_new0 (PcpMember, self->n_members);
  self->releasing = g_ptr_array_new_with_free_func (pcp_set_call_free);
  pcp_request_make_key (&self->map, &self->key);
  g_ptr_array_add (pcp->sets, self);
  return self;
}

void
pcp_set_free (gpointer data)
{
  PcpSet *self = data;

  g_assert (self->op == NULL && self->releasing->len == 0);

  if (self->release != NULL)
    g_source_destroy (self->release);
  g_clear_pointer (&self->release, g_source_unref);
  g_ptr_array_unref (self->releasing);
  g_free (self->members);
  g_free (self);
}

void
pcp_set_remove (PcpSet *self)
{
  g_ptr_array_remove_fast (self->pcp->sets, self);
}

PlumLeaseTableRow *
pcp_set_get_row (PcpSet *self)
{
  return plum_lease_table_lookup (self->pcp->udp->leases, &self->key);
}

gboolean
pcp_set_is_live (PcpSet *self)
{
  PlumLeaseTableRow *row = pcp_set_get_row (self);

  return self->has_lease && row != NULL && row->live;
}

gboolean
pcp_set_is_certain (PcpSet *self)
{
  return pcp_set_is_live (self) && pcp_set_get_row (self)->certain;
}

void
pcp_set_remove_lease (PcpSet *self)
{
  plum_udp_session_remove_lease (self->pcp->udp, &self->key);
  self->has_lease = FALSE;
}

void
pcp_set_schedule_release (PcpSet *self)
{
  if (self->release != NULL)
    return;

  self->release = plum_backend_create_timer (self->pcp->udp->backend, 0);
  g_source_set_callback (self->release, self->decide, self, NULL);
}

GPtrArray *
pcp_set_take_outside_releases (PcpSet *self)
{
  GPtrArray *calls = g_ptr_array_new_with_free_func (pcp_set_call_free);

  for (guint i = self->releasing->len; i > 0; i--)
    {
      PcpSetCall *waiting = self->releasing->pdata[i - 1];

      if (!is_in_range (&self->map, waiting->internal_port))
        g_ptr_array_add (calls, g_ptr_array_steal_index (self->releasing, i - 1));
    }
  pcp_set_calls_disconnect (calls);
  return calls;
}

GPtrArray *
pcp_set_take_releases (PcpSet *self)
{
  GPtrArray *calls = g_steal_pointer (&self->releasing);

  self->releasing = g_ptr_array_new_with_free_func (pcp_set_call_free);
  pcp_set_calls_disconnect (calls);
  return calls;
}

PcpMember *
pcp_set_get_member (PcpSet *self, guint internal_port)
{
  if (internal_port < self->first_member || internal_port - self->first_member >= self->n_members)
    return NULL;

  return &self->members[internal_port - self->first_member];
}

gboolean
pcp_set_has_port (PcpSet *self, guint internal_port)
{
  return is_in_range (&self->map, internal_port);
}

gboolean
pcp_set_use_member (PcpSet *self, const PcpMap *map)
{
  PcpMember *member = pcp_set_get_member (self, map->internal_port);
  gboolean was_used = member->used;

  member->used = TRUE;
  plum_bytes_copy (member->nonce, map->nonce, PCP_NONCE_SIZE);
  return !was_used;
}

void
pcp_set_drop_member (PcpSet *self, guint internal_port)
{
  PcpMember *member = pcp_set_get_member (self, internal_port);

  if (member != NULL)
    member->used = FALSE;
}

gboolean
pcp_set_has_used_member (PcpSet *self)
{
  for (guint i = 0; i < self->n_members; i++)
    if (self->members[i].used)
      return TRUE;

  return FALSE;
}

gboolean
pcp_set_set_range (PcpSet *self, guint first, guint size, guint external_port)
{
  gboolean leaves_used = FALSE;

  for (guint i = 0; i < self->n_members; i++)
    {
      guint port = self->first_member + i;

      if (port >= first && port - first < size)
        continue;
      leaves_used = leaves_used || self->members[i].used;
      self->members[i] = (PcpMember){ .used = FALSE };
    }

  self->map.internal_port = (uint16_t) first;
  self->map.external_port = (uint16_t) external_port;
  self->map.set.first = (uint16_t) first;
  self->map.set.size = (uint16_t) size;
  pcp_request_make_key (&self->map, &self->key);
  return leaves_used;
}

guint
pcp_set_get_external_port (PcpSet *self, guint internal_port)
{
  return self->map.external_port + internal_port - self->map.internal_port;
}

gboolean
pcp_set_covers (PcpSet *self, const PcpMap *map)
{
  return self->map.protocol == map->protocol && is_in_range (&self->map, map->internal_port) &&
         pcp_set_get_member (self, map->internal_port) != NULL &&
         pcp_hosts_equal (&self->map.hosts, &map->hosts);
}

gboolean
pcp_set_fits (PcpSet *self, const PcpMap *map, guint external_port)
{
  return map->set.size == self->map.set.size && map->set.first == self->map.set.first &&
         external_port == self->map.external_port;
}

void
pcp_set_remove_own_leases (PcpSet *self)
{
  for (guint i = 0; i < self->n_members; i++)
    {
      PcpMap map = { .protocol = self->map.protocol };
      PlumExchangeKey key;

      map.internal_port = (uint16_t) (self->first_member + i);
      plum_bytes_copy (map.nonce, self->members[i].nonce, PCP_NONCE_SIZE);
      pcp_request_make_key (&map, &key);
      if (!plum_exchange_key_equal (&key, &self->key))
        plum_udp_session_remove_lease (self->pcp->udp, &key);
    }
}

GError *
pcp_set_make_busy_error (PcpSession *pcp, const PcpMap *map)
{
  g_autofree char *port = pcp_hosts_describe_map (map);

  return g_error_new (G_IO_ERROR, G_IO_ERROR_BUSY,
                      /* Translators: a router, and a port such as “TCP port 80”. */
                      _ (
                        "PCP: %s keeps %s until the last port of its set is released: it deletes a "
                        "set as a whole (RFC 7753)"),
                      plum_udp_session_get_peer (pcp->udp), port);
}

void
pcp_set_fail_busy (PcpSet *self, GPtrArray *calls)
{
  for (guint i = 0; i < calls->len; i++)
    {
      PcpSetCall *waiting = calls->pdata[i];
      PcpMap map = self->map;

      map.internal_port = (uint16_t) waiting->internal_port;
      plum_call_return_error (waiting->call, pcp_set_make_busy_error (self->pcp, &map));
    }
}

/* --- The token --- */

GVariant *
pcp_set_make_token (PcpSet *self)
{
  GVariant *nonce = g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, self->map.nonce, PCP_NONCE_SIZE,
                                               sizeof (uint8_t));

  return g_variant_new ("(@ayqq)", nonce, self->map.internal_port, self->map.set.size);
}

/* The token comes from a file, which another program may have written. */
gboolean
pcp_set_parse_token (GVariant *token, PcpMap *map)
{
  g_autoptr (GVariant) bytes = NULL;
  guint16 first, size;
  const uint8_t *nonce;
  gsize len;

  if (token == NULL || !g_variant_is_of_type (token, G_VARIANT_TYPE (TOKEN_TYPE)))
    return FALSE;

  g_variant_get (token, "(@ayqq)", &bytes, &first, &size);
  nonce = g_variant_get_fixed_array (bytes, &len, sizeof (uint8_t));
  if (len != PCP_NONCE_SIZE || first == 0 || size < 2 || first + size - 1 > G_MAXUINT16 ||
      map->internal_port < first || map->internal_port - first >= size)
    return FALSE;

  plum_bytes_copy (map->nonce, nonce, PCP_NONCE_SIZE);
  map->internal_port = first;
  map->set = (PcpPortSet){ .size = size, .first = first };
  return TRUE;
}

/* --- All sets --- */

PcpSet *
pcp_sets_find (PcpSession *pcp, const PlumExchangeKey *key)
{
  for (guint i = 0; i < pcp->sets->len; i++)
    {
      PcpSet *set = pcp->sets->pdata[i];

      if (plum_exchange_key_equal (&set->key, key))
        return set;
    }

  return NULL;
}

PcpSet *
pcp_sets_find_lease (PcpSession *pcp, const PlumExchangeKey *key)
{
  PcpSet *set = pcp_sets_find (pcp, key);

  return set != NULL && set->has_lease ? set : NULL;
}

void
pcp_sets_lose_lease (PcpSession *pcp, const PlumExchangeKey *key)
{
  PcpSet *set = pcp_sets_find (pcp, key);

  if (set != NULL)
    set->has_lease = FALSE;
}

void
pcp_sets_expire (PcpSession *pcp)
{
  for (guint i = 0; i < pcp->sets->len; i++)
    {
      PcpSet *set = pcp->sets->pdata[i];

      if (!set->has_lease || set->op != NULL || pcp_set_is_live (set))
        continue;

      set->has_lease = FALSE;
      for (guint member = 0; member < set->n_members; member++)
        set->members[member].used = FALSE;
    }
}

PcpSet *
pcp_sets_find_live (PcpSession *pcp, const PcpMap *map)
{
  for (guint i = 0; i < pcp->sets->len; i++)
    {
      PcpSet *set = pcp->sets->pdata[i];

      if (pcp_set_covers (set, map) && pcp_set_is_live (set))
        return set;
    }

  return NULL;
}

static gboolean
has_same_client (const PcpMap *a, const PcpMap *b)
{
  return a->protocol == b->protocol && pcp_hosts_has_same_internal (&a->hosts, &b->hosts);
}

gboolean
pcp_sets_has_live_port (PcpSession *pcp, const PcpMap *map)
{
  for (guint i = 0; i < pcp->sets->len; i++)
    {
      PcpSet *set = pcp->sets->pdata[i];

      if (has_same_client (&set->map, map) && is_in_range (&set->map, map->internal_port) &&
          pcp_set_is_live (set))
        return TRUE;
    }

  return FALSE;
}

/* (nullable): the member that map requests. */
static PcpMember *
find_member (PcpSet *self, const PcpMap *map)
{
  PcpMember *member = pcp_set_get_member (self, map->internal_port);

  if (member == NULL || !has_same_client (&self->map, map) ||
      !plum_bytes_equal (member->nonce, map->nonce, PCP_NONCE_SIZE))
    return NULL;

  return member;
}

PcpSet *
pcp_sets_find_member (PcpSession *pcp, const PcpMap *map)
{
  for (guint i = 0; i < pcp->sets->len; i++)
    if (find_member (pcp->sets->pdata[i], map) != NULL)
      return pcp->sets->pdata[i];

  return NULL;
}

void
pcp_sets_forget_member (PcpSession *pcp, const PcpMap *map)
{
  for (guint i = pcp->sets->len; i > 0; i--)
    {
      PcpSet *set = pcp->sets->pdata[i - 1];
      PcpMember *member = find_member (set, map);

      /* A call of a pending request waits for a member that is used. */
      if (member == NULL || pcp_set_is_live (set) || (set->op != NULL && member->used))
        continue;

      *member = (PcpMember){ .used = FALSE };
      if (!pcp_set_has_used_member (set) && set->op == NULL && set->release == NULL)
        pcp_set_remove (set);
    }
}

PlumLeaseTableRow *
pcp_sets_get_own_lease (PcpSession *pcp, const PcpMap *map)
{
  PlumLeaseTableRow *row;
  PlumExchangeKey key;

  pcp_request_make_key (map, &key);
  row = plum_lease_table_lookup (pcp->udp->leases, &key);
  return row != NULL && row->live && pcp_sets_find_lease (pcp, &key) == NULL ? row : NULL;
}

static gboolean
set_uses_port_of (PcpSet *self, const PcpMap *map)
{
  for (guint i = 0; i < self->n_members; i++)
    if (self->members[i].used && has_same_client (&self->map, map) &&
        is_in_range (map, self->first_member + i))
      return TRUE;

  return FALSE;
}

/* The server applies a request for one port of a set to all of it, so the set is used. */
static gboolean
is_requested (PcpSession *pcp, const PcpMap *map)
{
  for (GList *link = pcp->udp->operations.head; link != NULL; link = link->next)
    {
      const PcpMap *requested = map_op_get_requested (link->data);

      if (requested != NULL && has_same_client (requested, map) &&
          is_in_range (map, requested->internal_port))
        return TRUE;
    }

  return FALSE;
}

gboolean
pcp_sets_uses_port_of (PcpSession *pcp, const PcpMap *map)
{
  g_autoptr (GArray) keys = plum_lease_table_get_live (pcp->udp->leases);

  pcp_sets_expire (pcp);
  for (guint i = 0; i < pcp->sets->len; i++)
    if (set_uses_port_of (pcp->sets->pdata[i], map))
      return TRUE;
  if (is_requested (pcp, map))
    return TRUE;

  for (guint i = 0; i < keys->len; i++)
    {
      const PlumExchangeKey *key = &g_array_index (keys, PlumExchangeKey, i);
      PcpMap live;

      pcp_request_read_key (pcp->udp, key, &live);
      if (pcp_sets_find_lease (pcp, key) == NULL && has_same_client (&live, map) &&
          is_in_range (map, live.internal_port))
        return TRUE;
    }

  return FALSE;
}

/* --- Ended sets --- */

/* -1: it is not remembered. */
static int
find_ended (PcpSession *pcp, const PlumExchangeKey *key)
{
  for (guint i = 0; i < pcp->ended_sets->len; i++)
    if (plum_exchange_key_equal (&g_array_index (pcp->ended_sets, PcpEndedSet, i).key, key))
      return (int) i;

  return -1;
}

void
pcp_sets_note_end (PcpSession *pcp, const PlumExchangeKey *key, PcpSetEnd end)
{
  const PcpEndedSet ended = { .key = *key, .end = end };
  int index = find_ended (pcp, key);

  if (index >= 0)
    g_array_remove_index (pcp->ended_sets, (guint) index);
  if (end == PCP_SET_END_NONE)
    return;

  if (pcp->ended_sets->len == ENDED_MAX)
    g_array_remove_index (pcp->ended_sets, 0);
  g_array_append_val (pcp->ended_sets, ended);
}

PcpSetEnd
pcp_sets_get_end (PcpSession *pcp, const PlumExchangeKey *key)
{
  int index = find_ended (pcp, key);

  return index >= 0 ? g_array_index (pcp->ended_sets, PcpEndedSet, index).end : PCP_SET_END_NONE;
}
