/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "pcp-hosts.h"

#include "plum-bytes.h"
#include "plum-wire-address.h"

/* The length of the prefix of an IPv4 address in its wire format. */
#define MAPPED_PREFIX 96

void
pcp_hosts_fill (PcpHosts *self, PlumRequest *request)
{
  GInetAddress *internal = plum_request_get_internal_address (request);
  GInetAddressMask *remote = plum_request_get_remote_address (request);

  *self = (PcpHosts){ .has_internal = internal != NULL };
  if (internal != NULL)
    plum_wire_address_from_inet (internal, self->internal_address);
  if (remote == NULL)
    return;

  plum_wire_address_from_inet (g_inet_address_mask_get_address (remote), self->remote_address);
  self->remote_prefix = (uint8_t) g_inet_address_mask_get_length (remote);
  if (g_inet_address_mask_get_family (remote) == G_SOCKET_FAMILY_IPV4)
    self->remote_prefix += MAPPED_PREFIX;
}

gboolean
pcp_hosts_is_empty (const PcpHosts *self)
{
  return !self->has_internal && self->remote_prefix == 0;
}

static char *
describe_remote (const PcpHosts *self)
{
  g_autoptr (GInetAddress) address = plum_wire_address_to_inet (self->remote_address);
  g_autoptr (GInetAddressMask) mask = NULL;
  guint length = self->remote_prefix;

  if (plum_wire_address_is_ipv4 (self->remote_address))
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
  if (self->remote_prefix != 0)
    {
      g_autofree char *remote = describe_remote (self);

      g_string_append_printf (text, ", from %s", remote);
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
  if (self->has_internal &&
      (!reply->has_internal ||
       !plum_bytes_equal (self->internal_address, reply->internal_address, PCP_ADDRESS_SIZE)))
    return g_error_new (PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED,
                        "PCP: %s ignored that the mapping is for another host (THIRD_PARTY)", peer);

  if (self->remote_prefix != 0 &&
      (self->remote_prefix != reply->remote_prefix ||
       !plum_bytes_equal (self->remote_address, reply->remote_address, PCP_ADDRESS_SIZE)))
    return g_error_new (PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED,
                        "PCP: %s ignored which remote hosts may connect (FILTER)", peer);

  return NULL;
}

GError *
pcp_hosts_make_error (const PcpHosts *self, uint8_t code, const char *peer, const char *to_what)
{
  const PcpResult *result = pcp_result_lookup (code);
  const char *advice = result->advice;

  if (code == PCP_UNSUPP_OPTION && self->has_internal && self->remote_prefix != 0)
    advice = "the router does not let this host map ports of other hosts, or cannot restrict a "
             "mapping to some remote hosts";
  else if (code == PCP_UNSUPP_OPTION && self->has_internal)
    advice = "the router does not let this host map ports of other hosts";
  else if (code == PCP_UNSUPP_OPTION && self->remote_prefix != 0)
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

  if (self->remote_prefix == 0 || self->adapted || self->replace_filters == replace ||
      (!replace && code != PCP_MALFORMED_OPTION && code != PCP_MALFORMED_REQUEST))
    return FALSE;

  self->adapted = TRUE;
  self->replace_filters = replace;
  return TRUE;
}
