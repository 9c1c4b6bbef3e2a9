/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>
#include <stdint.h>

G_BEGIN_DECLS

/* Port Control Protocol (RFC 6887): packets to structures and back. */

#define PCP_PORT 5351
#define PCP_VERSION 2
#define PCP_NONCE_SIZE 12
#define PCP_ADDRESS_SIZE 16
#define PCP_HEADER_SIZE 24
#define PCP_MAP_SIZE 60
#define PCP_PREFER_FAILURE_SIZE 4
#define PCP_THIRD_PARTY_SIZE 20
#define PCP_FILTER_SIZE 24
#define PCP_PORT_SET_SIZE 12
#define PCP_PACKET_MAX 1100

/* The filters of one request. RFC 6887 13.3 sets no limit; a packet has room for 40. */
#define PCP_FILTERS_MAX 32

/* s: the longest granted lifetime and error lifetime, one day (RFC 6887 15, 7.4). */
#define PCP_LIFETIME_MAX 86400u

typedef enum {
  PCP_OPCODE_ANNOUNCE = 0,
  PCP_OPCODE_MAP = 1,
} PcpOpcode;

typedef enum {
  PCP_SUCCESS = 0,
  PCP_UNSUPP_VERSION = 1,
  PCP_NOT_AUTHORIZED = 2,
  PCP_MALFORMED_REQUEST = 3,
  PCP_UNSUPP_OPCODE = 4,
  PCP_UNSUPP_OPTION = 5,
  PCP_MALFORMED_OPTION = 6,
  PCP_NETWORK_FAILURE = 7,
  PCP_NO_RESOURCES = 8,
  PCP_UNSUPP_PROTOCOL = 9,
  PCP_USER_EX_QUOTA = 10,
  PCP_CANNOT_PROVIDE_EXTERNAL = 11,
  PCP_ADDRESS_MISMATCH = 12,
  PCP_EXCESSIVE_REMOTE_PEERS = 13,
} PcpResultCode;

/* What to change in a MAP before it is sent again, each at most once. A required port is never
 * changed. */
typedef enum {
  PCP_NEXT_NOTHING,    /* the request fails */
  PCP_NEXT_BARE,       /* suggest neither address nor port, and send no option */
  PCP_NEXT_NO_PORT,    /* suggest no port: it is often taken (quirk 4) */
  PCP_NEXT_NO_ADDRESS, /* suggest no address: the router may no longer have it */
} PcpNext;

typedef struct
{
  guint8 code;
  gboolean is_long; /* the advised error lifetime is 30 min, not 30 s (RFC 6887 7.4) */
  PlumError error;
  PcpNext next;
  const char *name;
  const char *advice; /* what it means, for the user */
} PcpResult;

/* A filter is for all remote ports. */
typedef struct
{
  uint8_t prefix; /* bits, in wire format: 97 to 128 for IPv4 */
  uint8_t address[PCP_ADDRESS_SIZE];
} PcpFilter;

/* The options THIRD_PARTY and FILTER. */
typedef struct
{
  gboolean has_internal;
  uint8_t internal_address[PCP_ADDRESS_SIZE];
  guint n_filters;
  PcpFilter filters[PCP_FILTERS_MAX];
  gboolean replace_filters; /* in a request: the filters replace those that the server has */
  gboolean adapted;         /* that was changed after a refusal */
} PcpHosts;

/* The option PORT_SET (RFC 7753 4): consecutive internal ports, which lead to consecutive external
 * ports. */
typedef struct
{
  uint16_t size;        /* 0: no option */
  uint16_t first;       /* the first internal port; in a request, that of the MAP */
  gboolean keep_parity; /* the first external port is to be odd or even like the internal one */
} PcpPortSet;

/* The mapping of a MAP request or response. */
typedef struct
{
  uint8_t nonce[PCP_NONCE_SIZE];
  PlumProtocol protocol;
  uint16_t internal_port;
  uint16_t external_port;
  uint8_t external_address[PCP_ADDRESS_SIZE];
  gboolean prefer_failure; /* the option: no other external port or address */
  PcpHosts hosts;
  PcpPortSet set; /* the ports above are the first ones of the set */
} PcpMap;

typedef enum {
  PCP_REPLY_VERSION, /* an unsupported version; may be in NAT-PMP's form (RFC 6887 9) */
  PCP_REPLY_ANNOUNCE,
  PCP_REPLY_MAP,
} PcpReplyKind;

typedef struct
{
  PcpReplyKind kind;
  uint8_t version;
  uint8_t result;
  uint32_t lifetime;
  uint32_t epoch;
  PcpMap map; /* PCP_REPLY_MAP only */
} PcpReply;

/* Both return the length; 0 if the buffer is too small. */
size_t pcp_encode_announce (const uint8_t client[PCP_ADDRESS_SIZE], uint8_t *out, size_t size);
size_t pcp_encode_map (const uint8_t client[PCP_ADDRESS_SIZE],
                       uint32_t lifetime,
                       const PcpMap *map,
                       uint8_t *out,
                       size_t size);

/* On error, which is always PLUM_ERROR_MALFORMED, *out is not changed. */
gboolean pcp_decode_reply (const uint8_t *data, size_t len, PcpReply *out, GError **error);

/* Never NULL: there is a row for codes that no RFC defines. */
const PcpResult *pcp_result_lookup (uint8_t code);
/* (transfer full) to_what: the request, for the message. */
GError *pcp_result_make_error (uint8_t code, const char *peer, const char *to_what);
/* The same with another explanation, which is translated. */
GError *pcp_result_make_error_with_advice (
  const PcpResult *result, uint8_t code, const char *peer, const char *to_what, const char *advice);
/* The hold of the same request, in seconds: the server's error lifetime within limits. Some servers
 * send 0. */
uint32_t pcp_error_lifetime (uint8_t code, uint32_t lifetime);

/* RFC 6887 8.5. In seconds of each clock; the types cannot wrap. */
gboolean pcp_epoch_is_valid (int64_t prev_server,
                             int64_t prev_client,
                             int64_t cur_server,
                             int64_t cur_client);

G_END_DECLS
