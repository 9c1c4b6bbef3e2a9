/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-sockets.h"

/* Bound to the group, so that unicast datagrams are not received. TRUE sets SO_REUSEADDR and
 * SO_REUSEPORT. */
GSocket *
plum_sockets_new_for_group (PlumNetwork *network, GInetSocketAddress *group, GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new (g_socket_address_get_family (G_SOCKET_ADDRESS (group)),
                                             G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, error);

  if (socket == NULL || !g_socket_bind (socket, G_SOCKET_ADDRESS (group), TRUE, error) ||
      !g_socket_join_multicast_group (socket, g_inet_socket_address_get_address (group), FALSE,
                                      plum_network_get_interface (network), error))
    return NULL;

  g_socket_set_blocking (socket, FALSE);
  return g_steal_pointer (&socket);
}

/* The system always does. */
void
plum_sockets_report_closed_port (GSocket *socket)
{
}

gssize
plum_sockets_receive (GSocket *socket, void *data, gsize size, GError **error)
{
  return g_socket_receive (socket, data, size, NULL, error);
}

gssize
plum_sockets_send (GSocket *socket, const void *data, gsize size, GError **error)
{
  return g_socket_send (socket, data, size, NULL, error);
}

typedef struct
{
  GSource source;
  GSocket *socket;
  gpointer tag;
} SocketSource;

static gboolean
socket_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  SocketSource *self = (gpointer) source;
  GSocketSourceFunc func = (GSocketSourceFunc) (void (*) (void)) callback;

  return func (self->socket, g_source_query_unix_fd (source, self->tag), user_data);
}

static void
socket_source_finalize (GSource *source)
{
  g_object_unref (((SocketSource *) source)->socket);
}

static GSourceFuncs socket_source_funcs = {
  .dispatch = socket_source_dispatch,
  .finalize = socket_source_finalize,
};

/* A source that cannot recurse is removed from the file descriptors of its context while it is
 * dispatched, which wakes the context twice: four system calls for each datagram. */
GSource *
plum_sockets_create_source (GSocket *socket)
{
  GSource *source = g_source_new (&socket_source_funcs, sizeof (SocketSource));
  SocketSource *self = (gpointer) source;

  g_source_set_static_name (source, "[plum] socket");
  g_source_set_can_recurse (source, TRUE);
  self->socket = g_object_ref (socket);
  self->tag = g_source_add_unix_fd (source, g_socket_get_fd (socket), G_IO_IN);
  return source;
}

/* A read returns each error once. */
gboolean
plum_sockets_is_lost (GSocket *socket, GIOCondition condition, GError **error)
{
  return FALSE;
}
