/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>
#include <stdint.h>

/* STUN Binding (RFC 8489), with CHANGE-REQUEST and OTHER-ADDRESS (RFC 5780). Pure: bytes in, struct
 * out. */

#define STUN_PORT 3478
#define STUN_TRANSACTION_SIZE 12 /* random bytes, chosen by the caller */
#define STUN_REQUEST_MAX 28
#define STUN_MESSAGE_MAX 2048 /* far above any Binding response */

typedef struct
{
  GSocketFamily family; /* INVALID: absent */
  uint16_t port;
  uint8_t bytes[16]; /* 4 or 16, by family */
} StunAddress;

typedef struct
{
  uint16_t error_code;        /* 300 to 699; 0: success */
  uint16_t unknown_attribute; /* the first one that must be understood, but is not; 0: none */
  StunAddress mapped;         /* the source of the request, as seen by the server */
  StunAddress other;          /* OTHER-ADDRESS */
  StunAddress origin;         /* RESPONSE-ORIGIN */
} StunResponse;

/* Writes a Binding request. @change: request the answer from the other address and the other port
 * of the server. Returns its size. */
size_t stun_encode_binding (const uint8_t transaction[STUN_TRANSACTION_SIZE],
                            gboolean change,
                            uint8_t out[STUN_REQUEST_MAX]);

/* Decodes the response to the request with this transaction. *@out is untouched on error.
 * PLUM_ERROR_MALFORMED: this is not a response to the request. */
gboolean stun_decode_response (const uint8_t *data,
                               size_t len,
                               const uint8_t transaction[STUN_TRANSACTION_SIZE],
                               StunResponse *out,
                               GError **error);

/* The reason of an error code, for people. */
const char *stun_error_get_text (uint16_t code);
