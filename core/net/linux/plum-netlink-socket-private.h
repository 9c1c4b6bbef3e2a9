/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* More than the kernel puts into one datagram for one host's routes. */
#define PLUM_NETLINK_BUFFER_SIZE 32768

/* A rtnetlink socket that hears groups, a mask of RTMGRP bits; -1 on error. */
int plum_netlink_open (guint groups, guint32 *port_id, GError **error);

/* One datagram of the kernel, without waiting: its length, or -errno. EMSGSIZE: it did not fit. */
gssize plum_netlink_receive (int fd, guint8 *buffer, gsize size);

G_END_DECLS
