/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "stun-codec.h"

#include "plum-bytes.h"

#include <glib/gi18n-lib.h>
#include <plum-glib/plum-glib.h>

#define HEADER_SIZE 20
#define FINGERPRINT_SIZE 8 /* with its header */
#define COOKIE 0x2112a442u
#define FINGERPRINT_MASK 0x5354554eu

/* RFC 8489 5: method Binding. */
#define BINDING_REQUEST 0x0001
#define BINDING_SUCCESS 0x0101
#define BINDING_ERROR 0x0111

/* RFC 8489 18.3, RFC 5780 9.1. */
#define ATTRIBUTE_MAPPED_ADDRESS 0x0001
#define ATTRIBUTE_CHANGE_REQUEST 0x0003
#define ATTRIBUTE_MESSAGE_INTEGRITY 0x0008
#define ATTRIBUTE_ERROR_CODE 0x0009
#define ATTRIBUTE_MESSAGE_INTEGRITY_SHA256 0x001c
#define ATTRIBUTE_XOR_MAPPED_ADDRESS 0x0020
#define ATTRIBUTE_FINGERPRINT 0x8028
#define ATTRIBUTE_RESPONSE_ORIGIN 0x802b
#define ATTRIBUTE_OTHER_ADDRESS 0x802c

/* Attributes from here on may be ignored (RFC 8489 14). */
#define FIRST_OPTIONAL 0x8000

/* Known, but without a meaning for a Binding without credentials: SOURCE-ADDRESS and
 * CHANGED-ADDRESS of RFC 3489, which old servers add, and what comes with a refusal (RFC
 * 8489 9.2.4). */
static const uint16_t ignored[] = {
  0x0004, 0x0005, 0x0006, /* USERNAME */
  0x000a,                 /* UNKNOWN-ATTRIBUTES */
  0x0014, 0x0015,         /* REALM, NONCE */
  0x001d, 0x001e,         /* PASSWORD-ALGORITHM, USERHASH */
};

#define CHANGE_BOTH 0x06 /* RFC 5780 7.2: "change IP" and "change port" */

size_t
stun_encode_binding (const uint8_t transaction[STUN_TRANSACTION_SIZE],
                     gboolean change,
                     uint8_t out[STUN_REQUEST_MAX])
{
  PlumWriter w = PLUM_WRITER_INIT (out, STUN_REQUEST_MAX);

  plum_writer_be (&w, BINDING_REQUEST, 2);
  plum_writer_be (&w, change ? 8 : 0, 2);
  plum_writer_be (&w, COOKIE, 4);
  plum_writer_bytes (&w, transaction, STUN_TRANSACTION_SIZE);
  if (change)
    {
      plum_writer_be (&w, ATTRIBUTE_CHANGE_REQUEST, 2);
      plum_writer_be (&w, 4, 2);
      plum_writer_be (&w, CHANGE_BOTH, 4);
    }

  return plum_writer_finish (&w);
}

/* The CRC-32 of ITU V.42, as used by Ethernet and zlib (RFC 8489 14.7). */
static uint32_t
compute_crc (const uint8_t *data, size_t len)
{
  uint32_t crc = 0xffffffffu;

  for (size_t i = 0; i < len; i++)
    {
      crc ^= data[i];
      for (int bit = 0; bit < 8; bit++)
        crc = (crc & 1) != 0 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }

  return ~crc;
}

/* The message that is decoded. */
typedef struct
{
  const uint8_t *data;
  size_t len;
  uint16_t type;
  StunAddress plain; /* MAPPED-ADDRESS */
  gboolean has_error_code;
  gboolean protected; /* only FINGERPRINT may follow (RFC 8489 14.5) */
} Message;

static gboolean G_GNUC_PRINTF (2, 3) fail (GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED, "STUN: %s", text);
  return FALSE;
}

/* RFC 8489 14.1, 14.2. @mask: the cookie and the transaction, 16 bytes; NULL: not masked. */
static gboolean
decode_address (PlumReader *value, const uint8_t *mask, StunAddress *out, GError **error)
{
  StunAddress address = { .family = G_SOCKET_FAMILY_INVALID };
  uint32_t family;
  size_t size;

  plum_reader_be (value, 1);
  family = plum_reader_be (value, 1);
  address.port = (uint16_t) plum_reader_be (value, 2);
  if (plum_reader_ok (value) && family != 1 && family != 2)
    return fail (error, _ ("address family %u is unknown, must be 1 or 2"), family);

  size = family == 1 ? 4 : 16;
  plum_reader_bytes (value, address.bytes, size);
  if (!plum_reader_ok (value) || plum_reader_left (value) > 0)
    return fail (error, _ ("the size of an address does not match its family"));

  if (mask != NULL)
    {
      address.port ^= (uint16_t) (mask[0] << 8 | mask[1]);
      for (size_t i = 0; i < size; i++)
        address.bytes[i] ^= mask[i];
    }

  address.family = family == 1 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6;
  /* Of several attributes of a type, the first one is used (RFC 8489 14). */
  if (out->family == G_SOCKET_FAMILY_INVALID)
    *out = address;
  return TRUE;
}

/* RFC 8489 14.8. */
static gboolean
decode_error_code (Message *message, PlumReader *value, StunResponse *response, GError **error)
{
  uint32_t hundreds, rest;

  plum_reader_be (value, 2);
  hundreds = plum_reader_be (value, 1) & 7;
  rest = plum_reader_be (value, 1);
  if (!plum_reader_ok (value))
    return fail (error, _ ("ERROR-CODE is too short"));
  if (hundreds < 3 || hundreds > 6 || rest > 99)
    return fail (error, _ ("error code %u.%02u is out of range, must be 300 to 699"), hundreds,
                 rest);

  if (!message->has_error_code)
    response->error_code = (uint16_t) (hundreds * 100 + rest);
  message->has_error_code = TRUE;
  return TRUE;
}

/* RFC 8489 14.7: of the message up to this attribute, which is the last one. */
static gboolean
check_fingerprint (const Message *message, PlumReader *value, GError **error)
{
  uint32_t fingerprint = plum_reader_be (value, 4);

  if (!plum_reader_ok (value) || plum_reader_left (value) > 0)
    return fail (error, _ ("the size of FINGERPRINT is not 4"));
  if (value->data + value->len != message->data + message->len)
    return fail (error, _ ("FINGERPRINT is not the last attribute"));
  if ((compute_crc (message->data, message->len - FINGERPRINT_SIZE) ^ FINGERPRINT_MASK) !=
      fingerprint)
    return fail (error, _ ("FINGERPRINT is wrong"));

  return TRUE;
}

static gboolean
is_ignored (uint16_t type)
{
  for (size_t i = 0; i < G_N_ELEMENTS (ignored); i++)
    if (ignored[i] == type)
      return TRUE;

  return type >= FIRST_OPTIONAL;
}

static gboolean
decode_attribute (
  Message *message, uint16_t type, PlumReader *value, StunResponse *response, GError **error)
{
  if (type == ATTRIBUTE_FINGERPRINT)
    return check_fingerprint (message, value, error);
  if (message->protected)
    return TRUE;

  switch (type)
    {
    case ATTRIBUTE_MAPPED_ADDRESS:
      return decode_address (value, NULL, &message->plain, error);
    case ATTRIBUTE_XOR_MAPPED_ADDRESS:
      return decode_address (value, message->data + 4, &response->mapped, error);
    case ATTRIBUTE_OTHER_ADDRESS:
      return decode_address (value, NULL, &response->other, error);
    case ATTRIBUTE_RESPONSE_ORIGIN:
      return decode_address (value, NULL, &response->origin, error);
    case ATTRIBUTE_ERROR_CODE:
      return decode_error_code (message, value, response, error);
    case ATTRIBUTE_MESSAGE_INTEGRITY:
    case ATTRIBUTE_MESSAGE_INTEGRITY_SHA256:
      message->protected = TRUE;
      return TRUE;
    default:
      if (!is_ignored (type) && response->unknown_attribute == 0)
        response->unknown_attribute = type;
      return TRUE;
    }
}

static gboolean
decode_attributes (Message *message, PlumReader *r, StunResponse *response, GError **error)
{
  while (plum_reader_left (r) > 0)
    {
      uint16_t type = (uint16_t) plum_reader_be (r, 2);
      size_t size = plum_reader_be (r, 2);
      const uint8_t *data = plum_reader_take (r, size);
      PlumReader value = PLUM_READER_INIT (data, size);

      plum_reader_take (r, (4 - size % 4) % 4);
      if (!plum_reader_ok (r))
        return fail (error, _ ("an attribute passes the end of the message"));
      if (!decode_attribute (message, type, &value, response, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
decode_header (Message *message,
               PlumReader *r,
               const uint8_t transaction[STUN_TRANSACTION_SIZE],
               GError **error)
{
  uint32_t length, cookie;
  const uint8_t *id;

  message->type = (uint16_t) plum_reader_be (r, 2);
  length = plum_reader_be (r, 2);
  cookie = plum_reader_be (r, 4);
  id = plum_reader_take (r, STUN_TRANSACTION_SIZE);

  if (id == NULL)
    return fail (error,
                 g_dngettext (GETTEXT_PACKAGE, "%u byte is too short", "%u bytes are too short",
                              message->len),
                 (guint) message->len);
  if (cookie != COOKIE)
    return fail (error, _ ("no magic cookie"));
  if (message->type != BINDING_SUCCESS && message->type != BINDING_ERROR)
    return fail (error, _ ("message type 0x%04x is not that of a Binding response"), message->type);
  if (length != message->len - HEADER_SIZE)
    return fail (error,
                 g_dngettext (GETTEXT_PACKAGE, "length %u in a message of %u byte",
                              "length %u in a message of %u bytes", message->len),
                 length, (guint) message->len);
  if (!plum_bytes_equal (id, transaction, STUN_TRANSACTION_SIZE))
    return fail (error, _ ("another transaction"));

  return TRUE;
}

gboolean
stun_decode_response (const uint8_t *data,
                      size_t len,
                      const uint8_t transaction[STUN_TRANSACTION_SIZE],
                      StunResponse *out,
                      GError **error)
{
  Message message = { .data = data, .len = len };
  StunResponse response = { 0 };
  PlumReader r = PLUM_READER_INIT (data, len);

  if (!decode_header (&message, &r, transaction, error) ||
      !decode_attributes (&message, &r, &response, error))
    return FALSE;

  /* Servers of RFC 3489 send no XOR-MAPPED-ADDRESS. */
  if (response.mapped.family == G_SOCKET_FAMILY_INVALID)
    response.mapped = message.plain;
  if (message.type == BINDING_ERROR && !message.has_error_code)
    return fail (error, _ ("an error response without ERROR-CODE"));
  if (message.type == BINDING_SUCCESS)
    response.error_code = 0;
  if (message.type == BINDING_SUCCESS && response.unknown_attribute == 0 &&
      (response.mapped.family == G_SOCKET_FAMILY_INVALID || response.mapped.port == 0))
    return fail (error, _ ("a success response without a mapped address"));

  *out = response;
  return TRUE;
}

const char *
stun_error_get_text (uint16_t code)
{
  switch (code)
    {
    case 300:
      return _ ("it refers to another server");
    case 400:
      return _ ("it considers the request malformed");
    case 401:
    case 403:
      return _ ("it requires an account");
    case 420:
      return _ ("it does not support an attribute of the request");
    case 500:
      return _ ("it failed");
    default:
      return _ ("the reason is unknown");
    }
}
