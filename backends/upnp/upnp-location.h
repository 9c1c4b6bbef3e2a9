/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "igd-url.h"
#include "upnp-session.h"

G_BEGIN_DECLS

/* Reads the option "location": the URL of the description of the router, in place of a search.
 * address: set to its host. NULL without an error: the option is not set. */
UpnpUrl *upnp_location_read (UpnpSession *session, GInetAddress **address, GError **error);

G_END_DECLS
