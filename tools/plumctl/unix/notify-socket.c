/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "notify-socket.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <unistd.h>

struct _NotifySocket
{
  GSocket *socket;         /* (nullable) */
  GSocketAddress *address; /* (nullable) */
  guint64 watchdog_us;     /* 0: none is expected */
  guint watchdog_id;
};

/* The name of an abstract socket begins with @. (transfer full) (nullable) */
static GSocketAddress *
make_address (const char *path)
{
  if (path == NULL || (*path != '/' && *path != '@') || path[1] == '\0')
    return NULL;
  if (*path == '@')
    return g_unix_socket_address_new_with_type (path + 1, -1, G_UNIX_SOCKET_ADDRESS_ABSTRACT);
  return g_unix_socket_address_new (path);
}

static guint64
read_watchdog (void)
{
  const char *pid = g_getenv ("WATCHDOG_PID");
  const char *period = g_getenv ("WATCHDOG_USEC");
  guint64 number;

  if (pid != NULL && (!g_ascii_string_to_unsigned (pid, 10, 1, G_MAXINT, &number, NULL) ||
                      number != (guint64) getpid ()))
    return 0;
  if (period == NULL || !g_ascii_string_to_unsigned (period, 10, 1, G_MAXUINT64, &number, NULL))
    return 0;
  return number;
}

NotifySocket *
notify_socket_new (void)
{
  NotifySocket *self = g_new0 (NotifySocket, 1);

  self->address = make_address (g_getenv ("NOTIFY_SOCKET"));
  if (self->address != NULL)
    self->socket =
      g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
  if (self->socket != NULL)
    {
      /* A service manager that does not read must not stop the program. */
      g_socket_set_blocking (self->socket, FALSE);
      self->watchdog_us = read_watchdog ();
    }

  g_unsetenv ("NOTIFY_SOCKET");
  g_unsetenv ("WATCHDOG_USEC");
  g_unsetenv ("WATCHDOG_PID");
  return self;
}

void
notify_socket_free (NotifySocket *self)
{
  g_clear_handle_id (&self->watchdog_id, g_source_remove);
  g_clear_object (&self->socket);
  g_clear_object (&self->address);
  g_free (self);
}

void
notify_socket_send (NotifySocket *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  if (self->socket == NULL)
    return;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_socket_send_to (self->socket, self->address, text, strlen (text), NULL, NULL);
}

static gboolean
on_watchdog (gpointer user_data)
{
  notify_socket_send (user_data, "WATCHDOG=1");
  return G_SOURCE_CONTINUE;
}

void
notify_socket_start_watchdog (NotifySocket *self)
{
  guint64 interval_ms = self->watchdog_us / 2 / 1000;

  if (interval_ms > 0 && self->watchdog_id == 0)
    self->watchdog_id = g_timeout_add ((guint) MIN (interval_ms, G_MAXUINT), on_watchdog, self);
}
