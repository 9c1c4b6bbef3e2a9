/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>
#include <stdint.h>

G_BEGIN_DECLS

/* NAT Port Mapping Protocol (RFC 6886): packets to structures and back. */

#define NATPMP_PORT 5351
#define NATPMP_ADDRESS_SIZE 4

typedef enum {
  NATPMP_SUCCESS = 0,
  NATPMP_UNSUPP_VERSION = 1,
  NATPMP_NOT_AUTHORIZED = 2,
  NATPMP_NETWORK_FAILURE = 3,
  NATPMP_OUT_OF_RESOURCES = 4,
  NATPMP_UNSUPP_OPCODE = 5,
} NatpmpResultCode;

typedef struct
{
  guint16 code;
  PlumError error;
  guint hold_s;        /* of the same request; RFC 6886 has no error lifetime */
  gboolean other_port; /* try another external port: this one may be the reason */
  const char *name;
  const char *advice; /* what it means, for the user */
} NatpmpResult;

typedef enum {
  NATPMP_REPLY_ADDRESS,
  NATPMP_REPLY_MAP,
  NATPMP_REPLY_VERSION, /* a version other than 0, or an unsupported version */
  NATPMP_REPLY_ERROR,   /* an opcode that was not sent is unsupported */
} NatpmpReplyKind;

typedef struct
{
  NatpmpReplyKind kind;
  uint8_t version; /* NATPMP_REPLY_VERSION only */
  uint16_t result;
  gboolean has_epoch; /* an error may be cut before it */
  uint32_t epoch;
  uint8_t address[NATPMP_ADDRESS_SIZE];
  PlumProtocol protocol;
  gboolean has_port; /* the internal port: an error may be cut before it */
  uint16_t internal_port;
  uint16_t external_port;
  uint32_t lifetime;
} NatpmpReply;

/* Both return the length; 0 if the buffer is too small. */
size_t natpmp_encode_address (uint8_t *out, size_t size);
/* lifetime 0: a deletion; then the external port must be 0 (RFC 6886 3.4). */
size_t natpmp_encode_map (PlumProtocol protocol,
                          uint16_t internal_port,
                          uint16_t external_port,
                          uint32_t lifetime,
                          uint8_t *out,
                          size_t size);

/* On error, which is always PLUM_ERROR_MALFORMED, *out is not changed. */
gboolean natpmp_decode_reply (const uint8_t *data, size_t len, NatpmpReply *out, GError **error);

/* Never NULL: there is a row for codes that the RFC does not define. */
const NatpmpResult *natpmp_result_lookup (uint16_t code);
/* (transfer full) to_what: the request, for the message. */
GError *natpmp_result_make_error (uint16_t code, const char *peer, const char *to_what);

/* RFC 6886 3.6. A jump forward is valid. In seconds of each clock; the types cannot wrap. */
gboolean natpmp_epoch_is_valid (int64_t prev_server,
                                int64_t prev_client,
                                int64_t cur_server,
                                int64_t cur_client);

G_END_DECLS
