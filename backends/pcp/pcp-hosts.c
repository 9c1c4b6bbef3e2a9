/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "pcp-hosts.h"

#include "plum-bytes.h"
#include "plum-wire-address.h"

#include <glib/gi18n-lib.h>

/* The length of the prefix of an IPv4 address in its wire format. */
#define MAPPED_PREFIX 96

static void
fill_filter (PcpFilter *filter, GInetAddressMask *mask)
{
  plum_wire_address_from_inet (g_inet_address_mask_get_address (mask), filter->address);
  filter->prefix = (uint8_t) g_inet_address_mask_get_length (mask);
  if (g_inet_address_mask_get_family (mask) == G_SOCKET_FAMILY_IPV4)
    filter->prefix += MAPPED_PREFIX;
}

gboolean
pcp_hosts_fill (PcpHosts *self, PlumRequest *request)
{
  GInetAddress *internal = plum_request_get_internal_address (request);
  GListModel *remote = plum_request_get_remote_addresses (request);

  *self = (PcpHosts){ .has_internal = internal != NULL };
  if (internal != NULL)
    plum_wire_address_from_inet (internal, self->internal_address);
  if (remote == NULL)
    return TRUE;
  if (g_list_model_get_n_items (remote) > PCP_FILTERS_MAX)
    return FALSE;

  self->n_filters = g_list_model_get_n_items (remote);
  for (guint i = 0; i < self->n_filters; i++)
    {
      g_autoptr (GInetAddressMask) mask = g_list_model_get_item (remote, i);

      fill_filter (&self->filters[i], mask);
    }
  return TRUE;
}

gboolean
pcp_hosts_is_empty (const PcpHosts *self)
{
  return !self->has_internal && self->n_filters == 0;
}

static gboolean
filter_equal (const PcpFilter *a, const PcpFilter *b)
{
  return a->prefix == b->prefix && plum_bytes_equal (a->address, b->address, PCP_ADDRESS_SIZE);
}

static gboolean
pcp_hosts_has_filter (const PcpHosts *self, const PcpFilter *filter)
{
  for (guint i = 0; i < self->n_filters; i++)
    if (filter_equal (&self->filters[i], filter))
      return TRUE;

  return FALSE;
}

/* In any order. Each filter that is missing or added lets other hosts in than requested. */
static gboolean
pcp_hosts_has_same_filters (const PcpHosts *self, const PcpHosts *other)
{
  for (guint i = 0; i < self->n_filters; i++)
    if (!pcp_hosts_has_filter (other, &self->filters[i]))
      return FALSE;
  for (guint i = 0; i < other->n_filters; i++)
    if (!pcp_hosts_has_filter (self, &other->filters[i]))
      return FALSE;

  return TRUE;
}

gboolean
pcp_hosts_has_same_internal (const PcpHosts *self, const PcpHosts *other)
{
  return self->has_internal == other->has_internal &&
         (!self->has_internal ||
          plum_bytes_equal (self->internal_address, other->internal_address, PCP_ADDRESS_SIZE));
}

gboolean
pcp_hosts_equal (const PcpHosts *self, const PcpHosts *other)
{
  return pcp_hosts_has_same_internal (self, other) && pcp_hosts_has_same_filters (self, other);
}

static char *
describe_filter (const PcpFilter *self)
{
  g_autoptr (GInetAddress) address = plum_wire_address_to_inet (self->address);
  g_autoptr (GInetAddressMask) mask = NULL;
  guint length = self->prefix;

  if (plum_wire_address_is_ipv4 (self->address))
    length -= MAPPED_PREFIX;
  if (address != NULL)
    mask = g_inet_address_mask_new (address, length, NULL);
  return mask != NULL ? g_inet_address_mask_to_string (mask) : g_strdup (_ ("an unknown network"));
}

/* The hosts that may connect. (transfer full) */
static char *
describe_remote (const PcpHosts *self)
{
  g_autofree char *text = describe_filter (&self->filters[0]);

  for (guint i = 1; i < self->n_filters; i++)
    {
      g_autofree char *before = g_steal_pointer (&text);
      g_autofree char *last = describe_filter (&self->filters[i]);

      /* Translators: one or more addresses, and one more. */
      text = g_strdup_printf (_ ("%s and %s"), before, last);
    }
  return g_steal_pointer (&text);
}

static char *
describe_internal (const PcpHosts *self)
{
  g_autoptr (GInetAddress) address = plum_wire_address_to_inet (self->internal_address);

  return address != NULL ? g_inet_address_to_string (address) : g_strdup (_ ("an unknown host"));
}

static char *
describe_port (const PcpMap *map)
{
  const char *protocol = map->protocol == PLUM_PROTOCOL_TCP ? "TCP" : "UDP";
  g_autofree char *host = map->hosts.has_internal ? describe_internal (&map->hosts) : NULL;
  g_autofree char *remote = map->hosts.n_filters > 0 ? describe_remote (&map->hosts) : NULL;

  if (host != NULL && remote != NULL)
    /* Translators: TCP or UDP, a port, its host, the hosts that may connect. */
    return g_strdup_printf (C_ ("request", "%s port %u of %s, from %s"), protocol,
                            map->internal_port, host, remote);
  if (host != NULL)
    /* Translators: TCP or UDP, a port, its host. */
    return g_strdup_printf (C_ ("request", "%s port %u of %s"), protocol, map->internal_port, host);
  if (remote != NULL)
    /* Translators: TCP or UDP, a port, the hosts that may connect. */
    return g_strdup_printf (C_ ("request", "%s port %u, from %s"), protocol, map->internal_port,
                            remote);

  /* Translators: TCP or UDP, and a port. */
  return g_strdup_printf (C_ ("request", "%s port %u"), protocol, map->internal_port);
}

char *
pcp_hosts_describe_map (const PcpMap *map)
{
  g_autofree char *port = describe_port (map);

  if (!map->prefer_failure)
    return g_steal_pointer (&port);

  /* Translators: a request to map a port, such as “TCP port 80”, and an external port. */
  return g_strdup_printf (C_ ("request", "%s as external port %u"), port, map->external_port);
}

GError *
pcp_hosts_check_reply (const PcpHosts *self, const PcpHosts *reply, const char *peer)
{
  if (self->has_internal && !pcp_hosts_has_same_internal (self, reply))
    return g_error_new (PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED,
                        _ ("PCP: %s ignored that the mapping is for another host (THIRD_PARTY)"),
                        peer);

  if (self->n_filters > 0 && !pcp_hosts_has_same_filters (self, reply))
    return g_error_new (PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED,
                        _ ("PCP: %s ignored which remote hosts may connect (FILTER)"), peer);

  return NULL;
}

GError *
pcp_hosts_make_error (const PcpHosts *self, uint8_t code, const char *peer, const char *to_what)
{
  const PcpResult *result = pcp_result_lookup (code);
  const char *advice = _ (result->advice);

  if (code == PCP_UNSUPP_OPTION && self->has_internal && self->n_filters > 0)
    advice = _ ("the router does not let this host map ports of other hosts, or cannot restrict a "
                "mapping to some remote hosts");
  else if (code == PCP_UNSUPP_OPTION && self->has_internal)
    advice = _ ("the router does not let this host map ports of other hosts");
  else if (code == PCP_UNSUPP_OPTION && self->n_filters > 0)
    advice = _ ("the router cannot restrict a mapping to some remote hosts");
  else if ((code == PCP_NOT_AUTHORIZED || code == PCP_MALFORMED_REQUEST) && self->has_internal)
    advice = _ ("the router may not let this host map ports of other hosts");

  return pcp_result_make_error_with_advice (result, code, peer, to_what, advice);
}

void
pcp_hosts_store (const PcpHosts *self, PlumUdpSession *session, const PlumExchangeKey *key)
{
  PlumLeaseTableRow *row = plum_lease_table_ensure (session->leases, key);

  g_clear_pointer (&row->options, g_bytes_unref);
  if (!pcp_hosts_is_empty (self))
    row->options = g_bytes_new (self, sizeof *self);
  row->apart = self->has_internal && !plum_udp_session_is_ipv4 (session);
}

void
pcp_hosts_load (PcpHosts *self, const PlumLeaseTableRow *row)
{
  if (row->options == NULL)
    return;

  *self = *(const PcpHosts *) g_bytes_get_data (row->options, NULL);
  self->replace_filters = TRUE;
}

/* A server that keeps one filter refuses the same filter again, unless the request replaces it
 * (RFC 6887 13.3); some may not know that form. */
gboolean
pcp_hosts_adapt (PcpHosts *self, uint8_t code)
{
  gboolean replace = code == PCP_EXCESSIVE_REMOTE_PEERS;

  if (self->n_filters == 0 || self->adapted || self->replace_filters == replace ||
      (!replace && code != PCP_MALFORMED_OPTION && code != PCP_MALFORMED_REQUEST))
    return FALSE;

  self->adapted = TRUE;
  self->replace_filters = replace;
  return TRUE;
}
