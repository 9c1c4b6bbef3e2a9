/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "natpmp-codec.h"

#include "plum-bytes.h"
#include "plum-double-nat.h"

#include <glib/gi18n-lib.h>

#define RESPONSE_BIT 0x80u

/* RFC 6886 3.3. Not the IANA protocol numbers. */
#define OPCODE_ADDRESS 0u
#define OPCODE_MAP_UDP 1u
#define OPCODE_MAP_TCP 2u

static const NatpmpResult results[] = {
  { NATPMP_SUCCESS, PLUM_ERROR_MALFORMED, 0, FALSE, "success", "" },
  { NATPMP_UNSUPP_VERSION, PLUM_ERROR_NOT_SUPPORTED, 300, FALSE, N_ ("unsupported version"),
    N_ ("the router supports another version of the protocol") },
  { NATPMP_NOT_AUTHORIZED, PLUM_ERROR_REFUSED, 300, TRUE, N_ ("not authorized"),
    N_ ("NAT-PMP is disabled in the router, or its policy forbids it") },
  { NATPMP_NETWORK_FAILURE, PLUM_ERROR_NO_RESOURCES, 30, FALSE, N_ ("network failure"),
    PLUM_NO_PUBLIC_ADDRESS },
  { NATPMP_OUT_OF_RESOURCES, PLUM_ERROR_NO_RESOURCES, 30, TRUE, N_ ("out of resources"),
    N_ ("the router's table is full, or the external port is taken") },
  { NATPMP_UNSUPP_OPCODE, PLUM_ERROR_NOT_SUPPORTED, 300, FALSE, N_ ("unsupported opcode"),
    N_ ("the router does not support this") },
};

/* RFC 6886 3.5: any other code is fatal for the request. */
static const NatpmpResult result_unknown = {
  G_MAXUINT16, PLUM_ERROR_REFUSED,    300,
  FALSE,       N_ ("unknown result"), N_ ("no standard defines this result")
};

const NatpmpResult *
natpmp_result_lookup (uint16_t code)
{
  for (size_t i = 0; i < G_N_ELEMENTS (results); i++)
    {
      if (results[i].code == code)
        return &results[i];
    }

  return &result_unknown;
}

GError *
natpmp_result_make_error (uint16_t code, const char *peer, const char *to_what)
{
  const NatpmpResult *result = natpmp_result_lookup (code);

  return g_error_new (PLUM_ERROR, (int) result->error,
                      /* Translators: a router, the name and the number of a result, the request
                       * (see the context “request”), an explanation. */
                      _ ("NAT-PMP: %s answered “%s” (%u) to %s: %s"), peer, _ (result->name), code,
                      to_what, _ (result->advice));
}

/* RFC 6886 3.2 */
size_t
natpmp_encode_address (uint8_t *out, size_t size)
{
  PlumWriter w = PLUM_WRITER_INIT (out, size);

  plum_writer_be (&w, 0, 1);
  plum_writer_be (&w, OPCODE_ADDRESS, 1);
  return plum_writer_finish (&w);
}

/* RFC 6886 3.3 */
size_t
natpmp_encode_map (PlumProtocol protocol,
                   uint16_t internal_port,
                   uint16_t external_port,
                   uint32_t lifetime,
                   uint8_t *out,
                   size_t size)
{
  PlumWriter w = PLUM_WRITER_INIT (out, size);

  plum_writer_be (&w, 0, 1);
  plum_writer_be (&w, protocol == PLUM_PROTOCOL_UDP ? OPCODE_MAP_UDP : OPCODE_MAP_TCP, 1);
  plum_writer_zeros (&w, 2);
  plum_writer_be (&w, internal_port, 2);
  plum_writer_be (&w, external_port, 2);
  plum_writer_be (&w, lifetime, 4);
  return plum_writer_finish (&w);
}

static gboolean
too_short (size_t len, GError **error)
{
  g_set_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED,
               g_dngettext (GETTEXT_PACKAGE, "NAT-PMP: response of %u byte is too short",
                            "NAT-PMP: response of %u bytes is too short", len),
               (guint) len);
  return FALSE;
}

/* Some routers cut the answers that refuse a request. The opcode is always there. */
static gboolean
decode_body (PlumReader *r, uint32_t opcode, NatpmpReply *reply, GError **error)
{
  switch (opcode)
    {
    case OPCODE_ADDRESS:
      reply->kind = NATPMP_REPLY_ADDRESS;
      plum_reader_bytes (r, reply->address, NATPMP_ADDRESS_SIZE);
      break;
    case OPCODE_MAP_UDP:
    case OPCODE_MAP_TCP:
      reply->kind = NATPMP_REPLY_MAP;
      reply->protocol = opcode == OPCODE_MAP_UDP ? PLUM_PROTOCOL_UDP : PLUM_PROTOCOL_TCP;
      reply->internal_port = (uint16_t) plum_reader_be (r, 2);
      reply->has_port = plum_reader_ok (r);
      reply->external_port = (uint16_t) plum_reader_be (r, 2);
      reply->lifetime = plum_reader_be (r, 4);
      break;
    default:
      if (reply->result == NATPMP_UNSUPP_OPCODE)
        {
          reply->kind = NATPMP_REPLY_ERROR;
          return TRUE;
        }
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED,
                   _ ("NAT-PMP: response to opcode %u, which was not sent"), opcode);
      return FALSE;
    }

  return plum_reader_ok (r) || reply->result != NATPMP_SUCCESS || too_short (r->len, error);
}

/* Checks the version before the length: some routers answer in PCP's form, cut to twelve bytes
 * (quirk 3), or in four bytes after a misprint of the RFC (erratum 3618). */
gboolean
natpmp_decode_reply (const uint8_t *data, size_t len, NatpmpReply *out, GError **error)
{
  PlumReader r = PLUM_READER_INIT (data, len);
  NatpmpReply reply = { 0 };
  uint32_t op;

  reply.version = (uint8_t) plum_reader_be (&r, 1);
  op = plum_reader_be (&r, 1);
  reply.result = (uint16_t) plum_reader_be (&r, 2);
  if (!plum_reader_ok (&r))
    return too_short (len, error);

  if ((op & RESPONSE_BIT) == 0 && !(op == 0 && reply.result == NATPMP_UNSUPP_VERSION))
    {
      g_set_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED,
                   _ ("NAT-PMP: received a request; expected a response"));
      return FALSE;
    }

  if (reply.version != 0 || reply.result == NATPMP_UNSUPP_VERSION)
    {
      reply.kind = NATPMP_REPLY_VERSION;
      *out = reply;
      return TRUE;
    }

  reply.epoch = plum_reader_be (&r, 4);
  reply.has_epoch = plum_reader_ok (&r);
  if (!reply.has_epoch && reply.result == NATPMP_SUCCESS)
    return too_short (len, error);

  if (!decode_body (&r, op & ~RESPONSE_BIT, &reply, error))
    return FALSE;

  *out = reply;
  return TRUE;
}

gboolean
natpmp_epoch_is_valid (int64_t prev_server,
                       int64_t prev_client,
                       int64_t cur_server,
                       int64_t cur_client)
{
  int64_t elapsed = cur_client - prev_client;

  /* The server's clock may be slow by an eighth, and two seconds of rounding. */
  return cur_server + 2 >= prev_server + elapsed * 7 / 8;
}
