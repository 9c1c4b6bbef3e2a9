/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* What matters of an http URL. The host is only ever compared, never contacted: requests go to the
 * address that the device itself spoke from. */
typedef struct
{
  char *host; /* in lower case, without brackets */
  guint16 port;
  char *target; /* path and query, as a request line takes it: begins with '/' */
} UpnpUrl;

void upnp_url_free (UpnpUrl *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpUrl, upnp_url_free)

/* An absolute http URL without a user name. Error MALFORMED. */
UpnpUrl *upnp_url_parse (const char *text, GError **error);
/* An address and a port as a URL, and a Host header, name them: without the link of a link-local
 * one, which is nobody's business but ours (RFC 6874). (transfer full) */
char *upnp_url_make_authority (GInetAddress *address, guint16 port);
/* reference, seen from base (RFC 3986 5.2). Error MALFORMED. */
UpnpUrl *upnp_url_resolve (const UpnpUrl *base, const char *reference, GError **error);

G_END_DECLS
