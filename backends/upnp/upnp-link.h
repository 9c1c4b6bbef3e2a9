/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

/* Whether requests may be sent to a device at this address: only to the gateway and to hosts on its
 * link, and to the loopback interface only if the gateway has a loopback address. */
gboolean upnp_may_contact (PlumNetwork *network, GInetAddress *address);

G_END_DECLS
