/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tcp-proof.h"

#include <gio/gnetworking.h>
#include <string.h>

#include "plum-system.h"

/* Enough for the router of a provider and back, but not for a distant host, in case the external
 * address is false. */
#define MAX_HOPS 4

static void
remove_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* Afterwards, the port is bound, but refuses connections. Windows cannot stop listening: until the
 * caller closes the socket, it completes a few more connections, which are not accepted. */
static void
stop (TcpProof *self)
{
  g_clear_handle_id (&self->deadline_id, g_source_remove);
  remove_source (&self->listener_source);
  remove_source (&self->outgoing_source);
  for (guint i = 0; self->incoming != NULL && i < self->incoming->len; i++)
    g_source_destroy (self->incoming->pdata[i]);
  g_clear_pointer (&self->incoming, g_ptr_array_unref);
  if (self->outgoing != NULL)
    g_socket_close (self->outgoing, NULL);
  g_clear_object (&self->outgoing);
  if (self->listener != NULL)
    g_socket_shutdown (self->listener, TRUE, FALSE, NULL);
  g_clear_object (&self->listener);
}

static void
tcp_proof_finish (TcpProof *self)
{
  stop (self);
  self->done (self);
}

static gboolean
on_tcp_proof_deadline (gpointer user_data)
{
  TcpProof *self = user_data;

  self->deadline_id = 0;
  tcp_proof_finish (self);
  return G_SOURCE_REMOVE;
}

static gboolean
on_token (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  TcpProof *self = user_data;
  guint8 token[TCP_PROOF_TOKEN_SIZE];
  g_autoptr (GError) error = NULL;
  gssize size = g_socket_receive (socket, (char *) token, sizeof token, NULL, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;

  if (size == sizeof token && memcmp (token, self->token, sizeof token) == 0)
    {
      self->arrived = TRUE;
      tcp_proof_finish (self);
    }
  return G_SOURCE_REMOVE;
}

static gboolean
on_incoming (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  TcpProof *self = user_data;
  g_autoptr (GSocket) connection = g_socket_accept (socket, NULL, NULL);
  GSource *source;

  if (connection == NULL || self->incoming->len == TCP_PROOF_MAX_CONNECTIONS)
    return G_SOURCE_CONTINUE;

  g_socket_set_blocking (connection, FALSE);
  source = g_socket_create_source (connection, G_IO_IN, NULL);
  g_source_set_callback (source, G_SOURCE_FUNC (on_token), self, NULL);
  g_source_attach (source, NULL);
  g_ptr_array_add (self->incoming, source);
  return G_SOURCE_CONTINUE;
}

/* Connected, maybe to a service of the router: only the token shows where to. */
static gboolean
on_outgoing (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  TcpProof *self = user_data;

  if (!g_socket_check_connect_result (socket, NULL) ||
      g_socket_send (socket, (const char *) self->token, sizeof self->token, NULL, NULL) !=
        sizeof self->token)
    tcp_proof_finish (self);
  return G_SOURCE_REMOVE;
}

/* Whether a connection to this address leads through the router: to an address of this computer, it
 * does not. A router on loopback, such as that of a test, forwards nothing from outside. */
static gboolean
passes_router (GInetAddress *local, GInetAddress *external)
{
  switch (plum_address_get_scope (external))
    {
    case PLUM_ADDRESS_SCOPE_PUBLIC:
    case PLUM_ADDRESS_SCOPE_PRIVATE:
    case PLUM_ADDRESS_SCOPE_CGNAT:
      return !g_inet_address_get_is_loopback (local) && !g_inet_address_equal (local, external);
    case PLUM_ADDRESS_SCOPE_LOOPBACK:
      return g_inet_address_get_is_loopback (local) && !g_inet_address_equal (local, external);
    case PLUM_ADDRESS_SCOPE_UNKNOWN:
    case PLUM_ADDRESS_SCOPE_UNSPECIFIED:
    case PLUM_ADDRESS_SCOPE_LINK_LOCAL:
    case PLUM_ADDRESS_SCOPE_DOCUMENTATION:
    case PLUM_ADDRESS_SCOPE_RESERVED:
    case PLUM_ADDRESS_SCOPE_MULTICAST:
    default:
      return FALSE;
    }
}

static gboolean
connect_outgoing (TcpProof *self, GInetAddress *local, GInetAddress *external, guint port)
{
  g_autoptr (GSocketAddress) from = g_inet_socket_address_new (local, 0);
  g_autoptr (GSocketAddress) to = g_inet_socket_address_new (external, (guint16) port);
  g_autoptr (GError) error = NULL;

  self->outgoing =
    g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  if (self->outgoing == NULL)
    return FALSE;

  g_socket_set_blocking (self->outgoing, FALSE);
  return g_socket_set_option (self->outgoing, IPPROTO_IP, IP_TTL, MAX_HOPS, NULL) &&
         g_socket_bind (self->outgoing, from, FALSE, NULL) &&
         (g_socket_connect (self->outgoing, to, NULL, &error) ||
          g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PENDING));
}

gboolean
tcp_proof_start (TcpProof *self,
                 GSocket *listener,
                 GInetAddress *local,
                 const char *external_host,
                 guint external_port)
{
  g_autoptr (GInetAddress) external =
    external_host != NULL ? g_inet_address_new_from_string (external_host) : NULL;

  if (external == NULL || g_inet_address_get_family (external) != G_SOCKET_FAMILY_IPV4 ||
      g_inet_address_get_family (local) != G_SOCKET_FAMILY_IPV4 ||
      !passes_router (local, external) ||
      !plum_system_fill_random (self->token, sizeof self->token, NULL) ||
      !g_socket_listen (listener, NULL))
    return FALSE;

  self->listener = g_object_ref (listener);
  g_socket_set_blocking (listener, FALSE);
  if (!connect_outgoing (self, local, external, external_port))
    {
      stop (self);
      return FALSE;
    }

  self->incoming = g_ptr_array_new_with_free_func ((GDestroyNotify) g_source_unref);
  self->listener_source = g_socket_create_source (self->listener, G_IO_IN, NULL);
  g_source_set_callback (self->listener_source, G_SOURCE_FUNC (on_incoming), self, NULL);
  g_source_attach (self->listener_source, NULL);
  self->outgoing_source = g_socket_create_source (self->outgoing, G_IO_OUT, NULL);
  g_source_set_callback (self->outgoing_source, G_SOURCE_FUNC (on_outgoing), self, NULL);
  g_source_attach (self->outgoing_source, NULL);
  self->deadline_id = g_timeout_add (self->wait_ms, on_tcp_proof_deadline, self);
  return TRUE;
}

void
tcp_proof_clear (TcpProof *self)
{
  stop (self);
}
