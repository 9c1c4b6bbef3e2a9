/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The address that stands for the internet in route queries: that of a.root-servers.net, which is
 * public and not part of a private network. No datagram reaches it. */
#define PLUM_PUBLIC_HOST_IPV4 "198.41.0.4"
#define PLUM_PUBLIC_HOST_IPV6 "2001:503:ba3e::2:30"

/* (transfer full) */
static inline GInetAddress *
plum_public_host_new (GSocketFamily family)
{
  return g_inet_address_new_from_string (family == G_SOCKET_FAMILY_IPV4 ? PLUM_PUBLIC_HOST_IPV4
                                                                        : PLUM_PUBLIC_HOST_IPV6);
}

G_END_DECLS
