/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-lease-record-private.h"

G_BEGIN_DECLS

/* The text of a state file. Pure: bytes in, records or GError (PLUM_ERROR_MALFORMED) out, and back.
 *
 *   plum-state 1
 *   map protocol=tcp family=ipv4 internal=8080 external=8080 key=... backend=pcp until=...
 *   end 1
 *
 * The last line counts the records, so that a file that was cut off anywhere is known for one. */

/* More ports than one address has are no honest file; a longer one is not read at all. */
#define PLUM_LEASE_CODEC_MAX_RECORDS (2 * 65535)
#define PLUM_LEASE_CODEC_MAX_SIZE (32 * 1024 * 1024)

/* records: (element-type PlumLeaseRecord) */
GString *plum_lease_codec_encode (GPtrArray *records);
/* (transfer full) (element-type PlumLeaseRecord): data need not end with a zero. */
GPtrArray *plum_lease_codec_decode (const char *data, gsize len, GError **error);

G_END_DECLS
