/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

/* The state of the program, for the service manager that started it: sd_notify(3) without
 * libsystemd. Without such a manager, nothing is sent. */
typedef struct _NotifySocket NotifySocket;

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and removes them from the environment, so
 * that commands of this program do not inherit them. */
NotifySocket *notify_socket_new (void);
void notify_socket_free (NotifySocket *self);

/* Sends assignments such as "READY=1", one in each line. */
void notify_socket_send (NotifySocket *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* Sends WATCHDOG=1 from now on, twice in each period that the service manager expects. */
void notify_socket_start_watchdog (NotifySocket *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NotifySocket, notify_socket_free)
