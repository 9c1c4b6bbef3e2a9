/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "pcp-hosts.h"

#include "plum-bytes.h"
#include "plum-wire-address.h"

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
  return mask != NULL ? g_inet_address_mask_to_string (mask) : g_strdup ("an unknown network");
}

static char *
pcp_hosts_describe (const PcpHosts *self)
{
  GString *text = g_string_new (NULL);

  if (self->has_internal)
    {
      g_autoptr (GInetAddress) address = plum_wire_address_to_inet (self->internal_address);
      g_autofree char *shown = address != NULL ? g_inet_address_to_string (address) : NULL;

      g_string_append_printf (text, " of %s", shown != NULL ? shown : "an unknown host");
    }
  for (guint i = 0; i < self->n_filters; i++)
    {
      g_autofree char *remote = describe_filter (&self->filters[i]);

      g_string_append_printf (text, "%s%s", i == 0 ? ", from " : " and ", remote);
    }
  return g_string_free (text, FALSE);
}

char *
pcp_hosts_describe_map (const PcpMap *map)
{
  const char *protocol = map->protocol == PLUM_PROTOCOL_TCP ? "TCP" : "UDP";
  g_autofree char *hosts = pcp_hosts_describe (&map->hosts);

  if (map->prefer_failure)
    return g_strdup_printf ("%s port %u%s as external port %u", protocol, map->internal_port, hosts,
                            map->external_port);
  return g_strdup_printf ("%s port %u%s", protocol, map->internal_port, hosts);
}

GError *
pcp_hosts_check_reply (const PcpHosts *self, const PcpHosts *reply, const char *peer)
{
  if (self->has_internal && !pcp_hosts_has_same_internal (self, reply))
    return g_error_new (PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED,
                        "PCP: %s ignored that the mapping is for another host (THIRD_PARTY)", peer);

  if (self->n_filters > 0 && !pcp_hosts_has_same_filters (self, reply))
    return g_error_new (PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED,
                        "PCP: %s ignored which remote hosts may connect (FILTER)", peer);

  return NULL;
}

GError *
pcp_hosts_make_error (const PcpHosts *self, uint8_t code, const char *peer, const char *to_what)
{
  const PcpResult *result = pcp_result_lookup (code);
  const char *advice = result->advice;

  if (code == PCP_UNSUPP_OPTION && self->has_internal && self->n_filters > 0)
    advice = "the router does not let this host map ports of other hosts, or cannot restrict a "
             "mapping to some remote hosts";
  else if (code == PCP_UNSUPP_OPTION && self->has_internal)
    advice = "the router does not let this host map ports of other hosts";
  else if (code == PCP_UNSUPP_OPTION && self->n_filters > 0)
    advice = "the router cannot restrict a mapping to some remote hosts";
  else if ((code == PCP_NOT_AUTHORIZED || code == PCP_MALFORMED_REQUEST) && self->has_internal)
    advice = "the router may not let this host map ports of other hosts";

  return g_error_new (PLUM_ERROR, (int) result->error, "PCP: %s answered %s (%u) to %s: %s", peer,
                      result->name, code, to_what, advice);
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
