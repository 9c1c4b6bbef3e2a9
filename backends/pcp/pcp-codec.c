/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "pcp-codec.h"

#include "plum-bytes.h"
#include "plum-double-nat.h"

#include <glib/gi18n-lib.h>

#define RESPONSE_BIT 0x80u

/* IANA protocol numbers */
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17

#define OPTION_THIRD_PARTY 1u
/* A header only. */
#define OPTION_PREFER_FAILURE 2u
#define OPTION_FILTER 3u
#define OPTION_PORT_SET 130u

/* The length of the data of an option. */
#define THIRD_PARTY_LEN (PCP_THIRD_PARTY_SIZE - 4u)
#define FILTER_LEN (PCP_FILTER_SIZE - 4u)
/* Without the padding. */
#define PORT_SET_LEN 5u
#define PORT_SET_PADDING 3u

#define KEEP_PARITY 0x01u

#define SHORT_FLOOR 30u
#define LONG_FLOOR 300u

static const PcpResult results[] = {
  { PCP_SUCCESS, FALSE, PLUM_ERROR_MALFORMED, PCP_NEXT_NOTHING, "SUCCESS", "" },
  { PCP_UNSUPP_VERSION, TRUE, PLUM_ERROR_NOT_SUPPORTED, PCP_NEXT_NOTHING, "UNSUPP_VERSION",
    N_ ("the router supports another version of the protocol") },
  { PCP_NOT_AUTHORIZED, TRUE, PLUM_ERROR_REFUSED, PCP_NEXT_NOTHING, "NOT_AUTHORIZED",
    N_ ("the router's policy forbids it, or another host has the port") },
  { PCP_MALFORMED_REQUEST, TRUE, PLUM_ERROR_MALFORMED, PCP_NEXT_BARE, "MALFORMED_REQUEST",
    N_ ("the router does not understand a correct request") },
  { PCP_UNSUPP_OPCODE, TRUE, PLUM_ERROR_NOT_SUPPORTED, PCP_NEXT_NOTHING, "UNSUPP_OPCODE",
    N_ ("the router does not support this") },
  { PCP_UNSUPP_OPTION, TRUE, PLUM_ERROR_NOT_SUPPORTED, PCP_NEXT_BARE, "UNSUPP_OPTION",
    N_ ("the router does not support this") },
  { PCP_MALFORMED_OPTION, TRUE, PLUM_ERROR_MALFORMED, PCP_NEXT_BARE, "MALFORMED_OPTION",
    N_ ("the router does not understand a correct request") },
  { PCP_NETWORK_FAILURE, FALSE, PLUM_ERROR_NO_RESOURCES, PCP_NEXT_NOTHING, "NETWORK_FAILURE",
    PLUM_NO_PUBLIC_ADDRESS },
  { PCP_NO_RESOURCES, FALSE, PLUM_ERROR_NO_RESOURCES, PCP_NEXT_NO_PORT, "NO_RESOURCES",
    N_ ("the router's table is full, or the external port is taken") },
  { PCP_UNSUPP_PROTOCOL, TRUE, PLUM_ERROR_NOT_SUPPORTED, PCP_NEXT_NOTHING, "UNSUPP_PROTOCOL",
    N_ ("the router cannot map this transport protocol") },
  { PCP_USER_EX_QUOTA, FALSE, PLUM_ERROR_NO_RESOURCES, PCP_NEXT_NOTHING, "USER_EX_QUOTA",
    N_ ("this host has reached the router's limit of mappings") },
  { PCP_CANNOT_PROVIDE_EXTERNAL, FALSE, PLUM_ERROR_CONFLICT, PCP_NEXT_NO_ADDRESS,
    "CANNOT_PROVIDE_EXTERNAL", N_ ("the external address or port is not available") },
  { PCP_ADDRESS_MISMATCH, TRUE, PLUM_ERROR_NOT_SUPPORTED, PCP_NEXT_NOTHING, "ADDRESS_MISMATCH",
    PLUM_ROUTER_BETWEEN },
  { PCP_EXCESSIVE_REMOTE_PEERS, TRUE, PLUM_ERROR_NO_RESOURCES, PCP_NEXT_NOTHING,
    "EXCESSIVE_REMOTE_PEERS", N_ ("the router cannot filter by so many peers") },
};

/* RFC 7652: 14 to 23 are steps of authentication, which is not supported. */
#define AUTHENTICATION_FIRST 14
#define AUTHENTICATION_LAST 23

static const PcpResult result_authentication = {
  AUTHENTICATION_FIRST,      TRUE,
  PLUM_ERROR_REFUSED,        PCP_NEXT_NOTHING,
  "AUTHENTICATION_REQUIRED", N_ ("the router requires authentication")
};

static const PcpResult result_unknown = { 255,
                                          TRUE,
                                          PLUM_ERROR_REFUSED,
                                          PCP_NEXT_NOTHING,
                                          N_ ("unknown result"),
                                          N_ ("no standard defines this result") };

const PcpResult *
pcp_result_lookup (uint8_t code)
{
  for (size_t i = 0; i < G_N_ELEMENTS (results); i++)
    {
      if (results[i].code == code)
        return &results[i];
    }

  if (code >= AUTHENTICATION_FIRST && code <= AUTHENTICATION_LAST)
    return &result_authentication;
  return &result_unknown;
}

GError *
pcp_result_make_error_with_advice (
  const PcpResult *result, uint8_t code, const char *peer, const char *to_what, const char *advice)
{
  return g_error_new (PLUM_ERROR, (int) result->error,
                      /* Translators: a router, the name and the number of a result, the request
                       * (see the context “request”), an explanation. */
                      _ ("PCP: %s answered %s (%u) to %s: %s"), peer, _ (result->name), code,
                      to_what, advice);
}

GError *
pcp_result_make_error (uint8_t code, const char *peer, const char *to_what)
{
  const PcpResult *result = pcp_result_lookup (code);

  return pcp_result_make_error_with_advice (result, code, peer, to_what, _ (result->advice));
}

uint32_t
pcp_error_lifetime (uint8_t code, uint32_t lifetime)
{
  uint32_t floor = pcp_result_lookup (code)->is_long ? LONG_FLOOR : SHORT_FLOOR;

  return CLAMP (lifetime, floor, PCP_LIFETIME_MAX);
}

/* RFC 6887 7.1 */
static void
encode_header (PlumWriter *w, PcpOpcode opcode, uint32_t lifetime, const uint8_t *client)
{
  plum_writer_be (w, PCP_VERSION, 1);
  plum_writer_be (w, opcode, 1);
  plum_writer_zeros (w, 2);
  plum_writer_be (w, lifetime, 4);
  plum_writer_bytes (w, client, PCP_ADDRESS_SIZE);
}

/* RFC 6887 14.1.1 */
size_t
pcp_encode_announce (const uint8_t client[PCP_ADDRESS_SIZE], uint8_t *out, size_t size)
{
  PlumWriter w = PLUM_WRITER_INIT (out, size);

  encode_header (&w, PCP_OPCODE_ANNOUNCE, 0, client);
  return plum_writer_finish (&w);
}

static void
encode_option (PlumWriter *w, uint32_t code, uint32_t len)
{
  plum_writer_be (w, code, 1);
  plum_writer_zeros (w, 1);
  plum_writer_be (w, len, 2);
}

/* RFC 6887 13.3. A prefix of 0 removes all filters that the mapping has. */
static void
encode_filter (PlumWriter *w, uint8_t prefix, const uint8_t *address)
{
  encode_option (w, OPTION_FILTER, FILTER_LEN);
  plum_writer_zeros (w, 1);
  plum_writer_be (w, prefix, 1);
  plum_writer_zeros (w, 2); /* all remote ports */
  if (address != NULL)
    plum_writer_bytes (w, address, PCP_ADDRESS_SIZE);
  else
    plum_writer_zeros (w, PCP_ADDRESS_SIZE);
}

/* RFC 7753 4. RFC 6887 7.3: the length does not include the padding. */
static void
encode_port_set (PlumWriter *w, const PcpPortSet *set)
{
  encode_option (w, OPTION_PORT_SET, PORT_SET_LEN);
  plum_writer_be (w, set->size, 2);
  plum_writer_be (w, set->first, 2);
  plum_writer_be (w, set->keep_parity ? KEEP_PARITY : 0, 1);
  plum_writer_zeros (w, PORT_SET_PADDING);
}

/* RFC 6887 13.1 to 13.3 */
static void
encode_options (PlumWriter *w, const PcpMap *map)
{
  const PcpHosts *hosts = &map->hosts;

  if (hosts->has_internal)
    {
      encode_option (w, OPTION_THIRD_PARTY, THIRD_PARTY_LEN);
      plum_writer_bytes (w, hosts->internal_address, PCP_ADDRESS_SIZE);
    }
  if (map->prefer_failure)
    encode_option (w, OPTION_PREFER_FAILURE, 0);
  if (hosts->n_filters > 0 && hosts->replace_filters)
    encode_filter (w, 0, NULL);
  for (guint i = 0; i < hosts->n_filters; i++)
    encode_filter (w, hosts->filters[i].prefix, hosts->filters[i].address);
  if (map->set.size != 0)
    encode_port_set (w, &map->set);
}

/* RFC 6887 11.1 */
size_t
pcp_encode_map (const uint8_t client[PCP_ADDRESS_SIZE],
                uint32_t lifetime,
                const PcpMap *map,
                uint8_t *out,
                size_t size)
{
  PlumWriter w = PLUM_WRITER_INIT (out, size);

  encode_header (&w, PCP_OPCODE_MAP, lifetime, client);
  plum_writer_bytes (&w, map->nonce, PCP_NONCE_SIZE);
  plum_writer_be (&w, map->protocol == PLUM_PROTOCOL_TCP ? PROTOCOL_TCP : PROTOCOL_UDP, 1);
  plum_writer_zeros (&w, 3);
  plum_writer_be (&w, map->internal_port, 2);
  plum_writer_be (&w, map->external_port, 2);
  plum_writer_bytes (&w, map->external_address, PCP_ADDRESS_SIZE);
  encode_options (&w, map);
  return plum_writer_finish (&w);
}

static gboolean malformed (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
malformed (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (PLUM_ERROR, PLUM_ERROR_MALFORMED, format, args);
  va_end (args);
  return FALSE;
}

/* The answer to an unsupported version has many lengths, and from a NAT-PMP router NAT-PMP's form:
 * its 16-bit result is at PCP's reserved and result bytes (RFC 6887 9 and appendix A, RFC 6886 3.5
 * with erratum 3618, quirk 1). Only for result 1: one PCP router refuses requests with
 * 00 80 00 03. */
static gboolean
is_version_reply (const uint8_t *data, size_t len, uint8_t *version)
{
  PlumReader r = PLUM_READER_INIT (data, len);
  uint32_t first = plum_reader_be (&r, 1);
  uint32_t op = plum_reader_be (&r, 1);
  uint32_t reserved = plum_reader_be (&r, 1);
  uint32_t result = plum_reader_be (&r, 1);

  if (!plum_reader_ok (&r) || result != PCP_UNSUPP_VERSION)
    return FALSE;
  if (first == 0 && reserved != 0)
    return FALSE;
  if (first != 0 && (op & RESPONSE_BIT) == 0)
    return FALSE;

  *version = (uint8_t) first;
  return TRUE;
}

/* A filter of all remote hosts, or of some ports only, is not one that was requested. More filters
 * than a request can have do not answer one. */
static void
read_filter (PcpHosts *hosts, const uint8_t *data, size_t len)
{
  PlumReader r = PLUM_READER_INIT (data, len);
  PcpFilter *filter;
  uint32_t prefix, port;

  plum_reader_take (&r, 1);
  prefix = plum_reader_be (&r, 1);
  port = plum_reader_be (&r, 2);
  if (prefix == 0 || port != 0 || hosts->n_filters == PCP_FILTERS_MAX)
    return;

  filter = &hosts->filters[hosts->n_filters++];
  filter->prefix = (uint8_t) prefix;
  plum_reader_bytes (&r, filter->address, PCP_ADDRESS_SIZE);
}

/* A set without ports, or past the last port, is not one that a server can map. */
static void
read_port_set (PcpPortSet *set, const uint8_t *data, size_t len)
{
  PlumReader r = PLUM_READER_INIT (data, len);
  uint32_t size = plum_reader_be (&r, 2);
  uint32_t first = plum_reader_be (&r, 2);

  if (size == 0 || first == 0 || first + size - 1 > G_MAXUINT16)
    return;

  set->size = (uint16_t) size;
  set->first = (uint16_t) first;
  set->keep_parity = (plum_reader_be (&r, 1) & KEEP_PARITY) != 0;
}

/* data: NULL if it passes the end. */
static void
read_option (PcpMap *map, uint32_t code, uint32_t length, const uint8_t *data)
{
  PcpHosts *hosts = &map->hosts;

  if (data == NULL)
    return;

  if (code == OPTION_PREFER_FAILURE && length == 0)
    {
      map->prefer_failure = TRUE;
    }
  else if (code == OPTION_THIRD_PARTY && length == THIRD_PARTY_LEN && !hosts->has_internal)
    {
      hosts->has_internal = TRUE;
      plum_bytes_copy (hosts->internal_address, data, PCP_ADDRESS_SIZE);
    }
  else if (code == OPTION_FILTER && length == FILTER_LEN)
    {
      read_filter (hosts, data, length);
    }
  else if (code == OPTION_PORT_SET && length == PORT_SET_LEN && map->set.size == 0)
    {
      read_port_set (&map->set, data, length);
    }
}

/* RFC 6887 7.3: code, reserved, length, data, padding to 4. Other options are skipped, those below
 * 128 too, but must not pass the end of the packet. */
static gboolean
read_options (PlumReader *r, PcpMap *map)
{
  while (plum_reader_left (r) > 0)
    {
      uint32_t code = plum_reader_be (r, 1);
      uint32_t length;

      plum_reader_take (r, 1);
      length = plum_reader_be (r, 2);
      read_option (map, code, length, plum_reader_take (r, (length + 3u) & ~3u));
      if (!plum_reader_ok (r))
        return FALSE;
    }

  return TRUE;
}

static gboolean
decode_map (PlumReader *r, PcpMap *map, GError **error)
{
  uint32_t protocol;

  plum_reader_bytes (r, map->nonce, PCP_NONCE_SIZE);
  protocol = plum_reader_be (r, 1);
  plum_reader_take (r, 3);
  map->internal_port = (uint16_t) plum_reader_be (r, 2);
  map->external_port = (uint16_t) plum_reader_be (r, 2);
  plum_reader_bytes (r, map->external_address, PCP_ADDRESS_SIZE);

  if (!plum_reader_ok (r))
    return malformed (error,
                      g_dngettext (GETTEXT_PACKAGE,
                                   "PCP: MAP response of %u byte; expected %d or more",
                                   "PCP: MAP response of %u bytes; expected %d or more", r->len),
                      (guint) r->len, PCP_MAP_SIZE);
  if (protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP)
    return malformed (error, _ ("PCP: MAP response for transport protocol %u; expected %d or %d"),
                      protocol, PROTOCOL_TCP, PROTOCOL_UDP);

  map->protocol = protocol == PROTOCOL_TCP ? PLUM_PROTOCOL_TCP : PLUM_PROTOCOL_UDP;
  if (!read_options (r, map))
    return malformed (error, _ ("PCP: MAP response with an option that passes the end"));
  return TRUE;
}

static gboolean
check_frame (const uint8_t *data, size_t len, GError **error)
{
  PlumReader r = PLUM_READER_INIT (data, len);
  uint32_t version = plum_reader_be (&r, 1);
  uint32_t op = plum_reader_be (&r, 1);
  uint32_t natpmp_result = plum_reader_be (&r, 2);

  if (!plum_reader_ok (&r))
    return malformed (error,
                      g_dngettext (GETTEXT_PACKAGE, "PCP: response of %u byte; expected %d or more",
                                   "PCP: response of %u bytes; expected %d or more", len),
                      (guint) len, PCP_HEADER_SIZE);
  if (version == 0)
    return malformed (error, _ ("PCP: response in NAT-PMP form, with result %u"), natpmp_result);
  if (version != PCP_VERSION)
    return malformed (error, _ ("PCP: response of version %u; expected %d"), version, PCP_VERSION);
  if ((op & RESPONSE_BIT) == 0)
    return malformed (error, _ ("PCP: received a request; expected a response"));
  if (len < PCP_HEADER_SIZE || len > PCP_PACKET_MAX || len % 4 != 0)
    return malformed (error,
                      g_dngettext (GETTEXT_PACKAGE,
                                   "PCP: response of %u byte; expected %d to %d in steps of 4",
                                   "PCP: response of %u bytes; expected %d to %d in steps of 4",
                                   len),
                      (guint) len, PCP_HEADER_SIZE, PCP_PACKET_MAX);
  return TRUE;
}

/* The checks of RFC 6887 8.3 in its order, up to those that need the request. */
gboolean
pcp_decode_reply (const uint8_t *data, size_t len, PcpReply *out, GError **error)
{
  PlumReader r = PLUM_READER_INIT (data, len);
  PcpReply reply = { 0 };
  uint32_t opcode;

  if (is_version_reply (data, len, &reply.version))
    {
      reply.kind = PCP_REPLY_VERSION;
      reply.result = PCP_UNSUPP_VERSION;
      *out = reply;
      return TRUE;
    }

  if (!check_frame (data, len, error))
    return FALSE;

  reply.version = (uint8_t) plum_reader_be (&r, 1);
  opcode = plum_reader_be (&r, 1) & ~RESPONSE_BIT;
  plum_reader_take (&r, 1);
  reply.result = (uint8_t) plum_reader_be (&r, 1);
  reply.lifetime = plum_reader_be (&r, 4);
  reply.epoch = plum_reader_be (&r, 4);
  plum_reader_take (&r, 12);

  if (opcode == PCP_OPCODE_MAP)
    {
      reply.kind = PCP_REPLY_MAP;
      if (!decode_map (&r, &reply.map, error))
        return FALSE;
    }
  else if (opcode == PCP_OPCODE_ANNOUNCE)
    {
      PcpMap ignored = { 0 };

      reply.kind = PCP_REPLY_ANNOUNCE;
      if (!read_options (&r, &ignored))
        return malformed (error, _ ("PCP: ANNOUNCE response with an option that passes the end"));
    }
  else
    {
      return malformed (error, _ ("PCP: response to opcode %u, which was not sent"), opcode);
    }

  *out = reply;
  return TRUE;
}

gboolean
pcp_epoch_is_valid (int64_t prev_server,
                    int64_t prev_client,
                    int64_t cur_server,
                    int64_t cur_client)
{
  int64_t client = cur_client - prev_client;
  int64_t server = cur_server - prev_server;

  /* Answers may come in the wrong order: one second back is valid. */
  if (server < -1)
    return FALSE;

  /* The clocks may differ by a sixteenth, and by two seconds of rounding. */
  return client + 2 >= server - server / 16 && server + 2 >= client - client / 16;
}
