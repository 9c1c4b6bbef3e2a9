/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* The significant parts of an http URL. The host is compared but never contacted: requests go to
 * the address that the answer of the device came from. */
typedef struct
{
  char *host; /* in lower case, without brackets */
  guint16 port;
  char *target; /* path and query for a request line; begins with '/' */
} UpnpUrl;

void upnp_url_free (UpnpUrl *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpUrl, upnp_url_free)

/* Parses an absolute http URL without user information. Error MALFORMED. */
UpnpUrl *upnp_url_parse (const char *text, GError **error);
/* Formats an address and a port for a URL or a Host header, without the zone of a link-local
 * address, which has no meaning for other hosts (RFC 6874). (transfer full) */
char *upnp_url_make_authority (GInetAddress *address, guint16 port);
/* Resolves reference against base (RFC 3986 5.2). Error MALFORMED. */
UpnpUrl *upnp_url_resolve (const UpnpUrl *base, const char *reference, GError **error);

G_END_DECLS
