/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The kernel sends no larger datagrams for the messages that we request. */
#define PLUM_NETLINK_BUFFER_SIZE 32768

/* Opens a non-blocking rtnetlink socket. groups is a mask of multicast groups. Returns -1 on error,
 * and sets error. */
int plum_netlink_open (guint groups, GError **error);

/* Receives one datagram from the kernel. Returns its length or -errno; -EMSGSIZE if the buffer is
 * too small. Does not block. */
gssize plum_netlink_receive (int fd, guint8 *buffer, gsize size);

/* Sets a G_IO_ERROR for the errno code, with "what: " before its text. Returns FALSE. */
gboolean plum_netlink_set_io_error (GError **error, int code, const char *what);

G_END_DECLS
