/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "notify-socket.h"

/* No service manager of Windows has this protocol. */
struct _NotifySocket
{
  char unused;
};

NotifySocket *
notify_socket_new (void)
{
  return g_new0 (NotifySocket, 1);
}

void
notify_socket_free (NotifySocket *self)
{
  g_free (self);
}

void
notify_socket_send (NotifySocket *self, const char *format, ...)
{
}

void
notify_socket_start_watchdog (NotifySocket *self)
{
}
