/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-lease-record-private.h"

G_BEGIN_DECLS

/* Encodes and decodes the text of a lease file. Invalid text is refused with PLUM_ERROR_MALFORMED.
 *
 *   plum-state 1
 *   map protocol=tcp family=ipv4 internal=8080 external=8080 key=... backend=pcp until=...
 *   end 1
 *
 * The last line has the number of records, so that any truncation is detected. More records can be
 * appended, with another line "end". If the last of these additions is truncated, the records
 * before it are valid: a request is not sent before its record is complete. */

/* One record for each port of one address and protocol; longer files are not read. */
#define PLUM_LEASE_CODEC_MAX_RECORDS (2 * 65535)
#define PLUM_LEASE_CODEC_MAX_SIZE (32 * 1024 * 1024)

/* records: (element-type PlumLeaseRecord) */
GString *plum_lease_codec_encode (GPtrArray *records);
/* Encodes records to be appended to the encoded ones. */
GString *plum_lease_codec_encode_addition (GPtrArray *records);
/* data need not be terminated by a zero byte. (transfer full) (element-type PlumLeaseRecord) */
GPtrArray *plum_lease_codec_decode (const char *data, gsize len, GError **error);

G_END_DECLS
