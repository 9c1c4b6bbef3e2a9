/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* Head and body in one block, to be sent by one write (quirk 44). host: address and port.
 * (transfer full) */
GBytes *upnp_http_encode_get (const char *host, const char *target);
/* mandatory: as M-POST, for the few that answer 405 to a POST (protocols.md C.3). */
GBytes *upnp_http_encode_post (const char *host,
                               const char *target,
                               const char *service_type,
                               const char *action,
                               const char *body,
                               gboolean mandatory);

/* Takes an answer as it comes, in pieces of any size, and knows when it is whole: at its length, at
 * the end of its chunks, at the end of its document, or when the connection ends (quirk 35). */
typedef struct _UpnpHttpDecoder UpnpHttpDecoder;

UpnpHttpDecoder *upnp_http_decoder_new (gsize max_body);
void upnp_http_decoder_free (UpnpHttpDecoder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpHttpDecoder, upnp_http_decoder_free)

/* Error MALFORMED: it is no HTTP, or over a limit. */
gboolean upnp_http_decoder_feed (UpnpHttpDecoder *self,
                                 const char *data,
                                 gsize len,
                                 GError **error);
gboolean upnp_http_decoder_is_complete (UpnpHttpDecoder *self);
/* Nothing more will come. Error MALFORMED: not even the head was whole. */
gboolean upnp_http_decoder_finish (UpnpHttpDecoder *self, GError **error);
guint upnp_http_decoder_get_status (UpnpHttpDecoder *self);
/* What has come of it. (transfer none) */
const char *upnp_http_decoder_get_body (UpnpHttpDecoder *self, gsize *len);

G_END_DECLS
