/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "pcp-request.h"

#include "pcp-hosts.h"
#include "plum-bytes.h"
#include "plum-wire-address.h"

static GSocketFamily
get_network_family (PlumUdpSession *session)
{
  return plum_network_get_family (plum_backend_get_network (session->backend));
}

void
pcp_request_make_key (const PcpMap *map, PlumExchangeKey *key)
{
  PlumWriter w = PLUM_WRITER_INIT (key->bytes, sizeof key->bytes);

  plum_writer_be (&w, PCP_OPCODE_MAP, 1);
  plum_writer_be (&w, map->protocol, 1);
  plum_writer_be (&w, map->internal_port, 2);
  plum_writer_bytes (&w, map->nonce, PCP_NONCE_SIZE);
}

/* The nonce depends on the mapping and the server. It is the same after a lost answer and after a
 * restart of the program, and differs for another server (RFC 6887 11.2, RFC 7488). */
static void
make_nonce (PlumUdpSession *session, PlumRequest *request, uint8_t nonce[PCP_NONCE_SIZE])
{
  GInetAddress *server = plum_network_get_gateway (plum_backend_get_network (session->backend));
  gsize key_size;
  const guchar *key = g_bytes_get_data (plum_request_get_key (request), &key_size);
  g_autoptr (GHmac) hmac = g_hmac_new (G_CHECKSUM_SHA256, key, key_size);
  guint8 digest[32];
  gsize digest_size = sizeof digest;

  g_hmac_update (hmac, g_inet_address_to_bytes (server),
                 (gssize) g_inet_address_get_native_size (server));
  g_hmac_get_digest (hmac, digest, &digest_size);
  plum_bytes_copy (nonce, digest, PCP_NONCE_SIZE);
}

gboolean
pcp_request_read (PlumUdpSession *session, PlumRequest *request, gboolean deletion, PcpMap *map)
{
  GInetAddress *address = plum_request_get_external_address (request);
  gboolean ok;

  *map = (PcpMap){ .protocol = plum_request_get_protocol (request) };
  map->internal_port = (uint16_t) plum_request_get_internal_port (request);
  make_nonce (session, request, map->nonce);
  ok = pcp_hosts_fill (&map->hosts, request);

  /* Quirk 16 and erratum 3621: "no preference" is all zeros of the requested family. */
  plum_wire_address_any (get_network_family (session), map->external_address);
  if (deletion)
    {
      map->hosts.n_filters = 0; /* RFC 6887 13.3: MALFORMED_OPTION */
      return TRUE;
    }

  map->external_port = (uint16_t) plum_request_get_external_port (request);
  map->prefer_failure = plum_request_get_require_external_port (request);
  if (address != NULL)
    plum_wire_address_from_inet (address, map->external_address);
  return ok;
}

void
pcp_request_read_key (PlumUdpSession *session, const PlumExchangeKey *key, PcpMap *map)
{
  PlumLeaseTableRow *row = plum_lease_table_lookup (session->leases, key);
  PlumReader r = PLUM_READER_INIT (key->bytes, sizeof key->bytes);

  plum_reader_be (&r, 1);
  *map = (PcpMap){ .protocol = plum_reader_be (&r, 1) };
  map->internal_port = (uint16_t) plum_reader_be (&r, 2);
  plum_reader_bytes (&r, map->nonce, PCP_NONCE_SIZE);
  plum_wire_address_any (get_network_family (session), map->external_address);
  if (row != NULL)
    pcp_hosts_load (&map->hosts, row);
}
