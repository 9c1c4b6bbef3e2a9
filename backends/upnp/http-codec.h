/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* Returns head and body in one block, for a single write (quirk 44). host: address and port.
 * (transfer full) */
GBytes *upnp_http_encode_get (const char *host, const char *target);
/* mandatory: M-POST, for devices that answer 405 to a POST (UPnP Device Architecture 1.0, 3.2.1).
 */
GBytes *upnp_http_encode_post (const char *host,
                               const char *target,
                               const char *service_type,
                               const char *action,
                               const char *body,
                               gboolean mandatory);

/* Decodes an answer in pieces of any size. The answer is complete at its announced length, after
 * its last chunk, at the end of its document, or when the connection ends (quirk 35). */
typedef struct _UpnpHttpDecoder UpnpHttpDecoder;

UpnpHttpDecoder *upnp_http_decoder_new (gsize max_body);
void upnp_http_decoder_free (UpnpHttpDecoder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpHttpDecoder, upnp_http_decoder_free)

/* Error MALFORMED: the answer is not HTTP, or exceeds a limit. */
gboolean upnp_http_decoder_feed (UpnpHttpDecoder *self,
                                 const char *data,
                                 gsize len,
                                 GError **error);
gboolean upnp_http_decoder_is_complete (UpnpHttpDecoder *self);
/* The connection has ended. Error MALFORMED: the head is incomplete. */
gboolean upnp_http_decoder_finish (UpnpHttpDecoder *self, GError **error);
guint upnp_http_decoder_get_status (UpnpHttpDecoder *self);
/* The body received so far. (transfer none) */
const char *upnp_http_decoder_get_body (UpnpHttpDecoder *self, gsize *len);

G_END_DECLS
