/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The network interfaces of this host. Depends on GIO only. */

/* One address of an interface. */
typedef struct
{
  char *interface_name;
  guint interface_index; /* at least 1 */
  gboolean is_up;
  gboolean is_running; /* and has a link, such as a cable */
  gboolean is_loopback;
  gboolean is_point_to_point;
  GInetAddress *address;
  GInetAddress *netmask; /* (nullable): of the same family */
} PlumInterfaceAddress;

void plum_interface_address_free (PlumInterfaceAddress *self);

/* Returns the addresses of all interfaces, in the order of the system. Does not block.
 * (element-type PlumInterfaceAddress) (transfer full): NULL on error, a %G_IO_ERROR */
GPtrArray *plum_interfaces_list_addresses (GError **error);

/* The index of the interface, up or down; 0 if it does not exist. */
guint plum_interfaces_get_index (const char *name);

/* The names of all interfaces, up or down. (transfer full) */
GStrv plum_interfaces_list_names (void);

/* Restricts a socket to one interface: by another one, the packets would take another path. Needs
 * no privileges. Errors: a %G_IO_ERROR, %G_IO_ERROR_NOT_SUPPORTED if the system cannot do this. */
gboolean plum_interfaces_bind_socket (GSocket *socket, const char *name, GError **error);

G_END_DECLS
