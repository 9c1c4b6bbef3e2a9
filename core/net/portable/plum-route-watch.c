/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-route-private.h"

#include <glib-unix.h>
#include <unistd.h>

#include "plum-route-poll-private.h"
#include "plum-route-table-private.h"

typedef struct
{
  GSource source;
  int fd;
} RouteWatch;

static gboolean
route_watch_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  RouteWatch *self = (RouteWatch *) source;

  return plum_route_table_drain_socket (self->fd) ? callback (user_data) : G_SOURCE_CONTINUE;
}

static void
route_watch_finalize (GSource *source)
{
  close (((RouteWatch *) source)->fd);
}

static GSourceFuncs route_watch_funcs = {
  .dispatch = route_watch_dispatch,
  .finalize = route_watch_finalize,
};

GSource *
plum_route_watch_new (GMainContext *context, GSourceFunc func, gpointer user_data, GError **error)
{
  GSource *source;
  int fd;

  if (!plum_route_table_is_available ())
    return plum_route_poll_new (context, func, user_data);

  fd = plum_route_table_open_socket (error);
  if (fd < 0)
    return NULL;

  source = g_source_new (&route_watch_funcs, sizeof (RouteWatch));
  ((RouteWatch *) source)->fd = fd;
  g_source_add_unix_fd (source, fd, G_IO_IN | G_IO_ERR);
  g_source_set_static_name (source, "[plum] route watch");
  g_source_set_callback (source, func, user_data, NULL);
  g_source_attach (source, context);
  return source;
}
