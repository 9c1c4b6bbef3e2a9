/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>
#include <gio/gnetworking.h>
#include <iphlpapi.h>
#include <netioapi.h>

G_BEGIN_DECLS

/* The adapters of this host with their unicast addresses. Free it with g_free(). NULL if the system
 * does not report them: sets error. */
IP_ADAPTER_ADDRESSES *plum_windows_adapters_read (GError **error);

/* The name that Windows shows to users, such as “Ethernet” or “Wi-Fi”. (transfer full) */
char *plum_windows_adapter_get_name (const IP_ADAPTER_ADDRESSES *adapter);
/* The index that routes of the family use. */
guint plum_windows_adapter_get_index (const IP_ADAPTER_ADDRESSES *adapter, GSocketFamily family);
gboolean plum_windows_adapter_is_up (const IP_ADAPTER_ADDRESSES *adapter);

/* The adapter with a name, or with the index that routes of a family use. (nullable) (transfer
 * none) */
const IP_ADAPTER_ADDRESSES *plum_windows_adapters_find (const IP_ADAPTER_ADDRESSES *adapters,
                                                        const char *name);
const IP_ADAPTER_ADDRESSES *plum_windows_adapters_find_index (const IP_ADAPTER_ADDRESSES *adapters,
                                                              GSocketFamily family,
                                                              guint index);

/* NULL if it is not an address of IPv4 or IPv6. (nullable) (transfer full) */
GInetAddress *plum_windows_address_read (const SOCKADDR *native);
void plum_windows_address_write (GInetAddress *address, guint scope, SOCKADDR_INET *out);

G_END_DECLS
